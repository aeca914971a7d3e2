package delivery

import (
	"testing"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
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

// What an attempt at the former target comes to is neither said of the new one nor does it hold it up.
func TestDelivery_AttemptInFlightWhenTheTargetChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says outbox.Outcome
		want outbox.Decision
	}{
		"unreachable":  {outbox.Unreachable, outbox.Decision{Action: outbox.Retry}},
		"not taken":    {outbox.NotAcknowledged, outbox.Decision{Action: outbox.Retry}},
		"refused":      {outbox.Refused, outbox.Decision{Action: outbox.Retry}},
		"handed over":  {outbox.AwaitConfirm, outbox.Decision{Action: outbox.Retry}},
		"acknowledged": {outbox.Acknowledged, outbox.Decision{Action: outbox.Done}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
			a := w.next()
			<-w.reports
			moved := usable
			moved.URL, moved.Generation = seal.NewText("http://b"), 2
			w.Reload(entry.Entry{ID: id, Target: moved})
			<-w.reports // it was taken up
			a.answer(c.says)
			if s := w.settles(); s.Decision != c.want {
				t.Errorf("%+v, want %+v", s.Decision, c.want)
			}
			if c.want.Action == outbox.Done {
				w.store.add("a", "y")
				w.Fresh()
			}
			b := w.next()
			if again := b.item.Type == "x"; again != (c.want.Action == outbox.Retry) {
				t.Errorf("then %s", b.item.Type)
			}
			if len(w.reports) > 0 {
				t.Errorf("reported: %+v", <-w.reports)
			}
			b.answer(outbox.Acknowledged)
			w.settles()
		})
	}
}

// A confirmation shows that events are taken where they arrive, not that they arrive.
func TestDelivery_ConfirmationDoesNotHideThatTheTargetIsAway(t *testing.T) {
	t.Parallel()
	for says, reports := range map[outbox.Outcome]int{outbox.Unreachable: 0, outbox.NotAcknowledged: 1} {
		w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
		<-w.reports
		w.next().answer(says)
		w.settles()
		w.passUntilNext(10 * time.Millisecond).answer(says)
		w.settles() // the next attempt is a second from now
		if r := <-w.reports; len(r.Conditions) != 1 {
			t.Fatalf("%+v", r)
		}
		w.store.mu.Lock()
		w.store.items[0].due, w.store.pause = w.clock.Now(), time.Time{}
		w.store.mu.Unlock()
		w.Confirmed("0c1b7a52-9a51-4d70-8a5c-2f4f0f9d7d3e")
		a := w.next() // it was heard
		if got := len(w.reports); got != reports {
			t.Errorf("after outcome %d: %d reports, want %d", says, got, reports)
		}
		a.answer(outbox.Acknowledged)
		w.settles()
	}
}
