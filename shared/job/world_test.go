package job_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/clock"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	"telegram-client/shared/message"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

var ring = func() *seal.Keyring {
	r, err := seal.NewKeyring(make([]byte, 32), []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	return r
}()

// A hasty clock is a thousand times as fast as others.
type hasty struct{ begin time.Time }

func (h hasty) Now() time.Time { return h.begin.Add(1000 * time.Since(h.begin)) }
func (h hasty) Timer(d time.Duration) clock.Timer {
	return clock.System.Timer(d / 1000)
}
func (h hasty) Ticker(d time.Duration) clock.Ticker { return clock.System.Ticker(d / 1000) }

// A world is a runner on a real store, whose calls are carried out as a test says.
type world struct {
	*job.Runner
	store  *redisstore.Store
	client redis.UniversalClient

	mu      sync.Mutex
	started []string
	refuse  error // of Start
	calls   []job.Call
	carry   func(ctx context.Context, n int) job.Answer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	client, err := redisstore.ParseURL(redistest.Start(t).URL(), 8)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{client: client, store: redisstore.New(client, ring, redisstore.Options{})}
	t.Cleanup(func() { w.store.Close() })
	w.Runner = w.runner(w.start)
	return w
}

// runner returns a runner, as another process has it.
func (w *world) runner(start func(context.Context, string) error) *job.Runner {
	return job.NewRunner(job.Options{
		Store: w.store, Start: start, Enough: time.Minute, Stay: 3 * time.Hour, Clock: hasty{time.Now()}, Log: slog.New(slog.DiscardHandler),
		Name:  func(parts ...string) string { return ring.Name("job", parts...) },
		Carry: w.take,
	})
}

func (w *world) take(ctx context.Context, c job.Call) job.Answer {
	w.mu.Lock()
	w.calls = append(w.calls, c)
	n := len(w.calls)
	w.mu.Unlock()
	return w.carry(ctx, n)
}

// realTime returns a runner whose clock is everybody's.
func (w *world) realTime(stay, enough time.Duration) *job.Runner {
	return job.NewRunner(job.Options{Store: w.store, Start: w.start, Stay: stay, Enough: enough, Clock: clock.System, Log: slog.New(slog.DiscardHandler),
		Carry: w.take})
}

func (w *world) start(_ context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse == nil {
		w.started = append(w.started, id)
	}
	return w.refuse
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls)
}

func good(context.Context, int) job.Answer {
	return job.Answer{Status: 200, Body: json.RawMessage(`{"ok":true}`)}
}

func bad(f *fault.Fault, status int) job.Answer {
	return job.Answer{Status: status, Body: json.RawMessage(fmt.Sprintf(`{"ok":false,"error":{"code":%q}}`, f.Code)), Fault: f}
}

var inProgress = bad(fault.New(fault.InProgress, "It is.").After(10*time.Minute), 409)

var busy = bad(fault.New(fault.SenderBusy, "Busy.").After(5*time.Second), 429)

func call(key string) job.Call {
	return job.Call{Verb: message.SendMessages, Body: json.RawMessage(`{"message":"x"}`), Key: key}
}

func (w *world) add(t *testing.T, key string) string {
	t.Helper()
	id, err := w.Add(t.Context(), call(key), "", [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// open returns the jobs that somebody has to look at.
func (w *world) open(t *testing.T) []string {
	t.Helper()
	ids, err := w.store.OpenJobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (w *world) look(t *testing.T, id string) job.View {
	t.Helper()
	v, err := w.Look(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
