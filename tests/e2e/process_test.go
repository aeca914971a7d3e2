package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/tests/lambdatest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// programs is the folder of built functions.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "telegram-client-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(programs)
	os.Exit(code)
}

// function serves a function by its built program as Lambda does: processes that are frozen between calls.
func (w *world) function(t *testing.T, name string, env ...string) (*lambdatest.Function, *story.Bridge) {
	t.Helper()
	program, err := build("functions/" + name)
	if err != nil {
		t.Fatal(err)
	}
	servers := filepath.Join(t.TempDir(), "servers.json")
	if err := os.WriteFile(servers, w.telegram.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	const token = "token-of-the-e2e-tests"
	f, err := lambdatest.Start(lambdatest.Config{
		Name: name, Bootstrap: program, Timeout: 30 * time.Second, RetryAfter: 200 * time.Millisecond, Log: testLog{t},
		Env: append(story.FunctionEnv(w.redis.URL(), w.keys, token, servers), env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, &story.Bridge{Address: func(string) string { return f.URL() }, Token: token}
}

// testLog gives a program's log to the test.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// A process of the built function is killed after Telegram has carried the send out and before its answer is there; the
// same call comes again, to another process.
func TestFunction_KilledBetweenTheWriteAndTheAnswerSendsOnce(t *testing.T) {
	t.Parallel()
	for _, form := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never} {
		t.Run("refused "+string(form), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = form })
			f, b := w.function(t, "sendmessages", "CALL_DEADLINE=3s", "SENDER_WAIT=2s", "LEASE_MARGIN=200ms", "QUARANTINE=100ms", "RESET_REST=50ms",
				"LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms")
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if a, err := send(ctx, b, map[string]any{"target_username": "alice", "message": "learns the peer"}); err != nil || a.Status != 200 {
				t.Fatalf("%v %d %s", err, a.Status, a.Body)
			}
			call := map[string]any{"config_entry_id": w.entryID, "target_id": w.alice.ID, "message": "once", "idempotency_key": "k"}
			arrived, release := w.telegram.Faults().HoldAnswer("messages.sendMessage")
			defer release()
			answered := make(chan story.Answer, 1)
			go func() { // ends with the process, at the latest with ctx
				a, _ := send(ctx, b, call)
				answered <- a
			}()
			select {
			case <-arrived:
			case a := <-answered:
				t.Fatalf("answered before Telegram did: %d %s", a.Status, a.Body)
			case <-ctx.Done():
				t.Fatal("the send did not arrive")
			}
			pids := f.Processes()
			if len(pids) != 1 {
				t.Fatalf("%d processes", len(pids))
			}
			if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if a := <-answered; a.Status != 502 {
				t.Errorf("the killed call was answered with %d %s", a.Status, a.Body)
			}
			release()
			// While the dead call's lease lasts the answer is that it is in progress.
			again := time.NewTicker(100 * time.Millisecond)
			defer again.Stop()
			a, err := send(ctx, b, call)
			for ; err == nil && a.Get("error", "code") == "in_progress"; a, err = send(ctx, b, call) {
				<-again.C
			}
			if err != nil {
				t.Fatal(err)
			}
			// With the id refused and no listener to tell it, the outcome cannot be proved; it must not be made up.
			switch {
			case form == telegramtest.Always && (a.Status != 409 || a.Get("error", "code") != "unknown_outcome"):
				t.Errorf("expected 409 unknown_outcome, got %d %s", a.Status, a.Body)
			case form == telegramtest.Never && a.Status != 200:
				t.Errorf("expected 200, got %d %s", a.Status, a.Body)
			}
			if n := f.Started(); n != 2 {
				t.Errorf("%d processes were started, want the killed one and another", n)
			}
			if d := cmp.Diff([]string{"learns the peer", "once"}, w.received()); d != "" {
				t.Errorf("sent (-want +got):\n%s", d)
			}
			if form == telegramtest.Never {
				var ids []int
				for _, m := range w.telegram.Read(w.bot.ID, w.alice.ID) {
					if m.Out && m.Text == "once" {
						ids = append(ids, m.ID)
					}
				}
				results, _ := a.JSON["results"].([]any)
				if len(results) != 1 || len(ids) != 1 {
					t.Fatalf("%d results, %d messages: %s", len(results), len(ids), a.Body)
				}
				got, _ := results[0].(map[string]any)["message_ids"].([]any)
				if d := cmp.Diff([]any{float64(ids[0])}, got); d != "" {
					t.Errorf("ids in the answer (-want +got):\n%s", d)
				}
			}
		})
	}
}

// A warm function waits twice for the store.
func TestFunction_WarmSendTakesTwoTripsToTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tap, err := w.redis.Tap()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	f, b := w.function(t, "sendmessages", "REDIS_URL="+tap.URL(), "LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if a, err := send(ctx, b, map[string]any{"target_username": "alice", "message": "learns the peer"}); err != nil || a.Status != 200 {
		t.Fatalf("%v %d %s", err, a.Status, a.Body)
	}
	before := tap.Trips()
	if a, err := send(ctx, b, map[string]any{"config_entry_id": w.entryID, "target_id": w.alice.ID, "message": "hi"}); err != nil || a.Status != 200 {
		t.Fatalf("%v %d %s", err, a.Status, a.Body)
	}
	if n := tap.Trips() - before; n != 2 {
		t.Errorf("%d trips to the store, want 2", n)
	}
	if n := f.Started(); n != 1 {
		t.Errorf("%d processes were started", n)
	}
}
