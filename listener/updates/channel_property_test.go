package updates

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// posting is one thing that happened in a channel: the model is the list of them and nothing else.
type posting struct {
	channel int64
	what    string // "new", "edit", "delete"
	id      int    // unique
	pts, n  int
}

func (p posting) update() tg.UpdateClass {
	m := &tg.Message{ID: p.id, PeerID: &tg.PeerChannel{ChannelID: p.channel}}
	switch p.what {
	case "new":
		return &tg.UpdateNewChannelMessage{Message: m, Pts: p.pts, PtsCount: p.n}
	case "edit":
		return &tg.UpdateEditChannelMessage{Message: m, Pts: p.pts, PtsCount: p.n}
	}
	return &tg.UpdateDeleteChannelMessages{ChannelID: p.channel, Messages: []int{p.id, -p.id}, Pts: p.pts, PtsCount: p.n}
}

// A channelWorld drives an engine against a server whose account is in two channels. What is written down is the events
// and the state of a batch, in one step, as account does.
type channelWorld struct {
	t      *rapid.T
	all    []posting
	pts    map[int64]int
	engine *Engine
	now    time.Time

	online bool
	fresh  []int
	flying []tg.UpdatesClass
	asked  []Request
	wake   time.Time
	has    map[int]bool
	heard  map[int64]int // up to where the engine has heard of a channel
	state  State
}

func newChannelWorld(t *rapid.T) *channelWorld {
	w := &channelWorld{t: t, now: time.Unix(5000, 0), pts: map[int64]int{7: 1, 8: 1}, has: map[int]bool{}, heard: map[int64]int{}}
	w.state = State{Pts: 100, Qts: 5, Seq: 10, Date: 1000, Channels: map[int64]int{7: 1, 8: 1}}
	w.engine = New(w.state, Account{Self: 1})
	return w
}

func (w *channelWorld) handle(in Input) { w.take(w.engine.Handle(in, w.now), -1) }

func (w *channelWorld) take(out Output, fail int) {
	for i, b := range out.Ready {
		if i == fail {
			w.crash(nil)
			return
		}
		w.write(b)
	}
	w.asked = append(w.asked, out.Ask...)
	w.wake = out.Wake
}

func (w *channelWorld) crash(*rapid.T) {
	s, err := ParseState(w.state.Marshal())
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = New(s, Account{Self: 1})
	w.asked, w.flying, w.wake, w.online = nil, nil, time.Time{}, false
}

func (w *channelWorld) find(u Update) int {
	what, id := "", 0
	switch u := u.TL.(type) {
	case *tg.UpdateNewChannelMessage:
		what, id = "new", u.Message.GetID()
	case *tg.UpdateEditChannelMessage:
		what, id = "edit", u.Message.GetID()
	case *tg.UpdateDeleteChannelMessages:
		what, id = "delete", u.Messages[0]
	}
	return slices.IndexFunc(w.all, func(p posting) bool { return p.what == what && p.id == id })
}

func (w *channelWorld) write(b Batch) {
	if len(b.Gaps) > 0 {
		w.t.Fatalf("a gap where nothing is lost: %+v", b.Gaps)
	}
	last := map[string]int{}
	for _, u := range b.Updates {
		i := w.find(u)
		if i < 0 {
			w.t.Fatalf("an update that never happened: %v", u.TL)
		}
		p := w.all[i]
		if w.has[i] {
			w.t.Fatalf("twice: %+v", p)
		}
		w.has[i] = true
		line := fmt.Sprint(p.channel)
		if b.Replayed { // new messages come before the rest there
			line = fmt.Sprint(p.channel, p.what == "new")
		}
		if p.pts < last[line] {
			w.t.Fatalf("out of order: %+v after pts %d", p, last[line])
		}
		last[line] = p.pts
	}
	for i, p := range w.all {
		if (p.pts <= b.State.Channels[p.channel]) != w.has[i] {
			w.t.Fatalf("state %v and %+v: written %v", b.State.Channels, p, w.has[i])
		}
	}
	w.state = b.State
}

func (w *channelWorld) happen(t *rapid.T) {
	p := posting{channel: rapid.SampledFrom([]int64{7, 7, 8}).Draw(t, "channel"), id: len(w.all) + 1, n: 1,
		what: rapid.SampledFrom([]string{"new", "new", "edit", "delete"}).Draw(t, "what")}
	if p.what == "delete" {
		p.n = 2
	}
	w.pts[p.channel] += p.n
	p.pts = w.pts[p.channel]
	w.all = append(w.all, p)
	w.fresh = append(w.fresh, len(w.all)-1)
}

func (w *channelWorld) push(t *rapid.T) {
	if len(w.fresh) == 0 {
		t.Skip("nothing fresh")
	}
	n := rapid.IntRange(1, min(3, len(w.fresh))).Draw(t, "n")
	u := &tg.Updates{Date: 1000}
	for _, i := range w.fresh[:n] {
		u.Updates = append(u.Updates, w.all[i].update())
	}
	if rapid.IntRange(0, 5).Draw(t, "too long") == 0 { // at its discretion it says only that there is something
		p := w.all[w.fresh[n-1]]
		u.Updates = []tg.UpdateClass{tooLong(p.channel, p.pts*rapid.IntRange(0, 1).Draw(t, "says pts"))}
	}
	w.fresh = w.fresh[n:]
	if w.online {
		w.flying = append(w.flying, u)
	}
}

func (w *channelWorld) pick(t *rapid.T) int {
	if len(w.flying) == 0 {
		t.Skip("nothing flies")
	}
	return rapid.IntRange(0, min(3, len(w.flying)-1)).Draw(t, "which")
}

func (w *channelWorld) deliver(t *rapid.T) {
	i := w.pick(t)
	c := w.flying[i]
	if rapid.IntRange(0, 3).Draw(t, "again") > 0 { // else it will come a second time
		w.flying = slices.Delete(w.flying, i, i+1)
	}
	w.hear(c)
	w.handle(Pushed{c})
}

// hear notes what an engine that lives on has to find out about by itself.
func (w *channelWorld) hear(c tg.UpdatesClass) {
	for _, u := range c.(*tg.Updates).Updates {
		if u, ok := u.(*tg.UpdateChannelTooLong); ok {
			w.heard[u.ChannelID] = max(w.heard[u.ChannelID], u.Pts)
		}
		if id, pts, _, ok, err := tg.IsChannelPtsUpdate(u); ok && err == nil {
			w.heard[id] = max(w.heard[id], pts)
		}
	}
}

func (w *channelWorld) lose(t *rapid.T) {
	i := w.pick(t)
	w.flying = slices.Delete(w.flying, i, i+1)
}

func (w *channelWorld) answer(t *rapid.T) {
	if len(w.asked) == 0 {
		t.Skip("nothing asked")
	}
	i := rapid.IntRange(0, len(w.asked)-1).Draw(t, "which request")
	r := w.asked[i]
	w.asked = slices.Delete(w.asked, i, i+1)
	switch rapid.IntRange(0, 5).Draw(t, "how") {
	case 0:
		w.handle(Failed{ID: r.ID, Err: errors.New("the network")})
		return
	case 1:
		w.handle(Failed{ID: r.ID, Err: tgerr.New(420, "FLOOD_WAIT_7")})
		return
	}
	w.handle(Answered{ID: r.ID, Result: w.result(r, rapid.IntRange(1, 4).Draw(t, "slice"))})
}

// result answers a request with at most limit postings.
func (w *channelWorld) result(r Request, limit int) any {
	if r.Channel == 0 {
		return caughtUp
	}
	d := &tg.UpdatesChannelDifference{Final: true, Pts: r.ChannelPts}
	n := 0
	for _, p := range w.all {
		if p.channel != r.Channel || p.pts <= r.ChannelPts {
			continue
		}
		if n == limit {
			d.Final = false
			break
		}
		n++
		d.Pts = p.pts
		if p.what == "new" {
			d.NewMessages = append(d.NewMessages, &tg.Message{ID: p.id, PeerID: &tg.PeerChannel{ChannelID: p.channel}})
		} else {
			d.OtherUpdates = append(d.OtherUpdates, p.update())
		}
	}
	if n == 0 {
		return &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: r.ChannelPts}
	}
	return d
}

func (w *channelWorld) connect(*rapid.T) {
	w.online = true
	w.handle(Connected{})
}

func (w *channelWorld) disconnect(*rapid.T) {
	w.online, w.flying, w.asked = false, nil, nil
	w.handle(Disconnected{})
}

func (w *channelWorld) wait(t *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
	w.handle(Woken{})
}

func (w *channelWorld) writingFails(t *rapid.T) {
	i := w.pick(t)
	w.hear(w.flying[i])
	out := w.engine.Handle(Pushed{w.flying[i]}, w.now)
	w.flying = slices.Delete(w.flying, i, i+1)
	w.take(out, rapid.IntRange(0, max(0, len(out.Ready)-1)).Draw(t, "batch"))
}

// rest answers everything until the engine wants nothing.
func (w *channelWorld) rest() {
	for step := 0; ; step++ {
		if step > 1000 {
			w.t.Fatal("the engine does not come to rest")
		}
		if len(w.asked) > 0 {
			r := w.asked[0]
			w.asked = w.asked[1:]
			w.handle(Answered{ID: r.ID, Result: w.result(r, 3)})
			continue
		}
		if w.wake.Sub(w.now) > 5*time.Minute {
			return
		}
		w.now = maxTime(w.now, w.wake)
		w.handle(Woken{})
	}
}

func (w *channelWorld) complete(when string, has func(posting) bool) {
	for i, p := range w.all {
		if has(p) && !w.has[i] {
			w.t.Fatalf("%s: lost: %+v (state %v)", when, p, w.state.Channels)
		}
	}
}

func TestEngine_EveryUpdateOfAChannelOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newChannelWorld(t)
		w.connect(nil)
		t.Repeat(map[string]func(*rapid.T){
			"happen": w.happen, "happen more": w.happen, "push": w.push, "push more": w.push, "deliver": w.deliver, "deliver more": w.deliver,
			"lose": w.lose, "answer": w.answer, "answer more": w.answer, "connect": w.connect, "disconnect": w.disconnect, "wait": w.wait,
			"writing fails": w.writingFails, "crash": w.crash,
		})
		// What the engine has heard of it finds out by itself.
		w.flying, w.fresh = nil, nil
		if !w.online {
			w.connect(nil)
		}
		w.rest()
		w.complete("heard of", func(p posting) bool { return p.pts <= w.heard[p.channel] })
		// What was lost at the end of a channel is seen at its next update, without a restart.
		all := func(posting) bool { return true }
		for _, id := range []int64{7, 8} {
			w.pts[id]++
			w.all = append(w.all, posting{channel: id, what: "new", id: len(w.all) + 1, pts: w.pts[id], n: 1})
			w.handle(Pushed{&tg.Updates{Updates: []tg.UpdateClass{w.all[len(w.all)-1].update()}}})
		}
		w.rest()
		w.complete("at the next update", all)
		// And after a restart without one.
		w.happen(t)
		w.crash(nil)
		w.connect(nil)
		w.rest()
		w.complete("after a restart", all)
	})
}
