package redisstore

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/tests/redistest"
)

// trips counts round trips: each command and each pipeline is one.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.n.Add(1); return next(ctx, cmds) }
}

func TestUse_CostsTwoTripsHoweverManyTargets(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		w.finish(w.acquire(request(id)), authorization.Result{}) // warm: connected, scripts loaded
		var c trips
		w.client.AddHook(&c)
		for _, targets := range []int{0, 1, 1000} {
			r := w.sends(id, "Hi")
			r.Idempotency = &authorization.Idempotency{Key: fmt.Sprint(targets), RandomIDs: []int64{1}}
			for n := range targets {
				r.Targets = append(r.Targets, peer.Target{ID: peer.ID(n + 1)}, peer.Target{Username: fmt.Sprintf("user%d", n)})
			}
			c.n.Store(0)
			res := marked(targets)
			for n := range 1 + targets {
				res.Outcome.Learnt = append(res.Outcome.Learnt, peer.Record{ID: peer.ID(n + 1), Usernames: []string{fmt.Sprintf("user%d", n)}, Data: []byte("x")})
			}
			res.Outcome.Answer = []byte("{}")
			w.finish(w.acquire(r), res)
			if n := c.n.Load(); n != 2 {
				t.Errorf("%d targets: %d trips", targets, n)
			}
		}
		c.n.Store(0)
		w.finish(w.acquire(request("")), authorization.Result{})
		if n := c.n.Load(); n != 3 {
			t.Errorf("without an entry: %d trips", n)
		}
	})
}

func TestAcquire_FindsPeersByIDAndByUsername(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		channel := peer.ChannelID(1234)
		g := w.acquire(request(id))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Learnt: []peer.Record{
			{ID: 7, Usernames: []string{"alice", "second"}, Data: []byte("A")}, {ID: channel, Data: []byte("C")}, {ID: 9, Data: []byte("no")}}}})
		r := request(id)
		r.Targets = []peer.Target{{Username: "Alice"}, {ID: 1234}, {Username: "nobody"}, {Self: true}, {ID: 7}}
		g = w.acquire(r)
		want := []peer.Record{{ID: channel, Data: []byte("C")}, {ID: 7, Usernames: []string{"alice", "second"}, Data: []byte("A")}}
		if diff := cmp.Diff(want, g.Peers); diff != "" {
			t.Errorf("peers:\n%s", diff)
		}
		w.finish(g, authorization.Result{})
	})
}

func TestAcquire_SaysWhyNot(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		refused := func(code fault.Code, retry bool) {
			t.Helper()
			_, err := w.Acquire(ctx(t), request(id))
			if !fault.Is(err, code) || (fault.Of(err).RetryAfter > 0) != retry {
				t.Errorf("wanted %s: %v, retry after %v", code, err, fault.Of(err).RetryAfter)
			}
		}
		if _, err := w.Acquire(ctx(t), request(entry.NewID(testRing, 99))); !fault.Is(err, fault.UnknownEntry) {
			t.Errorf("unknown entry: %v", err)
		}
		g := w.acquire(request(id))
		refused(fault.SenderBusy, true)
		w.finish(g, authorization.Result{Fate: authorization.Rests})
		refused(fault.SenderResting, true)
		w.pass(2 * time.Second)

		// A lease that expires quarantines its authorization.
		g = w.acquire(request(id))
		w.pass(callFor + 15*time.Second)
		if err := g.Lease.Check(); err == nil {
			t.Error("the holder does not know that its lease has expired")
		}
		refused(fault.SenderResting, true)
		w.pass(59 * time.Second)
		refused(fault.SenderResting, true)
		w.pass(2 * time.Second)
		h := w.acquire(request(id))
		if err := w.Finish(ctx(t), g, authorization.Result{}); !isLost(err) {
			t.Errorf("the former holder gave it back: %v", err)
		}
		if h.Lease.Epoch() <= g.Lease.Epoch() {
			t.Errorf("epochs %d, %d", g.Lease.Epoch(), h.Lease.Epoch())
		}
		w.finish(h, authorization.Result{})

		// One that came late but before anybody else took it is in order.
		g = w.acquire(request(id))
		w.pass(41 * time.Second)
		w.finish(g, authorization.Result{})
		w.finish(w.acquire(request(id)), authorization.Result{Fate: authorization.Duplicated})

		// AUTH_KEY_DUPLICATED: it rests, one probe decides.
		refused(fault.SenderResting, true)
		w.pass(5*time.Minute + time.Second)
		w.finish(w.acquire(request(id)), authorization.Result{})
		w.finish(w.acquire(request(id)), authorization.Result{Fate: authorization.Duplicated})
		w.pass(5*time.Minute + time.Second)
		w.finish(w.acquire(request(id)), authorization.Result{Fate: authorization.Duplicated})
		refused(fault.ReauthRequired, false)
		if d, err := w.Authorizations(ctx(t), id); err != nil || d[1].State != "reauth_required" {
			t.Errorf("devices %v, %v", d, err)
		}
	})
}

func TestFinish_IsRepeatedWithoutHarm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		g := w.acquire(request(id))
		s := session(77)
		w.finish(g, authorization.Result{Session: &s})
		w.finish(g, authorization.Result{Session: &s})
		g = w.acquire(request(id))
		if g.Session.Keys[2].Salt != 77 {
			t.Errorf("salt %d", g.Session.Keys[2].Salt)
		}
	})
}

// queued waits until so many calls wait for a sender.
func (w *world) queued(id entry.ID, n int64) {
	w.t.Helper()
	c := w.server.Client()
	defer c.Close()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for deadline := ctx(w.t); ; {
		got, err := c.LLen(deadline, key(id, partQueue)).Result()
		if err != nil {
			w.t.Fatalf("length of the queue: %v", err)
		}
		if got == n {
			return
		}
		select {
		case <-look.C:
		case <-deadline.Done():
			w.t.Fatalf("%d wait, not %d", got, n)
		}
	}
}

func TestAcquire_FirstComeFirstServed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		first := w.acquire(request(id))
		const callers = 10
		got := make(chan int, callers)
		var all sync.WaitGroup
		for n := range callers {
			from := w
			if n%2 == 1 {
				from = w.another(Options{}) // as another process
			}
			all.Go(func() {
				r := request(id)
				r.Wait = 30 * time.Second
				g, err := from.Acquire(ctx(t), r)
				if err != nil {
					t.Errorf("Acquire: %v", err)
					got <- -1
					return
				}
				got <- n
				if err := from.Finish(ctx(t), g, authorization.Result{}); err != nil {
					t.Errorf("Finish: %v", err)
				}
			})
			w.queued(id, int64(n+1))
		}
		w.finish(first, authorization.Result{})
		for n := range callers {
			if next := <-got; next != n {
				t.Errorf("%d was served, %d was before it", next, n)
			}
		}
		all.Wait()
	})
}

func TestAcquire_NobodyWaitsBehindTheDead(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		held := w.acquire(request(id))

		// One that waits, and whose process dies.
		r := request(id)
		a := &asking{r: r, id: id, nonce: "dead"}
		if err := w.describe(a, ""); err != nil {
			t.Fatal(err)
		}
		a.h["lease"], a.h["wait"] = 40_000, 30_000
		if got, err := w.run(ctx(t), w.scripts.acquire, id, a.h, nil); err != nil || got.word() != "wait" {
			t.Fatalf("%v, %v", got, err)
		}
		// One that gives up, and one that stays.
		giveUp, cancel := context.WithCancel(ctx(t))
		gone := make(chan error)
		r.Wait = 30 * time.Second
		go func() { _, err := w.Acquire(giveUp, r); gone <- err }()
		w.queued(id, 2)
		served := make(chan error)
		go func() {
			g, err := w.Acquire(ctx(t), r)
			if err == nil {
				err = w.Finish(ctx(t), g, authorization.Result{})
			}
			served <- err
		}()
		w.queued(id, 3)
		cancel()
		if err := <-gone; err == nil {
			t.Error("one that gave up was served")
		}
		w.queued(id, 2)
		w.finish(held, authorization.Result{})
		w.pass(6 * time.Second)
		if err := <-served; err != nil {
			t.Errorf("one that waited: %v", err)
		}
	})
}

func TestAcquire_WaitsForARestToEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{Numbers: Numbers{Rest: 50 * time.Millisecond}})
	id := w.newEntry(1, 1)
	w.finish(w.acquire(request(id)), authorization.Result{Fate: authorization.Rests})
	r := request(id)
	r.Wait = 8 * time.Second
	w.finish(w.acquire(r), authorization.Result{})
}
