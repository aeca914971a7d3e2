package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
)

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
	if _, err := w.Run(ctx, id); err != nil {
		t.Fatal(err)
	}
	want := job.View{ID: id, State: job.Done, Progress: job.Progress{Bytes: 5, Total: 9}, Answer: &job.Answer{Status: 200, Body: json.RawMessage(`{"ok":true}`)}}
	if d := cmp.Diff(want, w.look(t, id)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := w.Run(ctx, id); err != nil || w.count() != 1 {
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
	if _, err := w.Run(t.Context(), a); err != nil || w.calls[0].Key != "k" {
		t.Errorf("%v, key %q", err, w.calls[0].Key)
	}
}

// Nobody is told of a call without a key that could not be started.
func TestRunner_OneThatCannotBeStartedIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = errors.New("no function")
	if _, err := w.Add(t.Context(), call(""), "", [32]byte{1}); !errors.Is(err, w.refuse) {
		t.Errorf("%v", err)
	}
	if ids, err := w.store.OpenJobs(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("open %v, %v", ids, err)
	}
}

// Somebody else may have been told of a call with a key, so it stays. Whoever comes next starts it.
func TestRunner_OneWithAKeyStaysThoughItCannotBeStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = errors.New("no function")
	if _, err := w.Add(t.Context(), call("k"), "", [32]byte{1}); !errors.Is(err, w.refuse) {
		t.Errorf("%v", err)
	}
	w.refuse = fault.New(fault.SenderBusy, "Later.").After(time.Second)
	id, err := w.Add(t.Context(), call("k"), "", [32]byte{1})
	if err != nil {
		t.Fatalf("it will be started: %v", err)
	}
	if d := cmp.Diff([]string{id}, w.open(t)); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	w.refuse = nil
	if err := w.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{id}, w.started); d != "" {
		t.Errorf("started (-want +got):\n%s", d)
	}
}

// A second caller of the same job was answered while the first one's start was under way and then failed.
func TestRunner_AJobOfASecondCallerStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var second string
	var r *job.Runner
	r = w.runner(func(ctx context.Context, _ string) error {
		if second == "" {
			second = "?"
			id, err := r.Add(ctx, call("k"), "", [32]byte{1})
			if err != nil {
				t.Error(err)
			}
			second = id
		}
		return errors.New("it took too long")
	})
	if _, err := r.Add(t.Context(), call("k"), "", [32]byte{1}); err == nil {
		t.Error("not started, and no error")
	}
	if v := w.look(t, second); v.State != job.Queued {
		t.Errorf("%+v", v)
	}
}

func TestRunner_WaitsForWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(ctx context.Context, n int) job.Answer {
		return []job.Answer{inProgress, busy, bad(fault.New(fault.StoreUnavailable, "Away."), 503), good(ctx, n)}[n-1]
	}
	id := w.add(t, "k")
	if _, err := w.Run(t.Context(), id); err != nil {
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
	if _, err := w.Run(t.Context(), id); err != nil {
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
		if _, err := w.Run(t.Context(), id); err != nil {
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
	if _, err := w.Run(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if v := w.look(t, id); v.State != job.Queued {
		t.Errorf("%+v", v)
	}
	if _, err := w.runner(w.start).Run(t.Context(), id); err != nil {
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
	if _, err := w.Run(t.Context(), id); !errors.Is(err, job.ErrLost) {
		t.Errorf("%v", err)
	}
}

// A run with too little time left leaves the job to another one. That is no run that was killed, however often.
func TestRunner_LeavesTimeForTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(context.Context, int) job.Answer { return inProgress }
	id := w.add(t, "")
	r := w.realTime(time.Hour, time.Hour)
	for range 11 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		if wait, err := r.Run(ctx, id); err != nil || wait != 15*time.Second {
			t.Fatalf("%v, %v", wait, err)
		}
	}
	if v := w.look(t, id); v.State != job.Queued {
		t.Errorf("%+v", v)
	}
}

// What waits gives its place to others, and nobody starts it before its time.
func TestRunner_LeavesWhatHasToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(ctx context.Context, n int) job.Answer {
		if n == 1 {
			return busy
		}
		return good(ctx, n)
	}
	id := w.add(t, "k")
	r := w.realTime(0, 0)
	wait, err := r.Run(t.Context(), id)
	if err != nil || wait != busy.Fault.RetryAfter || w.count() != 1 {
		t.Fatalf("waits %v, %v, after %d calls", wait, err, w.count())
	}
	if open := w.open(t); len(open) != 0 {
		t.Errorf("somebody has to look at %v", open)
	}
	w.add(t, "k")
	if err := w.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := w.look(t, id); v.State != job.Queued || len(w.started) != 1 {
		t.Errorf("%+v, started %v", v, w.started)
	}
	if wait, err := r.Run(t.Context(), id); err != nil || wait != 0 || w.look(t, id).State != job.Done {
		t.Errorf("waits %v, %v", wait, err)
	}
}

// A job that somebody else runs waits for the end of that claim, elsewhere.
func TestRunner_LeavesWhatSomebodyElseRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = good
	id := w.add(t, "")
	if c, err := w.store.ClaimJob(t.Context(), id, "another", time.Hour, 10); err != nil || c.Call == nil {
		t.Fatalf("%+v, %v", c, err)
	}
	wait, err := w.realTime(0, 0).Run(t.Context(), id)
	if err != nil || wait < 59*time.Minute || wait > 61*time.Minute || w.count() != 0 {
		t.Errorf("waits %v, %v", wait, err)
	}
}

// A run that had to wait has less time left than a call may take. That the call did not end in the rest says nothing.
func TestRunner_ATimeOutAfterWaitingIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry = func(ctx context.Context, n int) job.Answer {
		if n == 1 {
			return bad(fault.New(fault.SenderBusy, "Busy.").After(time.Second), 429)
		}
		<-ctx.Done()
		return bad(fault.New(fault.Timeout, "Too long."), 504)
	}
	id := w.add(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second) // 4 s of it are for writing down
	defer cancel()
	if wait, err := w.realTime(time.Minute, 0).Run(ctx, id); err != nil || wait <= 0 {
		t.Errorf("waits %v, %v", wait, err)
	}
	if v := w.look(t, id); v.State != job.Queued || w.count() != 2 {
		t.Errorf("%+v after %d calls", v, w.count())
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
	if _, err := w.Run(ctx, id); err != nil {
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
		if c, err := w.store.ClaimJob(t.Context(), id, fmt.Sprint(n), 0, 10); err != nil || c.Call == nil {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if _, err := w.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.look(t, id)
	if v.Answer == nil || v.Answer.Status != 500 || w.count() != 0 || !strings.Contains(string(v.Answer.Body), `"internal"`) {
		t.Errorf("%+v after %d calls", v, w.count())
	}
}
