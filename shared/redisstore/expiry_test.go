package redisstore

import (
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/outbox"
)

// What is on its way is left alone however old it is, and however much of it there is the rest is not.
func TestClaim_ExpiredItemsOfBusyLanesHoldUpNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		var busy []outbox.Item
		for n := range 1100 {
			it := w.event("busy", fmt.Sprintf("busy %d", n))
			it.ExpiresAt = w.now().Add(time.Second).Truncate(time.Millisecond)
			busy = append(busy, it)
		}
		w.commit(id, c.Lease, busy...)
		late := w.event("free", "late")
		late.ExpiresAt = w.now().Add(2 * time.Second).Truncate(time.Millisecond)
		w.commit(id, c.Lease, late)
		w.pass(3 * time.Second)
		got := w.claim(id, c.Lease, outbox.Claim{Busy: []string{"busy"}})
		if len(got.Items) != 0 || len(got.Expired) != 1 || got.Expired[0].Count != 1 {
			t.Errorf("claimed %d, given up %+v", len(got.Items), got.Expired)
		}
		got = w.claim(id, c.Lease, outbox.Claim{})
		if len(got.Items) != 0 || len(got.Expired) != 1 || got.Expired[0].Count != 1100 {
			t.Errorf("claimed %d, then given up %+v", len(got.Items), got.Expired)
		}
	})
}
