package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/gotd/neo"
	"go.uber.org/goleak"

	"telegram-client/shared/entry"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeClock is neo's, but a timer that is due fires without a further push.
type fakeClock struct{ *neo.Time }

type fakeTimer struct {
	neo.Timer
	time *neo.Time
}

func (c fakeClock) Timer(d time.Duration) neo.Timer {
	t := c.Time.Timer(d)
	c.Travel(0)
	return fakeTimer{t, c.Time}
}

func (t fakeTimer) Reset(d time.Duration) { t.Timer.Reset(d); t.time.Travel(0) }

// waiting is an item of the store in memory.
type waiting struct {
	item outbox.Item
	due  time.Time
}

// memory is a Store that keeps its promises and nothing else.
type memory struct {
	clock fakeClock

	mu      sync.Mutex
	items   []*waiting
	pause   time.Time
	away    int // calls to fail
	lost    bool
	settled chan outbox.Settlement
	claims  int
	dropped []outbox.Dropped
}

func (m *memory) add(lane, name string) outbox.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := outbox.Item{EventID: uuid.NewSHA1(uuid.Nil, []byte(name)), Lane: lane, Type: name, Class: outbox.Durable}
	m.items = append(m.items, &waiting{item: it})
	return it
}

func (m *memory) fails() error {
	if m.lost {
		return lease.ErrLost
	}
	if m.away > 0 {
		m.away--
		return errors.New("away")
	}
	return nil
}

func (m *memory) Claim(_ context.Context, _ entry.ID, _ *lease.Lease, c outbox.Claim) (outbox.Claimed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claims++
	got := outbox.Claimed{Expired: m.dropped}
	if err := m.fails(); err != nil {
		return got, err
	}
	m.dropped = nil
	if c.Now {
		m.pause = time.Time{}
	}
	now := m.clock.Now()
	seen := slices.Clone(c.Busy)
	next := func(t time.Time) {
		if got.Next.IsZero() || t.Before(got.Next) {
			got.Next = t
		}
	}
	for _, w := range m.items {
		if slices.Contains(seen, w.item.Lane) {
			continue
		}
		seen = append(seen, w.item.Lane)
		switch {
		case m.pause.After(now):
			next(m.pause)
		case w.due.After(now) && !c.Now:
			next(w.due)
		case len(got.Items) >= c.Limit:
			next(now)
		default:
			w.item.Attempts++
			got.Items = append(got.Items, w.item)
		}
	}
	return got, nil
}

func (m *memory) Settle(_ context.Context, _ entry.ID, _ *lease.Lease, all []outbox.Settlement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fails(); err != nil {
		return err
	}
	for _, s := range all {
		i := slices.IndexFunc(m.items, func(w *waiting) bool { return w.item.EventID == s.Item.EventID })
		if i < 0 {
			continue
		}
		if s.Decision.Action == outbox.Retry {
			m.items[i].due = m.clock.Now().Add(s.Decision.Wait)
			if s.Decision.HoldsTarget {
				m.pause = m.items[i].due
			}
		} else {
			m.items = slices.Delete(m.items, i, i+1)
		}
		m.settled <- s
	}
	return nil
}

// attempt is a delivery that waits for its verdict.
type attempt struct {
	item    outbox.Item
	n       int
	verdict chan outbox.Verdict
}

func (a *attempt) answer(o outbox.Outcome) {
	a.verdict <- outbox.Verdict{Outcome: o, Reason: "a reason"}
}

// target lets the test answer each attempt.
type target struct{ attempts chan *attempt }

func (t target) Deliver(ctx context.Context, it outbox.Item, n int) outbox.Verdict {
	a := &attempt{it, n, make(chan outbox.Verdict, 1)}
	select {
	case t.attempts <- a:
	case <-ctx.Done():
		return outbox.Verdict{Outcome: outbox.Unreachable, Reason: "given up"}
	}
	select {
	case v := <-a.verdict:
		return v
	case <-ctx.Done():
		return outbox.Verdict{Outcome: outbox.Unreachable, Reason: "given up"}
	}
}

type world struct {
	t *testing.T
	*Delivery
	clock     fakeClock
	store     *memory
	target    target
	reports   chan Report
	confirmed chan int64
	lost      chan []outbox.Dropped
	stop      func() error
}

const id = entry.ID("tg_a")

func start(t *testing.T, e entry.Target, change ...func(*Options, *memory)) *world {
	t.Helper()
	now := time.Unix(1795347000, 0)
	w := &world{t: t, clock: fakeClock{neo.NewTime(now)}, target: target{make(chan *attempt)},
		reports: make(chan Report, 100), confirmed: make(chan int64, 10), lost: make(chan []outbox.Dropped, 10)}
	w.store = &memory{clock: w.clock, settled: make(chan outbox.Settlement, 100)}
	o := Options{
		Entry: entry.Entry{ID: id, Target: e}, Lease: lease.New("a", 1, now, 24*time.Hour, w.clock.Now), Store: w.store,
		NewTarget: func(e entry.Target) (Target, error) {
			if e.Type == entry.NoTarget || e.Type == entry.Pull {
				return nil, nil
			}
			return w.target, nil
		},
		ConfirmTarget: func(_ context.Context, g int64) error { w.confirmed <- g; return nil },
		Dropped:       func(_ context.Context, d []outbox.Dropped) { w.lost <- d },
		Report:        func(r Report) { w.reports <- r },
		Clock:         w.clock, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o, w.store)
	}
	w.Delivery = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	w.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := w.stop(); err != nil && !errors.Is(err, lease.ErrLost) {
			t.Errorf("ended with %v", err)
		}
	})
	return w
}

var usable = entry.Target{Type: entry.Webhook, URL: seal.NewText("http://a"), Generation: 1, Confirmed: true}

func (w *world) next() *attempt {
	w.t.Helper()
	select {
	case a := <-w.target.attempts:
		return a
	case <-time.After(20 * time.Second):
		w.t.Fatal("nothing is delivered")
		return nil
	}
}

// settles waits for a settlement.
func (w *world) settles() outbox.Settlement {
	w.t.Helper()
	select {
	case s := <-w.store.settled:
		return s
	case <-time.After(20 * time.Second):
		w.t.Fatal("nothing is settled")
		return outbox.Settlement{}
	}
}

// pass lets time pass in steps, until something is delivered.
func (w *world) passUntilNext(step time.Duration) *attempt {
	w.t.Helper()
	for range 1000 {
		select {
		case a := <-w.target.attempts:
			return a
		case <-time.After(time.Millisecond): // the loop may be about to set its timer
			w.clock.Travel(step)
		}
	}
	w.t.Fatal("nothing is delivered however much time passes")
	return nil
}

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
