package login

import (
	"context"
	"fmt"
	"time"

	"telegram-client/shared/entry"
)

const (
	// sweepAgain is when a logging out that failed is tried again, and sweepFor for how long.
	sweepAgain = time.Minute
	sweepFor   = 24 * time.Hour
)

// Sweep logs out what was made by flows that nobody answered in time and by flows whose process died, and forgets
// them. What cannot be logged out now is tried again in a minute, for a day. The listener calls it from time to time;
// it may run anywhere, also several times at once.
func (f *Flows) Sweep(ctx context.Context) error {
	swept := map[string]bool{}
	for ctx.Err() == nil {
		h, err := f.Store.TakeExpired(ctx, f.StepFor)
		if err != nil {
			return fmt.Errorf("sweep logins: %w", err)
		}
		if h == nil {
			return nil
		}
		if swept[h.Flow.ID] { // put off, and back at once: the store's clock is ahead of ours
			f.giveBack(ctx, h)
			return nil
		}
		swept[h.Flow.ID] = true
		if err := f.turn(ctx, h).sweep(ctx); err != nil {
			return fmt.Errorf("sweep logins: %w", err)
		}
	}
	return ctx.Err()
}

// sweep brings one flow to its end.
func (t *turn) sweep(ctx context.Context) error {
	fl := &t.held.Flow
	if fl.Last == nil && fl.Making != "" {
		// Died while it made an entry. If the entry is there it stays; if it is not it is not made now, when nobody waits.
		done, err := t.settled(ctx)
		if err != nil {
			t.giveBack(ctx, t.held)
			return err
		}
		if done {
			return t.giveBack(ctx, t.held)
		}
	}
	if t.alive(*fl) {
		// Its process died, but whoever logs in may still be there and send the form again: it waits until its time is
		// over. What it has logged in is not undone before: logins are few a day.
		return t.giveBack(ctx, t.held)
	}
	return t.giveUp(ctx)
}

// giveUp logs out what the flow made and forgets it. If that fails now, the flow is kept for the next sweep.
func (t *turn) giveUp(ctx context.Context) error {
	fl := &t.held.Flow
	if fl.GivenUp.IsZero() {
		fl.GivenUp = t.at
	}
	clean := t.logOut(ctx, t.loggedIn())
	switch {
	case !clean && t.Now().Sub(fl.GivenUp) < sweepFor:
		fl.Making = ""
		fl.ExpiresAt = t.Now().Add(sweepAgain)
		return t.giveBack(ctx, t.held)
	case !clean:
		t.Log.Error("logins could not be ended for a day: end them in Telegram, Settings, Devices", "logins", len(t.loggedIn()))
	}
	if fl.Last != nil { // how it ended is still to be told to whoever repeats the last step
		fl.Made, fl.App = nil, entry.App{}
		return t.giveBack(ctx, t.held)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeFor)
	defer cancel()
	if err := t.Store.DropFlow(ctx, t.held); err != nil {
		return fmt.Errorf("forget a login: %w", err)
	}
	return nil
}
