package redisstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// fileFor is how long a call with files may take.
const fileFor = 900 * time.Second

func (w *world) extend(g *authorization.Grant) {
	w.t.Helper()
	if err := w.Extend(ctx(w.t), g); err != nil {
		w.t.Fatalf("Extend: %v", err)
	}
}

func TestExtend_ACallWithFilesLivesOnItsRenewals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		r := request(id)
		r.For = fileFor
		g := w.acquire(r)
		if g.Term != 40*time.Second {
			t.Fatalf("term %v", g.Term)
		}
		for range 20 {
			w.pass(30 * time.Second)
			w.extend(g)
			if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderBusy) {
				t.Fatalf("somebody else asks: %v", err)
			}
		}
		// It dies: others wait as long as after any call.
		w.pass(39 * time.Second)
		if err := g.Lease.Check(); err != nil {
			t.Errorf("a moment before its end: %v", err)
		}
		w.pass(2 * time.Second)
		if err := g.Lease.Check(); err == nil {
			t.Error("it may still speak")
		}
		if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.SenderResting) {
			t.Errorf("in quarantine: %v", err)
		}
		w.pass(time.Minute)
		next := w.acquire(request(id))
		if next.Term != 0 {
			t.Errorf("a text's lease has the term %v", next.Term)
		}
		w.finish(next, authorization.Result{})
	})
}

func TestExtend_OnlyByTheHolder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		r := request(id)
		r.For = fileFor
		lost := func(what string, g *authorization.Grant) {
			t.Helper()
			if err := w.Extend(ctx(t), g); !isLost(err) || g.Lease.Check() == nil {
				t.Errorf("%s: %v, lease %v", what, err, g.Lease.Check())
			}
		}
		given := w.acquire(r)
		w.finish(given, authorization.Result{})
		lost("given back", given)
		expired := w.acquire(r)
		w.pass(41 * time.Second)
		lost("expired", expired)
		w.pass(time.Minute)
		next := w.acquire(r)
		lost("somebody else's", expired)
		w.extend(next)
		w.finish(next, authorization.Result{})
	})
}

// A call that was killed a moment after it had announced what it sends keeps events no longer than one that sends a text.
func TestExtend_KilledCallHoldsNoEventsForLong(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		r := request(id)
		r.For = fileFor
		r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{1}}
		g := w.acquire(r)
		w.pass(30 * time.Second)
		w.extend(g)
		w.announce(g, "caption")
		w.commit(id, c.Lease, w.outgoing(id, "a", 5, "caption"), w.outgoing(id, "b", 6, "phone"))
		w.pass(39 * time.Second)
		if got := w.drain(id, c.Lease); len(got) != 0 {
			t.Errorf("while its lease lasts: %v", got)
		}
		w.pass(2 * time.Second)
		if diff := cmp.Diff([]string{`"text":"phone"`}, w.drain(id, c.Lease)); diff != "" {
			t.Errorf("after its lease:\n%s", diff)
		}
		// Its repeat goes on after the quarantine.
		w.pass(time.Minute)
		again := w.acquire(r)
		if again.Repeat == nil || len(again.Repeat.Sent) != 1 || again.Repeat.Sent[0].MessageID != 5 {
			t.Errorf("the repeat knows %+v", again.Repeat)
		}
		w.finish(again, authorization.Result{})
	})
}

// A picture without a caption is known by its chat: what the owner sends to others meanwhile is an event. What was announced
// before further chats are added is known since then.
func TestAnnounce_PicturesWithoutACaptionAreOfTheirChat(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		r := request(id)
		r.For = authorization.LongCall
		g := w.acquire(r)
		announce := func(chats ...peer.ID) {
			t.Helper()
			i := authorization.Intent{Kinds: []outbox.Kind{outbox.Send}}
			for _, chat := range chats {
				i.Texts = append(i.Texts, w.names(id).Text(outbox.Send, chat, ""))
			}
			if err := w.Announce(ctx(t), g, i); err != nil {
				t.Fatal(err)
			}
		}
		picture := func(lane string, chat peer.ID, message int) outbox.Item {
			it := w.outgoing(id, lane, message, lane)
			it.Own.Text = w.names(id).Text(outbox.Send, chat, "")
			return it
		}
		announce(1)
		w.commit(id, c.Lease, picture("ours", 1, 5), picture("phone", 3, 6))
		w.pass(40 * time.Second)
		announce(1, 2)
		w.commit(id, c.Lease, picture("ours too", 2, 7), picture("phone again", 4, 8))
		w.pass(40 * time.Second) // it has died
		if diff := cmp.Diff([]string{`"text":"phone"`, `"text":"phone again"`}, w.drain(id, c.Lease), anyOrder); diff != "" {
			t.Errorf("delivered:\n%s", diff)
		}
	})
}
