package updates

import (
	"errors"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// A driver drives an engine against a server that is only a list of what happened, which is its user's. What is written
// down is the events and the state of a batch, in one step, as account does.
type driver struct {
	t      *rapid.T
	engine *Engine
	now    time.Time
	online bool
	fresh  []int             // happened, not pushed yet
	flying []tg.UpdatesClass // pushed, not arrived
	asked  []asking
	wake   time.Time
	has    map[int]bool // written down
	state  State

	write  func(Batch)
	result func(r Request, limit int) any // answers a request with at most so many things
	hear   func(any)                      // notes what the engine is about to get: a container or an answer
}

// An asking is a request that is out. The server makes the answer at some time before it arrives, and things happen and are
// pushed in between.
type asking struct {
	Request
	made any // nil: not yet
}

func newDriver(t *rapid.T, s State) driver {
	return driver{t: t, now: time.Unix(5000, 0), has: map[int]bool{}, state: s, engine: New(s, Account{Self: 1}), hear: func(any) {}}
}

func (d *driver) handle(in Input) { d.take(d.engine.Handle(in, d.now), -1) }

// take writes batches down; from the fail-th on writing fails, and the engine is thrown away.
func (d *driver) take(out Output, fail int) {
	for i, b := range out.Ready {
		if i == fail {
			d.crash(nil)
			return
		}
		d.write(b)
	}
	for _, r := range out.Ask {
		d.asked = append(d.asked, asking{Request: r})
	}
	d.wake = out.Wake
}

func (d *driver) crash(*rapid.T) {
	s, err := ParseState(d.state.Marshal())
	if err != nil {
		d.t.Fatal(err)
	}
	d.engine = New(s, Account{Self: 1})
	d.asked, d.flying, d.wake, d.online = nil, nil, time.Time{}, false
}

// launch sends a container on its way, to a client that is connected.
func (d *driver) launch(c tg.UpdatesClass) {
	if d.online {
		d.flying = append(d.flying, c)
	}
}

func (d *driver) pick(t *rapid.T) int {
	if len(d.flying) == 0 {
		t.Skip("nothing flies")
	}
	return rapid.IntRange(0, min(3, len(d.flying)-1)).Draw(t, "which")
}

func (d *driver) deliver(t *rapid.T) {
	i := d.pick(t)
	c := d.flying[i]
	if rapid.IntRange(0, 3).Draw(t, "again") > 0 { // else it will come a second time
		d.flying = slices.Delete(d.flying, i, i+1)
	}
	d.hear(c)
	d.handle(Pushed{c})
}

func (d *driver) lose(t *rapid.T) {
	i := d.pick(t)
	d.flying = slices.Delete(d.flying, i, i+1)
}

// make makes the answer to one of the requests.
func (d *driver) make(t *rapid.T) {
	if len(d.asked) == 0 {
		t.Skip("nothing asked")
	}
	if r := &d.asked[rapid.IntRange(0, len(d.asked)-1).Draw(t, "which request")]; r.made == nil {
		r.made = d.result(r.Request, rapid.IntRange(1, 5).Draw(t, "slice"))
	}
}

// arrive brings the answer to a request.
func (d *driver) arrive(r asking, limit int) {
	if r.made == nil {
		r.made = d.result(r.Request, limit)
	}
	d.hear(r.made)
	d.handle(Answered{ID: r.ID, Result: r.made})
}

// answer answers one of the requests, or not.
func (d *driver) answer(t *rapid.T) {
	if len(d.asked) == 0 {
		t.Skip("nothing asked")
	}
	i := rapid.IntRange(0, len(d.asked)-1).Draw(t, "which request")
	r := d.asked[i]
	d.asked = slices.Delete(d.asked, i, i+1)
	switch rapid.IntRange(0, 5).Draw(t, "how") {
	case 0:
		d.handle(Failed{ID: r.ID, Err: errors.New("the network")})
		return
	case 1:
		d.handle(Failed{ID: r.ID, Err: tgerr.New(420, "FLOOD_WAIT_7")})
		return
	}
	d.arrive(r, rapid.IntRange(1, 5).Draw(t, "slice"))
}

func (d *driver) connect(*rapid.T) {
	d.online = true
	d.handle(Connected{})
}

func (d *driver) disconnect(*rapid.T) {
	d.online, d.flying, d.asked = false, nil, nil
	d.handle(Disconnected{})
}

func (d *driver) wait(t *rapid.T) {
	d.now = d.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
	d.handle(Woken{})
}

// rest answers everything until the engine wants nothing.
func (d *driver) rest() {
	for step := 0; ; step++ {
		if step > 1000 {
			d.t.Fatal("the engine does not come to rest")
		}
		if len(d.asked) > 0 {
			r := d.asked[0]
			d.asked = d.asked[1:]
			d.arrive(r, 3)
			continue
		}
		if d.wake.Sub(d.now) > 5*time.Minute {
			return
		}
		d.now = maxTime(d.now, d.wake)
		d.handle(Woken{})
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
