package supervisor

import (
	"context"
	"errors"
	"sync"
	"time"

	"telegram-client/listener/account"
	"telegram-client/listener/delivery"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
)

// errRemoved ends the service of an entry that became a tombstone.
var errRemoved = errors.New("the entry is being removed")

// A service is one entry that is being served: an account, a delivery, and what keeps both in touch with the store.
type service struct {
	s         *Supervisor
	claim     *Claim
	id        entry.ID
	account   *account.Account
	deliver   *delivery.Delivery
	status    *status
	upkeep    *upkeep
	callbacks *callbacks
	// What follows is written while work runs, and read when it has ended.
	tombstone entry.Entry
	after     string // the place in the command stream
	// free is when the listener's login may be connected with.
	free time.Time
}

func newService(s *Supervisor, claim *Claim) *service {
	v := &service{s: s, claim: claim, id: claim.Entry.ID, status: newStatus(s, claim), tombstone: claim.Entry, after: claim.Commands,
		free: s.o.Clock.Now().Add(claim.Rest)}
	v.upkeep = newUpkeep(s, claim, v.status)
	return v
}

// run serves the entry until ctx ends, the lease is lost, or the entry or its login has ended, and gives it back. again is
// when to ask for it again.
func (v *service) run(ctx context.Context) (again time.Duration, err error) {
	again = askAgain
	held, cancel := context.WithCancelCause(ctx) // ends with the lease
	defer cancel(nil)
	var keeping sync.WaitGroup
	defer keeping.Wait()
	// The lease is kept until everything that needs it has ended, also after ctx has.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	keep(&keeping, func() { v.renew(renewing, cancel) })

	session, fate := v.claim.Session, authorization.Fine
	if !v.claim.Entry.Removing {
		session, fate, err = v.work(held)
		if err != nil && !errors.Is(err, errRemoved) && !lost(err) && fate == authorization.Fine {
			again = afterError
		}
	}
	if v.claim.Entry.Removing || errors.Is(err, errRemoved) {
		var gone bool
		gone, session, fate, err = v.remove(held, session, fate)
		if gone {
			return again, nil
		}
	}
	if v.claim.Lease.Check() != nil {
		return again, wrap(v.id, err)
	}
	giving, end := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer end()
	v.status.stopped(giving)
	if fate == authorization.Ended || fate == authorization.Duplicated {
		again = 0 // it is claimed again at once, to deliver what waits
	}
	if released := v.s.o.Store.ReleaseEntry(giving, v.id, v.claim.Lease, session, fate); released != nil {
		err = errors.Join(err, released)
	}
	return again, wrap(v.id, err)
}

// keep runs f in a goroutine that the caller waits for.
func keep(all *sync.WaitGroup, f func()) {
	all.Add(1)
	go func() {
		defer all.Done()
		f()
	}()
}

// work runs account and delivery until one of them ends or ctx does.
func (v *service) work(ctx context.Context) (authorization.Session, authorization.Fate, error) {
	o := &v.s.o
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	count := func(what string, n int) { o.Observer.Event(string(v.id), what, n) }
	v.deliver = delivery.New(delivery.Options{
		Entry: v.claim.Entry, Lease: v.claim.Lease, Store: o.Store, NewTarget: o.NewTarget, Lanes: o.Lanes, Pauses: o.Pauses, Clock: o.Clock, Log: o.Log,
		ConfirmTarget: func(ctx context.Context, generation int64) error { return o.Store.ConfirmTarget(ctx, v.id, generation) },
		Dropped:       func(ctx context.Context, d []outbox.Dropped) { v.account.Dropped(ctx, d) },
		Report:        v.status.target,
		Acknowledged:  func(query int64) { v.callbacks.acknowledged(query) },
		Count:         func(what string, n int) { o.Observer.Delivery(string(v.id), what, n) },
	})
	var err error
	v.account, err = account.New(account.Options{
		Claim: *v.claim, Store: o.Store, Connector: o.Connector, Ring: o.Ring, Clock: o.Clock, Log: o.Log, Mute: o.Lease - o.Mute, Rest: o.Rest, Pauses: o.Pauses,
		Committed: v.deliver.Fresh, Report: v.status.account, Count: count,
	})
	if err != nil {
		return v.claim.Session, authorization.Fine, err
	}
	v.callbacks = newCallbacks(o.Clock, o.Log, v.account.AnswerCallback)
	v.callbacks.take(v.claim.Entry.Options.Bridge)
	var running sync.WaitGroup
	keep(&running, func() {
		if err := v.deliver.Run(ctx); err != nil {
			cancel(err)
		}
	})
	keep(&running, func() { v.command(ctx, cancel) })
	keep(&running, func() { v.status.keep(ctx) })
	keep(&running, func() { v.upkeep.run(ctx) })
	keep(&running, func() { v.callbacks.run(ctx) })
	session, fate, err := v.account.Run(ctx)
	cancel(err)
	running.Wait()
	if err == nil {
		if err = context.Cause(ctx); errors.Is(err, context.Canceled) {
			err = nil
		}
	}
	return session, fate, err
}

// renew keeps the lease. cancel is called when it is lost.
func (v *service) renew(ctx context.Context, cancel context.CancelCauseFunc) {
	o := &v.s.o
	for wait := o.Renew; v.s.sleep(ctx, wait); {
		err := o.Store.RenewEntry(ctx, v.id, v.claim.Lease, o.Lease)
		if err == nil {
			wait = o.Renew
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if lost(err) || v.claim.Lease.Check() != nil {
			cancel(err)
			return
		}
		o.Log.Warn("the lease of an entry cannot be renewed", "entry", v.id, "error", err)
		wait = min(time.Second, o.Renew)
	}
}
