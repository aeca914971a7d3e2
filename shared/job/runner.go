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
	// mostAttempts is how many runs a job has that do not end in order: one that kills each of its runners has an end.
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
	// Stay is how long a run waits at most for what is in its way. Then it leaves the job to a later one. 0: others get its
	// place at once.
	Stay time.Duration
	// Claim is how long a claim lasts that is not renewed; 0: 45 s, which is less than the minute after which Lambda calls
	// a function again that has failed.
	Claim time.Duration
	// Enough is how much time a run wants to have left when it begins with the call once more; if it has less it leaves the
	// job to a later one.
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
		return r.notStarted(ctx, id, c.Key != id, err)
	}
	return id, nil
}

// notStarted returns what becomes of a job that could not be started. An id that nobody knows is forgotten: what was refused
// must not be carried out. A job with the caller's key may have been promised to others. It stays, and who takes up open
// jobs takes it up, too: if that may help the caller is told its id.
func (r *Runner) notStarted(ctx context.Context, id string, shared bool, why error) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	if shared {
		gone := r.o.Store.FreeJob(ctx, id)
		if f := (*fault.Fault)(nil); errors.As(why, &f) && f.RetryAfter > 0 {
			r.o.Log.WarnContext(ctx, "a job could not be started yet", "error", errors.Join(why, gone))
			return id, nil
		}
		return "", fmt.Errorf("start a job: %w", errors.Join(why, gone))
	}
	if dropped, gone := r.o.Store.DropJob(ctx, id); dropped || gone != nil {
		return "", fmt.Errorf("start a job: %w", errors.Join(why, gone))
	}
	return id, nil // it has begun all the same
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

// TakeUp starts the jobs that nobody has in hand, such as those whose runner was killed or that have waited. Whoever starts
// jobs elsewhere calls it from time to time; a [Crew] looks for itself.
func (r *Runner) TakeUp(ctx context.Context) error {
	ids, err := r.o.Store.OpenJobs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, start, err := r.o.Store.Job(ctx, id); fault.Is(err, fault.StoreUnavailable, fault.Timeout) || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		} else if err != nil || !start {
			continue // its answer may be one that cannot be read: that is for whoever asks for it
		}
		if err := r.o.Start(ctx, id); err != nil {
			return fmt.Errorf("start a job: %w", err) // the next look finds it again
		}
	}
	return nil
}

// Run carries a job out, if nobody else does. If something is in the way it leaves the job and returns how long the job waits
// before somebody has to run it again. Its error says that the job has no answer yet, because ctx or the claim ended, or
// the store is away.
func (r *Runner) Run(ctx context.Context, id string) (wait time.Duration, err error) {
	nonce, begin := rand.Text(), r.o.Clock.Now()
	claim, wait, err := r.claim(ctx, id, nonce)
	if err != nil || wait > 0 || claim.Call == nil && !claim.Spent {
		return wait, err
	}
	work, cancel := r.working(ctx)
	defer cancel(nil)
	k := r.keep(work, cancel, id, nonce, begin)
	answer, wait, err := r.carry(context.WithValue(work, progressKey{}, k.report), claim)
	k.stop()

	after, done := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer done()
	switch {
	case errors.Is(context.Cause(work), ErrLost):
		return 0, ErrLost
	case err == nil && wait == 0:
		if err := r.o.Store.EndJob(after, id, nonce, answer, k.progress(), open(answer)); err != nil {
			return 0, fmt.Errorf("record the answer of a job: %w", err)
		}
		return 0, nil
	}
	if left := r.o.Store.LeaveJob(after, id, nonce, wait); left != nil {
		return 0, errors.Join(err, left)
	}
	return wait, err
}

// claim takes a job. If somebody else runs it, or did when it was killed, it waits for the end of that claim if it may, or
// returns how long that takes.
func (r *Runner) claim(ctx context.Context, id, nonce string) (Claim, time.Duration, error) {
	claim, err := r.o.Store.ClaimJob(ctx, id, nonce, r.o.Claim, mostAttempts)
	if err != nil || claim.Busy == 0 {
		return claim, 0, err
	}
	if wait := claim.Busy + leastWait; wait > r.o.Stay {
		return claim, wait, nil
	} else if !r.sleep(ctx, wait) {
		return claim, 0, context.Cause(ctx)
	}
	claim, err = r.o.Store.ClaimJob(ctx, id, nonce, r.o.Claim, mostAttempts)
	if claim.Busy > 0 {
		return claim, claim.Busy + leastWait, err
	}
	return claim, 0, err
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

// carry carries a call out until there is an answer that is more than the wish to come back later, or it has waited for
// that as long as it may: then wait is when to come back. Its error is what ended the run before.
func (r *Runner) carry(ctx context.Context, claim Claim) (a Answer, wait time.Duration, err error) {
	if claim.Spent {
		return failed(fault.New(fault.Internal, "The bridge has begun with this %d times and was ended each time. It gives up; its log says more.", mostAttempts)), 0, nil
	}
	begin := r.o.Clock.Now()
	for waited := time.Duration(0); ; waited += wait {
		answer := r.o.Carry(ctx, *claim.Call)
		old := claim.Age+r.o.Clock.Now().Sub(begin) > patience
		switch err := context.Cause(ctx); {
		case errors.Is(err, context.DeadlineExceeded) && answer.Fault != nil && answer.Fault.Code == fault.Timeout:
			if waited > 0 && !old {
				return Answer{}, leastWait, nil // it had the rest of the time only
			}
			return answer, 0, nil // it takes longer than a call may
		case err != nil && answer.Fault != nil:
			return Answer{}, 0, err
		}
		var again bool
		if wait, again = later(answer); !again || old {
			return answer, 0, nil
		}
		end, ends := ctx.Deadline()
		if waited+wait > r.o.Stay || ends && end.Sub(r.o.Clock.Now()) < wait+r.o.Enough {
			return Answer{}, wait, nil
		}
		if !r.sleep(ctx, wait) {
			return Answer{}, 0, context.Cause(ctx)
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

func (r *Runner) sleep(ctx context.Context, d time.Duration) bool { return sleep(ctx, r.o.Clock, d) }

// sleep waits for a while, and reports whether it did.
func sleep(ctx context.Context, c clock.Clock, d time.Duration) bool {
	t := c.Timer(d)
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

// keep starts a keeper of a claim of some time, which works until it is stopped. A claim that is lost ends the run.
func (r *Runner) keep(ctx context.Context, cancel context.CancelCauseFunc, id, nonce string, kept time.Time) *keeper {
	k := &keeper{stopped: make(chan struct{}), now: Progress{0, -1}}
	k.wait.Go(func() {
		written := k.progress()
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
