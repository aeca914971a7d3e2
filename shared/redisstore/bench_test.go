package redisstore

import (
	"fmt"
	"testing"

	"telegram-client/shared/authorization"
	"telegram-client/shared/outbox"
	"telegram-client/tests/redistest"
)

func BenchmarkUse(b *testing.B) {
	w := newWorld(b, redistest.Start(b), Options{})
	id := w.newEntry(1, 1)
	for b.Loop() {
		w.finish(w.acquire(w.sends(id, "Hi")), authorization.Result{})
	}
}

func BenchmarkCommitClaimSettle(b *testing.B) {
	w := newWorld(b, redistest.Start(b), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	for i := range 5000 { // a home that is away
		w.commit(id, c.Lease, w.event(fmt.Sprint(i%500), "x"))
	}
	for b.Loop() {
		w.commit(id, c.Lease, w.event("y", "y"))
		got := w.claim(id, c.Lease, outbox.Claim{Limit: 16})
		s := outbox.Settlement{Item: got.Items[0], Decision: outbox.Decision{Action: outbox.Done}}
		if err := w.Settle(ctx(b), id, c.Lease, []outbox.Settlement{s}); err != nil {
			b.Fatal(err)
		}
	}
}
