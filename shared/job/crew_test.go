package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
)

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

// Jobs that only wait leave room for others, and are tried again.
func TestCrew_JobsThatWaitLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var other atomic.Bool
	crew := job.NewCrew(2, clock.System, slog.New(slog.DiscardHandler))
	r := job.NewRunner(job.Options{Store: w.store, Start: crew.Start, Clock: clock.System, Log: slog.New(slog.DiscardHandler),
		Name: func(parts ...string) string { return ring.Name("job", parts...) },
		Carry: func(ctx context.Context, c job.Call) job.Answer {
			if c.Key == "of another account" {
				other.Store(true)
			}
			if !other.Load() {
				return bad(fault.New(fault.SenderBusy, "Busy.").After(time.Second), 429)
			}
			return good(ctx, 1)
		}})
	var ids []string
	for _, key := range []string{"a", "b", "of another account"} {
		id, err := r.Add(t.Context(), call(key), "", [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan struct{})
	go func() { defer close(ended); crew.Work(ctx, r) }()
	for _, id := range ids {
		for w.look(t, id).State != job.Done {
			if ctx.Err() != nil {
				t.Fatal("not all are done")
			}
		}
	}
	cancel()
	<-ended
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
