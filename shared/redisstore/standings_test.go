package redisstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

func TestStandings(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 3)
		claim := w.listen(id)
		made := w.now()
		standing := func(n authorization.Name) authorization.Standing {
			t.Helper()
			all, err := w.Standings(ctx(t), id)
			if err != nil || len(all) != 4 {
				t.Fatalf("%v, %v", all, err)
			}
			for _, s := range all {
				if s.Name == n {
					return s
				}
			}
			t.Fatalf("no %s", n)
			return authorization.Standing{}
		}
		near := func(what string, got, want time.Time) {
			t.Helper()
			if d := got.Sub(want).Abs(); d > 20*time.Second {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		use := func(n authorization.Name, r authorization.Result) {
			t.Helper()
			g, err := w.Borrow(ctx(t), id, claim.Lease, n, time.Second)
			if err != nil || g == nil {
				t.Fatalf("borrow %s: %v", n, err)
			}
			w.finish(g, r)
		}
		near("made", standing("sender 1").Used, made)
		if err := w.RenewEntry(ctx(t), id, claim.Lease, 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		w.pass(30 * time.Minute)
		use("sender 1", authorization.Result{})
		near("used", standing("sender 1").Used, w.now())
		use("sender 2", authorization.Result{Untouched: true})
		near("tried in vain", standing("sender 2").Used, made)
		use("sender 3", authorization.Result{Fate: authorization.Duplicated})
		near("cools down", standing("sender 3").Free, w.now().Add(5*time.Minute))
		if s := standing("sender 3"); s.Fate != authorization.Duplicated {
			t.Errorf("%+v", s)
		}
		if g, err := w.Borrow(ctx(t), id, claim.Lease, "sender 3", time.Second); g != nil || err != nil {
			t.Errorf("borrowed before its cool-down is over: %v, %v", g, err)
		}
		w.pass(5*time.Minute + time.Second)
		use("sender 3", authorization.Result{Untouched: true})
		if s := standing("sender 3"); s.Fate != authorization.Duplicated {
			t.Errorf("a probe that reached nobody: %+v", s)
		}
		use("sender 3", authorization.Result{})
		if s := standing("sender 3"); s.Fate != authorization.Fine {
			t.Errorf("a probe that was answered: %+v", s)
		}
		use("sender 3", authorization.Result{Fate: authorization.Ended})
		if s := standing("sender 3"); s.Fate != authorization.Ended {
			t.Errorf("%+v", s)
		}
		n := 0
		for after := claim.Commands; n < 3; n++ { // doubted, cleared, ended; the probe in vain as well
			after = w.next(id, after, entry.Devices).ID
		}
	})
}

func TestGrowth_IsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		claim := w.listen(id)
		if g, err := w.Growth(ctx(t), id); err != nil || len(g.Tried) > 0 {
			t.Errorf("%v, %v", g, err)
		}
		now := w.now().UTC().Truncate(time.Millisecond)
		want := authorization.Growth{Tried: []time.Time{now}, Until: now.Add(time.Hour)}
		if err := w.SaveGrowth(ctx(t), id, claim.Lease, want); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Growth(ctx(t), id); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
		w.pass(2 * time.Minute)
		w.listen(id)
		if err := w.SaveGrowth(ctx(t), id, claim.Lease, want); !isLost(err) {
			t.Errorf("by a former listener: %v", err)
		}
	})
}

// While a listener's login is in doubt its entry is served, and the doubt outlives everything but an answer.
func TestClaimEntry_InDoubt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		claim := w.listen(id)
		doubt := func(c *authorization.Claim, rest time.Duration) {
			t.Helper()
			if c.Fate != authorization.Duplicated || len(c.Session.Keys) == 0 || (c.Rest-rest).Abs() > 20*time.Second {
				t.Errorf("fate %d, rest %v, want %v", c.Fate, c.Rest, rest)
			}
		}
		release := func(c *authorization.Claim, f authorization.Fate) {
			t.Helper()
			if err := w.ReleaseEntry(ctx(t), id, c.Lease, c.Session, f); err != nil {
				t.Fatal(err)
			}
		}
		release(claim, authorization.Duplicated)
		claim = w.listen(id)
		doubt(claim, 5*time.Minute)
		w.pass(time.Minute)
		release(claim, authorization.Fine) // stopped before the probe
		claim = w.listen(id)
		doubt(claim, 4*time.Minute)
		w.pass(2 * time.Minute) // killed
		claim = w.listen(id)
		doubt(claim, 2*time.Minute)
		w.pass(29 * time.Second)
		if err := w.RenewEntry(ctx(t), id, claim.Lease, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		w.pass(5 * time.Minute)
		if err := w.Works(ctx(t), id, claim.Lease); err != nil {
			t.Fatal(err)
		}
		release(claim, authorization.Duplicated) // once more, later: not a probe
		claim = w.listen(id)
		doubt(claim, 5*time.Minute)
		release(claim, authorization.Duplicated) // at the probe
		if claim = w.listen(id); claim.Fate != authorization.Ended {
			t.Errorf("after a probe that failed: %d", claim.Fate)
		}
	})
}

// Whoever has the proof that the former process is dead answers its flows at once; nobody else does.
func TestTakeFlow_OfADeadProcess(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		dead := w.another(Options{Holder: "home", Sole: true})
		w.newFlow("f1")
		if _, err := dead.TakeFlow(ctx(t), "f1", time.Minute); err != nil {
			t.Fatal(err)
		}
		for what, o := range map[string]Options{"no proof": {Holder: "home"}, "elsewhere": {Holder: "other", Sole: true}, "a function": {}} {
			if _, err := w.another(o).TakeFlow(ctx(t), "f1", time.Minute); !fault.Is(err, fault.FlowBusy) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := dead.TakeFlow(ctx(t), "f1", time.Minute); !fault.Is(err, fault.FlowBusy) {
			t.Errorf("its own: %v", err)
		}
		next := w.another(Options{Holder: "home", Sole: true})
		h, err := next.TakeFlow(ctx(t), "f1", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := next.PutFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		w.take("f1")
		if _, err := next.TakeFlow(ctx(t), "f1", time.Minute); !fault.Is(err, fault.FlowBusy) {
			t.Errorf("held without a mark: %v", err)
		}
	})
}
