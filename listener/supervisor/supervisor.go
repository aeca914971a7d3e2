package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/listener/account"
	"telegram-client/listener/delivery"
	"telegram-client/listener/observe"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
)

const (
	lookEvery   = time.Second      // for entries, if nothing says that there are new ones
	askAgain    = 5 * time.Second  // for an entry that somebody else serves, or that rests
	afterError  = time.Minute      // for an entry that could not be begun
	sweepEvery  = time.Minute      // for logins that were given up
	releaseTime = 5 * time.Second  // to give an entry back
	commandWait = 20 * time.Second // for one command
)

// An Everything is the store as all parts of the listener see it. *redisstore.Store is one.
type Everything interface {
	Store
	account.Store
	delivery.Store
}

// A LogOuter ends a login at Telegram. One that Telegram does not know any more is no error.
type LogOuter interface {
	LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) (authorization.Ending, error)
}

// A Sweeper logs out what was logged in by config flows that nobody finished. *login.Flows is one.
type Sweeper interface {
	Sweep(ctx context.Context) error
}

// Options are what a supervisor works with.
type Options struct {
	Store     Everything
	Connector account.Connector
	LogOuter  LogOuter
	Sweeper   Sweeper // nil: somebody else sweeps
	Toucher   Toucher // nil: senders are not touched
	Grower    Grower  // nil: bots get no further senders
	// NewTarget makes the target of an entry, nil for one to which nothing is delivered. See [Targets].
	NewTarget func(entry.Target) (delivery.Target, error)
	Ring      *seal.Keyring
	Observer  *observe.Observer // nil: nobody looks
	Clock     clock.Clock
	Log       *slog.Logger
	// Holder is the mark of this installation. Takeover says that its former process is proved to be dead: leases of the
	// same holder are taken over at once in the first round.
	Holder   string
	Takeover bool
	// Lease is how long an entry is held without a renewal, Renew how often it is renewed, and Mute after how long
	// without a renewal nothing is sent any more. 0: 30 s, 10 s, 20 s.
	Lease, Renew, Mute time.Duration
	// Rest is how long a login rests after its connection was reset. 0: 2 s.
	Rest    time.Duration
	Lanes   int // per entry; 0: 16
	Senders int // that a bot's entry is to have; 0: those it was made with
	// Pauses are those between two attempts at anything.
	Pauses outbox.Pauses
	// Doubt says what the store may lose, which is then shown for every entry; "": nothing. Nil: nobody asks.
	Doubt func(ctx context.Context) (string, error)
}

// A Supervisor serves entries.
type Supervisor struct {
	o       Options
	started chan struct{}
	doubted chan struct{} // closed when there is something to say of the store
	serving sync.WaitGroup

	mu      sync.Mutex
	served  map[entry.ID]bool
	refused map[entry.ID]time.Time // when to ask again
	store   []health.Condition     // what is to say about the store
}

// New returns a supervisor that is not running yet.
func New(o Options) *Supervisor {
	for _, d := range []struct {
		at *time.Duration
		or time.Duration
	}{{&o.Lease, 30 * time.Second}, {&o.Renew, 10 * time.Second}, {&o.Mute, 20 * time.Second}, {&o.Rest, 2 * time.Second}} {
		if *d.at == 0 {
			*d.at = d.or
		}
	}
	if o.Clock == nil {
		o.Clock = clock.System
	}
	if o.Observer == nil {
		o.Observer = observe.New(nil)
	}
	return &Supervisor{o: o, started: make(chan struct{}), doubted: make(chan struct{}), served: map[entry.ID]bool{}, refused: map[entry.ID]time.Time{}}
}

// Started is closed after the first round: whoever takes over the leases of a former process waits for it before it
// lets functions work.
func (s *Supervisor) Started() <-chan struct{} { return s.started }

// Run serves entries until ctx ends. It returns after everything was given back. Errors of the store do not end it.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.serving.Wait()
	if s.o.Sweeper != nil {
		s.serving.Add(1)
		go func() { // ends with ctx
			defer s.serving.Done()
			s.sweep(ctx)
		}()
	}
	s.serving.Add(1)
	go func() { // ends with ctx, or when the store has answered
		defer s.serving.Done()
		s.doubt(ctx)
	}()
	takeover := s.o.Takeover
	for failed := 0; ctx.Err() == nil; {
		err := s.round(ctx, takeover)
		if err == nil {
			failed = 0
			if takeover = false; !closed(s.started) {
				close(s.started)
			}
			before := s.o.Clock.Now()
			if err = s.o.Store.WaitEntries(ctx, lookEvery); err == nil && s.o.Clock.Now().Sub(before) < lookEvery {
				s.askAll()
			}
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		failed++
		s.o.Log.Warn("entries cannot be looked for", "error", err)
		s.sleep(ctx, min(time.Duration(failed)*time.Second, 10*time.Second))
	}
	return nil
}

// doubt asks, until the store answers, what it may lose.
func (s *Supervisor) doubt(ctx context.Context) {
	if s.o.Doubt == nil {
		return
	}
	reason, err := s.o.Doubt(ctx)
	for ; err != nil && ctx.Err() == nil; reason, err = s.o.Doubt(ctx) {
		s.o.Log.Warn("the store does not say how durable it is", "error", err)
		s.sleep(ctx, lookEvery)
	}
	if err != nil || reason == "" {
		return
	}
	s.mu.Lock()
	s.store = []health.Condition{{Code: health.StoreNotDurable, Since: s.o.Clock.Now().UTC(), Placeholders: map[string]string{"reason": reason}}}
	s.mu.Unlock()
	close(s.doubted)
}

// conditions are shown for every entry.
func (s *Supervisor) conditions() []health.Condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// round tries to claim every entry that this process does not serve.
func (s *Supervisor) round(ctx context.Context, takeover bool) error {
	ids, err := s.o.Store.Entries(ctx)
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	for _, id := range ids {
		s.mu.Lock()
		skip := s.served[id] || now.Before(s.refused[id])
		s.mu.Unlock()
		if skip {
			continue
		}
		claim, err := s.o.Store.ClaimEntry(ctx, id, s.o.Holder, takeover, s.o.Lease)
		switch {
		case fault.Is(err, fault.UnknownEntry):
			s.refuse(id, askAgain)
		case fault.Is(err, fault.StoreUnavailable, fault.Timeout):
			return err
		case err != nil:
			if ctx.Err() != nil {
				return err
			}
			s.o.Log.Error("an entry cannot be served", "entry", id, "error", err)
			s.refuse(id, afterError)
		case claim == nil:
			s.refuse(id, askAgain)
		default:
			s.begin(ctx, claim)
		}
	}
	return nil
}

func (s *Supervisor) refuse(id entry.ID, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[id] = s.o.Clock.Now().Add(d)
}

// askAll makes the next round ask for all entries: one may have been freed.
func (s *Supervisor) askAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refused)
}

// begin serves a claimed entry until it ends.
func (s *Supervisor) begin(ctx context.Context, claim *Claim) {
	id := claim.Entry.ID
	s.mu.Lock()
	s.served[id] = true
	s.mu.Unlock()
	s.serving.Add(1)
	go func() { // ends with ctx, with the lease, or with the entry
		defer s.serving.Done()
		again, err := newService(s, claim).run(ctx)
		if err != nil && ctx.Err() == nil {
			s.o.Log.Warn("an entry is not served any more", "entry", id, "error", err)
		}
		s.o.Observer.Forget(string(id))
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.served, id)
		s.refused[id] = s.o.Clock.Now().Add(again)
	}()
}

// sweep logs out what flows have left over, from time to time.
func (s *Supervisor) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.o.Sweeper.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("logins that were given up cannot be swept", "error", err)
		}
		s.sleep(ctx, sweepEvery)
	}
}

// sleep waits and reports whether ctx still stands.
func (s *Supervisor) sleep(ctx context.Context, d time.Duration) bool {
	return sleep(ctx, s.o.Clock, d)
}

func sleep(ctx context.Context, c clock.Clock, d time.Duration) bool {
	t := c.Timer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}

// lost reports whether an error means that the entry belongs to somebody else now.
func lost(err error) bool { return errors.Is(err, lease.ErrLost) || errors.Is(err, lease.ErrExpired) }

func wrap(id entry.ID, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("entry %s: %w", id, err)
}
