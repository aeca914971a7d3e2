package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
		Store: w.store, Start: start, Enough: time.Minute, Clock: hasty{time.Now()}, Log: slog.New(slog.DiscardHandler),
		Name: func(parts ...string) string { return ring.Name("job", parts...) },
		Carry: func(ctx context.Context, c job.Call) job.Answer {
			w.mu.Lock()
			w.calls = append(w.calls, c)
			n := len(w.calls)
			w.mu.Unlock()
			return w.carry(ctx, n)
		},
	})
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

func (w *world) look(t *testing.T, id string) job.View {
	t.Helper()
	v, err := w.Look(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRunner_CarriesOutAndRemembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add(t, "")
	if v := w.look(t, id); v.State != job.Queued || v.ID != id {
		t.Errorf("%+v", v)
	}
	w.carry = func(ctx context.Context, n int) job.Answer {
		job.Report(ctx, 5, 9)
		for {
			if v := w.look(t, id); v.State == job.Running && v.Progress == (job.Progress{Bytes: 5, Total: 9}) {
				return good(ctx, n)
			}
			if ctx.Err() != nil {
				t.Error("its progress is not told")
				return inProgress
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Run(ctx, id); err != nil {
		t.Fatal(err)
	}
	want := job.View{ID: id, State: job.Done, Progress: job.Progress{Bytes: 5, Total: 9}, Answer: &job.Answer{Status: 200, Body: json.RawMessage(`{"ok":true}`)}}
	if d := cmp.Diff(want, w.look(t, id)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := w.Run(ctx, id); err != nil || w.count() != 1 {
		t.Errorf("done, and run again: %d calls, %v", w.count(), err)
	}
	if key := w.calls[0].Key; key != id {
		t.Errorf("a call without a key was carried out with %q", key)
	}
}

func TestRunner_TheSameKeyIsTheSameJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = good
	a, b, none := w.add(t, "k"), w.add(t, "k"), w.add(t, "")
	other, err := w.Add(t.Context(), call("k"), "tg_other", [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if a != b || a == none || a == other || len(a) != 28 || len(none) != 28 || strings.ToLower(none) != none {
		t.Errorf("ids %s, %s, %s, %s", a, b, none, other)
	}
	if d := cmp.Diff([]string{a, none, other}, w.started); d != "" {
		t.Errorf("started (-want +got):\n%s", d)
	}
	if _, err := w.Add(t.Context(), call("k"), "", [32]byte{2}); !fault.Is(err, fault.KeyReused) {
		t.Errorf("another call: %v", err)
	}
	if err := w.Run(t.Context(), a); err != nil || w.calls[0].Key != "k" {
		t.Errorf("%v, key %q", err, w.calls[0].Key)
	}
}

func TestRunner_OneThatCannotBeStartedIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = errors.New("no function")
	if _, err := w.Add(t.Context(), call("k"), "", [32]byte{1}); !errors.Is(err, w.refuse) {
		t.Errorf("%v", err)
	}
	if ids, err := w.store.OpenJobs(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("open %v, %v", ids, err)
	}
	w.refuse = nil
	w.add(t, "k")
	if len(w.started) != 1 {
		t.Errorf("started %v", w.started)
	}
}

func TestRunner_WaitsForWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy := bad(fault.New(fault.SenderBusy, "Busy.").After(5*time.Second), 429)
	w.carry = func(ctx context.Context, n int) job.Answer {
		return []job.Answer{inProgress, busy, bad(fault.New(fault.StoreUnavailable, "Away."), 503), good(ctx, n)}[n-1]
	}
	id := w.add(t, "k")
	if err := w.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if v := w.look(t, id); v.State != job.Done || v.Answer.Status != 200 || w.count() != 4 {
		t.Errorf("%+v after %d calls", v, w.count())
	}
	for _, c := range w.calls {
		if c.Key != "k" {
			t.Errorf("key %q", c.Key)
		}
	}
}

// What is in the way for too long is the answer; the same call may try again.
func TestRunner_DoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(context.Context, int) job.Answer { return inProgress }
	id := w.add(t, "k")
	if err := w.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if v := w.look(t, id); v.State != job.Done || v.Answer.Status != 409 {
		t.Errorf("%+v", v)
	}
	if again := w.add(t, "k"); again != id || w.look(t, id).State != job.Queued {
		t.Errorf("%+v", w.look(t, id))
	}
}

func TestRunner_AFaultIsTheAnswer(t *testing.T) {
	t.Parallel()
	for code, status := range map[fault.Code]int{fault.FloodWait: 429, fault.UserIsBlocked: 403, fault.Internal: 500, fault.UnknownOutcome: 409} {
		w := newWorld(t)
		w.carry = func(context.Context, int) job.Answer { return bad(fault.New(code, "So."), status) }
		id := w.add(t, "k")
		if err := w.Run(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if v := w.look(t, id); v.Answer == nil || v.Answer.Status != status || w.count() != 1 {
			t.Errorf("%s: %+v after %d calls", code, v, w.count())
		}
		w.add(t, "k")
		if again := w.look(t, id).State == job.Queued; again != (status != 403) {
			t.Errorf("%s: begins anew: %v", code, again)
		}
	}
}

// A run that is ended by its process leaves the job to the next one.
func TestRunner_IsTakenUpByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.carry = func(ctx context.Context, n int) job.Answer {
		if n > 1 {
			return good(ctx, n)
		}
		cancel()
		<-ctx.Done()
		return bad(fault.New(fault.Timeout, "Ended."), 504)
	}
	id := w.add(t, "")
	if err := w.Run(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if v := w.look(t, id); v.State != job.Queued {
		t.Errorf("%+v", v)
	}
	if err := w.runner(w.start).Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if v := w.look(t, id); v.State != job.Done || w.calls[0].Key != w.calls[1].Key {
		t.Errorf("%+v", v)
	}
}

func TestRunner_StopsWhenItsClaimIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add(t, "")
	w.carry = func(ctx context.Context, _ int) job.Answer {
		if err := w.client.Del(ctx, "tgc:job:{"+id+"}").Err(); err != nil { // as a store does that was restored
			t.Error(err)
		}
		job.Report(ctx, 1, 2)
		<-ctx.Done()
		return bad(fault.New(fault.Timeout, "Ended."), 504)
	}
	if err := w.Run(t.Context(), id); !errors.Is(err, job.ErrLost) {
		t.Errorf("%v", err)
	}
}

// A run with too little time left starts another one.
func TestRunner_LeavesTimeForTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(context.Context, int) job.Answer { return inProgress }
	id := w.add(t, "")
	r := job.NewRunner(job.Options{Store: w.store, Start: w.start, Enough: time.Hour, Clock: clock.System, Log: slog.New(slog.DiscardHandler),
		Carry: func(ctx context.Context, c job.Call) job.Answer { return inProgress }})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	if err := r.Run(ctx, id); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{id, id}, w.started); d != "" || w.look(t, id).State != job.Queued {
		t.Errorf("%+v, started (-want +got):\n%s", w.look(t, id), d)
	}
}

// A call that takes longer than a run may is answered so; it is not begun again and again.
func TestRunner_ATimeOutIsTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(ctx context.Context, _ int) job.Answer {
		<-ctx.Done()
		return bad(fault.New(fault.Timeout, "Too long."), 504)
	}
	id := w.add(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second+100*time.Millisecond)
	defer cancel()
	if err := w.Run(ctx, id); err != nil {
		t.Fatal(err)
	}
	if v := w.look(t, id); v.Answer == nil || v.Answer.Status != 504 {
		t.Errorf("%+v", v)
	}
}

func TestRunner_GivesUpWhatKillsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = good
	id := w.add(t, "")
	for n := range 10 {
		if c, err := w.store.ClaimJob(t.Context(), id, fmt.Sprint(n), 0); err != nil || c.Call == nil {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if err := w.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.look(t, id)
	if v.Answer == nil || v.Answer.Status != 500 || w.count() != 0 || !strings.Contains(string(v.Answer.Body), `"internal"`) {
		t.Errorf("%+v after %d calls", v, w.count())
	}
}

func TestCrew_RunsAFewAtATimeAndTakesUpWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const size, all = 2, 5
	arrived, open := make(chan struct{}, all), make(chan struct{})
	w.carry = func(ctx context.Context, n int) job.Answer {
		arrived <- struct{}{}
		<-open
		return good(ctx, n)
	}
	crew := job.NewCrew(size, clock.System, slog.New(slog.DiscardHandler))
	r := w.runner(crew.Start)
	var ids []string
	for i := range all {
		id := w.add(t, "") // nobody has started them: a former process was ended
		if i < 2 {
			if err := errors.Join(crew.Start(t.Context(), id), crew.Start(t.Context(), id)); err != nil {
				t.Fatal(err)
			}
		}
		ids = append(ids, id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); crew.Work(ctx, r) }()
	for range size {
		<-arrived
	}
	if n := w.count(); n != size {
		t.Errorf("%d run at a time", n)
	}
	for range all - size {
		open <- struct{}{}
		<-arrived
	}
	close(open)
	for _, id := range ids {
		for w.look(t, id).State != job.Done {
			if t.Context().Err() != nil {
				t.Fatal("not all are done")
			}
		}
	}
	cancel()
	<-ended
	if n := w.count(); n != all {
		t.Errorf("%d calls for %d jobs", n, all)
	}
}

// A crew that is ended leaves its jobs to the next one.
func TestCrew_EndsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.carry = func(ctx context.Context, n int) job.Answer {
		cancel()
		<-ctx.Done()
		return bad(fault.New(fault.Timeout, "Ended."), 504)
	}
	a, b := w.add(t, ""), w.add(t, "")
	crew := job.NewCrew(1, clock.System, slog.New(slog.DiscardHandler))
	crew.Work(ctx, w.runner(crew.Start))
	for _, id := range []string{a, b} {
		if v := w.look(t, id); v.State != job.Queued {
			t.Errorf("%+v", v)
		}
	}
	if err := crew.Start(t.Context(), a); err != nil || w.count() != 1 {
		t.Errorf("%d calls, %v", w.count(), err)
	}
}
