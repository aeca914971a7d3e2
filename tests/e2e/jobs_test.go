package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// short are the times with which a killed call is soon forgotten.
var short = []string{"CALL_DEADLINE=3s", "SENDER_WAIT=2s", "LEASE_MARGIN=200ms", "QUARANTINE=100ms", "RESET_REST=50ms",
	"LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms", "JOB_CLAIM=4s"}

// take has a function take a call that nobody waits for and returns the path of its job.
func take(ctx context.Context, t *testing.T, b *story.Bridge, call map[string]any) string {
	t.Helper()
	call["wait"] = false
	a, err := send(ctx, b, call)
	if err != nil || a.Status != 202 || !strings.HasPrefix(a.Get("job_id"), "j_") {
		t.Fatalf("%v %d %s", err, a.Status, a.Body)
	}
	return "/jobs/" + a.Get("job_id")
}

// done waits until a job is.
func done(ctx context.Context, t *testing.T, b *story.Bridge, path string) story.Answer {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := b.Call(ctx, "sendmessages", "GET", path, nil)
		if err != nil || a.Status != 200 {
			t.Fatalf("%v %d %s", err, a.Status, a.Body)
		}
		if a.Get("state") == "done" {
			return a
		}
		<-tick.C
	}
}

// A call that nobody waits for is carried out by a later call of the built function to itself.
func TestFunction_DoesWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, b := w.function(t, "sendmessages", short...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	path := take(ctx, t, b, map[string]any{"target_username": []string{"alice", "nobody_of_that_name"}, "message": "later", "idempotency_key": "k"})
	a := done(ctx, t, b, path)
	if a.Get("status") != "207" || a.Get("answer", "config_entry_id") != w.entryID {
		t.Errorf("%s", a.Body)
	}
	if again := take(ctx, t, b, map[string]any{"target_username": []string{"alice", "nobody_of_that_name"}, "message": "later", "idempotency_key": "k"}); again != path {
		t.Errorf("the same call is another job: %s, %s", path, again)
	}
	// Somebody who waits for the same call gets the same answer.
	same, err := send(ctx, b, map[string]any{"target_username": []string{"alice", "nobody_of_that_name"}, "message": "later", "idempotency_key": "k"})
	if err != nil || same.Status != 207 || same.Get("results") != a.Get("answer", "results") {
		t.Errorf("%v %d %s, the job's is %s", err, same.Status, same.Body, a.Body)
	}
	if d := cmp.Diff([]string{"later"}, w.received()); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
}

// The process that carries out a job is killed, before Telegram has the message or after: Lambda calls the function again,
// and the message is there once.
func TestFunction_AKilledJobIsDoneByTheNextCall(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(*telegramtest.Faults) (<-chan struct{}, func()){
		"before": func(f *telegramtest.Faults) (<-chan struct{}, func()) { return f.Hold("messages.sendMessage") },
		"after":  func(f *telegramtest.Faults) (<-chan struct{}, func()) { return f.HoldAnswer("messages.sendMessage") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = telegramtest.Never })
			f, b := w.function(t, "sendmessages", short...)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			arrived, release := hold(w.telegram.Faults())
			defer release()
			path := take(ctx, t, b, map[string]any{"target_username": "alice", "message": "once"})
			select {
			case <-arrived:
			case <-ctx.Done():
				t.Fatal("nothing is sent")
			}
			pids := f.Working()
			if len(pids) != 1 {
				t.Fatalf("%d processes work", len(pids))
			}
			if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			release()
			a := done(ctx, t, b, path)
			if a.Get("status") != "200" || a.Get("answer", "ok") != "true" {
				t.Errorf("%s", a.Body)
			}
			if d := cmp.Diff([]string{"once"}, w.received()); d != "" {
				t.Errorf("sent (-want +got):\n%s", d)
			}
		})
	}
}
