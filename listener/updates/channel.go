package updates

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// ErrUnknownChannel fails a request about a channel that the caller cannot address.
var ErrUnknownChannel = errors.New("the channel is not known")

// channelPause is the least time between two requests about channels: after a start there may be hundreds to be asked for.
const channelPause = 200 * time.Millisecond

// A channel is the box of a channel, and what is to be asked about it.
// https://core.telegram.org/api/updates#recovering-gaps
type channel struct {
	box
	want      bool      // something may have been missed
	notBefore time.Time // for the next request
	failures  int       // in a row
}

// channels are the boxes of channels. One request about one of them is out at a time.
type channels struct {
	all       map[int64]*channel // by bare id
	asking    int64              // the request that is out; 0: none
	asked     int64              // the channel that it is about
	notBefore time.Time          // for the next request about any
	left      map[int64]int      // those that were forgotten, and the date up to which they were known
}

func (c *channels) sorted() []int64 { return slices.Sorted(maps.Keys(c.all)) }

// wantAll says that something may have been missed everywhere.
func (c *channels) wantAll() {
	for _, b := range c.all {
		b.want = true
	}
}

// forget drops what waits for its predecessors: it is to be asked for.
func (c *channels) forget() {
	for _, b := range c.all {
		b.want = b.want || len(b.pending) > 0
		b.pending, b.since = nil, time.Time{}
	}
}

// disconnected gives the request up that is out.
func (c *channels) disconnected() {
	if b := c.all[c.asked]; c.asking != 0 && b != nil {
		b.want = true
	}
	c.asking, c.asked = 0, 0
	c.notBefore = time.Time{}
	for _, b := range c.all {
		b.notBefore, b.failures = time.Time{}, 0
	}
}

func (c *channels) waiting() (n int) {
	for _, b := range c.all {
		n += len(b.pending)
	}
	return n
}

// channel puts an update of a channel into its box and reports whether it is one.
func (e *Engine) channel(u tg.UpdateClass, from *origin) bool {
	switch u := u.(type) {
	case *tg.UpdateChannelTooLong:
		b := e.channels.all[u.ChannelID]
		if b == nil {
			b = e.meet(u.ChannelID, 0, from)
		}
		if to, ok := u.GetPts(); !ok || to > b.pts {
			b.want = true
		}
		return true
	case *tg.UpdateChannel:
		if c := described(u.ChannelID, from); c != nil && !c.Left && e.channels.all[u.ChannelID] == nil {
			e.meet(u.ChannelID, 0, from) // it was joined, and may have been written to since
		}
		return false
	}
	id, pts, count, ok, err := tg.IsChannelPtsUpdate(u)
	if !ok || err != nil || pts == 0 {
		return false
	}
	b := e.channels.all[id]
	if b == nil {
		b = e.meet(id, pts-count, from)
	}
	b.offer(pending{pts: pts, count: count, update: Update{TL: u}, from: from})
	return true
}

// meet begins the box of a channel of which nothing is known: at the very first place, since what happened in it while
// nobody listened has no other trace. A batch writes the meeting down, since a crash need not bring the update back that
// it is owed to, and tells the caller how to address the channel.
func (e *Engine) meet(id int64, at int, from *origin) *channel {
	const first = 1 // https://core.telegram.org/api/updates: pts begins at 1; A65
	m := Meeting{Since: max(e.start, e.channels.left[id]), From: at}
	if c := described(id, from); c != nil && !c.Left {
		m.Since = max(m.Since, c.Date) // for members it is when they joined
	}
	b := &channel{box: box{pts: first}, want: true}
	e.channels.all[id] = b
	e.setChannel(id, first)
	e.setMet(id, m)
	e.emit(from)
	return b
}

// described returns what a container says of a channel; nil if it says nothing of it, or not all.
func described(id int64, from *origin) *tg.Channel {
	for _, each := range from.chats {
		if c, ok := each.(*tg.Channel); ok && c.ID == id && !c.Min {
			return c
		}
	}
	return nil
}

// news leaves out of an answer what happened in a channel before it was met. What has neither a date nor a number is
// taken for old.
func (e *Engine) news(id int64, missed []Update) []Update {
	m, met := e.met[id]
	if !met {
		return missed
	}
	return slices.DeleteFunc(missed, func(u Update) bool {
		if dated(u.TL) >= m.Since {
			return false
		}
		_, pts, _, ok, err := tg.IsChannelPtsUpdate(u.TL)
		return m.From == 0 || !ok || err != nil || pts <= m.From
	})
}

// dated returns when a message of an update was written or edited; 0: not known.
func dated(u tg.UpdateClass) int {
	var m tg.MessageClass
	switch u := u.(type) {
	case *tg.UpdateNewChannelMessage:
		m = u.Message
	case *tg.UpdateEditChannelMessage:
		m = u.Message
	}
	switch m := m.(type) {
	case *tg.Message:
		return max(m.Date, m.EditDate)
	case *tg.MessageService:
		return m.Date
	}
	return 0
}

func (e *Engine) gap(from *origin, g Gap) {
	batch := e.batch(from)
	batch.Gaps = append(batch.Gaps, g)
	batch.State = e.state()
}

// drainChannels passes on what continues the channels, and wants what is missing in those with a hole. One that is being
// asked about stands still: the answer has what comes next.
func (e *Engine) drainChannels(now time.Time) {
	for _, id := range e.channels.sorted() {
		b := e.channels.all[id]
		if e.channels.asking != 0 && e.channels.asked == id {
			continue
		}
		for {
			p, ok, torn := b.next()
			if !ok {
				b.want = b.want || torn
				break
			}
			e.setChannel(id, b.pts)
			e.emit(p.from, p.update)
		}
		if b.mind(now); !b.since.IsZero() && !now.Before(b.since.Add(gapWait)) {
			b.want = true
		}
	}
}

// askChannel sends the next request about a channel if it is time.
func (e *Engine) askChannel(now time.Time) {
	c := &e.channels
	if c.asking != 0 || now.Before(c.notBefore) {
		return
	}
	for _, id := range c.sorted() {
		b := c.all[id]
		if !b.want || now.Before(b.notBefore) {
			continue
		}
		e.lastID++
		c.asking, c.asked, c.notBefore, b.want = e.lastID, id, now.Add(channelPause), false
		e.out.Ask = append(e.out.Ask, Request{ID: c.asking, Channel: id, ChannelPts: b.pts})
		return
	}
}

// wakeForChannels sets when to look at the channels again.
func (e *Engine) wakeForChannels() {
	for id, b := range e.channels.all {
		switch {
		case e.channels.asking != 0 && (b.want || e.channels.asked == id): // the answer comes first
		case b.want:
			e.wakeAt(maxOf(b.notBefore, e.channels.notBefore))
		case !b.want && !b.since.IsZero():
			e.wakeAt(b.since.Add(gapWait))
		}
	}
}

func maxOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// channelAnswered takes in what was missed in a channel.
func (e *Engine) channelAnswered(result any, now time.Time) {
	id := e.channels.asked
	b := e.channels.all[id]
	e.channels.asking, e.channels.asked = 0, 0
	if b == nil {
		return
	}
	before := b.pts
	from := &origin{replayed: true}
	final := false
	switch r := result.(type) {
	case *tg.UpdatesChannelDifferenceEmpty:
		final = r.Final
		e.channelJumps(id, b, r.Pts)
		e.caughtUp(id)
		e.emit(from)
	case *tg.UpdatesChannelDifference:
		final = r.Final
		from.users, from.chats = r.Users, r.Chats
		var missed []Update
		for _, m := range r.NewMessages {
			if m != nil {
				missed = append(missed, Update{TL: &tg.UpdateNewChannelMessage{Message: m}})
			}
		}
		for _, u := range r.OtherUpdates {
			if u != nil {
				missed = append(missed, Update{TL: u})
			}
		}
		e.channelJumps(id, b, r.Pts)
		missed = e.news(id, missed)
		if r.Final {
			e.caughtUp(id)
		}
		e.emit(from, missed...)
	case *tg.UpdatesChannelDifferenceTooLong:
		final = r.Final
		from.users, from.chats = r.Users, r.Chats
		e.channelTooLong(id, b, r, from)
	default:
		e.channelFailed(id, errors.New("an answer of another kind"), now)
		return
	}
	if final {
		b.failures, b.notBefore = 0, time.Time{}
		return
	}
	b.want = true
	if b.pts == before { // one that leads nowhere would be asked for without end
		e.channelFailed(id, nil, now)
		return
	}
	b.failures = 0
}

// channelTooLong goes on behind what is too long to be told. What the answer has are the newest messages, of which it does
// not say which were told before: none were in a channel that was just met.
func (e *Engine) channelTooLong(id int64, b *channel, r *tg.UpdatesChannelDifferenceTooLong, from *origin) {
	before, to := b.pts, b.pts
	if d, ok := r.Dialog.(*tg.Dialog); ok {
		if pts, ok := d.GetPts(); ok {
			to = pts
		}
	}
	lost := to > before
	var missed []Update
	if _, met := e.met[id]; met {
		for _, m := range slices.Backward(r.Messages) { // the newest is the first
			if m != nil {
				missed = append(missed, Update{TL: &tg.UpdateNewChannelMessage{Message: m}})
			}
		}
		all := len(missed)
		missed = e.news(id, missed)
		lost = lost && len(missed) == all && all > 0 // an old one among them says that no new one is missing
		slices.SortStableFunc(missed, func(a, b Update) int { return idOf(a) - idOf(b) })
	}
	e.channelJumps(id, b, to)
	e.caughtUp(id)
	e.emit(from, missed...)
	if lost {
		e.gap(from, Gap{Channel: id, From: before, To: to})
	}
}

func idOf(u Update) int { return u.TL.(*tg.UpdateNewChannelMessage).Message.GetID() }

// channelJumps moves a channel to where a difference of it ends.
func (e *Engine) channelJumps(id int64, b *channel, pts int) {
	if pts == 0 {
		pts = b.pts
	}
	b.jump(pts)
	e.setChannel(id, pts)
}

// channelFailed decides what follows when a request about a channel failed.
func (e *Engine) channelFailed(id int64, err error, now time.Time) {
	if e.channels.asked == id {
		e.channels.asking, e.channels.asked = 0, 0
	}
	b := e.channels.all[id]
	if b == nil {
		return
	}
	switch {
	case errors.Is(err, ErrUnknownChannel), tgerr.Is(err, "PERSISTENT_TIMESTAMP_INVALID", "PERSISTENT_TIMESTAMP_EMPTY"):
		e.skip(id, b)
		return
	case tgerr.Is(err, "CHANNEL_PRIVATE", "CHANNEL_INVALID", "CHANNEL_PUBLIC_GROUP_NA", "USER_BANNED_IN_CHANNEL", "CHAT_FORBIDDEN"):
		e.leave(id) // the account is no member any more: there is nothing to be missed
		return
	}
	b.want = true
	b.failures++
	pause := pauses[min(b.failures, len(pauses))-1]
	if asked, ok := tgerr.AsFloodWait(err); ok {
		pause = max(pause, asked)
		e.channels.notBefore = now.Add(pause) // it is about all of them
	}
	b.notBefore = now.Add(pause)
}

// skip goes on behind what cannot be asked for. A channel in which nothing waits begins anew with its next update.
func (e *Engine) skip(id int64, b *channel) {
	b.want, b.failures, b.notBefore = false, 0, time.Time{}
	if len(b.pending) == 0 {
		e.leave(id)
		return
	}
	head := b.pending[0]
	_, met := e.met[id]
	e.caughtUp(id)
	e.setChannel(id, head.start())
	if head.start() > b.pts && !met {
		e.gap(head.from, Gap{Channel: id, From: b.pts, To: head.start(), Before: head.from.date})
	}
	b.pts, b.since = head.start(), time.Time{}
}

// leave forgets a channel.
func (e *Engine) leave(id int64) {
	delete(e.channels.all, id)
	e.channels.left[id] = e.date
	e.setChannel(id, 0)
	e.emit(&origin{replayed: true})
}
