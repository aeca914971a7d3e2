// Command demo tells the whole story in one process, without an account and without a network: a Telegram server and a
// Home Assistant for tests on loopback, and between them the bridge as it runs at home. With -stay it stays up
// afterwards and prints what to play with.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/alicebob/miniredis/v2"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

func main() {
	stay := flag.Bool("stay", false, "stay up after the story")
	verbose := flag.Bool("v", false, "show the log of the bridge")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *stay, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "\nThe story went wrong:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func run(ctx context.Context, stay, verbose bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	server, err := telegramtest.Start(ctx, telegramtest.Options{})
	if err != nil {
		return fmt.Errorf("start the Telegram server: %w", err)
	}
	defer server.Close()
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		return fmt.Errorf("start Home Assistant: %w", err)
	}
	defer home.Close()

	started := make(chan bridge.Started, 1)
	o, cleanUp, err := options(server)
	if err != nil {
		return err
	}
	defer cleanUp()
	o.Log, o.Ready = log, func(s bridge.Started) { started <- s }
	ended := make(chan error, 1)
	go func() { ended <- bridge.Run(ctx, o) }() // ends with ctx; waited for below

	var at bridge.Started
	select {
	case at = <-started:
	case err := <-ended:
		return fmt.Errorf("start the bridge: %w", err)
	}
	say("The bridge runs at %s; its store is %s.", at.URL, at.Store)
	parts := story.Parts{
		Bridge:   &story.Bridge{Address: func(string) string { return at.URL }, Token: at.Token.Reveal()},
		Telegram: server, Home: home, Say: say,
	}
	cast, err := story.Tell(ctx, parts)
	if err == nil && stay {
		play(at, cast)
		<-ctx.Done()
	} else if err == nil {
		err = story.Remove(ctx, parts, cast)
	}
	cancel()
	if e := <-ended; err == nil && e != nil {
		err = fmt.Errorf("the bridge ended: %w", e)
	}
	if unknown := server.Unknown(); err == nil && len(unknown) > 0 {
		err = fmt.Errorf("expected only methods that the Telegram server knows, it was asked for %q", unknown)
	}
	if err == nil && !stay {
		say("\nThat was all of it, as expected.")
	}
	return err
}

// options are those of a bridge in a folder that goes away. Its store is a child process where there is a program for
// it, else one in this process.
func options(server *telegramtest.Server) (bridge.Options, func(), error) {
	servers, problems := telegram.ParseServers(server.ServersJSON())
	if len(problems) > 0 {
		return bridge.Options{}, nil, fmt.Errorf("read the Telegram server's addresses: %q", problems)
	}
	dir, err := os.MkdirTemp("", "telegram-client-demo-")
	if err != nil {
		return bridge.Options{}, nil, fmt.Errorf("make a data folder: %w", err)
	}
	o := bridge.Options{Listen: "127.0.0.1:0", DataDir: dir, Telegram: servers}
	cleanUp := func() { os.RemoveAll(dir) }
	if hasStore() {
		return o, cleanUp, nil
	}
	say("There is no redis-server and no valkey-server on this machine: a store in this process stands in.")
	m, err := miniredis.Run()
	if err != nil {
		cleanUp()
		return bridge.Options{}, nil, fmt.Errorf("start the store: %w", err)
	}
	o.RedisURL, o.OwnStore = seal.NewText("redis://"+m.Addr()), true
	return o, func() { m.Close(); cleanUp() }, nil
}

func hasStore() bool {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}

func play(at bridge.Started, c *story.Cast) {
	say(`
It stays up until Ctrl-C. To play with:
  TOKEN=%s
  curl -H "Authorization: Bearer $TOKEN" %s/config/entries
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{"target_id":%d,"message":"Hi"}' %s/services/telegram_client/send_messages`, at.Token.Reveal(), at.URL, c.Friend.ID, at.URL)
}
