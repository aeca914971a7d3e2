package telegramtest

import "github.com/gotd/td/tg"

// isPlain reports whether the short forms can carry a message: text, entities, a reply.
// https://core.telegram.org/constructor/updateShortMessage
func (m *message) isPlain() bool { return m.action == nil && m.markup == nil }

// render returns a message as its owner sees it now.
func (c *stored) render() tg.MessageClass {
	m := c.message
	out := m.from == c.owner
	var peer, from tg.PeerClass
	if m.group != nil {
		peer, from = &tg.PeerChat{ChatID: m.group.id}, &tg.PeerUser{UserID: m.from.id}
	} else {
		peer = &tg.PeerUser{UserID: c.peer.user.id}
		if out {
			// Incoming private messages carry no from_id since layer 119 (A14).
			from = &tg.PeerUser{UserID: m.from.id}
		}
	}
	if m.action != nil {
		x := &tg.MessageService{Out: out, ID: c.id, PeerID: peer, Date: m.date, Action: m.action}
		if from != nil {
			x.SetFromID(from)
		}
		return x
	}
	x := &tg.Message{Out: out, Silent: m.silent, ID: c.id, PeerID: peer, Date: m.date, Message: m.text}
	if from != nil {
		x.SetFromID(from)
	}
	if reply := c.replyHeader(); reply != nil {
		x.SetReplyTo(reply)
	}
	if len(m.entities) > 0 {
		x.SetEntities(m.entities)
	}
	if m.markup != nil {
		x.SetReplyMarkup(m.markup)
	}
	if m.edited != 0 {
		x.SetEditDate(m.edited)
	}
	return x
}

// replyHeader names what a message answers by the id that it has in the same box; nil if it has none there.
func (c *stored) replyHeader() tg.MessageReplyHeaderClass {
	if c.message.replyTo == nil {
		return nil
	}
	to := c.message.replyTo.copies[c.owner]
	if to == nil {
		return nil
	}
	h := &tg.MessageReplyHeader{}
	h.SetReplyToMsgID(to.id)
	return h
}

// update returns a change as an update.
func (s *Server) update(c change) tg.UpdateClass {
	switch c.kind {
	case editedMessage:
		return &tg.UpdateEditMessage{Message: c.stored.render(), Pts: c.pts, PtsCount: c.count}
	case deletedMessages:
		return &tg.UpdateDeleteMessages{Messages: c.ids, Pts: c.pts, PtsCount: c.count}
	}
	return &tg.UpdateNewMessage{Message: c.stored.render(), Pts: c.pts, PtsCount: c.count}
}

// short returns a new plain message in the form that carries neither users nor chats. https://core.telegram.org/api/updates
func (s *Server) short(c change) tg.UpdatesClass {
	m, reply := c.stored.message, c.stored.replyHeader()
	out := m.from == c.stored.owner
	if m.group != nil {
		u := &tg.UpdateShortChatMessage{
			Out: out, Silent: m.silent, ID: c.stored.id, FromID: m.from.id, ChatID: m.group.id,
			Message: m.text, Pts: c.pts, PtsCount: c.count, Date: m.date,
		}
		if reply != nil {
			u.SetReplyTo(reply)
		}
		if len(m.entities) > 0 {
			u.SetEntities(m.entities)
		}
		return u
	}
	u := &tg.UpdateShortMessage{
		Out: out, Silent: m.silent, ID: c.stored.id, UserID: c.stored.peer.user.id,
		Message: m.text, Pts: c.pts, PtsCount: c.count, Date: m.date,
	}
	if reply != nil {
		u.SetReplyTo(reply)
	}
	if len(m.entities) > 0 {
		u.SetEntities(m.entities)
	}
	return u
}

// mentioned returns who and what occurs in a change. A deletion names nobody.
func (c change) mentioned() ([]*account, []*group) {
	if c.stored == nil {
		return nil, nil
	}
	return c.stored.mentioned()
}

func (c *stored) mentioned() ([]*account, []*group) {
	m := c.message
	if m.group == nil {
		return []*account{m.from, m.to}, nil
	}
	accounts := []*account{m.from}
	switch action := m.action.(type) {
	case *tg.MessageActionChatCreate:
		accounts = append(accounts, m.group.named(action.Users)...)
	case *tg.MessageActionChatAddUser:
		accounts = append(accounts, m.group.named(action.Users)...)
	case *tg.MessageActionChatDeleteUser:
		accounts = append(accounts, m.group.named([]int64{action.UserID})...)
	}
	return accounts, []*group{m.group}
}

// named returns the present and former members with these ids.
func (g *group) named(ids []int64) []*account {
	var all []*account
	for _, id := range ids {
		for _, a := range g.members {
			if a.id == id {
				all = append(all, a)
			}
		}
		for a := range g.former {
			if a.id == id && !g.has(a) {
				all = append(all, a)
			}
		}
	}
	return all
}
