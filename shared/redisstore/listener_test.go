package redisstore

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/tests/redistest"
)

func TestClaimEntry_OneListenerAtATime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		var won atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				c, err := w.ClaimEntry(ctx(t), id, "", false, 30*time.Second)
				if err != nil {
					t.Errorf("ClaimEntry: %v", err)
				}
				if c != nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d listeners serve it", won.Load())
		}
		if _, err := w.ClaimEntry(ctx(t), entry.NewID(testRing, 9), "", false, time.Second); !fault.Is(err, fault.UnknownEntry) {
			t.Errorf("unknown entry: %v", err)
		}
	})
}

func TestClaimEntry_AfterACrashAndAfterACleanStop(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		s := c.Session.Clone()
		k := s.Keys[2]
		k.Salt = 99
		s.Keys[2] = k
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, s, authorization.Fine); err != nil {
			t.Fatal(err)
		}
		if err := c.Lease.Check(); err == nil {
			t.Error("whoever gave it back may still use it")
		}
		c = w.listen(id)
		if c.Session.Keys[2].Salt != 99 {
			t.Errorf("salt %d", c.Session.Keys[2].Salt)
		}
		free := func() bool {
			t.Helper()
			c, err := w.ClaimEntry(ctx(t), id, "", false, 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return c != nil
		}
		w.pass(29 * time.Second)
		if free() {
			t.Error("taken from a living holder")
		}
		if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		w.pass(31 * time.Second)
		if free() {
			t.Error("free without a quarantine")
		}
		if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Second); !isLost(err) {
			t.Errorf("an expired lease was renewed: %v", err)
		}
		w.pass(60 * time.Second)
		if !free() {
			t.Error("not free after lease and quarantine")
		}
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, s, authorization.Fine); !isLost(err) {
			t.Errorf("the former holder gave it back: %v", err)
		}
		if err := w.SaveStatus(ctx(t), id, c.Lease, entry.Status{Connected: true}); !isLost(err) {
			t.Errorf("the former holder says how it is: %v", err)
		}
		if err := w.SaveAccount(ctx(t), id, c.Lease, entry.Account{ID: 1, Username: "late"}); !isLost(err) {
			t.Errorf("the former holder changed the account: %v", err)
		}
	})
}

func TestClaimEntry_TakeoverOfADeadProcessOfTheSameInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{Holder: "home"})
	id := w.newEntry(1, 1)
	c, err := w.ClaimEntry(ctx(t), id, "home", false, 30*time.Second)
	if err != nil || c == nil {
		t.Fatal(err)
	}
	w.acquire(request(id))
	former := w
	w = w.another(Options{Holder: "home"}) // the next process
	if c, err := w.ClaimEntry(ctx(t), id, "other", true, 30*time.Second); err != nil || c != nil {
		t.Errorf("another installation took it: %v", err)
	}
	if c, err := w.ClaimEntry(ctx(t), id, "home", false, 30*time.Second); err != nil || c != nil {
		t.Errorf("taken without a proof: %v", err)
	}
	next, err := w.ClaimEntry(ctx(t), id, "home", true, 30*time.Second)
	if err != nil || next == nil {
		t.Fatalf("not taken over: %v", err)
	}
	g := w.acquire(request(id))
	if err := former.RenewEntry(ctx(t), id, c.Lease, time.Second); !isLost(err) {
		t.Errorf("the dead renewed: %v", err)
	}
	// What this process holds itself is not taken, however often it asks.
	if c, err := w.ClaimEntry(ctx(t), id, "home", true, 30*time.Second); err != nil || c != nil {
		t.Errorf("taken from itself: %v", err)
	}
	w.finish(g, authorization.Result{})
}

func TestBorrow_NeedsTheEntry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		g := w.acquire(request(id))
		if b, err := w.Borrow(ctx(t), id, c.Lease, authorization.Sender(1), callFor); err != nil || b != nil {
			t.Errorf("one in use was lent: %v, %v", b, err)
		}
		w.finish(g, authorization.Result{})
		b, err := w.Borrow(ctx(t), id, c.Lease, authorization.Sender(1), callFor)
		if err != nil || b == nil || b.Session.Keys[2].Salt != 2 {
			t.Fatalf("%v, %v", b, err)
		}
		w.finish(b, authorization.Result{})
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, c.Session, authorization.Fine); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Borrow(ctx(t), id, c.Lease, authorization.Sender(1), callFor); !isLost(err) {
			t.Errorf("without the entry: %v", err)
		}
	})
}
