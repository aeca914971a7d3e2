package lease

import (
	"errors"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A twoClocks is a machine whose wall clock can be set and whose monotonic clock stands still while it sleeps. A time.Time
// of a test cannot hold two readings that differ, so a lease is asked for both.
type twoClocks struct {
	begin time.Time
	ran   time.Duration // by the monotonic clock
	set   time.Duration // how far the wall clock has been moved against it
}

func (c *twoClocks) mono() time.Time { return c.begin.Add(c.ran) }
func (c *twoClocks) wall() time.Time { return c.begin.Round(0).Add(c.ran + c.set) }

const term = 30 * time.Second

func TestLease_EndsByItsTime(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	now := begin
	l := New("n", 3, begin, term, func() time.Time { return now })
	if l.Nonce() != "n" || l.Epoch() != 3 || !l.Until().Equal(begin.Add(term)) {
		t.Errorf("%s, %d, %v", l.Nonce(), l.Epoch(), l.Until())
	}
	now = begin.Add(term - 1)
	if err := l.Check(); err != nil {
		t.Errorf("a moment before: %v", err)
	}
	l.Extend(now, term)
	now = now.Add(term - 1)
	if err := l.Check(); err != nil {
		t.Errorf("extended: %v", err)
	}
	now = now.Add(1)
	if err := l.Check(); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
	// It does not come back: not by a clock that is set back, not by a late renewal.
	now = begin
	if err := l.Check(); !errors.Is(err, ErrExpired) {
		t.Errorf("clock set back: %v", err)
	}
	l.Extend(now, term)
	if err := l.Check(); !errors.Is(err, ErrExpired) {
		t.Errorf("renewed after its end: %v", err)
	}
}

func TestLease_CountsFromTheQuestion(t *testing.T) {
	t.Parallel()
	asked := time.Now()
	l := New("n", 1, asked, term, func() time.Time { return asked.Add(term + 1) }) // the answer took its time
	if err := l.Check(); !errors.Is(err, ErrExpired) {
		t.Errorf("%v", err)
	}
}

func TestLease_SleepOfTheMachineCounts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		what     string
		ran, set time.Duration
		ends     bool
	}{
		{"awake", 20 * time.Second, 0, false},
		{"asleep: the monotonic clock stood still", 2 * time.Second, time.Hour, true},
		{"wall clock set back", 31 * time.Second, -time.Hour, true},
		{"wall clock set back, but in time", 20 * time.Second, -time.Hour, false},
	} {
		c := &twoClocks{begin: time.Now()}
		l := New("n", 1, c.begin, term, func() time.Time { return c.mono() })
		c.ran, c.set = x.ran, x.set
		if got := l.over(c.mono(), c.wall()); got != x.ends {
			t.Errorf("%s: over %v, wanted %v", x.what, got, x.ends)
		}
	}
	// A clock without a monotonic reading decides by the wall.
	wall := time.Now().Round(0)
	l := New("n", 1, wall, term, func() time.Time { return wall.Add(term) })
	if err := l.Check(); !errors.Is(err, ErrExpired) {
		t.Errorf("by the wall clock: %v", err)
	}
}

func TestLease_Lost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := New("n", 1, now, term, func() time.Time { return now })
	l.Lose()
	l.Extend(now, term)
	if err := l.Check(); !errors.Is(err, ErrLost) {
		t.Errorf("%v", err)
	}
}

func TestLease_OnceOverAlwaysOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		begin := time.Now()
		now := begin
		l := New("n", 1, begin, term, func() time.Time { return now })
		over := false
		rt.Repeat(map[string]func(*rapid.T){
			"clock": func(rt *rapid.T) {
				now = begin.Add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "s")) * time.Second)
			},
			"extend": func(rt *rapid.T) { l.Extend(now, term) },
			"lose":   func(rt *rapid.T) { l.Lose() },
			"": func(rt *rapid.T) {
				err := l.Check()
				if over && err == nil {
					rt.Fatal("it came back")
				}
				over = over || err != nil
			},
		})
	})
}

func TestLease_IsSafeForManyAtOnce(t *testing.T) {
	t.Parallel()
	l := New(NewNonce(), 1, time.Now(), time.Hour, time.Now)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				l.Extend(time.Now(), time.Hour)
				if err := l.Check(); err != nil {
					t.Error(err)
				}
				_ = l.Until()
			}
		})
	}
	all.Wait()
	if a, b := NewNonce(), NewNonce(); a == b || len(a) != 32 {
		t.Errorf("nonces %s, %s", a, b)
	}
}
