package redisstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/outbox"
	"telegram-client/tests/redistest"
)

// A pulling reader of an entry in a test.
type pulling struct {
	*world
	id     entry.ID
	reader string
	last   outbox.Pulled
	most   int // 0: 100
}

func (r *pulling) ask(after string) (outbox.Pulled, error) {
	r.t.Helper()
	e, err := r.Entry(ctx(r.t), r.id)
	if err != nil {
		return outbox.Pulled{}, err
	}
	p := outbox.Pull{Revision: e.Revision, Reader: r.reader, After: after, Most: r.most, MostBytes: 100_000, Wait: time.Minute}
	if p.Most == 0 {
		p.Most = 100
	}
	return r.Pull(ctx(r.t), r.id, p)
}

// read asks, and wants to get events: their bodies and attempts.
func (r *pulling) read(after string, want ...string) {
	r.t.Helper()
	got, err := r.ask(after)
	if err != nil {
		r.t.Fatal(err)
	}
	var bodies []string
	for _, it := range got.Items {
		bodies = append(bodies, fmt.Sprintf("%s %d", it.Body, it.Attempts))
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		r.t.Errorf("pulled, with attempts (-want +got):\n%s", diff)
	}
	r.last = got
}

func TestPull_BatchesInOrderUntilAcknowledged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		r := &pulling{world: w, id: id, reader: "1"}
		r.read("")
		if r.last.Batch != "" {
			t.Errorf("batch %q of nothing", r.last.Batch)
		}
		passing := w.event("b", "b1")
		passing.Class = outbox.Passing
		w.commit(id, c.Lease, w.event("a", "a1"), passing, w.event("a", "a2"), w.event("", "1"))
		r.read("", "a1 1", "b1 1", "a2 1", "1 1")
		first := r.last.Batch
		w.commit(id, c.Lease, w.event("a", "a3"))
		r.read("", "a1 2", "b1 2", "a2 2", "1 2") // this batch again, and nothing new in it
		if r.last.Batch != first || len(first) != 16 {
			t.Errorf("batch %q, then %q", first, r.last.Batch)
		}
		r.read(first, "a3 1")
		second := r.last.Batch
		r.read(first, "a3 2") // the answer was lost
		if known, err := w.KnowsEvent(ctx(t), id, r.last.Items[0].EventID); err != nil || !known || r.last.Batch != second {
			t.Errorf("the same again is %q, not %q; known: %v, %v", r.last.Batch, second, known, err)
		}
		r.read(second)
		r.read(second)
		r.read("")
		if r.last.Batch != second {
			t.Errorf("nothing new is %q, not %q", r.last.Batch, second)
		}
		for _, after := range []string{first, "0123456789abcdef"} {
			if _, err := r.ask(after); !fault.Is(err, fault.CursorUnknown) {
				t.Errorf("after %q: %v", after, err)
			}
		}
		if o, err := w.Overview(ctx(t), id); err != nil || o.Queue.Waiting != 0 {
			t.Errorf("%+v, %v", o.Queue, err)
		}
		if n := w.client.Exists(ctx(t), key(id, partItems), key(id, partMeta), key(id, partLanes), key(id, partHeads), key(id, partExpiry)).Val(); n != 0 {
			t.Errorf("%d parts of what was acknowledged are left", n)
		}
	})
}

func TestPull_ABatchHasAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	var items []outbox.Item
	for n := range 450 {
		it := w.event(fmt.Sprint(n%7), fmt.Sprint(n))
		if n%3 == 0 {
			it.Class = outbox.Passing
		}
		items = append(items, it)
	}
	w.commit(id, c.Lease, items...)
	r := &pulling{world: w, id: id, reader: "1", most: 200}
	next := 0
	for after, want := range []int{200, 200, 50} {
		got, err := r.ask(r.last.Batch)
		if err != nil || len(got.Items) != want || got.More != (after < 2) {
			t.Fatalf("%d events, more: %v, %v", len(got.Items), got.More, err)
		}
		for _, it := range got.Items {
			if string(it.Body) != fmt.Sprint(next) {
				t.Fatalf("%s, not %d", it.Body, next)
			}
			next++
		}
		r.last = got
	}
	large := make([]byte, 90_000)
	w.commit(id, c.Lease, w.event("", string(large)), w.event("", "small"))
	got, err := r.ask(r.last.Batch)
	if err != nil || len(got.Items) != 1 || !got.More {
		t.Errorf("%d events, more: %v, %v", len(got.Items), got.More, err)
	}
	// A target that is paused takes no events, but still acknowledges.
	p := outbox.Pull{Revision: 1, Reader: "1", After: "", Wait: 0}
	e, err := w.Entry(ctx(t), id)
	if err != nil {
		t.Fatal(err)
	}
	p.Revision = e.Revision
	paused, err := w.Pull(ctx(t), id, p)
	if err != nil || len(paused.Items) != 0 || paused.Batch != r.last.Batch {
		t.Errorf("paused: %d events, batch %q, not %q: %v", len(paused.Items), paused.Batch, r.last.Batch, err)
	}
	p.After = got.Batch
	if paused, err = w.Pull(ctx(t), id, p); err != nil || len(paused.Items) != 0 || paused.Batch != got.Batch {
		t.Errorf("acknowledged while paused: %+v, %v", paused, err)
	}
	r.read(got.Batch, "small 1")
}

func TestPull_ANewReaderReplacesTheFormer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		w.commit(id, c.Lease, w.event("", "1"))
		former, later := &pulling{world: w, id: id, reader: "former"}, &pulling{world: w, id: id, reader: "later"}
		former.read("", "1 1")
		rung, end := w.WaitEvents(ctx(t), []entry.ID{id})
		defer end()
		later.read("", "1 2")
		<-rung // the former looks, and
		for _, after := range []string{"", former.last.Batch} {
			if _, err := former.ask(after); !fault.Is(err, fault.ReaderReplaced) {
				t.Errorf("the former reader: %v", err)
			}
		}
		later.read(later.last.Batch) // what it acknowledges is what both were given
		third := &pulling{world: w, id: id, reader: "third"}
		third.read(later.last.Batch)
		for _, r := range []*pulling{former, later} {
			if _, err := r.ask(""); !fault.Is(err, fault.ReaderReplaced) {
				t.Errorf("%s: %v", r.reader, err)
			}
		}
	})
}

func TestPull_HeldEventsWaitWithTheirLane(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 2)
		c := w.listen(id)
		g := w.acquire(w.sends(id, "by service"))
		mine, phone := w.outgoing(id, "a", 5, "by service"), w.outgoing(id, "b", 6, "by phone")
		w.commit(id, c.Lease, mine, w.event("a", "after mine"), phone, w.event("b", "after phone"), w.event("c", "c"))
		r := &pulling{world: w, id: id, reader: "1"}
		r.read("", "c 1")
		rung, end := w.WaitEvents(ctx(t), []entry.ID{id})
		defer end()
		w.finish(g, marked(5))
		<-rung
		r.read(r.last.Batch, "after mine 1", `"text":"by phone" 1`, "after phone 1")
		// A call that dies: its lease ends, and the reader judges it.
		w.acquire(w.sends(id, "of the dead"))
		w.commit(id, c.Lease, w.outgoing(id, "a", 7, "of the dead"), w.outgoing(id, "a", 8, "of another"))
		r.read(r.last.Batch)
		w.pass(41 * time.Second)
		r.read("", `"text":"of another" 1`)
	})
}

func TestPull_WhatIsTooOldIsGivenUpAndTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	if err := w.RenewEntry(ctx(t), id, c.Lease, 100*time.Hour); err != nil {
		t.Fatal(err)
	}
	dropped := func(want int) {
		t.Helper()
		got, err := w.Claim(ctx(t), id, c.Lease, outbox.Claim{}) // as the listener does, which delivers nothing
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range got.Expired {
			if d.Reason != "max_age" || d.Type != "telegram_client_new_message" {
				t.Errorf("told: %+v", d)
			}
			n += d.Count
		}
		if n != want {
			t.Errorf("%d events are told to be given up, not %d", n, want)
		}
	}
	short := func(body string, d time.Duration) outbox.Item {
		it := w.event("x", body)
		it.ExpiresAt = w.now().Add(d).UTC()
		return it
	}
	r := &pulling{world: w, id: id, reader: "1"}
	w.commit(id, c.Lease, short("old", 10*time.Second), short("young", time.Hour))
	w.pass(11 * time.Second)
	r.read("", "young 1")
	dropped(1)
	r.read(r.last.Batch)
	acknowledged := r.last.Batch
	// What the reader was given a moment ago is not given up: it may be acknowledged yet.
	w.commit(id, c.Lease, short("late", 10*time.Second), short("kept", time.Hour))
	r.read("", "late 1", "kept 1")
	w.pass(11 * time.Second)
	dropped(0)
	r.read("", "late 2", "kept 2")
	w.pass(50 * time.Second)
	dropped(1)
	r.read("", "kept 3")
	batch := r.last.Batch
	w.pass(time.Hour)
	w.commit(id, c.Lease, short("new", time.Hour))
	r.read("", "new 1") // of the former batch nothing is left
	if r.last.Batch == batch {
		t.Error("another batch has the same name")
	}
	r.read(acknowledged, "new 2") // and a reader that never got it has missed nothing
	dropped(1)
	r.read(r.last.Batch)
	dropped(0)
}

func TestPull_UnreadableEventsBlockNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	broken := w.event("a", "broken")
	query := w.event("a", "query")
	query.Type, query.Query = "telegram_client_callback_query", 77
	w.commit(id, c.Lease, broken, query)
	if err := w.client.HSet(ctx(t), key(id, partItems), w.itemName(id, broken.EventID.String()), "nonsense").Err(); err != nil {
		t.Fatal(err)
	}
	r := &pulling{world: w, id: id, reader: "1"}
	r.read("", "query 2")
	r.read(r.last.Batch)
	if diff := cmp.Diff([]int64{77}, r.last.Queries); diff != "" {
		t.Errorf("acknowledged queries: %s", diff)
	}
	got := w.claim(id, c.Lease, outbox.Claim{}).Expired
	if len(got) != 1 || got[0].Reason != "unreadable" || got[0].Count != 1 {
		t.Errorf("told: %+v", got)
	}
}

func TestPull_IsOfTheTargetThatItRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	w.commit(id, c.Lease, w.event("", "1"))
	set := func(target entry.Target) entry.Entry {
		t.Helper()
		e, err := w.ChangeEntry(ctx(t), id, func(e *entry.Entry) error {
			e.Target = target
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	pulled := set(entry.Target{Type: entry.Pull, Owner: "home"})
	set(entry.Target{Type: entry.Webhook, Owner: "home"})
	p := outbox.Pull{Revision: pulled.Revision, Reader: "1", Most: 10, MostBytes: 1000}
	if _, err := w.Pull(ctx(t), id, p); !errors.Is(err, outbox.ErrChanged) {
		t.Errorf("of a former target: %v", err)
	}
	pulled = set(entry.Target{Type: entry.Pull, Owner: "home"})
	p.Revision = pulled.Revision
	if got, err := w.Pull(ctx(t), id, p); err != nil || len(got.Items) != 1 || got.Items[0].Attempts != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	// It is usable while somebody reads.
	state := func(want entry.TargetState, conditions ...health.Code) {
		t.Helper()
		o, err := w.Overview(ctx(t), id)
		if err != nil {
			t.Fatal(err)
		}
		var codes []health.Code
		for _, c := range o.Status.Health {
			codes = append(codes, c.Code)
		}
		if got := o.Entry.Target.State(o.Status.TargetUnreachableSince); got != want || !cmp.Equal(codes, conditions) {
			t.Errorf("the target is %s with %v, not %s with %v", got, codes, want, conditions)
		}
	}
	state(entry.Usable)
	w.pass(119 * time.Second)
	state(entry.Usable)
	w.pass(time.Second)
	state(entry.Unreachable, health.HomeUnreachable)
	if _, err := w.Pull(ctx(t), id, p); err != nil {
		t.Fatal(err)
	}
	state(entry.Usable)
	if err := w.MarkRemoving(ctx(t), id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Pull(ctx(t), id, p); !fault.Is(err, fault.UnknownEntry) {
		t.Errorf("of a tombstone: %v", err)
	}
}

func TestPull_RingsForWhatIsNew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		rung, end := w.WaitEvents(ctx(t), []entry.ID{id})
		defer end()
		heard := func() {
			t.Helper()
			select {
			case <-rung:
			case <-ctx(t).Done():
				t.Fatal("no bell")
			}
		}
		select { // that it is heard at all may ring
		case <-rung:
		default:
		}
		r := &pulling{world: w, id: id, reader: "1"}
		r.read("")
		letter := w.event("", "1")
		w.commit(id, c.Lease, letter)
		heard()
		w.bury(id, c.Lease, letter)
		if err := w.Replay(ctx(t), id, letter.EventID); err != nil {
			t.Fatal(err)
		}
		heard()
		r.read("", "1 1")
	})
}
