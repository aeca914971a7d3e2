package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/telegram"
	"telegram-client/tests/telegramtest"
)

// The Telegram server for tests behaves as tests/assumptions.md says it does: every probe comes out as assumed.
func TestProbe_TheServerForTestsIsAsAssumed(t *testing.T) {
	t.Parallel()
	s := telegramtest.New(t)
	bot, alice := s.Bot("kitchen_bot"), s.User("alice")
	servers, problems := telegram.ParseServers(s.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out bytes.Buffer
	f := &field{
		settings: settings{APIID: 1, APIHash: "0123456789abcdef0123456789abcdef", BotToken: bot.Token, Phone: alice.Phone, Dir: t.TempDir(), Throwaway: true},
		servers:  servers, out: &out,
		settle: func(ctx context.Context, d *device) error {
			logins := map[int64]bool{}
			for _, a := range s.Authorizations(0) {
				logins[a.ID] = a.Device == "Probe · "+d.name
			}
			return until(ctx, func() bool {
				told := s.Count(func(e telegramtest.Event) bool {
					return e.Kind == telegramtest.Pushed && !e.Lost && logins[e.Authorization]
				})
				d.mu.Lock()
				defer d.mu.Unlock()
				return d.handled == told
			})
		},
		rest: func(ctx context.Context, d *device) error {
			return until(ctx, func() bool {
				for _, a := range s.Authorizations(0) {
					if a.Device == "Probe · "+d.name && a.Sessions > 0 {
						return false
					}
				}
				return true
			})
		},
		code: func(_ context.Context, phone string) (string, error) { return s.LastCode(phone), nil },
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	differs, err := f.probeAll(ctx)
	t.Logf("%s", out.String())
	if err != nil {
		t.Fatal(err)
	}
	if differs > 0 {
		t.Errorf("%d probes came out differently", differs)
	}
	if n := strings.Count(out.String(), "as assumed"); n != len(gentle)+len(throwaway) {
		t.Errorf("%d of %d probes came out as assumed", n, len(gentle)+len(throwaway))
	}
}

// until looks again and again: what it waits for happens partly here and partly at the server.
func until(ctx context.Context, reached func() bool) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !reached() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
