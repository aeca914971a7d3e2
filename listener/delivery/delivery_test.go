package delivery

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

func TestDelivery_InOrderWithinALaneAndLanesAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) {
		for _, name := range []string{"a1", "b1", "a2", "b2"} {
			m.add(name[:1], name)
		}
	})
	first, second := w.next(), w.next()
	names := []string{first.item.Type, second.item.Type}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"a1", "b1"}, names); diff != "" {
		t.Fatal(diff)
	}
	first.answer(outbox.Acknowledged)
	w.settles()
	follows := w.next()
	if follows.item.Lane != first.item.Lane || !strings.HasSuffix(follows.item.Type, "2") {
		t.Errorf("after %s came %s", first.item.Type, follows.item.Type)
	}
	second.answer(outbox.Acknowledged)
	follows.answer(outbox.Acknowledged)
	w.next().answer(outbox.Acknowledged)
	for range 3 {
		w.settles()
	}
}

func TestDelivery_NeverMoreThanItsLanes(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(o *Options, m *memory) {
		o.Lanes = 2
		for i := range 5 {
			m.add(fmt.Sprint(i), fmt.Sprint("x", i))
		}
	})
	a, b := w.next(), w.next()
	select {
	case c := <-w.target.attempts:
		t.Fatalf("a third attempt at once: %+v", c.item)
	default:
	}
	a.answer(outbox.Acknowledged)
	w.next().answer(outbox.Acknowledged)
	b.answer(outbox.Acknowledged)
	w.next().answer(outbox.Acknowledged)
	w.next().answer(outbox.Acknowledged)
}

// While the target does not answer one event is tried, at growing intervals, and all others wait.
func TestDelivery_UnreachableTargetIsTriedWithOneEvent(t *testing.T) {
	t.Parallel()
	w := start(t, usable)
	for i := range 4 {
		w.store.add(fmt.Sprint(i), fmt.Sprint("x", i))
	}
	w.store.mu.Lock()
	w.store.items[0].due = w.clock.Now() // all others too
	w.store.mu.Unlock()
	w.Fresh()
	for range 4 {
		w.next().answer(outbox.Unreachable)
	}
	for range 4 {
		w.settles()
	}
	a := w.passUntilNext(100 * time.Millisecond)
	select {
	case b := <-w.target.attempts:
		t.Fatalf("another one at once: %+v", b.item)
	default:
	}
	a.answer(outbox.Acknowledged)
	w.settles()
	for range 3 {
		w.passUntilNext(100 * time.Millisecond).answer(outbox.Acknowledged)
	}
	for range 3 {
		w.settles()
	}
	var codes []string
	for len(w.reports) > 0 {
		r := <-w.reports
		code := "well"
		if len(r.Conditions) > 0 {
			code = string(r.Conditions[0].Code)
		}
		if r.UnreachableSince.IsZero() != (code == "well") {
			t.Errorf("%+v", r)
		}
		codes = append(codes, code)
	}
	if diff := cmp.Diff([]string{"well", string(health.HomeUnreachable), "well"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestDelivery_WakeEndsThePause(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	w.next().answer(outbox.Unreachable)
	w.settles()
	w.passUntilNext(10 * time.Millisecond).answer(outbox.Unreachable)
	w.settles() // a second from now
	w.Wake()
	a := w.next()
	if a.n != 3 {
		t.Errorf("attempt %d", a.n)
	}
	a.answer(outbox.Acknowledged)
	w.settles()
}

// A refused event holds up nobody, and is a dead letter after three attempts.
func TestDelivery_RefusedEventDies(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	for n := 1; n <= 3; n++ {
		a := w.passUntilNext(time.Second)
		a.answer(outbox.Refused)
		if s := w.settles(); (s.Decision.Action == outbox.Dead) != (n == 3) || s.Reason != "a reason" || s.Decision.HoldsTarget {
			t.Errorf("attempt %d: %+v", n, s)
		}
	}
}

func TestDelivery_StoreThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x"); m.away = 2 })
	a := w.passUntilNext(100 * time.Millisecond)
	w.store.mu.Lock()
	w.store.away = 2
	w.store.mu.Unlock()
	a.answer(outbox.Acknowledged)
	for settled := false; !settled; {
		select {
		case s := <-w.store.settled:
			settled = s.Decision.Action == outbox.Done
		case a := <-w.target.attempts:
			t.Fatalf("delivered again, attempt %d", a.n)
		case <-time.After(time.Millisecond): // the loop may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
}

func TestDelivery_LostLeaseEndsIt(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.lost = true })
	if err := w.stop(); err != nil && !errors.Is(err, lease.ErrLost) {
		t.Errorf("ended with %v", err)
	}
}

// An attempt that is under way at the stop is waited for, and how it ended is kept.
func TestDelivery_StopLetsAttemptsEnd(t *testing.T) {
	t.Parallel()
	w := start(t, usable, func(_ *Options, m *memory) { m.add("a", "x") })
	a := w.next()
	stopped := make(chan error)
	go func() { stopped <- w.stop() }()
	a.answer(outbox.Acknowledged)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if s := w.settles(); s.Decision.Action != outbox.Done {
		t.Errorf("%+v", s)
	}
}
