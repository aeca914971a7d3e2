package delivery

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gotd/neo"
	"go.uber.org/goleak"

	"telegram-client/shared/entry"
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

func (m *memory) query(lane, name string, id int64) {
	m.add(lane, name)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[len(m.items)-1].item.Query = id
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
