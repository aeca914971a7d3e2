// Command bench measures speeds and sizes and prints them as "name value unit". It asserts nothing: machines differ.
// Telegram and Home Assistant are those for tests, on loopback; the bridge is the one that runs at home.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func show(name string, value float64, unit string) { fmt.Printf("%s %.4g %s\n", name, value, unit) }

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "telegram-client-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := functions(ctx, dir); err != nil {
		return err
	}
	stage, err := story.SetUp(ctx, bridge.Options{})
	if err != nil {
		return err
	}
	return errors.Join(measure(ctx, stage.Parts), stage.Strike())
}

// functions measures a function's program: its size, stripped, and how long it takes from exec to its own code.
func functions(ctx context.Context, dir string) error {
	out := filepath.Join(dir, "bootstrap")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags=-s -w -buildid=", "-o", out, "./functions/sendmessages")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build a function: %w\n%s", err, text)
	}
	st, err := os.Stat(out)
	if err != nil {
		return err
	}
	show("function_size_mb", float64(st.Size())/(1<<20), "MB")
	var starts []time.Duration
	for range 10 {
		begin := time.Now()
		if err := exec.CommandContext(ctx, out, "--version").Run(); err != nil {
			return fmt.Errorf("start a function: %w", err)
		}
		starts = append(starts, time.Since(begin))
	}
	show("function_start_ms", percentile(starts, 50), "ms")
	return nil
}

// measure tells the story first, so that everybody knows everybody, and then measures sends and events.
func measure(ctx context.Context, p story.Parts) error {
	cast, err := story.Tell(ctx, p)
	if err != nil {
		return err
	}
	for _, delay := range []time.Duration{0, 50 * time.Millisecond} {
		p.Telegram.Wire().Faults().Delay(delay, delay)
		before := trips(p.Telegram, cast.Bot.ID)
		const sends = 10
		var took []time.Duration
		for n := range sends {
			begin := time.Now()
			if _, err := p.Bridge.Want(ctx, 200, "sendmessages", "POST", "/services/telegram_client/send_messages",
				map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "message": fmt.Sprint("bench ", n)}); err != nil {
				return err
			}
			took = append(took, time.Since(begin))
		}
		show(fmt.Sprintf("send_ms_p50_at_%d_ms_delay", (2*delay).Milliseconds()), percentile(took, 50), "ms")
		if delay > 0 {
			show("telegram_round_trips_send", float64(trips(p.Telegram, cast.Bot.ID)-before)/sends, "trips")
		}
	}
	p.Telegram.Wire().Faults().Delay(0, 0)
	var took []time.Duration
	for n := range 100 {
		have := len(p.Home.Accepted())
		begin := time.Now()
		p.Telegram.Say(cast.Friend.ID, cast.Bot.ID, fmt.Sprint("event ", n))
		if _, err := p.Home.WaitAccepted(ctx, have+1); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	show("event_latency_ms_p50", percentile(took, 50), "ms")
	show("event_latency_ms_p99", percentile(took, 99), "ms")
	return nil
}

// trips are the round trips of all of a bot's senders.
func trips(s *telegramtest.Server, bot int64) int {
	n := 0
	for _, a := range s.Authorizations(bot) {
		if a.Device != "Home Assistant · listener" {
			if st, err := s.Stats(a.ID); err == nil {
				n += st.RoundTrips
			}
		}
	}
	return n
}

func percentile(all []time.Duration, p int) float64 {
	slices.Sort(all)
	return float64(all[min(len(all)*p/100, len(all)-1)].Microseconds()) / 1000
}
