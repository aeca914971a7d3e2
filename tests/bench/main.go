// Command bench measures speeds and sizes and prints them as "name value unit". It asserts nothing: machines differ.
// Telegram and Home Assistant are those for tests, on loopback; the bridge is the one that runs at home. What to measure
// can be named: texts, functions, calls, files; without a name it is all.
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
	"telegram-client/shared/process"
	"telegram-client/shared/seal"
	"telegram-client/tests/lambdatest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func show(name string, value float64, unit string) { fmt.Printf("%s %.4g %s\n", name, value, unit) }

// wanted reports whether something is to be measured.
func wanted(what string) bool { return len(os.Args) < 2 || slices.Contains(os.Args[1:], what) }

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "telegram-client-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if wanted("texts") {
		if err := errors.Join(events(), texts()); err != nil {
			return err
		}
	}
	program := ""
	if wanted("functions") || wanted("calls") {
		if program, err = functions(ctx, dir); err != nil {
			return err
		}
	}
	if wanted("functions") {
		if err := packages(ctx, dir, program); err != nil {
			return err
		}
	}
	if !wanted("calls") && !wanted("files") {
		return nil
	}
	store, err := redistest.Run(dir, redistest.Options{})
	if err != nil {
		return err
	}
	defer store.Kill()
	keys := story.NewKeys()
	stage, err := story.SetUp(ctx, bridge.Options{RedisURL: seal.NewText(store.URL()), OwnStore: true, Keys: keys},
		func(o *telegramtest.Options) { o.HashOnly = true })
	if err != nil {
		return err
	}
	cast, err := story.Tell(ctx, stage.Parts)
	if err == nil && wanted("calls") {
		err = measure(ctx, stage.Parts, cast)
		if err == nil {
			err = lambda(ctx, dir, program, store, keys, stage, cast)
		}
	}
	if err == nil && wanted("files") {
		err = files(ctx, dir, store, keys, stage, cast)
	}
	return errors.Join(err, stage.Strike())
}

// functions measures a function's program: its size, stripped, and how long it takes from exec to its own code.
func functions(ctx context.Context, dir string) (program string, err error) {
	out, err := lambdatest.Build(ctx, "./functions/sendmessages", dir)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(out)
	if err != nil {
		return "", err
	}
	show("function_size_mb", float64(st.Size())/(1<<20), "MB")
	var starts []time.Duration
	for range 10 {
		begin := time.Now()
		if err := exec.CommandContext(ctx, out, "--version").Run(); err != nil {
			return "", fmt.Errorf("start a function: %w", err)
		}
		starts = append(starts, time.Since(begin))
	}
	show("function_start_ms", percentile(starts, 50), "ms")
	return out, nil
}

// lambda measures a function as Lambda runs it: the first call of a process, and the calls that follow.
func lambda(ctx context.Context, dir, program string, store *redistest.Server, keys process.Keys, stage *story.Stage, cast *story.Cast) error {
	tap, err := store.Tap()
	if err != nil {
		return err
	}
	defer tap.Close()
	servers := filepath.Join(dir, "servers.json")
	if err := os.WriteFile(servers, stage.Telegram.ServersJSON(), 0o600); err != nil {
		return err
	}
	call := func(b *story.Bridge) (time.Duration, error) {
		begin := time.Now()
		_, err := b.Want(ctx, 200, "sendmessages", "POST", "/services/telegram_client/send_messages",
			map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "message": "from a function"})
		return time.Since(begin), err
	}
	for _, delay := range []time.Duration{0, 50 * time.Millisecond} {
		stage.Telegram.Wire().Faults().Delay(delay, delay)
		var cold, warm []time.Duration
		trips := 0
		const processes, calls = 5, 5
		for range processes {
			f, err := lambdatest.Start(lambdatest.Config{
				Name: "sendmessages", Bootstrap: program, Timeout: 30 * time.Second,
				Env: story.FunctionEnv(tap.URL(), keys, stage.Bridge.Token, servers),
			})
			if err != nil {
				return err
			}
			b := &story.Bridge{Address: func(string) string { return f.URL() }, Token: stage.Bridge.Token}
			took, err := call(b)
			cold = append(cold, took)
			for range calls {
				before := tap.Trips()
				if took, err2 := call(b); err2 == nil {
					warm = append(warm, took)
				} else {
					err = errors.Join(err, err2)
				}
				trips += tap.Trips() - before
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
		show(fmt.Sprintf("lambda_cold_ms_at_%d_ms_delay", (2*delay).Milliseconds()), percentile(cold, 50), "ms")
		show(fmt.Sprintf("lambda_warm_ms_at_%d_ms_delay", (2*delay).Milliseconds()), percentile(warm, 50), "ms")
		if delay > 0 {
			show("redis_round_trips_send", float64(trips)/(processes*calls), "trips")
		}
	}
	stage.Telegram.Wire().Faults().Delay(0, 0)
	return nil
}

// measure measures sends and events, once the story has been told and everybody knows everybody.
func measure(ctx context.Context, p story.Parts, cast *story.Cast) error {
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
		if delay > 0 { // without one the count is not exact
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
