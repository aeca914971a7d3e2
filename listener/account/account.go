// Package account drives one entry: it holds the update connection, feeds the engine, turns updates into events,
// filters them, and commits events, update state and what was learnt in one step.
//
// An [Account] has three kinds of goroutine, all of which end before [Account.Run] returns: one that receives, in which
// everything is decided and committed; one that keeps a connection; and at most one call that the engine asked for. What
// comes in waits in a short queue: if the store is slow the connection is read slower, and nothing piles up.
//
// A commit that fails is repeated as it is until it succeeds or the lease ends; whoever claims the entry next begins
// with what was committed last. Events that the store has already are not queued twice.
package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"

	"telegram-client/listener/updates"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
)

const (
	queued = 64  // inputs that wait to be received
	atOnce = 100 // events of one commit, about
	// answerWithin is how long one call of the engine may take.
	answerWithin = time.Minute
)

// Options are what an account works with.
type Options struct {
	Claim     authorization.Claim
	Store     Store
	Connector Connector
	Ring      *seal.Keyring
	Clock     clock.Clock
	Log       *slog.Logger
	// Mute is how long before the end of the lease the connection is closed: the lease less the time without a renewal.
	Mute time.Duration
	// Rest is how long the login rests after its connection was reset; 0: 2 s.
	Rest time.Duration
	// Pauses are those between two attempts.
	Pauses outbox.Pauses
	// Committed is told that there is something new to deliver. It does not block.
	Committed func()
	// Report is told what there is to say about the connection, whenever that changes. It does not block.
	Report func(Report)
	// Count is told of events by what became of them; nil counts nothing.
	Count func(what string, n int)
}

// An Account is one entry being listened for.
type Account struct {
	o     Options
	names outbox.Names
	inbox chan input
	calls sync.WaitGroup
	line  line

	// What follows belongs to the goroutine that receives.
	entry     entry.Entry
	engine    *updates.Engine
	state     updates.State // as of the items to be committed next
	committed updates.State
	begun     bool // something was committed
	book      *peer.Book
	set       *filter.Set
	problems  []filter.Problem
	slow      map[filter.Event]bool // those whose pattern was given up, with these options
	search    search
	me        *tg.User
	unsaved   bool // what changed about the account itself
	up        *up  // nil: no connection
	wake      time.Time
	items     []outbox.Item
	where     whereabouts
	changes   tellings
	report    Report
	told      *bool  // what the last connection event said
	waiting   logins // to be confirmed
	inDoubt   bool   // the login, after AUTH_KEY_DUPLICATED

	mu      sync.Mutex
	session authorization.Session // as last known
	reset   bool                  // the last connection was reset
}

// input is something to be received.
type input struct {
	engine  updates.Input // goes to the engine
	reload  *entry.Entry
	up      *up
	down    *down
	seen    *seen
	found   *found
	dropped []outbox.Dropped
}

// up is a connection that stands.
type up struct {
	ctx context.Context
	api *tg.Client
	me  *tg.User
	// ended takes the error of a call that says that the login has ended: the connection stands, and is worth nothing.
	ended chan<- error
}

// seen is what a look over a connection that stands has found.
type seen struct {
	me      *tg.User
	waiting logins // nil: not asked for
}

// down is a connection that ended, or did not come to be.
type down struct{ condition health.Condition }

// New returns an account that is not running yet.
func New(o Options) (*Account, error) {
	c := &o.Claim
	state, err := updates.ParseState(c.State)
	if err != nil {
		return nil, fmt.Errorf("entry %s: %w", c.Entry.ID, err)
	}
	told, err := recall(c.State)
	if err != nil {
		return nil, fmt.Errorf("entry %s: %w", c.Entry.ID, err)
	}
	if len(c.Renewed) > 0 {
		renewed, err := updates.ParseState(c.Renewed)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", c.Entry.ID, err)
		}
		state = state.Renew(renewed)
	}
	if o.Count == nil {
		o.Count = func(string, int) {}
	}
	a := &Account{
		o: o, names: outbox.NewNames(o.Ring, string(c.Entry.ID)), inbox: make(chan input, queued),
		state: state, committed: state, session: c.Session.Clone(), book: peer.NewBook(c.Entry.Account.ID), changes: told,
		waiting: logins{}, inDoubt: c.Fate == authorization.Duplicated,
	}
	a.book.Load(c.Peers)
	a.me, _ = a.book.User(a.book.Self()).(*tg.User)
	a.engine = updates.New(state, updates.Account{Self: c.Entry.Account.ID, Knows: a.knows})
	a.take(c.Entry)
	a.hold()
	return a, nil
}

// knows is asked by the engine, which works in the goroutine that receives.
func (a *Account) knows(id peer.ID) bool {
	if id == a.book.Self() {
		return true
	}
	if id.Kind() == peer.User {
		return a.book.User(id) != nil
	}
	return a.book.Chat(id) != nil
}

// take takes up the entry's record.
func (a *Account) take(e entry.Entry) {
	if a.unsaved {
		e.Account = a.entry.Account
	}
	a.entry, a.slow = e, map[filter.Event]bool{}
	a.search.answered = map[peer.Target]peer.ID{}
	a.compile()
}

// Reload takes up a changed record without losing an event.
func (a *Account) Reload(ctx context.Context, e entry.Entry) { a.push(ctx, input{reload: &e}) }

// Dropped reports events that were given up to the owner, as an event.
func (a *Account) Dropped(ctx context.Context, d []outbox.Dropped) { a.push(ctx, input{dropped: d}) }

func (a *Account) push(ctx context.Context, in input) {
	select {
	case a.inbox <- in:
	case <-ctx.Done():
	}
}

// Run serves the entry until ctx ends, the lease ends, or Telegram ends the login. It returns the session as last known
// and what became of the authorization, both for the release of the lease. Its error says why it ended; nil: ctx ended,
// or the fate says it.
func (a *Account) Run(ctx context.Context) (authorization.Session, authorization.Fate, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	fate := authorization.Fine
	var connecting sync.WaitGroup
	first := a.condition(health.Connecting, map[string]string{"reason": "not tried yet"})
	switch a.o.Claim.Fate {
	case authorization.Ended:
		first = a.condition(health.ReauthRequired, map[string]string{"reason": "the login has ended"})
	case authorization.Duplicated:
		first.Placeholders["reason"], first.Until = "Telegram saw this login used over two connections at once; whether it still works is tried when it has rested", first.Since.Add(a.o.Claim.Rest)
	}
	a.say(Report{Since: a.o.Clock.Now(), Conditions: []health.Condition{first}})
	if a.o.Claim.Fate != authorization.Ended {
		connecting.Add(1)
		go func() { // ends with ctx, or ends it
			defer connecting.Done()
			f, err := a.connect(ctx)
			fate = f
			cancel(err)
		}()
	}
	err := a.receive(ctx)
	cancel(err)
	connecting.Wait()
	a.calls.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if fate == authorization.Fine && a.reset {
		fate = authorization.Rests
	}
	if err == nil || errors.Is(err, context.Canceled) {
		if err = context.Cause(ctx); errors.Is(err, context.Canceled) {
			err = nil
		}
	}
	return a.session, fate, err
}

// receive is the one goroutine in which things are decided. It ends with ctx or with the lease.
func (a *Account) receive(ctx context.Context) error {
	timer := a.o.Clock.Timer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		for _, at := range []time.Time{a.wake, a.announceAt(), a.search.dueAt()} {
			if !at.IsZero() {
				wait = min(wait, max(at.Sub(a.o.Clock.Now()), 0))
			}
		}
		clock.StopTimer(timer)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case in := <-a.inbox:
			a.handle(ctx, in)
		case <-timer.C():
			a.feed(ctx, updates.Woken{})
			a.due(ctx)
		}
		for more := true; more && len(a.items) < atOnce; {
			select {
			case in := <-a.inbox:
				a.handle(ctx, in)
			default:
				more = false
			}
		}
		a.announce()
		if err := a.commit(ctx); err != nil {
			return err
		}
		a.save(ctx)
	}
}

func (a *Account) handle(ctx context.Context, in input) {
	switch {
	case in.engine != nil:
		a.feed(ctx, in.engine)
	case in.reload != nil:
		a.take(*in.reload)
		a.hold()
		a.seek(ctx)
		a.say(a.report)
		a.o.Count("reloaded", 1)
	case in.found != nil:
		a.found(ctx, in.found)
	case in.dropped != nil:
		a.items = append(a.items, a.droppedItems(in.dropped)...)
	case in.up != nil:
		a.up = in.up
		a.line.set(in.up)
		a.works(ctx)
		a.book.Learn([]tg.UserClass{in.up.me}, nil)
		a.know(in.up.me)
		a.say(Report{Connected: true, Since: a.o.Clock.Now()})
		a.hold()
		a.seek(ctx)
		a.feed(ctx, updates.Connected{})
	case in.seen != nil:
		a.look(in.seen)
	case in.down != nil:
		a.up = nil
		a.line.set(nil)
		a.hold()
		r := Report{Since: a.o.Clock.Now(), Conditions: []health.Condition{in.down.condition}}
		if !a.report.Connected { // it has been down for longer than that
			r.Since = a.report.Since
			for i := range r.Conditions {
				if r.Conditions[i].Code == health.Connecting {
					r.Conditions[i].Since = r.Since
				}
			}
		}
		a.say(r)
		a.feed(ctx, updates.Disconnected{})
	}
}

// feed hands the engine what happened and carries out what follows.
func (a *Account) feed(ctx context.Context, in updates.Input) {
	out := a.engine.Handle(in, a.o.Clock.Now())
	a.wake = out.Wake
	for i := range out.Ready {
		a.batch(ctx, &out.Ready[i])
	}
	for _, r := range out.Ask {
		a.ask(ctx, r)
	}
}

// commit writes down what is ready. It does not return before it is written, the lease is lost, or ctx has ended.
func (a *Account) commit(ctx context.Context) error {
	learnt := a.book.Changed()
	if len(a.items) == 0 && len(learnt) == 0 && a.begun && a.state.Equal(a.committed) {
		return nil
	}
	if !a.state.Known() && len(a.items) == 0 {
		return nil
	}
	c := outbox.Commit{State: a.changes.remember(a.state, a.o.Clock.Now()), Items: a.items, Learnt: learnt}
	for attempt := 1; ; attempt++ {
		err := a.o.Store.Commit(ctx, a.entry.ID, a.o.Claim.Lease, c)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		if lost := a.o.Claim.Lease.Check(); lost != nil {
			return fmt.Errorf("commit: %w", lost)
		}
		if errors.Is(err, lease.ErrLost) {
			return err
		}
		a.o.Log.Warn("the store does not take events; trying again", "entry", a.entry.ID, "error", err)
		if !a.sleep(ctx, a.o.Pauses.Wait(attempt+1)) {
			return nil
		}
	}
	a.o.Count("committed", len(a.items))
	if len(a.items) > 0 {
		a.o.Committed()
	}
	a.committed, a.begun, a.items = a.state, true, nil
	return nil
}

// sleep waits and reports whether ctx still stands.
func (a *Account) sleep(ctx context.Context, d time.Duration) bool {
	t := a.o.Clock.Timer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}
