package authorization

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// However attempts are made at the first moment that is allowed, there are never two in an hour nor six in a day.
func TestGrowth_StaysWithinTheLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1795347000, 0)
		var g Growth
		var tried []time.Time
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "later")) * time.Second)
			if now.Before(g.Next()) {
				continue
			}
			g = g.Try(now)
			tried = append(tried, now)
			if rapid.IntRange(0, 3).Draw(t, "refused") == 0 {
				wait := time.Duration(rapid.IntRange(1, 40000).Draw(t, "wait")) * time.Second
				if g = g.Wait(now, wait); g.Next().Before(now.Add(wait)) {
					t.Fatalf("next at %v although Telegram asked for %v", g.Next(), wait)
				}
			}
		}
		for i := range tried {
			if i > 0 && tried[i].Sub(tried[i-1]) < time.Hour {
				t.Fatalf("attempts %v", tried)
			}
			if i >= 5 && tried[i].Sub(tried[i-5]) < 24*time.Hour {
				t.Fatalf("six in a day: %v", tried)
			}
		}
	})
}

func TestGrowth_DoesNotWaitLongerThanItHasTo(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795347000, 0)
	var g Growth
	if !g.Next().IsZero() {
		t.Errorf("the first one only at %v", g.Next())
	}
	for i := range 5 {
		at := now.Add(time.Duration(i) * time.Hour)
		if g.Next().After(at) {
			t.Errorf("attempt %d only at %v", i, g.Next())
		}
		g = g.Try(at)
	}
	if want := now.Add(24 * time.Hour); !g.Next().Equal(want) {
		t.Errorf("the sixth at %v, want %v", g.Next(), want)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		all  []Standing
		want int
		name Name
	}{
		{nil, 1, "sender 1"},
		{[]Standing{{Name: Listener}, {Name: "sender 1"}}, 1, ""},
		{[]Standing{{Name: "sender 1"}}, 3, "sender 2"},
		{[]Standing{{Name: "sender 1", Fate: Ended}, {Name: "sender 2"}}, 2, "sender 1"},
		{[]Standing{{Name: "sender 1", Fate: Duplicated}}, 1, ""},
	} {
		if got := Missing(c.all, c.want); got != c.name {
			t.Errorf("%v, %d: %q, want %q", c.all, c.want, got, c.name)
		}
	}
}
