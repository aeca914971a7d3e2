package story

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/process"
	"telegram-client/shared/telegram"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// A Stage is where the story is told in one process: a Telegram server and a Home Assistant for tests on loopback, and
// between them the bridge as it runs at home, in a data folder that goes away with it.
type Stage struct {
	Parts
	// Started is what the bridge says of itself, and Data its data folder.
	Started bridge.Started
	Data    string

	end   context.CancelFunc
	ended chan error
}

// SetUp sets a stage up. o says what is to be different with the bridge; its Listen, DataDir, Telegram and Ready are
// the stage's own; server is said of the Telegram server. Strike takes the stage down; ctx ends it too.
func SetUp(ctx context.Context, o bridge.Options, server ...func(*telegramtest.Options)) (_ *Stage, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Stage{end: cancel, Parts: Parts{Say: func(string, ...any) {}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Strike())
		}
	}()
	var about telegramtest.Options
	for _, f := range server {
		f(&about)
	}
	if s.Telegram, err = telegramtest.Start(ctx, about); err != nil {
		return nil, err
	}
	if s.Home, err = homeassistanttest.Start(homeassistanttest.Options{}); err != nil {
		return nil, fmt.Errorf("start Home Assistant: %w", err)
	}
	if s.Data, err = os.MkdirTemp("", "telegram-client-stage-"); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	servers, problems := telegram.ParseServers(s.Telegram.ServersJSON())
	if len(problems) > 0 {
		return nil, fmt.Errorf("read the Telegram server's addresses: %q", problems)
	}
	started := make(chan bridge.Started, 1)
	o.Listen, o.DataDir, o.Telegram = "127.0.0.1:0", s.Data, servers
	if o.Numbers == (process.Numbers{}) {
		// A login makes keys: with the race detector on a busy machine that takes longer than a step should.
		if err := (process.Environ{Vars: map[string]string{"FLOW_STEP_DEADLINE": "3m"}}).Load(&o.Numbers); err != nil {
			return nil, err
		}
	}
	o.Ready = func(at bridge.Started) { started <- at }
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ended := make(chan error, 1)
	go func() { ended <- bridge.Run(ctx, o) }() // ends with ctx; Strike waits for it
	select {
	case s.Started = <-started:
		s.ended = ended
	case err := <-ended:
		return nil, fmt.Errorf("start the bridge: %w", err)
	}
	s.Bridge = &Bridge{Address: func(string) string { return s.Started.URL }, Token: s.Started.Token.Reveal()}
	return s, nil
}

// Strike ends the bridge and everything around it. Its error tells how the bridge ended, and which methods it asked
// for that the Telegram server does not know.
func (s *Stage) Strike() error {
	var wrong []error
	s.end()
	if s.ended != nil {
		if err := <-s.ended; err != nil {
			wrong = append(wrong, fmt.Errorf("the bridge ended: %w", err))
		}
	}
	if s.Home != nil {
		s.Home.Close()
	}
	if s.Telegram != nil {
		s.Telegram.Close()
		if unknown := s.Telegram.Unknown(); len(unknown) > 0 {
			wrong = append(wrong, fmt.Errorf("expected only methods that the Telegram server knows, it was asked for %q", unknown))
		}
	}
	if s.Data != "" {
		wrong = append(wrong, os.RemoveAll(s.Data))
	}
	return errors.Join(wrong...)
}
