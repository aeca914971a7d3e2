package updates

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gotd/td/tg"
)

// world is an engine and a server with the common box.
type world struct {
	driver
	server  *server
	written []int // indices into server.all
	// pts and qts up to which the engine has heard of things: the rest only its asking after a long silence brings.
	heardPts, heardQts int
}

func newWorld(t *rapid.T) *world {
	server := newServer()
	w := &world{driver: newDriver(t, State{Pts: server.pts, Date: server.date}), server: server}
	w.driver.write, w.driver.result, w.driver.hear = w.write, w.result, w.hear
	return w
}

func (w *world) write(b Batch) {
	last, lastNew := 0, 0
	for _, u := range b.Updates {
		i := w.server.find(u)
		if i < 0 {
			w.t.Fatalf("an update that never happened: %v", u.TL)
		}
		h := w.server.all[i]
		if h.what == "name" { // has no number of its own, but its container has
			if seq := w.server.named[i]; seq <= w.state.Seq {
				w.t.Fatalf("out of order: %v of seq %d after %d", h, seq, w.state.Seq)
			}
			continue
		}
		if w.has[i] {
			w.t.Fatalf("twice: %v", h)
		}
		w.has[i] = true
		w.written = append(w.written, i)
		switch {
		case h.pts == 0:
		case h.what == "new" && b.Replayed:
			if h.pts < lastNew {
				w.t.Fatalf("new messages out of order: %v", h)
			}
			lastNew = h.pts
		default:
			if h.pts < last {
				w.t.Fatalf("out of order: %v after pts %d", h, last)
			}
			last = h.pts
		}
	}
	for i, h := range w.server.all {
		if h.pts > 0 && (h.pts <= b.State.Pts) != w.has[i] || h.qts > 0 && (h.qts <= b.State.Qts) != w.has[i] {
			w.t.Fatalf("state %+v and %v: written %v", b.State, h, w.has[i])
		}
	}
	w.state = b.State
}

func (w *world) happen(t *rapid.T) {
	what := rapid.SampledFrom([]string{"new", "new", "new", "edit", "delete", "name", "stopped"}).Draw(t, "what")
	w.server.happen(what)
	w.fresh = append(w.fresh, len(w.server.all)-1)
}

// connect makes the engine hear of everything that has happened.
func (w *world) connect(*rapid.T) {
	w.heardPts, w.heardQts = w.server.pts, w.server.qts
	w.driver.connect(nil)
}

// hear notes what an engine has to find out about without a long silence.
func (w *world) hear(in any) {
	switch in := in.(type) {
	case *tg.UpdatesTooLong:
		w.heardPts, w.heardQts = w.server.pts, w.server.qts
	case *tg.Updates:
		for _, u := range in.Updates {
			if pts, _, ok := tg.IsPtsUpdate(u); ok {
				w.heardPts = max(w.heardPts, pts)
			}
			if qts, ok := tg.IsQtsUpdate(u); ok {
				w.heardQts = max(w.heardQts, qts)
			}
		}
	}
}

// push sends some of what is fresh, in containers as large as the server likes, or says only that there is something.
func (w *world) push(t *rapid.T) {
	if len(w.fresh) == 0 {
		t.Skip("nothing fresh")
	}
	n := rapid.IntRange(1, len(w.fresh)).Draw(t, "n")
	c := w.server.push(w.fresh[:n]...)
	w.fresh = w.fresh[n:]
	if rapid.IntRange(0, 9).Draw(t, "too long") == 0 {
		c = &tg.UpdatesTooLong{}
	}
	w.launch(c)
}

// overtake lets what happens after an answer was made arrive before it.
func (w *world) overtake(t *rapid.T) {
	if len(w.asked) == 0 {
		t.Skip("nothing asked")
	}
	w.asked[0].made = w.result(w.asked[0].Request, rapid.IntRange(1, 5).Draw(t, "slice"))
	w.happen(t)
	c := w.server.push(w.fresh...)
	w.fresh = nil
	w.hear(c)
	w.handle(Pushed{c})
	r := w.asked[0]
	w.asked = w.asked[1:]
	w.arrive(r, 0)
}

func (w *world) result(r Request, limit int) any {
	if r.State {
		w.t.Fatal("asked for a state that is known")
	}
	return w.server.difference(r.Difference, limit)
}

func (w *world) writingFails(t *rapid.T) {
	i := w.pick(t)
	out := w.engine.Handle(Pushed{w.flying[i]}, w.now)
	w.take(out, rapid.IntRange(0, max(0, len(out.Ready)-1)).Draw(t, "batch"))
	if len(out.Ready) == 0 {
		w.flying = slices.Delete(w.flying, i, i+1)
	}
}

// settle lets everything that was asked be answered until the engine wants nothing: then it has what it has heard of. The
// rest it has once Telegram has been silent for so long that the engine asks on its own.
func (w *world) settle() {
	w.flying = nil
	if !w.online {
		w.connect(nil)
	}
	w.rest()
	for i, h := range w.server.all {
		if !w.has[i] && (h.pts > 0 && h.pts <= w.heardPts || h.qts > 0 && h.qts <= w.heardQts) {
			w.t.Fatalf("heard of and not asked for: %v (state %+v)", h, w.state)
		}
	}
	w.now = maxTime(w.now, w.wake)
	w.handle(Woken{})
	w.rest()
}

func TestEngine_EveryNumberedUpdateOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.connect(nil)
		quiet := map[string]func(*rapid.T){
			"happen": w.happen, "happen more": w.happen, "push": w.push, "push more": w.push, "deliver": w.deliver, "deliver more": w.deliver,
			"lose": w.lose, "make": w.make, "answer": w.answer, "answer more": w.answer, "overtake": w.overtake, "wait": w.wait,
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
		w.settle()
		for i, h := range w.server.all {
			if !w.has[i] && h.what != "name" {
				t.Fatalf("lost: %v (state %+v)", h, w.state)
			}
		}
		if got, want := fmt.Sprint(w.state.Pts, w.state.Qts), fmt.Sprint(w.server.pts, w.server.qts); got != want {
			t.Fatalf("the state is %s, the server's %s", got, want)
		}
	})
}
