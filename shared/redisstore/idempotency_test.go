package redisstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 2)
		r := w.sends(id, "Hi")
		r.Idempotency = &authorization.Idempotency{Key: "k1", Body: [32]byte{1}, RandomIDs: []int64{1 << 60, -5}}
		// The first sender is busy, so that it is the second's record which binds.
		other := w.acquire(request(id))
		g := w.acquire(r)
		if g.Repeat != nil || g.Name != authorization.Sender(2) || g.Key != "k1" {
			t.Fatalf("first: repeat %v, %s", g.Repeat, g.Name)
		}
		w.finish(other, authorization.Result{})

		again := r
		again.Idempotency = &authorization.Idempotency{Key: "k1", Body: [32]byte{1}, RandomIDs: []int64{7, 8}}
		reused := r
		reused.Idempotency = &authorization.Idempotency{Key: "k1", Body: [32]byte{2}, RandomIDs: []int64{7, 8}}
		if _, err := w.Acquire(ctx(t), again); !fault.Is(err, fault.InProgress) || fault.Of(err).RetryAfter < time.Second {
			t.Errorf("while it runs: %v", err)
		}
		if _, err := w.Acquire(ctx(t), reused); !fault.Is(err, fault.KeyReused) {
			t.Errorf("for another call: %v", err)
		}
		// The process dies.
		w.pass(41 * time.Second)
		if _, err := w.Acquire(ctx(t), again); !fault.Is(err, fault.SenderResting) {
			t.Errorf("in quarantine: %v", err)
		}
		w.pass(60 * time.Second)
		g = w.acquire(again)
		if g.Name != authorization.Sender(2) || g.Repeat == nil || g.Repeat.Answer != nil {
			t.Fatalf("repeat: %s, %+v", g.Name, g.Repeat)
		}
		if diff := cmp.Diff([]int64{1 << 60, -5}, g.Repeat.RandomIDs); diff != "" {
			t.Errorf("random ids:\n%s", diff)
		}
		// It ends open: the next goes on.
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Answer: []byte("half"), Open: true}})
		g = w.acquire(again)
		if g.Lease == nil || string(g.Repeat.Answer) != "half" || len(g.Repeat.RandomIDs) != 2 {
			t.Errorf("after an open answer: %+v", g.Repeat)
		}
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Answer: []byte("whole")}})
		g = w.acquire(again)
		if g.Lease != nil || string(g.Repeat.Answer) != "whole" {
			t.Errorf("after the last word: lease %v, %+v", g.Lease, g.Repeat)
		}
		w.finish(g, authorization.Result{})
		if _, err := w.Acquire(ctx(t), reused); !fault.Is(err, fault.KeyReused) {
			t.Errorf("for another call, later: %v", err)
		}
		ttl, err := w.client.PTTL(ctx(t), idemPrefix(id)+w.idemName(id, "k1")).Result()
		if err != nil || ttl <= 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("kept for %v, %v", ttl, err)
		}
	})
}

func TestIdempotency_OfALoginThatEnded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 2)
		call := func(key string) authorization.Request {
			r := request(id)
			r.Idempotency = &authorization.Idempotency{Key: key, RandomIDs: []int64{1}}
			return r
		}
		g := w.acquire(call("sent"))
		w.finish(g, authorization.Result{})
		g = w.acquire(call("untouched"))
		w.finish(g, authorization.Result{Fate: authorization.Ended, Untouched: true})
		if g := w.acquire(call("untouched")); g.Name != authorization.Sender(2) {
			t.Errorf("nothing had been sent, but it is %s", g.Name)
		}
		if _, err := w.Acquire(ctx(t), call("sent")); !fault.Is(err, fault.UnknownOutcome) {
			t.Errorf("what was sent by a login that has ended: %v", err)
		}
	})
}

// What a login may have sent that has ended since is not sent again by the one that took its place: Telegram knows
// random_ids per authorization.
func TestIdempotency_OfALoginThatWasRenewed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		call := func(key string) authorization.Request {
			r := request(id)
			r.Idempotency = &authorization.Idempotency{Key: key, RandomIDs: []int64{1}}
			return r
		}
		w.acquire(call("killed"))
		w.pass(5 * time.Minute)
		w.finish(w.acquire(call("answered")), authorization.Result{Outcome: authorization.Outcome{Answer: []byte("42")}})
		w.finish(w.acquire(request(id)), authorization.Result{Fate: authorization.Ended})
		renew := func() {
			t.Helper()
			e := entry.Entry{ID: id, ClientType: entry.Bot, Account: entry.Account{ID: 1}, App: entry.App{ID: 2}}
			if _, err := w.Renew(ctx(t), login.NewEntry{Entry: e, Authorizations: []login.Made{{Name: authorization.Sender(1), Session: session(8), LoggedIn: true}}}); err != nil {
				t.Fatal(err)
			}
		}
		renew()
		if _, err := w.Acquire(ctx(t), call("killed")); !fault.Is(err, fault.UnknownOutcome) {
			t.Errorf("what the former login may have sent: %v", err)
		}
		if g := w.acquire(call("answered")); g.Lease != nil || string(g.Repeat.Answer) != "42" {
			t.Errorf("what it has answered: %+v", g.Repeat)
		}
		// A re-login that finds this one working leaves it in its place.
		w.finish(w.acquire(call("later")), authorization.Result{})
		renew()
		g := w.acquire(call("later"))
		if g.Repeat == nil {
			t.Error("it is no repeat")
		}
		w.finish(g, authorization.Result{})
	})
}

func TestIdempotency_OfAnEntryThatWasRemoved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		r := request(id)
		r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{1}}
		w.finish(w.acquire(r), authorization.Result{Outcome: authorization.Outcome{Answer: []byte("old")}})
		c := w.listen(id)
		if err := w.MarkRemoving(ctx(t), id); err != nil {
			t.Fatal(err)
		}
		if err := w.Forget(ctx(t), id, c.Lease); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
		w.newEntry(1, 1)
		if g := w.acquire(r); g.Repeat != nil {
			t.Errorf("it is a repeat: %+v", g.Repeat)
		}
	})
}
