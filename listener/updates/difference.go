package updates

import (
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// ask sends the request for what may have been missed; for the state itself if none was ever taken.
func (e *Engine) ask() {
	e.lastID++
	e.asking, e.want = e.lastID, false
	r := Request{ID: e.asking, State: !e.known}
	if e.known {
		r.Difference = tg.UpdatesGetDifferenceRequest{Pts: e.common.pts, Qts: e.qts.pts, Date: max(e.date, 1)}
	}
	e.out.Ask = append(e.out.Ask, r)
}

func (e *Engine) failed(err error, now time.Time) {
	e.asking, e.want = 0, true
	if tgerr.Is(err, "PERSISTENT_TIMESTAMP_INVALID", "PERSISTENT_TIMESTAMP_EMPTY") {
		// Telegram does not know this place: begin where it stands now.
		e.known = false
	}
	e.failures++
	pause := pauses[min(e.failures, len(pauses))-1]
	if asked, ok := tgerr.AsFloodWait(err); ok {
		pause = max(pause, asked)
	}
	e.notBefore = now.Add(pause)
}

func (e *Engine) answered(result any, now time.Time) {
	e.asking, e.failures, e.notBefore = 0, 0, time.Time{}
	e.filled = true
	e.common.since, e.qts.since, e.order.since = time.Time{}, time.Time{}, time.Time{}
	switch r := result.(type) {
	case *tg.UpdatesState:
		e.begin(r)
	case *tg.UpdatesDifferenceEmpty:
		e.date = max(e.date, r.Date)
		e.order.jump(r.Seq)
		e.moved(r.Date)
	case *tg.UpdatesDifference:
		e.difference(r.NewMessages, r.OtherUpdates, r.State, &origin{users: r.Users, chats: r.Chats, replayed: true})
	case *tg.UpdatesDifferenceSlice:
		before := e.state()
		e.difference(r.NewMessages, r.OtherUpdates, r.IntermediateState, &origin{users: r.Users, chats: r.Chats, replayed: true})
		e.want = true
		if before.Equal(e.state()) { // a slice that leads nowhere would be asked for without end
			e.failed(nil, now)
		}
	case *tg.UpdatesDifferenceTooLong:
		gap := Gap{From: e.common.pts, To: r.Pts, After: e.date}
		e.common.jump(r.Pts)
		e.want = true
		e.gap(&origin{replayed: true}, gap)
		if r.Pts <= gap.From {
			e.failed(nil, now)
		}
	default:
		e.failed(nil, now)
	}
}

// begin takes the account's place as it is now. What was pushed since the connect is newer than the connect, even where
// the answer is newer still.
func (e *Engine) begin(s *tg.UpdatesState) {
	if e.common.pts > 0 {
		e.gap(&origin{replayed: true}, Gap{From: e.common.pts, To: s.Pts, After: e.date, Before: s.Date})
	}
	e.known = true
	e.common.pts, e.qts.pts = s.Pts, s.Qts
	if len(e.common.pending) > 0 {
		e.common.pts = min(s.Pts, e.common.pending[0].start())
	}
	if len(e.qts.pending) > 0 {
		e.qts.pts = min(s.Qts, e.qts.pending[0].start())
	}
	e.date = s.Date
	if e.start == 0 {
		e.start = s.Date
	}
	e.order.jump(s.Seq)
	e.moved(s.Date)
}

// moved hands over the state alone.
func (e *Engine) moved(date int) {
	e.emit(&origin{date: date, replayed: true})
}

// difference takes in what was missed. Updates of channels go to their boxes first: once the account's state is written
// down nothing would bring them back.
func (e *Engine) difference(messages []tg.MessageClass, other []tg.UpdateClass, s tg.UpdatesState, from *origin) {
	var ours []Update
	for _, m := range messages {
		if m != nil {
			ours = append(ours, Update{TL: &tg.UpdateNewMessage{Message: m}})
		}
	}
	for _, u := range byStart(other) {
		if u != nil && !e.channel(u, from) {
			ours = append(ours, Update{TL: u})
		}
	}
	e.drainChannels(time.Time{})
	e.common.jump(s.Pts)
	e.qts.jump(s.Qts)
	e.order.jump(s.Seq)
	e.date = max(e.date, s.Date)
	e.emit(from, ours...)
}
