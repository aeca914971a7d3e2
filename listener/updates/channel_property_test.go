package updates

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gotd/td/tg"
)

// posting is one thing that happened in a channel: the model is the list of them and nothing else.
type posting struct {
	channel int64
	what    string // "new", "edit", "delete"
	id      int    // unique
	pts, n  int
	old     bool // before the state was written
}

func (p posting) message() *tg.Message {
	m := &tg.Message{ID: p.id, PeerID: &tg.PeerChannel{ChannelID: p.channel}, Date: 2000}
	if p.old {
		m.Date = 500
	}
	if p.what == "edit" {
		m.Date, m.EditDate = 500, m.Date
	}
	return m
}

func (p posting) update() tg.UpdateClass {
	m := p.message()
	switch p.what {
	case "new":
		return &tg.UpdateNewChannelMessage{Message: m, Pts: p.pts, PtsCount: p.n}
	case "edit":
		return &tg.UpdateEditChannelMessage{Message: m, Pts: p.pts, PtsCount: p.n}
	}
	return &tg.UpdateDeleteChannelMessages{ChannelID: p.channel, Messages: []int{p.id, -p.id}, Pts: p.pts, PtsCount: p.n}
}

// unmet is a channel of which the engine knows nothing at the beginning.
const unmet = 9

// A channelWorld is an engine and a server whose account is in two channels that the engine knows, and one that it has to
// meet.
type channelWorld struct {
	driver
	all   []posting
	pts   map[int64]int
	heard map[int64]int // up to where the engine has heard of a channel
}

func newChannelWorld(t *rapid.T) *channelWorld {
	w := &channelWorld{pts: map[int64]int{7: 1, 8: 1, unmet: 1}, heard: map[int64]int{}}
	for i := range rapid.IntRange(0, 7).Draw(t, "past") {
		w.pts[unmet]++
		w.all = append(w.all, posting{channel: unmet, what: []string{"new", "edit", "delete"}[i%3], id: i + 1, pts: w.pts[unmet], n: 1, old: true})
	}
	w.driver = newDriver(t, State{Pts: 100, Qts: 5, Seq: 10, Date: 1000, Channels: map[int64]int{7: 1, 8: 1}})
	w.driver.write, w.driver.result, w.driver.hear = w.write, w.result, w.hear
	return w
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
		if w.has[i] || p.old {
			w.t.Fatalf("twice, or too old: %+v", p)
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
		if !p.old && (p.pts <= b.State.Channels[p.channel]) != w.has[i] {
			w.t.Fatalf("state %v and %+v: written %v", b.State.Channels, p, w.has[i])
		}
	}
	w.state = b.State
}

func (w *channelWorld) happen(t *rapid.T) {
	p := posting{channel: rapid.SampledFrom([]int64{7, 7, 8, unmet}).Draw(t, "channel"), id: len(w.all) + 1, n: 1,
		what: rapid.SampledFrom([]string{"new", "new", "edit", "delete"}).Draw(t, "what")}
	if p.what == "delete" {
		p.n = 2
		if p.channel == unmet { // one that is not pushed is not told
			p.what, p.n = "edit", 1
		}
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
	w.launch(u)
}

// hear notes what an engine that lives on has to find out about by itself.
func (w *channelWorld) hear(in any) {
	var list []tg.UpdateClass
	switch in := in.(type) {
	case *tg.Updates:
		list = in.Updates
	case *tg.UpdatesDifference:
		list = in.OtherUpdates
	}
	for _, u := range list {
		if u, ok := u.(*tg.UpdateChannelTooLong); ok {
			w.heard[u.ChannelID] = max(w.heard[u.ChannelID], u.Pts)
		}
		if id, pts, _, ok, err := tg.IsChannelPtsUpdate(u); ok && err == nil {
			w.heard[id] = max(w.heard[id], pts)
		}
	}
}

// result answers a request with at most limit postings.
func (w *channelWorld) result(r Request, limit int) any {
	if r.Channel == 0 {
		return w.common(limit)
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
			d.NewMessages = append(d.NewMessages, p.message())
		} else {
			d.OtherUpdates = append(d.OtherUpdates, p.update())
		}
	}
	if n == 0 {
		return &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: r.ChannelPts}
	}
	return d
}

// common answers the request for the account's difference. At its discretion it names channels in which something may
// have been missed.
func (w *channelWorld) common(n int) any {
	if n != 5 {
		return caughtUp
	}
	d := &tg.UpdatesDifference{State: tg.UpdatesState{Pts: 100, Qts: 5, Seq: 10, Date: 1000}}
	for _, id := range []int64{7, 8, unmet} {
		if w.pts[id] > 1 {
			d.OtherUpdates = append(d.OtherUpdates, tooLong(id, w.pts[id]))
		}
	}
	return d
}

func (w *channelWorld) writingFails(t *rapid.T) {
	i := w.pick(t)
	w.hear(w.flying[i])
	out := w.engine.Handle(Pushed{w.flying[i]}, w.now)
	w.flying = slices.Delete(w.flying, i, i+1)
	w.take(out, rapid.IntRange(0, max(0, len(out.Ready)-1)).Draw(t, "batch"))
	if w.state.Channels[unmet] == 0 {
		w.heard[unmet] = 0 // that it was met was not written down: it will have to be met again
	}
}

func (w *channelWorld) complete(when string, has func(posting) bool) {
	for i, p := range w.all {
		if has(p) && !w.has[i] && !p.old {
			w.t.Fatalf("%s: lost: %+v (state %v)", when, p, w.state.Channels)
		}
	}
}

func TestEngine_EveryUpdateOfAChannelOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newChannelWorld(t)
		w.connect(nil)
		quiet := map[string]func(*rapid.T){
			"happen": w.happen, "happen more": w.happen, "push": w.push, "push more": w.push, "deliver": w.deliver, "deliver more": w.deliver,
			"lose": w.lose, "make": w.make, "answer": w.answer, "answer more": w.answer, "wait": w.wait,
		}
		rough := maps.Clone(quiet)
		maps.Copy(rough, map[string]func(*rapid.T){
			"connect": w.connect, "disconnect": w.disconnect, "writing fails": w.writingFails, "crash": w.crash,
		})
		t.Repeat(rough)
		if rapid.Bool().Draw(t, "quiet") { // what is missed then no connect brings
			if !w.online {
				w.connect(nil)
			}
			w.rest()
			t.Repeat(quiet)
		}
		// What the engine has heard of it finds out by itself.
		w.flying, w.fresh = nil, nil
		if !w.online {
			w.connect(nil)
		}
		w.rest()
		w.complete("heard of", func(p posting) bool { return p.pts <= w.heard[p.channel] })
		// What was lost at the end of a channel is seen at its next update, without a restart.
		all := func(posting) bool { return true }
		for _, id := range []int64{7, 8, unmet} {
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
