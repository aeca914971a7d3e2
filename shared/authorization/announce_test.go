package authorization_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

const hash = "abcdefghijklmnopqrstuvwxyz"

// outgoing commits an event that may be our own doing, and returns how many are to be delivered.
func (h *house) outgoing(t *testing.T, c *authorization.Claim, id int) int {
	t.Helper()
	now := time.Now()
	items := []outbox.Item{{EventID: [16]byte{byte(id)}, Type: "t", OccurredAt: now, Class: outbox.Durable, ExpiresAt: now.Add(time.Hour),
		Own: &outbox.Own{Kind: outbox.Send, Marks: []string{"m"}, Text: hash, MessageIDs: []int{id}}}}
	if err := h.store.Commit(within(t), h.id, c.Lease, outbox.Commit{State: []byte("s"), Items: items}); err != nil {
		t.Fatal(err)
	}
	got, err := h.store.Claim(within(t), h.id, c.Lease, outbox.Claim{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	var done []outbox.Settlement
	for _, it := range got.Items {
		done = append(done, outbox.Settlement{Item: it, Decision: outbox.Decision{Action: outbox.Done}})
	}
	if err := h.store.Settle(within(t), h.id, c.Lease, done); err != nil {
		t.Fatal(err)
	}
	return len(got.Items)
}

func TestAnnounce_HoldsEventsFromThenOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	c, err := h.store.ClaimEntry(within(t), h.id, "", false, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Do(within(t), h.request(), func(ctx context.Context, call *authorization.Call) error {
		if n := h.outgoing(t, c, 1); n != 1 {
			t.Error("an event was held by a call that has announced nothing")
		}
		if err := call.Announce(ctx, authorization.Intent{Kinds: []outbox.Kind{outbox.Send}, Texts: []string{hash}}); err != nil {
			return err
		}
		if n := h.outgoing(t, c, 2); n != 0 {
			t.Error("an event was not held by a call that is about to act")
		}
		return ask(ctx, call)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnnounce_NotWithoutTheLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	r := h.request()
	r.Idempotency = &authorization.Idempotency{Key: "k"}
	var kept *authorization.Call
	if err := h.Do(within(t), r, func(_ context.Context, c *authorization.Call) error {
		kept = c
		c.Done.Answer = []byte("42")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := kept.Announce(within(t), authorization.Intent{}); !fault.Is(err, fault.Timeout) || !errors.Is(err, lease.ErrLost) {
		t.Errorf("after the call: %v", err)
	}
	if err := h.Do(within(t), r, func(ctx context.Context, c *authorization.Call) error {
		if c.Announce(ctx, authorization.Intent{}) == nil {
			t.Error("an answered repeat announces something")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
