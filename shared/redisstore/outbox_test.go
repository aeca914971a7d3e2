package redisstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/tests/redistest"
)

func TestCommit_MovesEverythingInOneStep(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		it := w.outgoing(id, "lane", 5, "Hi")
		it.Replayed, it.Class = true, outbox.Passing
		err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("state 1"), Items: []outbox.Item{it},
			Learnt: []peer.Record{{ID: 7, Usernames: []string{"alice"}, Data: []byte("A")}}})
		if err != nil {
			t.Fatal(err)
		}
		got := w.claim(id, c.Lease, outbox.Claim{})
		want := it
		want.Seq, want.Attempts = 1, 1
		if diff := cmp.Diff([]outbox.Item{want}, got.Items); diff != "" {
			t.Errorf("items:\n%s", diff)
		}
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, c.Session, authorization.Fine); err != nil {
			t.Fatal(err)
		}
		// Nobody else's commit changes anything.
		if err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("late"), Items: []outbox.Item{w.event("", "late")}}); !isLost(err) {
			t.Errorf("commit without the lease: %v", err)
		}
		c = w.listen(id)
		if string(c.State) != "state 1" || c.Session.Keys[2].Salt != 1 {
			t.Errorf("state %q, salt %d", c.State, c.Session.Keys[2].Salt)
		}
		if diff := cmp.Diff([]peer.Record{{ID: 7, Usernames: []string{"alice"}, Data: []byte("A")}}, c.Peers); diff != "" {
			t.Errorf("peers:\n%s", diff)
		}
		w.pass(30 * time.Second)
		if err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("late")}); !isLost(err) {
			t.Errorf("commit after the lease expired: %v", err)
		}
	})
}

// recorder keeps what was asked of the store last.
type recorder struct{ last []any }

func (r *recorder) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.last = cmd.Args()
		return next(ctx, cmd)
	}
}

func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A client that gets no answer asks again. What was queued may have been delivered by then: it is not queued again.
func TestCommit_IsRepeatedWithoutHarm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		var r recorder
		w.client.AddHook(&r)
		w.commit(id, c.Lease, w.event("a", "1"))
		asked := r.last
		if diff := cmp.Diff([]string{"1"}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("delivered:\n%s", diff)
		}
		if err := w.client.Do(ctx(t), asked...).Err(); err != nil {
			t.Fatal(err)
		}
		if got := w.drain(id, c.Lease); len(got) > 0 {
			t.Errorf("delivered again: %q", got)
		}
	})
}

func TestClaim_LanesInOrderAndAtTheSameTime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		w.commit(id, c.Lease, w.event("a", "a1"), w.event("", "1"), w.event("a", "a2"), w.event("b", "b1"))
		w.commit(id, c.Lease, w.event("", "2"))
		bodies := func(c outbox.Claimed) map[string]int {
			m := map[string]int{}
			for _, it := range c.Items {
				m[string(it.Body)] = it.Attempts
			}
			return m
		}
		expect := func(q outbox.Claim, want map[string]int) outbox.Claimed {
			t.Helper()
			got := w.claim(id, c.Lease, q)
			if diff := cmp.Diff(want, bodies(got)); diff != "" {
				t.Errorf("claimed with attempts:\n%s", diff)
			}
			return got
		}
		expect(outbox.Claim{Busy: []string{"", "b"}}, map[string]int{"a1": 1})
		first := expect(outbox.Claim{Busy: []string{"a"}}, map[string]int{"1": 1, "b1": 1})
		if !first.Next.IsZero() {
			t.Errorf("next %v", first.Next)
		}
		// Not settled: whoever claims next gets them again, one attempt later.
		expect(outbox.Claim{}, map[string]int{"a1": 2, "1": 2, "b1": 2})
		one := expect(outbox.Claim{Limit: 1, Busy: []string{"", "b"}}, map[string]int{"a1": 3})
		retry := outbox.Settlement{Item: one.Items[0], Decision: outbox.Decision{Action: outbox.Retry, Wait: 5 * time.Second}}
		if err := w.Settle(ctx(t), id, c.Lease, []outbox.Settlement{retry}); err != nil {
			t.Fatal(err)
		}
		got := expect(outbox.Claim{Busy: []string{"b"}}, map[string]int{"1": 3})
		if d := time.Until(got.Next); d <= 0 || d > 5*time.Second {
			t.Errorf("next in %v", d)
		}
		w.pass(5 * time.Second)
		got = expect(outbox.Claim{Busy: []string{"b", ""}}, map[string]int{"a1": 4})
		retry = outbox.Settlement{Item: got.Items[0], Decision: outbox.Decision{Action: outbox.Retry, Wait: 10 * time.Second, HoldsTarget: true}}
		if err := w.Settle(ctx(t), id, c.Lease, []outbox.Settlement{retry}); err != nil {
			t.Fatal(err)
		}
		if got := expect(outbox.Claim{}, map[string]int{}); got.Next.IsZero() {
			t.Error("the target waits for ever")
		}
		expect(outbox.Claim{Now: true}, map[string]int{"a1": 5, "1": 4, "b1": 3})
		if diff := cmp.Diff([]string{"a2", "1", "2", "b1"}, w.drainAfter(id, c.Lease, "a1"), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
			t.Errorf("left:\n%s", diff)
		}
	})
}

// drainAfter settles the event of that body and drains the rest.
func (w *world) drainAfter(id entry.ID, l *lease.Lease, body string) []string {
	w.t.Helper()
	for _, it := range w.claim(id, l, outbox.Claim{Now: true}).Items {
		if string(it.Body) == body {
			if err := w.Settle(ctx(w.t), id, l, []outbox.Settlement{{Item: outbox.Item{EventID: it.EventID}, Decision: outbox.Decision{Action: outbox.Done}}}); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return w.drain(id, l)
}

func TestSettle_DeadLetters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		w.commit(id, c.Lease, w.event("a", "dead"), w.event("a", "next"))
		got := w.claim(id, c.Lease, outbox.Claim{})
		s := []outbox.Settlement{{Item: got.Items[0], Reason: "413", Decision: outbox.Decision{Action: outbox.Dead}}}
		for range 2 { // the second time there is nothing to settle, which is no error
			if err := w.Settle(ctx(t), id, c.Lease, s); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"next"}, w.drain(id, c.Lease)); diff != "" {
			t.Error(diff)
		}
		if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Dead != 1 || o.Queue.Waiting != 0 {
			t.Errorf("%+v, %v", o.Queue, err)
		}
		c.Lease.Lose()
		w.pass(31 * time.Second)
		if err := w.Settle(ctx(t), id, c.Lease, s); !isLost(err) {
			t.Errorf("settled without the lease: %v", err)
		}
	})
}

func TestOutbox_OldestGoAtTheLimitsAndByAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{Numbers: Numbers{OutboxItems: 3, OutboxPassing: 2, OutboxBytes: 100_000}})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	var items []outbox.Item
	for n := range 5 {
		d, p := w.event(fmt.Sprintf("d%d", n), fmt.Sprintf("d%d", n)), w.event(fmt.Sprintf("p%d", n), fmt.Sprintf("p%d", n))
		p.Class, p.ExpiresAt, p.Type = outbox.Passing, w.now().Add(time.Minute), "telegram_client_user_update"
		d.OccurredAt = d.OccurredAt.Add(time.Duration(n) * time.Second)
		items = append(items, d, p)
	}
	w.commit(id, c.Lease, items...)
	got := w.claim(id, c.Lease, outbox.Claim{Limit: 1})
	want := []outbox.Dropped{
		{Type: "telegram_client_new_message", Reason: "limit", Count: 2, First: items[0].OccurredAt, Last: items[2].OccurredAt},
		{Type: "telegram_client_user_update", Reason: "limit", Count: 3, First: items[1].OccurredAt, Last: items[1].OccurredAt},
	}
	sorted := cmpopts.SortSlices(func(a, b outbox.Dropped) bool { return a.Type < b.Type })
	if diff := cmp.Diff(want, got.Expired, sorted); diff != "" {
		t.Errorf("dropped at the limit:\n%s", diff)
	}
	if got := w.claim(id, c.Lease, outbox.Claim{Limit: 1}); len(got.Expired) != 0 {
		t.Errorf("told twice: %v", got.Expired)
	}
	w.pass(20 * time.Second)
	if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Hour); err != nil {
		t.Fatal(err)
	}
	w.pass(40 * time.Second)
	// What is in flight is left alone.
	got = w.claim(id, c.Lease, outbox.Claim{Limit: 1, Busy: []string{"p3"}})
	want = []outbox.Dropped{{Type: "telegram_client_user_update", Reason: "max_age", Count: 1, First: items[9].OccurredAt, Last: items[9].OccurredAt}}
	if diff := cmp.Diff(want, got.Expired); diff != "" {
		t.Errorf("dropped by age:\n%s", diff)
	}
	w.pass(24 * time.Hour)
	if left := w.drain(id, c.Lease); len(left) != 0 {
		t.Errorf("too old, but delivered: %v", left)
	}
	// Bytes.
	large := make([]byte, 40_000)
	for i := range large {
		large[i] = 'x'
	}
	w.commit(id, c.Lease, w.event("1", "old"), w.event("2", string(large)), w.event("3", "new"))
	if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Waiting != 3 {
		t.Fatalf("%+v, %v", o.Queue, err)
	}
	w.commit(id, c.Lease, w.event("4", string(large)))
	if diff := cmp.Diff([]string{"new", string(large)}, w.drain(id, c.Lease)); diff != "" {
		t.Errorf("left when the bytes were too many: %.200s", diff)
	}
	if n, err := w.client.HGet(ctx(t), key(id, partBox), "bytes").Int(); err != nil || n != 0 {
		t.Errorf("%d bytes in an empty outbox, %v", n, err)
	}
}

func TestOwn_MarkedIsDroppedAndTheRestDelivered(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)

		g := w.acquire(w.sends(id, "Hi"))
		w.commit(id, c.Lease, w.outgoing(id, "a", 5, "Hi"), w.event("a", "answer"), w.outgoing(id, "b", 6, "from the phone"), w.event("c", "other"))
		// What may be ours waits, and its lane with it.
		if diff := cmp.Diff([]string{"other"}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("while the call runs:\n%s", diff)
		}
		if got := w.claim(id, c.Lease, outbox.Claim{}); got.Next.IsZero() {
			t.Error("something is held, but nobody looks again")
		}
		w.finish(g, marked(5))
		if diff := cmp.Diff([]string{`"text":"from the phone"`, "answer"}, w.drain(id, c.Lease), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
			t.Errorf("after the call:\n%s", diff)
		}
		if all, err := w.Commands(ctx(t), id, "", 0); err != nil || len(all) == 0 || all[len(all)-1].Kind != entry.Released {
			t.Errorf("the listener was not told: %v, %v", all, err)
		}

		// Seen after the call: its marks are known.
		g = w.acquire(w.sends(id, "Hi"))
		w.finish(g, marked(7))
		w.commit(id, c.Lease, w.outgoing(id, "a", 7, "Hi"), w.outgoing(id, "a", 8, "Hi"))
		if diff := cmp.Diff([]string{`"text":"Hi"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("seen after the call:\n%s", diff)
		}

		// Other kinds do not wait for a call that sends.
		g = w.acquire(w.sends(id, "Hi"))
		edit := w.outgoing(id, "a", 9, "edited")
		edit.Own.Kind, edit.Own.Version = outbox.Edit, 1000
		w.commit(id, c.Lease, edit)
		if got := w.drain(id, c.Lease); len(got) != 1 {
			t.Errorf("an edit waited: %v", got)
		}
		// An edit is known by its version.
		r := authorization.Result{Outcome: authorization.Outcome{Marks: []authorization.Mark{{Kind: outbox.Edit, MessageID: 9, Version: 2000}}}}
		w.finish(g, r)
		second, third := w.outgoing(id, "a", 9, "second"), w.outgoing(id, "a", 9, "third")
		second.Own.Kind, second.Own.Version = outbox.Edit, 2000
		third.Own.Kind, third.Own.Version = outbox.Edit, 3000
		w.commit(id, c.Lease, second, third)
		if diff := cmp.Diff([]string{`"text":"third"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("edits:\n%s", diff)
		}

		// A deletion is ours only if all its ids are.
		g = w.acquire(request(id))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Marks: []authorization.Mark{{Kind: outbox.Delete, MessageID: 1}, {Kind: outbox.Delete, MessageID: 2}}}})
		n := w.names(id)
		all, some := w.event("a", "all"), w.event("a", "some")
		all.Own = &outbox.Own{Kind: outbox.Delete, Marks: []string{n.Mark(0, 1), n.Mark(0, 2)}}
		some.Own = &outbox.Own{Kind: outbox.Delete, Marks: []string{n.Mark(0, 2), n.Mark(0, 3)}}
		w.commit(id, c.Lease, all, some)
		if diff := cmp.Diff([]string{"some"}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("deletions:\n%s", diff)
		}
	})
}

// A scheduled message is known by chat and text, until a week after its date.
func TestOwn_ScheduledMessagesAreKnownWhenTheyAreSent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, 24*time.Hour*365); err != nil {
			t.Fatal(err)
		}
		n := w.names(id)
		scheduled := func(text string) outbox.Item {
			it := w.outgoing(id, "a", 70, text)
			it.Own.Marks = []string{n.Scheduled(1001, text)}
			return it
		}
		due := w.now().Add(30 * 24 * time.Hour)
		g := w.acquire(w.sends(id, "later"))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Marks: []authorization.Mark{{Kind: outbox.Send, Scheduled: n.Scheduled(1001, "later"), Due: due}}}})
		w.pass(36 * 24 * time.Hour)
		w.commit(id, c.Lease, scheduled("later"), scheduled("by phone"), w.outgoing(id, "a", 71, "later"))
		if diff := cmp.Diff([]string{`"text":"by phone"`, `"text":"later"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("six days after its date:\n%s", diff)
		}
		w.pass(2 * 24 * time.Hour)
		w.commit(id, c.Lease, scheduled("later"))
		if diff := cmp.Diff([]string{`"text":"later"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("more than a week after its date:\n%s", diff)
		}
	})
}

func TestOwn_CallsThatDie(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		r := w.sends(id, "Hi", "Ho")
		r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{1, 2}}
		w.acquire(r)
		hi, ho := w.outgoing(id, "a", 5, "Hi"), w.outgoing(id, "a", 6, "Ho")
		phone := w.outgoing(id, "b", 7, "phone")
		w.commit(id, c.Lease, hi, phone)
		w.pass(41 * time.Second)
		// Claim judges it: what it said it would send is its doing, the rest is not.
		if diff := cmp.Diff([]string{`"text":"phone"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("after the judgement:\n%s", diff)
		}
		// Its other message is seen later, when the listener has caught up; the same text long after is somebody else's.
		late := w.outgoing(id, "a", 8, "Hi")
		w.pass(time.Minute)
		late.OccurredAt = w.now()
		w.commit(id, c.Lease, ho, late)
		if diff := cmp.Diff([]string{`"text":"Hi"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("seen late:\n%s", diff)
		}
		n := w.names(id)
		want := []authorization.Proof{
			{Chat: "a", Text: n.Text(outbox.Send, 0, "Hi"), Mark: n.Mark(0, 5), MessageID: 5, Date: hi.OccurredAt.Unix()},
			{Chat: "a", Text: n.Text(outbox.Send, 0, "Ho"), Mark: n.Mark(0, 6), MessageID: 6, Date: ho.OccurredAt.Unix()},
		}
		proofs, err := w.Proofs(ctx(t), id, "k")
		if diff := cmp.Diff(want, proofs); err != nil || diff != "" {
			t.Errorf("proofs: %v\n%s", err, diff)
		}
		g := w.acquire(r)
		if diff := cmp.Diff(want, g.Repeat.Sent); diff != "" {
			t.Errorf("the repeat's proofs:\n%s", diff)
		}
		// It ends without an answer of Telegram to one of its requests.
		w.commit(id, c.Lease, w.outgoing(id, "c", 9, "Ho"), w.outgoing(id, "d", 10, "phone"))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Unsure: true}})
		if diff := cmp.Diff([]string{`"text":"phone"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("after an unsure end:\n%s", diff)
		}
	})
}

func TestOwn_SeveralCallsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 2)
		c := w.listen(id)
		a, b := w.acquire(w.sends(id, "A")), w.acquire(w.sends(id, "B"))
		w.commit(id, c.Lease, w.outgoing(id, "a", 1, "A"), w.outgoing(id, "b", 2, "B"), w.outgoing(id, "c", 3, "phone"))
		w.finish(a, marked(1))
		if got := w.drain(id, c.Lease); len(got) != 0 {
			t.Errorf("the second call still runs: %v", got)
		}
		w.finish(b, marked(2))
		if diff := cmp.Diff([]string{`"text":"phone"`}, w.drain(id, c.Lease)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCommit_SameEventWaitsOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		it := w.event("a", "once")
		w.commit(id, c.Lease, it)
		w.commit(id, c.Lease, it)
		if diff := cmp.Diff([]string{"once"}, w.drain(id, c.Lease)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestClaim_UnreadableItemDoesNotBlockItsLane(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		bad := w.event("a", "bad")
		w.commit(id, c.Lease, bad, w.event("a", "good"))
		if err := w.client.HSet(ctx(t), key(id, partItems), w.itemName(id, bad.EventID.String()), "damaged").Err(); err != nil {
			t.Fatal(err)
		}
		got := w.claim(id, c.Lease, outbox.Claim{})
		if len(got.Items) != 0 || len(got.Expired) != 1 || got.Next.IsZero() {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff([]string{"good"}, w.drain(id, c.Lease)); diff != "" {
			t.Error(diff)
		}
	})
}

// Of who types and who is online only the latest waits; what was tried may have arrived and stays.
func TestCommit_LatestWordReplacesTheFormer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		says := func(lane, text, latest string) outbox.Item {
			it := w.event(lane, text)
			it.Class, it.ExpiresAt, it.Type, it.Latest = outbox.Passing, w.now().Add(time.Minute), "telegram_client_user_update", latest
			return it
		}
		bodies := func(c outbox.Claimed) []string {
			var all []string
			for _, it := range c.Items {
				all = append(all, string(it.Body))
			}
			return all
		}
		settle := func(got outbox.Claimed) {
			t.Helper()
			var all []outbox.Settlement
			for _, it := range got.Items {
				all = append(all, outbox.Settlement{Item: it, Decision: outbox.Decision{Action: outbox.Done}})
			}
			if err := w.Settle(ctx(t), id, c.Lease, all); err != nil {
				t.Fatal(err)
			}
		}
		unordered := cmpopts.SortSlices(func(a, b string) bool { return a < b })
		w.commit(id, c.Lease, says("a", "typing 1", "alice"), says("a", "between", ""), says("b", "bob 1", "bob"))
		w.commit(id, c.Lease, says("a", "typing 2", "alice"), says("a", "typing 3", "alice"), says("a", "between", ""))
		got := w.claim(id, c.Lease, outbox.Claim{Limit: 10})
		if diff := cmp.Diff([]string{"between", "bob 1"}, bodies(got), unordered); diff != "" {
			t.Errorf("first:\n%s", diff)
		}
		w.commit(id, c.Lease, says("b", "bob 2", "bob"))
		if len(got.Expired) > 0 {
			t.Errorf("counted as lost: %v", got.Expired)
		}
		settle(got)
		got = w.claim(id, c.Lease, outbox.Claim{Limit: 10})
		if diff := cmp.Diff([]string{"typing 3", "bob 2"}, bodies(got), unordered); diff != "" {
			t.Errorf("then:\n%s", diff)
		}
		settle(got)
		if diff := cmp.Diff([]string{"between"}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("last:\n%s", diff)
		}
		if n := w.client.HLen(ctx(t), key(id, partLatest)).Val(); n != 0 {
			t.Errorf("%d names are left", n)
		}
	})
}
