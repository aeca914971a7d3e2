package updates

import (
	"maps"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
)

const (
	// gapWait is how long to wait for an update that was overtaken before the difference is asked for.
	gapWait = 500 * time.Millisecond
	// idleAfter is how long Telegram may be silent before it is asked whether something was missed.
	idleAfter = 15 * time.Minute
	// mostPending is how many updates wait for what is missing in front of them. Beyond that they are dropped: the
	// difference has them.
	mostPending = 5000
)

// pauses are those after the first failed requests in a row; the last one repeats.
var pauses = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// An Account is what the engine has to know about whose updates these are.
type Account struct {
	Self int64
	// Knows reports whether there is a description of that user or group. A short message of somebody unknown is not
	// taken: the difference tells it in full. Nil: everybody is known.
	Knows func(peer.ID) bool
}

// An Engine orders the updates of one account. It is not safe for concurrent use.
type Engine struct {
	account Account

	common, qts box
	order       order
	date        int
	channels    channels
	begun       bool // connected before
	// channelPts and met are what states carry; they are copied before they are changed if a state has been given out
	// with them.
	channelPts map[int64]int
	met        map[int64]Meeting
	shared     bool
	start      int // the date from which on what happens in channels that were not met yet is new

	known     bool // the state was taken, now or ever
	online    bool
	lastID    int64
	asking    int64     // the request that is out; 0: none
	want      bool      // something may have been missed
	notBefore time.Time // for the next request
	failures  int       // in a row
	filled    bool      // a difference has just come
	waits     int       // differences in a row that did not fill the hole they were asked for
	heard     time.Time

	out Output
}

// origin is the container that updates came in.
type origin struct {
	users    []tg.UserClass
	chats    []tg.ChatClass
	date     int
	replayed bool
}

// New returns an engine that goes on from s.
func New(s State, a Account) *Engine {
	e := &Engine{
		account: a, common: box{pts: s.Pts}, qts: box{pts: s.Qts}, order: order{seq: s.Seq}, date: s.Date,
		channels: channels{all: map[int64]*channel{}, left: map[int64]int{}}, channelPts: s.Channels, met: s.Met, shared: true, known: s.Known(), start: s.Date,
	}
	for id, pts := range s.Channels {
		e.channels.all[id] = &channel{box: box{pts: pts}}
	}
	return e
}

// Handle takes in what happened at the time now, and returns what follows. Times must not run backwards.
func (e *Engine) Handle(in Input, now time.Time) Output {
	e.out = Output{}
	switch in := in.(type) {
	case Connected:
		e.online, e.want = true, true
		if !e.begun { // what waited when the state was written down is gone; later on the difference names the channels
			e.channels.wantAll()
			e.begun = true
		}
		e.heard = now
	case Disconnected:
		e.disconnected()
	case Pushed:
		e.heard = now
		e.pushed(in.Updates)
	case Answered:
		switch {
		case in.ID == 0:
		case in.ID == e.asking:
			e.heard = now
			e.answered(in.Result, now)
		case in.ID == e.channels.asking:
			e.heard = now
			e.channelAnswered(in.Result, now)
		}
	case Failed:
		switch {
		case in.ID == 0:
		case in.ID == e.asking:
			e.failed(in.Err, now)
		case in.ID == e.channels.asking:
			e.channelFailed(e.channels.asked, in.Err, now)
		}
	case Woken:
	}
	e.turn(now)
	return e.out
}

func (e *Engine) disconnected() {
	e.online = false
	e.asking, e.want = 0, false
	e.notBefore, e.failures = time.Time{}, 0
	e.channels.disconnected()
	e.forget()
}

// forget drops what waits for its predecessors. Nothing is lost: the boxes stand before it, and the difference has it.
func (e *Engine) forget() {
	e.common.pending, e.qts.pending, e.order.held = nil, nil, nil
	e.common.since, e.qts.since, e.order.since = time.Time{}, time.Time{}, time.Time{}
	e.channels.forget()
}

// turn passes on what is in order, and asks for what is missing if it is time.
func (e *Engine) turn(now time.Time) {
	if e.asking == 0 && e.known {
		moved := e.drain(now)
		if e.filled {
			e.filled = false
			e.waits++
			if moved || e.waiting() == 0 {
				e.waits = 0
			}
		}
	}
	e.drainChannels(now)
	if !e.online {
		return
	}
	if e.waiting() > mostPending {
		e.forget()
		e.want = true
	}
	if !now.Before(e.heard.Add(idleAfter)) {
		e.want = true
		e.heard = now
	}
	missing := time.Time{} // when to ask for it
	if since := e.missingSince(); !since.IsZero() {
		missing = since.Add(e.patience())
		e.want = e.want || !missing.After(now)
	}
	if e.want && e.asking == 0 && !now.Before(e.notBefore) {
		e.ask()
	}
	e.askChannel(now)
	e.out.Wake = e.heard.Add(idleAfter)
	switch {
	case e.asking != 0:
	case e.want:
		e.wakeAt(e.notBefore)
	default:
		e.wakeAt(missing)
	}
	e.wakeForChannels()
}

func (e *Engine) wakeAt(t time.Time) {
	if !t.IsZero() && t.Before(e.out.Wake) {
		e.out.Wake = t
	}
}

// patience is how long a hole may stay before it is asked for: the longer, the oftener asking did not fill it.
func (e *Engine) patience() time.Duration {
	if e.waits == 0 {
		return gapWait
	}
	return pauses[min(e.waits, len(pauses))-1]
}

// missingSince returns since when something has been missing; zero: nothing is. While a request is out nothing is
// known to be missing.
func (e *Engine) missingSince() time.Time {
	if e.asking != 0 || !e.known {
		return time.Time{}
	}
	var since time.Time
	for _, t := range []time.Time{e.common.since, e.qts.since, e.order.since} {
		if !t.IsZero() && (since.IsZero() || t.Before(since)) {
			since = t
		}
	}
	return since
}

func (e *Engine) waiting() int {
	return len(e.common.pending) + len(e.qts.pending) + len(e.order.held) + e.channels.waiting()
}

// drain passes on everything that continues the boxes of the account, and reports whether there was anything.
func (e *Engine) drain(now time.Time) (moved bool) {
	for {
		c, ok := e.order.next()
		if !ok {
			break
		}
		moved = true
		e.date = max(e.date, c.from.date)
		e.emit(c.from, c.rest...)
	}
	for _, b := range []*box{&e.common, &e.qts} {
		for {
			p, ok, torn := b.next()
			if torn && e.waits == 0 {
				e.want = true
			}
			if !ok {
				break
			}
			moved = true
			e.date = max(e.date, p.from.date)
			e.emit(p.from, p.update)
		}
		b.mind(now)
	}
	e.order.mind(now)
	return moved
}

// emit hands updates over. The boxes stand behind them already.
func (e *Engine) emit(from *origin, updates ...Update) {
	b := e.batch(from)
	b.Updates = append(b.Updates, updates...)
	b.State = e.state()
}

// batch returns the batch that continues with updates of a container: the last one if it is of the same.
func (e *Engine) batch(from *origin) *Batch {
	if n := len(e.out.Ready); n > 0 {
		if last := &e.out.Ready[n-1]; last.origin == from {
			return last
		}
	}
	e.out.Ready = append(e.out.Ready, Batch{
		Users: from.users, Chats: from.chats, Date: from.date, Replayed: from.replayed, origin: from,
	})
	return &e.out.Ready[len(e.out.Ready)-1]
}

func (e *Engine) state() State {
	e.shared = true
	return State{Pts: e.common.pts, Qts: e.qts.pts, Date: e.date, Seq: e.order.seq, Channels: e.channelPts, Met: e.met}
}

// own makes the maps of the state the engine's own again: states that were given out do not change.
func (e *Engine) own() {
	if !e.shared {
		return
	}
	e.shared = false
	if e.channelPts = maps.Clone(e.channelPts); e.channelPts == nil {
		e.channelPts = map[int64]int{}
	}
	if e.met = maps.Clone(e.met); e.met == nil {
		e.met = map[int64]Meeting{}
	}
}

// setChannel records a channel's place; 0 forgets it.
func (e *Engine) setChannel(id int64, pts int) {
	e.own()
	if pts == 0 {
		delete(e.channelPts, id)
		delete(e.met, id)
		return
	}
	e.channelPts[id] = pts
}

// setMet records how a channel was met.
func (e *Engine) setMet(id int64, m Meeting) {
	e.own()
	e.met[id] = m
}

// caughtUp records that the past of a channel is known.
func (e *Engine) caughtUp(id int64) {
	if _, met := e.met[id]; met {
		e.own()
		delete(e.met, id)
	}
}
