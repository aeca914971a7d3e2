package updates

import (
	"time"

	"github.com/gotd/td/tg"
)

// channel puts an update of a channel into its box and reports whether it is one.
func (e *Engine) channel(u tg.UpdateClass, from *origin) bool {
	if u, ok := u.(*tg.UpdateChannelTooLong); ok {
		e.channelTooLong(u, from)
		return true
	}
	id, pts, count, ok, err := tg.IsChannelPtsUpdate(u)
	if !ok || err != nil || pts == 0 {
		return false
	}
	b := e.channels[id]
	if b == nil {
		b = &box{pts: pts - count} // met for the first time
		e.channels[id] = b
	}
	b.offer(pending{pts: pts, count: count, update: Update{TL: u}, from: from})
	return true
}

// channelTooLong skips what Telegram does not push. The channel begins anew with the next update.
func (e *Engine) channelTooLong(u *tg.UpdateChannelTooLong, from *origin) {
	b := e.channels[u.ChannelID]
	if b == nil {
		return
	}
	to, _ := u.GetPts()
	if to != 0 && to <= b.pts {
		return
	}
	gap := Gap{Channel: u.ChannelID, From: b.pts, To: to, Before: from.date}
	delete(e.channels, u.ChannelID)
	e.setChannel(u.ChannelID, 0)
	e.gap(from, gap)
}

func (e *Engine) gap(from *origin, g Gap) {
	batch := e.batch(from)
	batch.Gaps = append(batch.Gaps, g)
	batch.State = e.state()
}

// drainChannels passes on what continues the channels, and skips holes that have lasted too long.
func (e *Engine) drainChannels(now time.Time) {
	for id, b := range e.channels {
		for len(b.pending) > 0 {
			p, ok, torn := b.next()
			if ok {
				e.setChannel(id, b.pts)
				e.emit(p.from, p.update)
				continue
			}
			b.mind(now)
			if len(b.pending) == 0 || !torn && now.Before(b.since.Add(gapWait)) {
				break
			}
			head := b.pending[0]
			if !torn {
				e.gap(head.from, Gap{Channel: id, From: b.pts, To: head.start(), Before: head.from.date})
			}
			b.pts, b.since = head.start(), time.Time{}
		}
		b.mind(now)
	}
}
