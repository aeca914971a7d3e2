package redisstore

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/tests/redistest"
)

// A holding is a lease as its holder and the test see it.
type holding struct {
	name  authorization.Name
	lease *lease.Lease
	grant *authorization.Grant // of a sender
	ends  time.Time            // by the store's clock, at the earliest
}

// Whatever happens in whatever order: of each authorization there is at most one who may use it, and whoever comes after
// one that crashed comes after its quarantine.
func TestProperty_NeverTwoHolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	account := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		account++
		id := w.newEntry(account, 2)
		var held []*holding
		crashed := map[authorization.Name]time.Time{} // when its lease ended or will end
		took := func(h *holding) {
			for _, other := range held {
				if other.name == h.name && other.lease.Check() == nil {
					rt.Fatalf("%s has two holders", h.name)
				}
			}
			if end, ok := crashed[h.name]; ok && w.now().Before(end.Add(time.Minute)) {
				rt.Fatalf("%s was granted %v after its lease ended without being given back", h.name, w.now().Sub(end))
			}
			delete(crashed, h.name)
			held = append(held, h)
		}
		// gone marks what was not given back in time.
		gone := func() {
			var left []*holding
			for _, h := range held {
				if h.lease.Check() == nil {
					left = append(left, h)
				} else if end, ok := crashed[h.name]; !ok || end.Before(h.ends) {
					crashed[h.name] = h.ends
				}
			}
			held = left
		}
		pick := func(rt *rapid.T, senders bool) *holding {
			var some []*holding
			for _, h := range held {
				if (h.grant != nil) == senders {
					some = append(some, h)
				}
			}
			if len(some) == 0 {
				rt.Skip()
			}
			return some[rapid.IntRange(0, len(some)-1).Draw(rt, "which")]
		}
		without := func(h *holding) {
			var left []*holding
			for _, other := range held {
				if other != h {
					left = append(left, other)
				}
			}
			held = left
		}
		rt.Repeat(map[string]func(*rapid.T){
			"acquire": func(rt *rapid.T) {
				asked := w.now()
				g, err := w.Acquire(ctx(t), request(id))
				if fault.Is(err, fault.SenderBusy, fault.SenderResting) {
					return
				}
				if err != nil {
					rt.Fatal(err)
				}
				took(&holding{name: g.Name, lease: g.Lease, grant: g, ends: asked.Add(callFor + 15*time.Second)})
			},
			"claim": func(rt *rapid.T) {
				asked := w.now()
				c, err := w.ClaimEntry(ctx(t), id, "", false, 30*time.Second)
				if err != nil {
					rt.Fatal(err)
				}
				if c != nil {
					took(&holding{name: authorization.Listener, lease: c.Lease, ends: asked.Add(30 * time.Second)})
				}
			},
			"renew": func(rt *rapid.T) {
				h := pick(rt, false)
				asked := w.now()
				if err := w.RenewEntry(ctx(t), id, h.lease, 30*time.Second); err == nil {
					h.ends = asked.Add(30 * time.Second)
				} else if h.lease.Check() == nil {
					rt.Fatalf("a living lease was not renewed: %v", err)
				}
			},
			"finish": func(rt *rapid.T) {
				h := pick(rt, true)
				r := authorization.Result{Fate: rapid.SampledFrom([]authorization.Fate{authorization.Fine, authorization.Rests}).Draw(rt, "fate")}
				if err := w.Finish(ctx(t), h.grant, r); err != nil {
					rt.Fatal(err)
				}
				without(h)
			},
			"release": func(rt *rapid.T) {
				h := pick(rt, false)
				if err := w.ReleaseEntry(ctx(t), id, h.lease, authorization.Session{}, authorization.Fine); err != nil {
					rt.Fatal(err)
				}
				without(h)
			},
			"pass": func(rt *rapid.T) {
				w.pass(time.Duration(rapid.IntRange(1, 70).Draw(rt, "seconds")) * time.Second)
			},
			"": func(*rapid.T) { gone() },
		})
		// In the end everything is free again.
		w.pass(10 * time.Minute)
		gone()
		for range 2 {
			w.acquire(request(id))
		}
		w.listen(id)
	})
}

// A message is what somebody has sent: its event is on the way to the listener.
type message struct {
	lane string
	id   int
	own  bool
	item outbox.Item
}

// A speaking call is one that is sending, or is going to once it has said so.
type speaking struct {
	grant *authorization.Grant
	text  string
	said  bool      // it has announced what it is about to do
	ends  time.Time // its lease, by the store's clock, at the latest
	sent  []int     // ids that Telegram has answered
	deaf  bool      // one was sent and its answer lost
}

// Whatever happens in whatever order: what others did is delivered, once and in the order of its lane, and what our calls
// did is not, also if they died.
func TestProperty_OnlyOthersEventsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	account := int64(1000)
	rapid.Check(t, func(rt *rapid.T) {
		account++
		id := w.newEntry(account, 2)
		c := w.listen(id)
		if err := w.RenewEntry(ctx(t), id, c.Lease, 1000*time.Hour); err != nil {
			rt.Fatal(err)
		}
		var (
			last      int
			onTheWay  []message
			calls     []*speaking
			dead      []*speaking // those that died after they had said what they were about to do
			said      int
			want, got = map[string][]string{}, map[string][]string{}
			reader    = &pulling{world: w, id: id, reader: "reader"}
		)
		pulled := rapid.Bool().Draw(rt, "the events are fetched")
		lanes := rapid.SampledFrom([]string{"", "a", "b"})
		say := func(rt *rapid.T, own bool, text string) int {
			last++
			lane := lanes.Draw(rt, "lane")
			it := w.outgoing(id, lane, last, text)
			it.OccurredAt = w.now()
			it.Body = fmt.Appendf(nil, "%d %s", last, text)
			onTheWay = append(onTheWay, message{lane, last, own, it})
			if !own {
				want[lane] = append(want[lane], string(it.Body))
			}
			return last
		}
		pick := func(rt *rapid.T) *speaking {
			if len(calls) == 0 {
				rt.Skip()
			}
			return calls[rapid.IntRange(0, len(calls)-1).Draw(rt, "call")]
		}
		end := func(s *speaking) {
			var left []*speaking
			for _, other := range calls {
				if other != s {
					left = append(left, other)
				}
			}
			calls = left
		}
		receive := func(n int) {
			var items []outbox.Item
			for _, m := range onTheWay[:n] {
				items = append(items, m.item)
			}
			onTheWay = onTheWay[n:]
			w.commit(id, c.Lease, items...)
		}
		// mayHold says whether there is a call for which events may wait.
		mayHold := func() bool {
			for _, s := range append(slices.Clone(calls), dead...) {
				if s.said && w.now().Before(s.ends) {
					return true
				}
			}
			return false
		}
		deliver := func(settle int) {
			before := mayHold()
			claimed := w.claim(id, c.Lease, outbox.Claim{})
			if n := w.client.ZCard(ctx(t), key(id, partHeld)).Val(); n > 0 && !before {
				rt.Fatalf("%d events wait although nobody is about to act", n)
			}
			var done []outbox.Settlement
			for i, it := range claimed.Items {
				if i == settle {
					break // the listener dies here: the rest is claimed again
				}
				got[it.Lane] = append(got[it.Lane], string(it.Body))
				done = append(done, outbox.Settlement{Item: it, Decision: outbox.Decision{Action: outbox.Done}})
			}
			if err := w.Settle(ctx(t), id, c.Lease, done); err != nil {
				rt.Fatal(err)
			}
			if len(claimed.Expired) > 0 {
				rt.Fatalf("given up: %v", claimed.Expired)
			}
		}
		// fetch asks for events as a reader that has got the last answer, or has not.
		fetch := func(after string) {
			before, last := mayHold(), reader.last
			now, err := reader.ask(after)
			if err != nil {
				rt.Fatal(err)
			}
			if n := w.client.ZCard(ctx(t), key(id, partHeld)).Val(); n > 0 && !before {
				rt.Fatalf("%d events wait although nobody is about to act", n)
			}
			reader.last = now
			switch {
			case now.Batch != last.Batch:
				for _, it := range now.Items {
					got[it.Lane] = append(got[it.Lane], string(it.Body))
				}
			case after == last.Batch && len(now.Items) > 0:
				rt.Fatalf("what was acknowledged came again: %v", now.Items)
			case after != last.Batch && len(now.Items) != len(last.Items):
				rt.Fatalf("the same batch had %d events, then %d", len(last.Items), len(now.Items))
			}
		}
		if pulled {
			deliver = func(n int) {
				if n == 0 {
					fetch("")
				} else {
					fetch(reader.last.Batch)
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"call": func(rt *rapid.T) {
				said++
				s := &speaking{text: fmt.Sprintf("call %d", said), said: rapid.Bool().Draw(rt, "said")}
				r := request(id)
				if s.said {
					r = w.sends(id, s.text)
				}
				g, err := w.Acquire(ctx(t), r)
				s.ends = w.now().Add(callFor + 15*time.Second)
				if fault.Is(err, fault.SenderBusy, fault.SenderResting) {
					rt.Skip()
				}
				if err != nil {
					rt.Fatal(err)
				}
				s.grant = g
				calls = append(calls, s)
			},
			"announce": func(rt *rapid.T) {
				s := pick(rt)
				if s.said {
					rt.Skip()
				}
				if err := w.Announce(ctx(t), s.grant, w.sends(id, s.text).Intent); err == nil {
					s.said = true
				} else if !isLost(err) || s.grant.Lease.Check() == nil {
					rt.Fatal(err)
				}
			},
			"send": func(rt *rapid.T) {
				s := pick(rt)
				if s.grant.Lease.Check() != nil || s.deaf || !s.said {
					rt.Skip()
				}
				n := say(rt, true, s.text)
				if s.deaf = rapid.Bool().Draw(rt, "answer lost"); !s.deaf {
					s.sent = append(s.sent, n)
				}
			},
			"phone":   func(rt *rapid.T) { say(rt, false, "phone") },
			"receive": func(rt *rapid.T) { receive(rapid.IntRange(0, len(onTheWay)).Draw(rt, "events")) },
			"deliver": func(rt *rapid.T) { deliver(rapid.IntRange(0, 3).Draw(rt, "settled")) },
			"finish": func(rt *rapid.T) {
				s := pick(rt)
				r := authorization.Result{Outcome: authorization.Outcome{Unsure: s.deaf}}
				for _, n := range s.sent {
					r.Outcome.Marks = append(r.Outcome.Marks, authorization.Mark{Kind: outbox.Send, MessageID: n})
				}
				if err := w.Finish(ctx(t), s.grant, r); err != nil && !isLost(err) {
					rt.Fatal(err)
				}
				end(s)
			},
			"die": func(rt *rapid.T) {
				s := pick(rt)
				end(s)
				dead = append(dead, s)
			},
			"pass": func(rt *rapid.T) { w.pass(time.Duration(rapid.IntRange(1, 50).Draw(rt, "seconds")) * time.Second) },
		})
		receive(len(onTheWay))
		w.pass(2 * time.Minute) // those that still speak have died
		for range last + 1 {
			deliver(16)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("delivered, by lane (-wanted +got):\n%s", diff)
		}
	})
}
