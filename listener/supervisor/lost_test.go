package supervisor

import (
	"fmt"
	"testing"

	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// A removed entry is logged out everywhere, and nothing is left of it.
func TestSupervisor_RemovedEntryIsLoggedOut(t *testing.T) {
	t.Parallel()
	for _, served := range []bool{true, false} {
		t.Run(fmt.Sprintf("served before %v", served), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.home.Automation("hook", func(homeassistanttest.Trigger) {})
			w.addEntry(w.webhook())
			if served {
				w.start()
				w.say(1, 1)
				w.wants(1)
			}
			if err := w.store.MarkRemoving(w.ctx(), w.id); err != nil {
				t.Fatal(err)
			}
			if !served {
				w.start()
			}
			w.until("it is gone", func() bool {
				_, err := w.store.Entry(w.ctx(), w.id)
				return fault.Is(err, fault.UnknownEntry)
			})
			if left := w.logins(); len(left) > 0 {
				t.Errorf("still logged in: %+v", left)
			}
			w.oneConnectionPerKey()
		})
	}
}

// A login that Telegram has ended is shown, and what waits is delivered all the same.
func TestSupervisor_EndedLoginIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	w.say(1, 1)
	w.wants(1)
	w.drained()
	if err := w.home.Refuse(true); err != nil {
		t.Fatal(err)
	}
	w.say(2, 2)
	w.until("the outage is shown", func() bool { return !w.status().TargetUnreachableSince.IsZero() })
	w.telegram.Behave(func(b *telegramtest.Behaviour) { b.TellEnded = true })
	if err := w.telegram.EndAuthorization(w.listenerLogin()); err != nil {
		t.Fatal(err)
	}
	w.until("the ended login is shown", func() bool { return w.has(health.ReauthRequired) })
	if err := w.home.Refuse(false); err != nil {
		t.Fatal(err)
	}
	w.wants(2)
}
