package delivery

import (
	"testing"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
)

func TestDelivery_ConfirmedEventIsDone(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	a := w.next()
	a.answer(outbox.AwaitConfirm)
	if s := w.settles(); s.Decision.Action != outbox.Retry || s.Decision.Wait != outbox.ConfirmWithin {
		t.Errorf("%+v", s)
	}
	w.Confirmed(a.item.EventID.String())
	if s := w.settles(); s.Decision.Action != outbox.Done {
		t.Errorf("%+v", s)
	}
}

// The automation may be faster than the answer to the request that triggered it.
func TestDelivery_ConfirmedBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	a := w.next()
	w.Confirmed(a.item.EventID.String())
	for heard := false; !heard; { // the loop has taken the confirmation when it claims for something new
		w.store.add("b", "y")
		w.Fresh()
		b := w.next()
		heard = b.item.Lane == "b"
		b.answer(outbox.Acknowledged)
		w.settles()
	}
	a.answer(outbox.AwaitConfirm)
	if s := w.settles(); s.Decision.Action != outbox.Done {
		t.Errorf("%+v", s)
	}
}

func TestDelivery_UnconfirmedEventIsRepeated(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	w.next().answer(outbox.AwaitConfirm)
	w.settles()
	if a := w.passUntilNext(time.Second); a.n != 2 {
		t.Errorf("attempt %d", a.n)
	} else {
		a.answer(outbox.Acknowledged)
	}
	w.settles()
}

func TestDelivery_Handshake(t *testing.T) {
	t.Parallel()
	fresh := usable
	fresh.Confirmed, fresh.Generation = false, 7
	for name, confirm := range map[string]func(w *world, a *attempt){
		"by the component":     func(_ *world, a *attempt) { a.answer(outbox.Acknowledged) },
		"by an automation":     func(w *world, a *attempt) { a.answer(outbox.AwaitConfirm); w.Confirmed(a.item.EventID.String()) },
		"before the answer is": func(w *world, a *attempt) { w.Confirmed(a.item.EventID.String()); a.answer(outbox.AwaitConfirm) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, fresh, func(_ *Options, m *memory) { m.add("a", "x") })
			a := w.next()
			if a.item.Type != "telegram_client_test" || a.item.EventID != entry.HandshakeID(id, 7) {
				t.Fatalf("%+v", a.item)
			}
			a.answer(outbox.Unreachable)
			a = w.passUntilNext(time.Second)
			if a.n != 2 || a.item.Type != "telegram_client_test" {
				t.Fatalf("attempt %d, %s", a.n, a.item.Type)
			}
			confirm(w, a)
			if g := <-w.confirmed; g != 7 {
				t.Errorf("generation %d", g)
			}
			a = w.next()
			if a.item.Type != "x" {
				t.Errorf("then %s", a.item.Type)
			}
			a.answer(outbox.Acknowledged)
			w.settles()
		})
	}
}

// Where nothing can be delivered, what is too old is dropped and told all the same.
func TestDelivery_WithoutTargetEventsOnlyAge(t *testing.T) {
	t.Parallel()
	paused := usable
	paused.Paused = true
	for name, e := range map[string]entry.Target{"none": {}, "pull": {Type: entry.Pull}, "paused": paused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, e, func(_ *Options, m *memory) {
				m.add("a", "x")
				m.dropped = []outbox.Dropped{{Type: "x", Count: 3}}
			})
			if d := <-w.lost; d[0].Count != 3 {
				t.Errorf("%+v", d)
			}
			w.Reload(entry.Entry{ID: id, Target: usable})
			w.next().answer(outbox.Acknowledged)
			w.settles()
		})
	}
}
