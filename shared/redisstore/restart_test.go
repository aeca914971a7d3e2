package redisstore

import (
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/tests/redistest"
)

func TestAcquire_AfterARestartOfTheStore(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprintf("own=%v", own), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, redistest.Start(t), Options{OwnStore: own})
			id := w.newEntry(1, 1)
			c := w.listen(id)
			w.finish(w.acquire(request(id)), authorization.Result{})
			if err := w.server.Restart(); err != nil {
				t.Fatal(err)
			}
			if own {
				w.finish(w.acquire(request(id)), authorization.Result{})
				return
			}
			if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderResting) {
				t.Errorf("right after the restart: %v", err)
			}
			// Whoever holds a lease goes on.
			if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Second); err != nil {
				t.Errorf("RenewEntry: %v", err)
			}
			if err := w.ReleaseEntry(ctx(t), id, c.Lease, c.Session, authorization.Fine); err != nil {
				t.Errorf("ReleaseEntry: %v", err)
			}
			if c, err := w.ClaimEntry(ctx(t), id, "", false, 30*time.Second); err != nil || c != nil {
				t.Errorf("a listener was granted the lease: %v, %v", c, err)
			}
			w.pass(41 * time.Second)
			w.finish(w.acquire(request(id)), authorization.Result{})
			w.listen(id)
		})
	}
}

func TestAcquire_RestartIsNoticedByTheRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	w.server.Kill()
	if err := w.server.Start(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		w.pass(10 * time.Second)
	}
	w.finish(w.acquire(request(id)), authorization.Result{})
}

func TestAcquire_AfterAFailover(t *testing.T) {
	t.Parallel()
	tcp := redistest.Options{TCP: true}
	master, replica := redistest.StartWith(t, tcp), redistest.StartWith(t, tcp)
	w := newWorld(t, master, Options{})
	id := w.newEntry(1, 1)
	w.listen(id)
	w.finish(w.acquire(request(id)), authorization.Result{})
	if err := replica.Follow(ctx(t), master); err != nil {
		t.Fatal(err)
	}
	master.Kill()
	if err := replica.Promote(ctx(t)); err != nil {
		t.Fatal(err)
	}
	x := newWorld(t, replica, Options{})
	if _, err := x.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderResting) {
		t.Errorf("right after the failover: %v", err)
	}
	x.pass(41 * time.Second)
	x.finish(x.acquire(request(id)), authorization.Result{})
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	master := redistest.StartWith(t, redistest.Options{TCP: true})
	client, err := ParseURL(redistest.StartSentinel(t, master), 2)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Store: New(client, testRing, Options{})}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Check(ctx(t)); err != nil {
		t.Fatal(err)
	}
	id := w.newEntry(1, 1)
	w.finish(w.acquire(request(id)), authorization.Result{})
}
