package supervisor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
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
	w.served()
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

// Telegram ends a login without a word while nothing happens: it is found out within a minute.
func TestSupervisor_SilentEndIsFoundOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	w.start(func(o *Options) { o.Clock = fast{clock.System} })
	w.until("it is connected", func() bool { return w.status().Connected })
	if err := w.telegram.EndAuthorization(w.listenerLogin()); err != nil {
		t.Fatal(err)
	}
	w.until("the ended login is shown", func() bool { return w.has(health.ReauthRequired) })
	w.until("it is written down", func() bool { return w.standing(authorization.Listener).Fate == authorization.Ended })
}

// A listener's login that was used over two connections rests; what waits is delivered meanwhile, and one probe decides.
func TestSupervisor_ListenerInDoubt(t *testing.T) {
	t.Parallel()
	for _, works := range []bool{true, false} {
		t.Run(fmt.Sprintf("works after all %v", works), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.numbers.CoolDown = 6 * time.Second })
			w.served()
			w.drained()
			if err := w.home.Refuse(true); err != nil {
				t.Fatal(err)
			}
			w.say(2, 2)
			w.until("the outage is shown", func() bool { return !w.status().TargetUnreachableSince.IsZero() })
			refusals := 1
			if !works {
				refusals = 2
			}
			w.telegram.Faults().Fail("users.getUsers", 406, "AUTH_KEY_DUPLICATED", refusals)
			w.breakConnection()
			w.until("it rests", func() bool { return w.standing(authorization.Listener).Fate == authorization.Duplicated })
			connections := w.connections()
			if err := w.home.Refuse(false); err != nil {
				t.Fatal(err)
			}
			w.wants(2)
			if s := w.status(); s.Connected || w.connections() != connections || w.standing(authorization.Listener).Fate != authorization.Duplicated {
				t.Errorf("delivered when it had been tried already: %+v", s)
			}
			w.until("it has been tried", func() bool { return w.standing(authorization.Listener).Fate != authorization.Duplicated })
			if works {
				w.say(3, 3)
				w.wants(3)
				w.until("it is connected", func() bool { return w.status().Connected })
			} else {
				w.until("it is shown", func() bool { return w.has(health.ReauthRequired) })
			}
			if n := w.connections(); n != connections+1 {
				t.Errorf("%d connections for one probe", n-connections)
			}
			w.oneConnectionPerKey()
		})
	}
}

// failing is a LogOuter that ends nothing.
type failing struct{}

func (f failing) LogOut(_ context.Context, _ authorization.App, s authorization.Session, _ authorization.Guard) (authorization.Ending, error) {
	return authorization.Ending{Session: s}, errors.New("Telegram is away")
}

// What could not be logged out for a day is shown until the owner removes the entry once more.
func TestSupervisor_DevicesThatAreLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aheadBy(25*time.Hour))
	w.addEntry(entry.Target{})
	w.start(func(o *Options) { o.LogOuter = failing{} })
	if err := w.store.MarkRemoving(w.ctx(), w.id); err != nil {
		t.Fatal(err)
	}
	w.until("it is shown", func() bool { return w.has(health.DevicesLeft) })
	for _, c := range w.status().Health {
		if c.Code == health.DevicesLeft && c.Placeholders["devices"] != "Home Assistant · listener, Home Assistant · sender 1" {
			t.Errorf("%+v", c)
		}
	}
	o, err := w.store.Overview(w.ctx(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	if state, reason := o.State(); state != entry.NotLoaded || reason != "removing" {
		t.Errorf("%s, %s", state, reason)
	}
	if err := w.store.MarkRemoving(w.ctx(), w.id); err != nil {
		t.Fatal(err)
	}
	w.until("it is gone", func() bool {
		_, err := w.store.Entry(w.ctx(), w.id)
		return fault.Is(err, fault.UnknownEntry)
	})
}

// What a flow has left logged in is logged out by the listener.
func TestSupervisor_SweepsFlows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	in := w.signIn("sender 2")
	e, err := w.store.Entry(w.ctx(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.NewFlow(w.ctx(), login.Flow{ID: "left", StepID: "token", App: e.App, ClientType: entry.Bot, ExpiresAt: time.Now().Add(-time.Minute),
		Made: []login.Made{{Name: "sender 2", Session: in.Session, LoggedIn: true}}})
	if err != nil {
		t.Fatal(err)
	}
	flows := w.flows()
	w.start(func(o *Options) { o.Sweeper = flows })
	w.until("it is logged out", func() bool { return len(w.logins()) == 2 })
	w.until("it is forgotten", func() bool {
		_, err := w.store.ReadFlow(w.ctx(), "left")
		return fault.Is(err, fault.UnknownFlow)
	})
	w.until("the entry is connected", func() bool { return w.status().Connected })
}
