package authorization

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/peer"
)

// A Call is the use of one authorization: what its user works with, and what it says it did.
type Call struct {
	// API asks Telegram. It is nil if Repeat has an answer that is the last word: there is no connection then.
	API   *tg.Client
	Entry entry.Entry
	// Peers is the part of what the entry has learnt that the request's targets may need. What it learns is kept.
	Peers *peer.Book
	// Done is what the call did, to be filled in while it works.
	Done Outcome
	// Repeat is set if the same call was made before.
	Repeat *Repeat

	announce func(context.Context, Intent) error
	abroad   *abroad
}

// Announce says what the call is about to do, in place of its request's Intent. It is for calls that upload first: their
// request says nothing, so that the upload holds no events, and just before the first request that is seen by others they
// announce them all. After an error nothing may be done.
func (c *Call) Announce(ctx context.Context, i Intent) error {
	if c.announce == nil {
		return errNoLogin
	}
	err := c.announce(ctx, i)
	if errors.Is(err, lease.ErrLost) {
		return fault.New(fault.Timeout, "The right to use this login was over before Telegram could be asked.").Because(err)
	}
	return err
}

// A Pool lends the senders of entries to calls. It is safe for concurrent use.
type Pool struct {
	// Rest is how long a key rests after its connection was reset; 0 is 2 s. It is set before the pool is used.
	Rest   time.Duration
	store  Store
	dialer Dialer
	clock  clock.Clock
	log    *slog.Logger
}

// NewPool returns a pool over a store and a dialer.
func NewPool(s Store, d Dialer, c clock.Clock, log *slog.Logger) *Pool {
	return &Pool{store: s, dialer: d, clock: c, log: log}
}

func (p *Pool) rest() time.Duration {
	if p.Rest == 0 {
		return resetRest
	}
	return p.Rest
}

// finishWithin is how long giving back may take after the call's own time.
const finishWithin = 5 * time.Second

// defaultFor is how long a call may take that has no deadline at all.
const defaultFor = 25 * time.Second

// Do lends a sender to use for one call. The connection is open when use begins and closed, in order, when Do returns;
// the lease is given back after that, also if ctx has ended meanwhile. use gets a context that ends with the request's
// For. It runs without a connection if an earlier call of the same idempotency key has answered for good, and a second
// time, with another sender, if the first one's login turned out to have ended before anything was done with it.
//
// Errors are those of use and of the Dialer, and the faults of Store.Acquire. That giving back failed is logged and no
// error: what was done is done, and the lease ends by itself.
func (p *Pool) Do(ctx context.Context, r Request, use func(context.Context, *Call) error) error {
	begin := p.clock.Now()
	if r.For <= 0 {
		r.For = defaultFor
		if end, ok := ctx.Deadline(); ok {
			r.For = end.Sub(begin)
		}
	}
	end := begin.Add(r.For)
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	again, err := p.once(ctx, r, use)
	if !again {
		return err
	}
	p.log.WarnContext(ctx, "a login has ended; another sender is tried", "entry", r.Entry, "error", err)
	r.For = end.Sub(p.clock.Now())
	_, err = p.once(ctx, r, use)
	return err
}

// touchFor is how long a touch may take.
const touchFor = 20 * time.Second

// Touch uses one sender for a moment: Telegram sees that the login is still wanted, and what became of it is known. If it
// is in use, or rests, that is the fault of Store.Acquire.
func (p *Pool) Touch(ctx context.Context, id entry.ID, name Name) error {
	r := Request{Entry: id, Only: name, For: touchFor, Wait: -1}
	return p.Do(ctx, r, func(ctx context.Context, c *Call) error {
		_, err := c.API.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUserSelf{}})
		return err
	})
}

// once makes one attempt. again says that the authorization has ended, that nothing was done with it, and that another
// one would do as well.
func (p *Pool) once(ctx context.Context, r Request, use func(context.Context, *Call) error) (again bool, err error) {
	g, err := p.store.Acquire(ctx, r)
	if err != nil {
		return false, err
	}
	call := &Call{Entry: g.Entry, Peers: peer.NewBook(g.Entry.Account.ID), Repeat: g.Repeat}
	call.Peers.Load(g.Peers)
	if g.Lease == nil {
		return false, use(ctx, call)
	}
	call.announce = func(ctx context.Context, i Intent) error { return p.store.Announce(ctx, g, i) }
	app := App{App: g.Entry.App, Device: g.Name.Device()}
	call.abroad = newAbroad(p, g, app)
	var w watcher
	held, stop := p.keep(ctx, g)
	ending, err := p.dialer.Use(held, app, g.Session.Clone(), g.Lease, func(ctx context.Context, api *tg.Client) error {
		w.next = api.Invoker()
		call.API = tg.NewClient(&w)
		return use(ctx, call)
	})
	stop()
	res := w.result(err, ending)
	res.Fate, ending.Session = call.abroad.result(res.Fate, ending.Session)
	res.Outcome = call.Done
	res.Outcome.Learnt = append(res.Outcome.Learnt, call.Peers.Changed()...)
	res.Outcome.Unsure = res.Outcome.Unsure || w.unanswered()
	untouched := w.untouched()
	// What an earlier call of the same key has done still binds it to its authorization.
	res.Untouched = untouched && g.Repeat == nil
	if res.Fate != Ended && len(ending.Session.Keys) > 0 && !same(ending.Session, g.Session) {
		res.Session = &ending.Session
	}
	p.giveBack(ctx, g, res)
	return err != nil && untouched && r.Only == "" && (res.Fate == Ended || res.Fate == Duplicated), err
}

func (p *Pool) giveBack(ctx context.Context, g *Grant, res Result) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	if err := p.store.Finish(ctx, g, res); err != nil {
		level := slog.LevelError
		if errors.Is(err, lease.ErrLost) {
			level = slog.LevelWarn // it took longer than its lease; what it did is recorded
		}
		p.log.Log(ctx, level, "a sender was not given back in order", "entry", g.Entry.ID, "authorization", g.Name, "error", err)
	}
}

// A watcher sees what became of each request of a call: what Telegram refused was not carried out, and what it did not
// answer may have been.
type watcher struct {
	next tg.Invoker

	mu      sync.Mutex
	open    int // begun and not answered
	granted int // answered, and not with an error
	fate    Fate
}

// Invoke implements tg.Invoker.
func (w *watcher) Invoke(ctx context.Context, input bin.Encoder, output bin.Decoder) error {
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	err := w.next.Invoke(ctx, input, output)
	w.mu.Lock()
	defer w.mu.Unlock()
	var fate *FateError
	if errors.As(err, &fate) {
		w.fate = max(w.fate, fate.Fate)
	}
	switch _, refused := tgerr.As(err); {
	case err == nil:
		w.open--
		w.granted++
	case refused || fate != nil:
		w.open--
	}
	return err
}

// result returns how the authorization fares after a connection.
func (w *watcher) result(err error, ending Ending) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := Result{Fate: w.fate}
	var fate *FateError
	if errors.As(err, &fate) {
		r.Fate = max(r.Fate, fate.Fate)
	}
	if r.Fate == Fine && ending.Reset {
		r.Fate = Rests
	}
	return r
}

func (w *watcher) unanswered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open > 0
}

func (w *watcher) untouched() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open == 0 && w.granted == 0
}

func same(a, b Session) bool { return a.DC == b.DC && maps.Equal(a.Keys, b.Keys) }
