package telegramtest

import "github.com/gotd/td/tg"

// isPlain reports whether the short forms can carry a message: text, entities, a reply.
// https://core.telegram.org/constructor/updateShortMessage
func (m *message) isPlain() bool {
	return m.action == nil && m.markup == nil && m.file == nil && m.forward == nil && !m.scheduled && m.to != m.from
}

// render returns a message as an account sees it now: its owner, or a member of the channel.
func (c *stored) render(viewer *account) tg.MessageClass {
	m := c.message
	out, peer := m.from == viewer, c.peer.peer()
	post := m.channel != nil && m.channel.broadcast
	var from tg.PeerClass
	// Incoming private messages carry no from_id since layer 119 (A14), and posts of a channel never do.
	// https://core.telegram.org/constructor/message
	switch {
	case m.post != nil:
		from, out = m.post.peer.peer(), false // https://core.telegram.org/api/discussion: the channel wrote it
	case !post && (out || m.to == nil):
		from = &tg.PeerUser{UserID: m.from.id}
	}
	if m.action != nil {
		x := &tg.MessageService{Out: out, Post: post, ID: c.id, PeerID: peer, Date: m.date, Action: m.action}
		if from != nil {
			x.SetFromID(from)
		}
		if reply := c.replyHeader(); reply != nil {
			x.SetReplyTo(reply)
		}
		return x
	}
	x := &tg.Message{
		Out: out, Post: post, Silent: m.silent, Pinned: c.pinned, EditHide: m.hidden, FromScheduled: m.scheduled, ID: c.id, PeerID: peer, Date: m.date, Message: m.text,
	}
	if post {
		x.SetViews(1)
	}
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
	if m.file != nil {
		x.SetMedia(m.file.media(viewer))
	}
	if m.grouped != 0 {
		x.SetGroupedID(m.grouped)
	}
	if m.forward != nil {
		x.SetFwdFrom(*m.forward)
	}
	if len(m.reactions) > 0 {
		x.SetReactions(c.reactions(viewer))
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
	if topic := c.message.topic; topic != nil {
		h.ForumTopic = true // https://core.telegram.org/api/forum
		if root := topic.copies[c.owner]; root != nil && root != to {
			h.SetReplyToTopID(root.id)
		}
	}
	return h
}

// update returns a change as an update for an account.
func (s *Server) update(c change, viewer *account) tg.UpdateClass {
	channel := c.channel != nil
	switch {
	case c.kind == otherChange:
		return c.build(c.pts, c.count)
	case c.kind == editedMessage && channel:
		return &tg.UpdateEditChannelMessage{Message: c.stored.render(viewer), Pts: c.pts, PtsCount: c.count}
	case c.kind == editedMessage:
		return &tg.UpdateEditMessage{Message: c.stored.render(viewer), Pts: c.pts, PtsCount: c.count}
	case c.kind == deletedMessages && channel:
		return &tg.UpdateDeleteChannelMessages{ChannelID: c.channel.id, Messages: c.ids, Pts: c.pts, PtsCount: c.count}
	case c.kind == deletedMessages:
		return &tg.UpdateDeleteMessages{Messages: c.ids, Pts: c.pts, PtsCount: c.count}
	case channel:
		return &tg.UpdateNewChannelMessage{Message: c.stored.render(viewer), Pts: c.pts, PtsCount: c.count}
	}
	return &tg.UpdateNewMessage{Message: c.stored.render(viewer), Pts: c.pts, PtsCount: c.count}
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

// mentioned returns who and what occurs in a change. A deletion names nobody but the channel.
func (c change) mentioned(s *Server) ([]*account, []room) {
	switch {
	case c.kind == otherChange:
		return c.about, c.rooms
	case c.stored != nil:
		return c.stored.mentioned(s)
	case c.channel != nil:
		return nil, []room{c.channel}
	}
	return nil, nil
}

func (c *stored) mentioned(s *Server) ([]*account, []room) {
	m := c.message
	if m.post != nil {
		return nil, append(c.peer.rooms(), m.post.peer.channel)
	}
	accounts := []*account{m.from}
	if m.to != nil {
		return append(accounts, m.to), nil
	}
	if m.channel != nil && m.channel.broadcast {
		accounts = nil
	}
	switch action := m.action.(type) {
	case *tg.MessageActionChatCreate:
		accounts = append(accounts, s.named(action.Users)...)
	case *tg.MessageActionChatAddUser:
		accounts = append(accounts, s.named(action.Users)...)
	case *tg.MessageActionChatDeleteUser:
		accounts = append(accounts, s.named([]int64{action.UserID})...)
	}
	return accounts, c.peer.rooms()
}

// named returns the accounts with these ids.
func (s *Server) named(ids []int64) []*account {
	var all []*account
	for _, id := range ids {
		if a := s.accounts[id]; a != nil {
			all = append(all, a)
		}
	}
	return all
}
