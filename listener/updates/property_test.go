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

// world drives an engine against a server that is only a list of what happened. What is written down is the events and
// the state of a batch, in one step, as account does.
type world struct {
	t      *rapid.T
	server *server
	engine *Engine
	now    time.Time

	online  bool
	fresh   []int             // happened, not pushed yet
	flying  []tg.UpdatesClass // pushed, not arrived
	asked   []Request
	wake    time.Time
	written []int // indices into server.all
	has     map[int]bool
	state   State
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, server: newServer(), now: time.Unix(5000, 0), has: map[int]bool{}}
	w.state = State{Pts: w.server.pts, Date: w.server.date}
	w.engine = New(w.state, Account{Self: 1})
	return w
}

func (w *world) handle(in Input) { w.take(w.engine.Handle(in, w.now), -1) }

// take writes batches down; from the fail-th on writing fails, and the engine is thrown away.
func (w *world) take(out Output, fail int) {
	for i, b := range out.Ready {
		if i == fail {
			w.crash()
			return
		}
		w.write(b)
	}
	w.asked = append(w.asked, out.Ask...)
	w.wake = out.Wake
}

func (w *world) crash() {
	s, err := ParseState(w.state.Marshal())
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = New(s, Account{Self: 1})
	w.asked, w.flying, w.wake, w.online = nil, nil, time.Time{}, false
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
	if w.online {
		w.flying = append(w.flying, c)
	}
}

func (w *world) pick(t *rapid.T) int {
	if len(w.flying) == 0 {
		t.Skip("nothing flies")
	}
	return rapid.IntRange(0, min(3, len(w.flying)-1)).Draw(t, "which")
}

func (w *world) deliver(t *rapid.T) {
	i := w.pick(t)
	c := w.flying[i]
	if rapid.IntRange(0, 3).Draw(t, "again") > 0 { // else it will come a second time
		w.flying = slices.Delete(w.flying, i, i+1)
	}
	w.handle(Pushed{c})
}

func (w *world) lose(t *rapid.T) {
	i := w.pick(t)
	w.flying = slices.Delete(w.flying, i, i+1)
}

func (w *world) answer(t *rapid.T) {
	if len(w.asked) == 0 {
		t.Skip("nothing asked")
	}
	r := w.asked[0]
	w.asked = w.asked[1:]
	switch rapid.IntRange(0, 5).Draw(t, "how") {
	case 0:
		w.handle(Failed{ID: r.ID, Err: errors.New("the network")})
		return
	case 1:
		w.handle(Failed{ID: r.ID, Err: tgerr.New(420, "FLOOD_WAIT_7")})
		return
	}
	limit := rapid.IntRange(1, 5).Draw(t, "slice")
	w.handle(Answered{ID: r.ID, Result: w.result(r, limit)})
}

func (w *world) result(r Request, limit int) any {
	if r.State {
		w.t.Fatal("asked for a state that is known")
	}
	return w.server.difference(r.Difference, limit)
}

func (w *world) connect(*rapid.T) {
	w.online = true
	w.handle(Connected{})
}

func (w *world) disconnect(*rapid.T) {
	w.online, w.flying, w.asked = false, nil, nil
	w.handle(Disconnected{})
}

func (w *world) wait(t *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
	w.handle(Woken{})
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

func (w *world) rest() {
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

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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
			"crash":         func(*rapid.T) { w.crash() },
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
