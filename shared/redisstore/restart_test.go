package redisstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
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

// A call that moved files, long over, keeps nobody waiting: its lease was as short as that of others.
func TestAcquire_AfterARestartThatFollowsACallWithFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	r := request(id)
	r.For = fileFor
	w.finish(w.acquire(r), authorization.Result{})
	w.pass(24 * time.Hour)
	w.finish(w.acquire(request(id)), authorization.Result{})
	if err := w.server.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderResting) {
		t.Errorf("right after the restart: %v", err)
	}
	w.pass(41 * time.Second)
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

// A lease that is longer than all before is granted only when that it is will outlive a crash in which the lease itself is
// forgotten: for so long nobody else is granted one then.
func TestAcquire_LongLeaseIsKnownBeforeItIsGranted(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprintf("own=%v", own), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, redistest.Start(t), Options{OwnStore: own})
			id := w.newEntry(1, 1)
			look := func(n time.Duration) string {
				t.Helper()
				r := request(id)
				r.For = n
				a := &asking{r: r, id: id, nonce: lease.NewNonce()}
				if err := w.describe(a, ""); err != nil {
					t.Fatal(err)
				}
				a.h["lease"], a.h["wait"] = (n + 15*time.Second).Milliseconds(), 0
				got, err := w.run(ctx(t), w.scripts.acquire, id, a.h, a.ids)
				if err != nil {
					t.Fatal(err)
				}
				if got.word() == "granted" {
					w.giveBack(ctx(t), a, got)
				}
				return got.word()
			}
			words := []string{look(callFor), look(50 * time.Second), look(50 * time.Second), look(40 * time.Second), look(callFor)}
			want := []string{"granted", "widened", "granted", "granted", "granted"}
			if own { // it forgets nothing
				want[1] = "granted"
			}
			if diff := cmp.Diff(want, words); diff != "" {
				t.Error(diff)
			}
			long := request(id)
			long.For = authorization.LongCall
			w.finish(w.acquire(long), authorization.Result{})
			if err := w.server.Restart(); err != nil {
				t.Fatal(err)
			}
			if own {
				return
			}
			w.noticed(id)
			w.pass(time.Minute)
			if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderResting) {
				t.Errorf("before the longest lease is over: %v", err)
			}
			w.pass(16 * time.Second)
			w.finish(w.acquire(request(id)), authorization.Result{})
		})
	}
}

// noticed lets somebody see that the store was started anew.
func (w *world) noticed(id entry.ID) {
	w.t.Helper()
	if _, err := w.Acquire(ctx(w.t), request(id)); !fault.Is(err, fault.SenderResting) {
		w.t.Errorf("right after the restart: %v", err)
	}
}
