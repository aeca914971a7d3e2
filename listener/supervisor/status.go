package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"

	"telegram-client/listener/account"
	"telegram-client/listener/delivery"
	"telegram-client/shared/entry"
	"telegram-client/shared/health"
)

// A status collects what account and delivery say about an entry, and publishes it.
type status struct {
	s     *Supervisor
	claim *Claim
	rung  chan struct{}

	mu          sync.Mutex
	accountSays account.Report
	targetSays  delivery.Report
	extra       []health.Condition
	lost        []health.Condition // senders
}

func newStatus(s *Supervisor, claim *Claim) *status {
	return &status{s: s, claim: claim, rung: make(chan struct{}, 1)}
}

func (t *status) change(f func()) {
	t.mu.Lock()
	f()
	connected := t.accountSays.Connected
	owner := slices.ContainsFunc(t.accountSays.Conditions, func(c health.Condition) bool { return c.Code.NeedsOwner() })
	t.mu.Unlock()
	t.s.o.Observer.Connected(string(t.claim.Entry.ID), connected, owner)
	select {
	case t.rung <- struct{}{}:
	default:
	}
}

func (t *status) account(r account.Report) { t.change(func() { t.accountSays = r }) }

func (t *status) target(r delivery.Report) { t.change(func() { t.targetSays = r }) }

// now is the status as it is.
func (t *status) now() entry.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []health.Condition
	for _, list := range [][]health.Condition{t.accountSays.Conditions, t.targetSays.Conditions, t.lost, t.extra, t.s.conditions()} {
		all = append(all, list...)
	}
	return entry.Status{
		Connected: t.accountSays.Connected, Since: t.accountSays.Since.UTC(), Health: all,
		TargetUnreachableSince: t.targetSays.UnreachableSince,
	}
}

// keep publishes changes until ctx ends.
func (t *status) keep(ctx context.Context) {
	doubted := t.s.doubted
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.rung:
		case <-doubted:
			doubted = nil
		}
		for {
			err := t.s.o.Store.SaveStatus(ctx, t.claim.Entry.ID, t.claim.Lease, t.now())
			if err == nil || lost(err) || ctx.Err() != nil {
				break
			}
			t.s.o.Log.Warn("the status of an entry cannot be published", "entry", t.claim.Entry.ID, "error", err)
			if !t.s.sleep(ctx, 5*time.Second) {
				return
			}
		}
	}
}

// stopped publishes that nobody is connected any more.
func (t *status) stopped(ctx context.Context) {
	t.change(func() {
		if t.accountSays.Connected {
			now := t.s.o.Clock.Now().UTC()
			t.accountSays = account.Report{Since: now, Conditions: []health.Condition{
				{Code: health.Connecting, Since: now, Placeholders: map[string]string{"reason": "the listener was stopped"}},
			}}
		}
	})
	if err := t.s.o.Store.SaveStatus(ctx, t.claim.Entry.ID, t.claim.Lease, t.now()); err != nil && !lost(err) {
		t.s.o.Log.Warn("the status of an entry cannot be published", "entry", t.claim.Entry.ID, "error", err)
	}
}

func stoppedReport(now time.Time) account.Report {
	return account.Report{Since: now.UTC()}
}
