// Command demo tells the whole story in one process, without an account and without a network: a Telegram server and a
// Home Assistant for tests on loopback, and between them the bridge as it runs at home. With -stay it stays up
// afterwards and prints what to play with.
package main

import (
	"context"
	"errors"
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
	"telegram-client/tests/story"
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
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	o, cleanUp, err := options()
	if err != nil {
		return err
	}
	defer cleanUp()
	o.Log = log
	stage, err := story.SetUp(ctx, o)
	if err != nil {
		return err
	}
	stage.Say = say
	say("The bridge runs at %s; its store is %s.", stage.Started.URL, stage.Started.Store)
	cast, err := story.Tell(ctx, stage.Parts)
	if err == nil && stay {
		play(stage.Started, cast)
		<-ctx.Done()
	} else if err == nil {
		err = story.Remove(ctx, stage.Parts, cast)
	}
	err = errors.Join(err, stage.Strike())
	if err == nil && !stay {
		say("\nThat was all of it, as expected.")
	}
	return err
}

// options are a bridge's whose store is a child process where there is a program for it, else one in this process.
func options() (bridge.Options, func(), error) {
	if hasStore() {
		return bridge.Options{}, func() {}, nil
	}
	say("There is no redis-server and no valkey-server on this machine: a store in this process stands in.")
	m, err := miniredis.Run()
	if err != nil {
		return bridge.Options{}, nil, fmt.Errorf("start the store: %w", err)
	}
	return bridge.Options{RedisURL: seal.NewText("redis://" + m.Addr()), OwnStore: true}, m.Close, nil
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
