package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/tests/redistest"
)

// bury gives events up as refused.
func (w *world) bury(id entry.ID, l *lease.Lease, items ...outbox.Item) {
	w.t.Helper()
	for _, it := range items {
		it.Attempts = 3
		s := []outbox.Settlement{{Item: it, Reason: "413", Decision: outbox.Decision{Action: outbox.Dead}}}
		if err := w.Settle(ctx(w.t), id, l, s); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) letters(id entry.ID) []outbox.DeadLetter {
	w.t.Helper()
	all, err := w.DeadLetters(ctx(w.t), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func letterBodies(all []outbox.DeadLetter) []string {
	var bodies []string
	for _, l := range all {
		bodies = append(bodies, string(l.Item.Body))
	}
	return bodies
}

func TestDeadLetters_AreListedReplayedAndDropped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		own, second, last := w.outgoing(id, "a", 5, "large"), w.event("b", "second"), w.event("a", "last")
		w.commit(id, c.Lease, own, second, last)
		w.bury(id, c.Lease, own)
		w.pass(time.Second)
		w.bury(id, c.Lease, second)
		all := w.letters(id)
		want := outbox.DeadLetter{Item: own, Attempts: 3, Reason: "413", At: all[0].At}
		if diff := cmp.Diff(want, all[0]); diff != "" || len(all) != 2 {
			t.Errorf("%d letters; the first:\n%s", len(all), diff)
		}
		if age := w.now().Sub(all[0].At); age < time.Second || age > time.Minute {
			t.Errorf("buried %v ago", age)
		}
		for what, err := range map[string]error{
			"an event that waits is replayed": w.Replay(ctx(t), id, last.EventID), "dropped": w.DropLetter(ctx(t), id, last.EventID), "nothing": w.Replay(ctx(t), id, uuid.New()),
		} {
			if !fault.Is(err, fault.UnknownEvent) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.pass(10 * time.Second)
		if err := w.Replay(ctx(t), id, own.EventID); err != nil {
			t.Fatal(err)
		}
		if err := w.Replay(ctx(t), id, own.EventID); !fault.Is(err, fault.UnknownEvent) {
			t.Errorf("twice: %v", err)
		}
		heard, err := w.Commands(ctx(t), id, c.Commands, time.Second)
		if err != nil || len(heard) != 1 || heard[0].Kind != entry.Released {
			t.Errorf("the listener hears %v, %v", heard, err)
		}
		// It is the last of its chat now, was never tried, and is as young as if it occurred now.
		if got := w.claim(id, c.Lease, outbox.Claim{}); len(got.Items) != 1 || string(got.Items[0].Body) != "last" {
			t.Fatalf("claimed %v", got.Items)
		}
		if err := w.Settle(ctx(t), id, c.Lease, []outbox.Settlement{{Item: last, Decision: outbox.Decision{Action: outbox.Done}}}); err != nil {
			t.Fatal(err)
		}
		got := w.claim(id, c.Lease, outbox.Claim{}).Items
		if len(got) != 1 || got[0].EventID != own.EventID || got[0].Attempts != 1 || got[0].Own != nil || !got[0].ExpiresAt.After(own.ExpiresAt.Add(10*time.Second)) {
			t.Errorf("claimed %+v", got)
		}
		if err := w.DropLetter(ctx(t), id, second.EventID); err != nil {
			t.Fatal(err)
		}
		if all := w.letters(id); len(all) != 0 {
			t.Errorf("left: %v", all)
		}
		if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Dead != 0 || o.Queue.Waiting != 1 {
			t.Errorf("%+v, %v", o.Queue, err)
		}
		if err := w.MarkRemoving(ctx(t), id); err != nil {
			t.Fatal(err)
		}
		w.bury(id, c.Lease, own)
		if err := w.Replay(ctx(t), id, own.EventID); !fault.Is(err, fault.RemovalInProgress) {
			t.Errorf("of a tombstone: %v", err)
		}
	})
}

func TestDeadLetters_TheOldestGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{Numbers: Numbers{DeadLetters: 3, OutboxBytes: 40_000}})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	if err := w.RenewEntry(ctx(t), id, c.Lease, 2000*time.Hour); err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, letterBodies(w.letters(id))); diff != "" {
			t.Errorf("dead letters:\n%s", diff)
		}
		if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Dead != len(want) {
			t.Errorf("%+v, %v", o.Queue, err)
		}
	}
	for n := range 5 {
		it := w.event("", fmt.Sprint(n))
		w.commit(id, c.Lease, it)
		w.bury(id, c.Lease, it)
		w.pass(time.Second)
	}
	expect("2", "3", "4")
	w.pass(30*24*time.Hour - 3*time.Second)
	if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Dead != 2 {
		t.Errorf("nobody has looked: %+v, %v", o.Queue, err)
	}
	expect("3", "4")
	large := strings.Repeat("x", 18_000) // more than half of the bytes, sealed
	for n := range 2 {
		it := w.event("", fmt.Sprint(n, large))
		w.commit(id, c.Lease, it)
		w.bury(id, c.Lease, it)
		w.pass(time.Second)
	}
	expect("1" + large)
	o, err := w.Overview(ctx(t), id)
	if err != nil || o.Queue.Dropped != 6 {
		t.Errorf("dropped: %+v, %v", o.Queue, err)
	}
}
