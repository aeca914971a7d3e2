package updates

import (
	"slices"

	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
)

// pushed sorts a container's updates into their boxes.
func (e *Engine) pushed(u tg.UpdatesClass) {
	switch u := u.(type) {
	case *tg.Updates:
		e.contained(u.Updates, u.Seq, u.Seq, &origin{users: u.Users, chats: u.Chats, date: u.Date})
	case *tg.UpdatesCombined:
		e.contained(u.Updates, u.SeqStart, u.Seq, &origin{users: u.Users, chats: u.Chats, date: u.Date})
	case *tg.UpdateShort:
		e.contained([]tg.UpdateClass{u.Update}, 0, 0, &origin{date: u.Date})
	case *tg.UpdateShortMessage:
		if e.knows(peer.UserID(u.UserID)) {
			e.short(fromShort(u, e.account.Self))
		}
	case *tg.UpdateShortChatMessage:
		if e.knows(peer.UserID(u.FromID)) && e.knows(peer.GroupID(u.ChatID)) {
			e.short(fromShortChat(u))
		}
	default:
		// updatesTooLong; and updateShortSentMessage, which says that a message was sent but not which.
		e.want = true
	}
}

func (e *Engine) knows(id peer.ID) bool {
	if e.account.Knows == nil || e.account.Knows(id) {
		return true
	}
	e.want = true
	return false
}

func (e *Engine) short(u Update, date int) {
	m := u.TL.(*tg.UpdateNewMessage)
	e.common.offer(pending{pts: m.Pts, count: m.PtsCount, update: u, from: &origin{date: date}})
}

// contained takes a container of several updates apart. first and last are its seq, 0 if it has none.
func (e *Engine) contained(list []tg.UpdateClass, first, last int, from *origin) {
	c := &container{first: first, last: last, from: from}
	var passing []Update
	for _, u := range list {
		if u == nil || e.numbered(u, from) {
			continue
		}
		if fleeting(u) {
			passing = append(passing, Update{TL: u})
		} else {
			c.rest = append(c.rest, Update{TL: u})
		}
	}
	if e.order.old(c) {
		return
	}
	if len(passing) > 0 {
		e.emit(from, passing...)
	}
	if first == 0 {
		if len(c.rest) > 0 {
			e.emit(from, c.rest...)
		}
		return
	}
	e.order.offer(c)
}

// numbered puts an update that has a number into its box and reports whether it has one.
func (e *Engine) numbered(u tg.UpdateClass, from *origin) bool {
	if _, ok := u.(*tg.UpdatePtsChanged); ok {
		e.want = true
		return true
	}
	if pts, count, ok := tg.IsPtsUpdate(u); ok && pts > 0 {
		e.common.offer(pending{pts: pts, count: count, update: Update{TL: u}, from: from})
		return true
	}
	if qts, ok := tg.IsQtsUpdate(u); ok && qts > 0 {
		e.qts.offer(pending{pts: qts, count: 1, update: Update{TL: u}, from: from})
		return true
	}
	return e.channel(u, from)
}

// byStart orders the updates of a difference in which those of channels are still mixed.
func byStart(list []tg.UpdateClass) []tg.UpdateClass {
	sorted := slices.Clone(list)
	start := func(u tg.UpdateClass) int {
		pts, count, ok := tg.IsPtsUpdate(u)
		if !ok {
			return 0
		}
		return pts - count
	}
	slices.SortStableFunc(sorted, func(a, b tg.UpdateClass) int { return start(a) - start(b) })
	return sorted
}
