package supervisor

import (
	"context"
	"sync"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

// askedAtOnce is how many commands are carried out at the same time that somebody waits for.
const askedAtOnce = 8

// command carries out what the functions ask for.
func (v *service) command(ctx context.Context, cancel context.CancelCauseFunc) {
	o := &v.s.o
	var asked sync.WaitGroup
	defer asked.Wait()
	free := make(chan struct{}, askedAtOnce)
	for ctx.Err() == nil {
		commands, err := o.Store.Commands(ctx, v.id, v.after, commandWait)
		if err != nil {
			if ctx.Err() == nil {
				o.Log.Warn("commands cannot be read", "entry", v.id, "error", err)
				v.s.sleep(ctx, time.Second)
			}
			continue
		}
		reload := false
		for _, c := range commands {
			v.after = c.ID
			switch c.Kind {
			case entry.Reload, entry.Remove:
				reload = true
			case entry.Confirmed:
				v.deliver.Confirmed(c.EventID)
			case entry.Wake:
				v.deliver.Wake()
			case entry.Released:
				v.deliver.Fresh()
			case entry.Acknowledged:
				if c.Callback != nil {
					v.callbacks.acknowledged(c.Callback.QueryID)
				}
			case entry.Devices:
				v.upkeep.now()
			case entry.Mint, entry.Touch, entry.AnswerCallback:
				select {
				case free <- struct{}{}:
					asked.Go(func() { // ends with the command's time, at the latest with ctx
						defer func() { <-free }()
						v.asked(ctx, c)
					})
				case <-ctx.Done():
				}
			}
		}
		if !reload {
			continue
		}
		e, err := v.read(ctx)
		switch {
		case err != nil:
			cancel(err)
		case e.Removing:
			v.tombstone = e
			cancel(errRemoved)
		default:
			v.callbacks.take(e.Options.Bridge)
			v.deliver.Reload(e)
			v.account.Reload(ctx, e)
			v.upkeep.take(e)
		}
	}
}

// asked carries out what somebody may wait for, and tells what came of it.
func (v *service) asked(ctx context.Context, c entry.Command) {
	o := &v.s.o
	carrying, cancel := context.WithTimeout(ctx, touchEvery) // nobody waits so long
	if c.Reply != "" {
		cancel()
		carrying, cancel = context.WithDeadline(ctx, c.Until)
	}
	defer cancel()
	answer := v.carryOut(carrying, c)
	if answer != nil {
		o.Log.Info("what was asked of the listener was not done", "entry", v.id, "command", c.Kind, "error", answer)
	}
	if ctx.Err() != nil {
		return // whoever serves the entry next may answer
	}
	if err := o.Store.Answer(ctx, v.id, v.claim.Lease, c, answer); err != nil && ctx.Err() == nil {
		o.Log.Warn("an answer cannot be given", "entry", v.id, "command", c.Kind, "error", err)
	}
}

func (v *service) carryOut(ctx context.Context, c entry.Command) error {
	if v.claim.Fate == authorization.Ended && (c.Kind == entry.AnswerCallback || !c.Login.IsZero()) {
		return fault.New(fault.ReauthRequired, "Telegram has ended the login that would do this. Log the account in again.")
	}
	switch {
	case c.Kind == entry.AnswerCallback && c.Callback != nil:
		v.callbacks.isAnswered(c.Callback.QueryID)
		return v.account.AnswerCallback(ctx, *c.Callback)
	case c.Kind == entry.Mint && !c.Login.IsZero():
		return v.account.AcceptLogin(ctx, []byte(c.Login.Reveal()))
	case c.Kind == entry.Mint:
		return v.upkeep.mint(ctx)
	case c.Kind == entry.Touch:
		return v.upkeep.touchNow(ctx, authorization.Name(c.Device))
	}
	return fault.New(fault.Internal, "The listener was asked for something that it does not know.")
}

// read reads the entry's record, for as long as it takes.
func (v *service) read(ctx context.Context) (entry.Entry, error) {
	for {
		e, err := v.s.o.Store.Entry(ctx, v.id)
		if err == nil || fault.Is(err, fault.UnknownEntry) || ctx.Err() != nil {
			return e, err
		}
		v.s.o.Log.Warn("an entry cannot be read", "entry", v.id, "error", err)
		if !v.s.sleep(ctx, time.Second) {
			return e, err
		}
	}
}
