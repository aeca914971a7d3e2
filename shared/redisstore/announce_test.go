package redisstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"telegram-client/shared/authorization"
	"telegram-client/shared/outbox"
)

var anyOrder = cmpopts.SortSlices(func(a, b string) bool { return a < b })

func (w *world) announce(g *authorization.Grant, texts ...string) {
	w.t.Helper()
	if err := w.Announce(ctx(w.t), g, w.sends(g.Entry.ID, texts...).Intent); err != nil {
		w.t.Fatalf("Announce: %v", err)
	}
}

func TestAnnounce_WhatCameBeforeIsNotHeld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		g := w.acquire(request(id))
		w.commit(id, c.Lease, w.outgoing(id, "a", 5, "phone, during the upload"))
		if diff := cmp.Diff([]string{`"text":"phone, during the upload"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("before it was announced:\n%s", diff)
		}
		w.announce(g, "caption", "")
		w.commit(id, c.Lease, w.outgoing(id, "a", 6, "caption"), w.outgoing(id, "b", 7, ""), w.outgoing(id, "c", 8, "phone"))
		if got := w.drain(id, c.Lease); len(got) != 0 {
			t.Errorf("not held: %v", got)
		}
		r := marked(6)
		r.Outcome.Marks = append(r.Outcome.Marks, authorization.Mark{Kind: outbox.Send, MessageID: 7})
		w.finish(g, r)
		if diff := cmp.Diff([]string{`"text":"phone"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("after the call:\n%s", diff)
		}
		// The next holder has announced nothing.
		w.acquire(request(id))
		w.commit(id, c.Lease, w.outgoing(id, "a", 9, "caption"))
		if got := w.drain(id, c.Lease); len(got) != 1 {
			t.Errorf("held by a call that has said nothing: %v", got)
		}
	})
}

func TestAnnounce_CallsThatDie(t *testing.T) {
	t.Parallel()
	const bare = `"text":""`
	for _, c := range []struct {
		name string
		at   time.Duration // of the announcement; negative: there is none
		ends bool          // it does not die but ends without an answer
		want []string      // delivered of what the test commits
	}{
		{"before it announced", -1, false, []string{`"text":"before"`, bare, `"text":"caption"`, `"text":"phone"`}},
		{"after it announced", 35 * time.Second, false, []string{`"text":"before"`, bare, `"text":"phone"`}},
		{"unsure", 35 * time.Second, true, []string{`"text":"before"`, bare, `"text":"phone"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, w *world) {
				id := w.newEntry(1, 1)
				l := w.listen(id)
				if err := w.RenewEntry(ctx(t), id, l.Lease, 24*time.Hour); err != nil {
					t.Fatal(err)
				}
				r := request(id)
				r.For = 60 * time.Second
				r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{1, 2}}
				g := w.acquire(r)
				// The owner sends a picture without a caption, as the call will; the listener hears of it late.
				phone := w.outgoing(id, "b", 4, "")
				w.commit(id, l.Lease, w.outgoing(id, "a", 3, "before"))
				if c.at >= 0 {
					w.pass(c.at)
					w.announce(g, "caption", "")
				}
				w.commit(id, l.Lease, phone, w.outgoing(id, "c", 6, "caption"), w.outgoing(id, "d", 7, "phone"))
				if c.ends {
					w.finish(g, authorization.Result{Outcome: authorization.Outcome{Unsure: true}})
				} else {
					w.pass(75*time.Second - max(c.at, 0))
				}
				if diff := cmp.Diff(c.want, w.drain(id, l.Lease), anyOrder); diff != "" {
					t.Errorf("delivered:\n%s", diff)
				}
				// Its other picture is heard of later still.
				own := w.outgoing(id, "e", 8, "")
				w.commit(id, l.Lease, own)
				w.pass(2 * time.Minute)
				if got, is := w.drain(id, l.Lease), c.at < 0; len(got) == 1 != is {
					t.Errorf("heard of late: %v", got)
				}
				var want []int
				if c.at >= 0 {
					want = []int{6, 8}
				}
				proofs, err := w.Proofs(ctx(t), id, "k")
				if err != nil {
					t.Fatal(err)
				}
				var got []int
				for _, p := range proofs {
					got = append(got, p.MessageID)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("proofs:\n%s", diff)
				}
			})
		})
	}
}

func TestAnnounce_TakesThePlaceOfWhatWasSaid(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, time.Hour); err != nil {
			t.Fatal(err)
		}
		g := w.acquire(w.sends(id, "said"))
		for range 2 { // the second time as if the answer had been lost
			w.announce(g, "meant")
		}
		w.commit(id, c.Lease, w.outgoing(id, "a", 5, "said"), w.outgoing(id, "b", 6, "meant"))
		w.pass(41 * time.Second)
		if diff := cmp.Diff([]string{`"text":"said"`}, w.drain(id, c.Lease)); diff != "" {
			t.Error(diff)
		}
		// Nothing at all: nothing is held.
		w.pass(time.Minute)
		g = w.acquire(w.sends(id, "said"))
		if err := w.Announce(ctx(t), g, authorization.Intent{}); err != nil {
			t.Fatal(err)
		}
		w.commit(id, c.Lease, w.outgoing(id, "a", 7, "said, later"))
		if got := w.drain(id, c.Lease); len(got) != 1 {
			t.Errorf("held: %v", got)
		}
	})
}

func TestAnnounce_OnlyByTheHolder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 2)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, time.Hour); err != nil {
			t.Fatal(err)
		}
		lost := func(what string, g *authorization.Grant) {
			t.Helper()
			if err := w.Announce(ctx(t), g, w.sends(id, "x").Intent); !isLost(err) || g.Lease.Check() == nil {
				t.Errorf("%s: %v, lease %v", what, err, g.Lease.Check())
			}
			w.commit(id, c.Lease, w.outgoing(id, "a", int(w.now().UnixNano()%1e9), "x"))
			if got := w.drain(id, c.Lease); len(got) != 1 {
				t.Errorf("%s: held all the same: %v", what, got)
			}
		}
		given := w.acquire(request(id))
		w.finish(given, authorization.Result{})
		lost("given back", given)
		expired := w.acquire(request(id))
		w.pass(41 * time.Second)
		lost("expired", expired)
		w.pass(time.Minute)
		w.acquire(request(id))
		w.acquire(request(id)) // all senders are somebody else's now
		lost("somebody else's", expired)
		// What the late holder sent all the same is recorded by Finish, as ever.
		if err := w.Finish(ctx(t), expired, authorization.Result{}); !isLost(err) {
			t.Errorf("finish: %v", err)
		}
	})
}
