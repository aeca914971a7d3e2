// Command probe finds out whether Telegram behaves as tests/assumptions.md believes. It is opt-in: it needs an api id, a
// bot of one's own and a person's account, both of which it logs in, on Telegram's test servers or the real ones, and
// it writes messages between the two. Sessions are kept, so that it can be run again without logging in again.
//
// It uses gotd's client and nothing of the product, so that it depends on none of the product's beliefs. Against
// tests/telegramtest every probe has to come out as assumed: that is its test, and the server's.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/caarlos0/env/v11"

	"telegram-client/shared/telegram"
)

const usage = `probe asks Telegram whether tests/assumptions.md is right. It needs
  PROBE_API_ID, PROBE_API_HASH   of an application of your own (my.telegram.org)
  PROBE_BOT_TOKEN                of a bot of your own that nothing else uses now
  PROBE_PHONE                    of the person's account that the bot talks to; on the test servers 99966XYYYY
and takes
  TELEGRAM_TEST_DC=true          Telegram's test servers, else TELEGRAM_SERVERS=file.json, else the real ones
  PROBE_DIR                      where the sessions are kept (data/probe)
  PROBE_ONLY=A1,A5               only these
  PROBE_THROWAWAY=true           also probes that break logins made for it: each costs one of the bot's few an hour`

type settings struct {
	APIID       int      `env:"PROBE_API_ID,required"`
	APIHash     string   `env:"PROBE_API_HASH,required"`
	BotToken    string   `env:"PROBE_BOT_TOKEN,required"`
	Phone       string   `env:"PROBE_PHONE,required"`
	Dir         string   `env:"PROBE_DIR" envDefault:"data/probe"`
	Only        []string `env:"PROBE_ONLY"`
	Throwaway   bool     `env:"PROBE_THROWAWAY"`
	ServersFile string   `env:"TELEGRAM_SERVERS"`
	TestDC      bool     `env:"TELEGRAM_TEST_DC"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s settings
	if err := env.Parse(&s); err != nil {
		return fmt.Errorf("%w\n\n%s", err, usage)
	}
	servers, problems := telegram.Config{ServersFile: s.ServersFile, TestDC: s.TestDC}.Servers()
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	f := &field{
		settings: s, servers: servers, out: os.Stdout,
		settle: func(ctx context.Context, _ *device) error { return pause(ctx, 5*time.Second) },
		rest:   func(ctx context.Context, _ *device) error { return pause(ctx, 2*time.Second) },
		code:   func(ctx context.Context, phone string) (string, error) { return askCode(os.Stdin, s.TestDC, phone) },
	}
	differs, err := f.probeAll(ctx)
	if err == nil && differs > 0 {
		err = fmt.Errorf("%d beliefs are wrong: correct tests/assumptions.md first, then tests/telegramtest, then the product", differs)
	}
	return err
}

// askCode returns the login code. On the test servers it is the number of the data centre, five times.
// https://core.telegram.org/api/auth#test-accounts
func askCode(in io.Reader, test bool, phone string) (string, error) {
	if digits := strings.TrimPrefix(phone, "+"); test && strings.HasPrefix(digits, "99966") && len(digits) == 10 {
		return strings.Repeat(digits[5:6], 5), nil
	}
	fmt.Print("The code that Telegram has sent: ")
	line, err := bufio.NewReader(in).ReadString('\n')
	return strings.TrimSpace(line), err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
