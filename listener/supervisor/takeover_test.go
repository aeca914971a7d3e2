package supervisor

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/tests/homeassistanttest"
)

// Two supervisors never hold the same entry, and after a clean stop the other serves it at once.
func TestSupervisor_OneServesAndTheOtherTakesOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	first := w.start()
	w.say(1, 1)
	w.wants(1)
	w.drained()
	second := w.start(func(o *Options) { o.Store = w.newStore() })
	<-second.Started()
	for i := range 4 {
		w.say(2+i, 2+i)
		w.wants(2 + i)
		w.drained()
		if i%2 == 0 {
			first.stop()
			first = w.start()
			<-first.Started()
		} else {
			second.stop()
			second = w.start(func(o *Options) { o.Store = w.newStore() })
			<-second.Started()
		}
	}
	w.oneConnectionPerKey()
}

// The store may be away for a while: nothing is lost, and nothing is told twice.
func TestSupervisor_StoreIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.served()
	w.drained()
	w.redis.Kill()
	w.say(2, 4)
	if err := w.redis.Start(); err != nil {
		t.Fatal(err)
	}
	w.say(5, 6)
	w.wants(6)
}

// cutOff is a store that a listener cannot reach any more while others can.
type cutOff struct {
	Everything
	gone atomic.Bool
}

var errCutOff = fault.New(fault.StoreUnavailable, "The store cannot be reached.")

func (c *cutOff) RenewEntry(ctx context.Context, id entry.ID, l *lease.Lease, d time.Duration) error {
	if c.gone.Load() {
		return errCutOff
	}
	return c.Everything.RenewEntry(ctx, id, l, d)
}

func (c *cutOff) Commit(ctx context.Context, id entry.ID, l *lease.Lease, commit outbox.Commit) error {
	if c.gone.Load() {
		return errCutOff
	}
	return c.Everything.Commit(ctx, id, l, commit)
}

func (c *cutOff) Entries(ctx context.Context) ([]entry.ID, error) {
	if c.gone.Load() {
		return nil, errCutOff
	}
	return c.Everything.Entries(ctx)
}

func (c *cutOff) ReleaseEntry(ctx context.Context, id entry.ID, l *lease.Lease, s authorization.Session, f authorization.Fate) error {
	if c.gone.Load() {
		return errCutOff
	}
	return c.Everything.ReleaseEntry(ctx, id, l, s, f)
}

// Who cannot renew its lease has ended its connection before anybody else is granted the entry.
func TestSupervisor_WhoLosesTheStoreIsSilentBeforeTheNextSpeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	short := func(o *Options) {
		o.Lease, o.Renew, o.Mute = 3*time.Second, 500*time.Millisecond, 1500*time.Millisecond
	}
	store := &cutOff{Everything: w.store}
	first := w.start(short, func(o *Options) { o.Store = store })
	w.say(1, 1)
	w.wants(1)
	w.drained()
	second := w.start(short, func(o *Options) { o.Store = w.newStore() })
	<-second.Started()
	connections := w.connections()
	store.gone.Store(true)
	w.say(2, 3)
	w.wants(3)
	if now := w.connections(); now <= connections {
		t.Errorf("%d connections, then %d: nobody took over", connections, now)
	}
	w.oneConnectionPerKey()
	first.stop()
}
