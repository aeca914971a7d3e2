package updates

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// world is an engine and a server with the common box.
type world struct {
	driver
	server  *server
	written []int // indices into server.all
}

func newWorld(t *rapid.T) *world {
	server := newServer()
	w := &world{driver: newDriver(t, State{Pts: server.pts, Date: server.date}), server: server}
	w.driver.write, w.driver.result = w.write, w.result
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
		if h.what == "name" {
			continue // has no number: may be repeated by a second connection
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

// push sends some of what is fresh, in containers as large as the server likes.
func (w *world) push(t *rapid.T) {
	if len(w.fresh) == 0 {
		t.Skip("nothing fresh")
	}
	n := rapid.IntRange(1, len(w.fresh)).Draw(t, "n")
	c := w.server.push(w.fresh[:n]...)
	w.fresh = w.fresh[n:]
	w.launch(c)
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

// settle lets everything that was asked be answered until the engine wants nothing, and Telegram has been silent once
// for so long that the engine asks on its own.
func (w *world) settle() {
	w.flying = nil
	if !w.online {
		w.connect(nil)
	}
	w.rest()
	w.now = maxTime(w.now, w.wake)
	w.handle(Woken{})
	w.rest()
}

func TestEngine_EveryNumberedUpdateOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.connect(nil)
		t.Repeat(map[string]func(*rapid.T){
			"happen": w.happen, "happen more": w.happen, "push": w.push, "push more": w.push, "deliver": w.deliver, "deliver more": w.deliver,
			"lose": w.lose, "answer": w.answer, "connect": w.connect, "disconnect": w.disconnect, "wait": w.wait,
			"writing fails": w.writingFails,
			"crash":         w.crash,
		})
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
