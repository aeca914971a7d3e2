package job

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/fault"
)

const (
	// progressEvery is how often progress is written down.
	progressEvery = time.Second
	// writeWithin is how long writing down the end of a run may take, after the run's own time.
	writeWithin = 4 * time.Second
	// patience is how long a job waits for what keeps it from being carried out, such as other jobs.
	patience = 2 * time.Hour
	// mostAttempts is how many runs a job has: one that kills each of its runners has an end.
	mostAttempts = 10
	// What bounds how long it waits before it tries again.
	leastWait, mostWait = time.Second, 15 * time.Second
)

// Options of a runner.
type Options struct {
	Store Store
	// Carry carries a call out. Its context ends when the run has to.
	Carry func(ctx context.Context, c Call) Answer
	// Start has a job run soon: it calls Run somewhere.
	Start func(ctx context.Context, id string) error
	// Name makes an id of what tells a call apart, which nobody can guess.
	Name func(parts ...string) string
	// Claim is how long a claim lasts that is not renewed; 0: 45 s, which is less than the minute after which Lambda calls
	// a function again that has failed.
	Claim time.Duration
	// Enough is how much time a run needs at least: one that has less left leaves the job to another run.
	Enough time.Duration
	Clock  clock.Clock
	Log    *slog.Logger
}

// A Runner takes jobs and carries them out. It is safe for concurrent use.
type Runner struct{ o Options }

// NewRunner returns a runner.
func NewRunner(o Options) *Runner {
	if o.Claim <= 0 {
		o.Claim = 45 * time.Second
	}
	return &Runner{o}
}

// Add takes a call and returns the id of its job. The call's Key is the one that came with it, empty for none; entry is
// which one it names, and same tells calls with the same key apart.
func (r *Runner) Add(ctx context.Context, c Call, entry string, same [32]byte) (string, error) {
	id := "j_" + strings.ToLower(rand.Text())
	if c.Key != "" {
		id = "j_" + r.o.Name(string(c.Verb), entry, c.Key)
	} else {
		c.Key = id
	}
	start, err := r.o.Store.PutJob(ctx, id, c, same)
	if err != nil || !start {
		return id, err
	}
	if err := r.o.Start(ctx, id); err != nil {
		// Nobody is told its id, so it must not be carried out, unless it has begun all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
		defer cancel()
		if dropped, gone := r.o.Store.DropJob(ctx, id); dropped || gone != nil {
			return "", fmt.Errorf("start a job: %w", errors.Join(err, gone))
		}
	}
	return id, nil
}

// Look returns a job. One whose runner is gone is started again.
func (r *Runner) Look(ctx context.Context, id string) (View, error) {
	v, start, err := r.o.Store.Job(ctx, id)
	if err != nil || !start {
		return v, err
	}
	if err := r.o.Start(ctx, id); err != nil {
		r.o.Log.WarnContext(ctx, "a job could not be started again", "error", err)
	}
	return v, nil
}

// errAgain ends a run that has too little time left.
var errAgain = errors.New("there is too little time left for this run")

// Run carries a job out, if nobody else does. Its error says that the job has no answer yet, because ctx or the claim
// ended, or the store is away.
func (r *Runner) Run(ctx context.Context, id string) error {
	nonce := rand.Text()
	claim, err := r.claim(ctx, id, nonce)
	if err != nil || claim.Call == nil {
		return err
	}
	work, cancel := r.working(ctx)
	defer cancel(nil)
	k := r.keep(work, cancel, id, nonce)
	answer, err := r.carry(context.WithValue(work, progressKey{}, k.report), claim)
	k.stop()

	after, done := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer done()
	switch {
	case errors.Is(context.Cause(work), ErrLost):
		return ErrLost
	case err == nil:
		if err := r.o.Store.EndJob(after, id, nonce, answer, k.progress(), open(answer)); err != nil {
			return fmt.Errorf("record the answer of a job: %w", err)
		}
		return nil
	}
	if left := r.o.Store.LeaveJob(after, id, nonce); left != nil {
		return errors.Join(err, left)
	}
	if errors.Is(err, errAgain) {
		return r.o.Start(after, id)
	}
	return err
}

// claim takes a job. If somebody else runs it, or did when it was killed, it waits once for the end of that claim.
func (r *Runner) claim(ctx context.Context, id, nonce string) (Claim, error) {
	claim, err := r.o.Store.ClaimJob(ctx, id, nonce, r.o.Claim)
	if err != nil || claim.Busy == 0 {
		return claim, err
	}
	if !r.sleep(ctx, claim.Busy+leastWait) {
		return Claim{}, context.Cause(ctx)
	}
	return r.o.Store.ClaimJob(ctx, id, nonce, r.o.Claim)
}

// working returns the context of a run, which ends a little before ctx does: then there is time to write it down.
func (r *Runner) working(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	work, cancel := context.WithCancelCause(ctx)
	end, ok := ctx.Deadline()
	if !ok {
		return work, cancel
	}
	work, stop := context.WithDeadline(work, end.Add(-writeWithin))
	return work, func(cause error) { cancel(cause); stop() }
}

// carry carries a call out until there is an answer that is more than the wish to come back later. Its error is what
// ended the run before.
func (r *Runner) carry(ctx context.Context, claim Claim) (Answer, error) {
	if claim.Attempt > mostAttempts {
		return failed(fault.New(fault.Internal, "The bridge has begun with this %d times and was ended each time. It gives up; its log says more.", mostAttempts)), nil
	}
	begin := r.o.Clock.Now()
	for {
		answer := r.o.Carry(ctx, *claim.Call)
		switch err := context.Cause(ctx); {
		case errors.Is(err, context.DeadlineExceeded) && answer.Fault != nil && answer.Fault.Code == fault.Timeout:
			return answer, nil // it takes longer than a call may
		case err != nil && answer.Fault != nil:
			return Answer{}, err
		}
		wait, again := later(answer)
		if !again || claim.Age+r.o.Clock.Now().Sub(begin) > patience {
			return answer, nil
		}
		if end, ok := ctx.Deadline(); ok && end.Sub(r.o.Clock.Now()) < wait+r.o.Enough {
			return Answer{}, errAgain
		}
		if !r.sleep(ctx, wait) {
			return Answer{}, context.Cause(ctx)
		}
	}
}

// later reports whether nothing was done because something else has to end first, and when to try again.
func later(a Answer) (time.Duration, bool) {
	if a.Fault == nil {
		return 0, false
	}
	switch a.Fault.Code {
	case fault.InProgress, fault.SenderBusy, fault.SenderResting, fault.StoreUnavailable:
		return min(max(a.Fault.RetryAfter, leastWait), mostWait), true
	}
	return 0, false
}

// open reports whether an answer asks to try again: what the same call with the same key does then is no repetition.
func open(a Answer) bool {
	return a.Fault != nil && (a.Status == 409 || a.Status == 429 || a.Status >= 500)
}

func (r *Runner) sleep(ctx context.Context, d time.Duration) bool {
	t := r.o.Clock.Timer(d)
	defer clock.StopTimer(t)
	select {
	case <-ctx.Done():
		return false
	case <-t.C():
		return true
	}
}

// A keeper renews the claim of a run and writes its progress down.
type keeper struct {
	stopped chan struct{}
	wait    sync.WaitGroup

	mu  sync.Mutex
	now Progress
}

// keep starts a keeper, which works until it is stopped. A claim that is lost ends the run.
func (r *Runner) keep(ctx context.Context, cancel context.CancelCauseFunc, id, nonce string) *keeper {
	k := &keeper{stopped: make(chan struct{}), now: Progress{0, -1}}
	k.wait.Go(func() {
		written, kept := k.progress(), r.o.Clock.Now()
		for {
			t := r.o.Clock.Timer(progressEvery)
			select {
			case <-k.stopped:
				clock.StopTimer(t)
				return
			case <-t.C():
			}
			now, at := k.progress(), r.o.Clock.Now()
			if now == written && at.Sub(kept) < r.o.Claim/4 {
				continue
			}
			err := r.o.Store.KeepJob(ctx, id, nonce, r.o.Claim, now)
			switch {
			case errors.Is(err, ErrLost):
				cancel(ErrLost)
				return
			case err != nil && ctx.Err() == nil:
				r.o.Log.WarnContext(ctx, "the claim of a job was not renewed", "error", err)
			case err == nil:
				written, kept = now, at
			}
		}
	})
	return k
}

func (k *keeper) report(p Progress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = p
}

func (k *keeper) progress() Progress {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *keeper) stop() {
	close(k.stopped)
	k.wait.Wait()
}
