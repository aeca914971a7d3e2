package telegramtest

import (
	"github.com/gotd/td/tg"
)

// message is what was written, once for all who see it.
type message struct {
	number   int64 // across all accounts, for tests
	from     *account
	to       *account // private
	group    *group
	channel  *channel
	date     int
	edited   int
	hidden   bool // the last edit does not show: reactions, views. https://core.telegram.org/constructor/message
	text     string
	entities []tg.MessageEntityClass
	markup   tg.ReplyMarkupClass
	silent   bool
	replyTo  *message
	action   tg.MessageActionClass // of a service message
	// What only some messages have: see schedule.go, forward.go, discussion.go, reaction.go, method_media.go, album.go.
	scheduled bool                 // it was written before it was sent
	noPreview bool                 // it was sent with no_webpage
	forward   *tg.MessageFwdHeader // of whom it was
	post      *stored              // the post of a channel that it stands for in the channel's discussion group
	topic     *message             // of a forum, that it is in; nil in the general one
	reactions []reaction
	file      *attachment // nil if it has none; text is its caption
	grouped   int64       // of an album: the same for all its messages

	copies map[*account]*stored // that in a channel is nobody's
}

// live returns the copies that are still there, in the order of the accounts.
func (s *Server) live(m *message) []*stored {
	if c := m.copies[nil]; c != nil {
		if c.deleted {
			return nil
		}
		return []*stored{c}
	}
	var all []*stored
	for _, a := range s.accountOrder {
		if c := m.copies[a]; c != nil && !c.deleted {
			all = append(all, c)
		}
	}
	return all
}

// record notes a change of a message in each box that has it, and tells everybody of it. It returns the one in the box
// of by, or in the channel's.
func (s *Server) record(m *message, by *account, actor *authorization, happened func(*stored) change) change {
	var mine change
	for _, c := range s.live(m) {
		x := s.boxOf(c).record(happened(c))
		if c.owner == by || c.owner == nil {
			mine = x
		}
		s.tellAll(c, x, actor)
	}
	return mine
}

func (s *Server) boxOf(c *stored) *box {
	if c.owner == nil {
		return &c.peer.channel.box
	}
	return &c.owner.box
}

// tellAll tells a change to all who share the box of a message.
func (s *Server) tellAll(c *stored, x change, actor *authorization) {
	if c.owner != nil {
		s.tell(c.owner, x, actor)
		return
	}
	c.peer.channel.tell(s, x, actor)
}

// chat is the marked id of where the message was sent to.
func (m *message) chat() int64 {
	return place{user: m.to, group: m.group, channel: m.channel}.id()
}

// publish puts a message into the box of everybody who sees it and tells all of them but the authorization that acts,
// nil if it is none of this server's. It returns the change in the sender's box.
func (s *Server) publish(m *message, actor *authorization) change {
	s.messages++
	m.number = s.messages
	m.copies = map[*account]*stored{}
	kind := MessageSent
	if m.action != nil {
		kind = ServiceSent
	}
	s.note(Event{Kind: kind, Account: m.from.id, Authorization: actor.number(), Chat: m.chat(), Message: m.number, Text: m.text})
	var mine change
	if m.channel != nil {
		mine = m.channel.box.put(m, nil, place{channel: m.channel})
		m.channel.tell(s, mine, actor)
		s.discuss(mine.stored)
		return mine
	}
	if m.group == nil && m.to == m.from { // saved messages
		mine = m.from.box.put(m, m.from, place{user: m.from})
		s.tell(m.from, mine, actor)
		return mine
	}
	if m.group == nil {
		mine = m.from.box.put(m, m.from, place{user: m.to})
		m.to.met[m.from.id] = true
		s.tell(m.from, mine, actor)
		s.tell(m.to, m.to.box.put(m, m.to, place{user: m.from}), actor)
		return mine
	}
	for _, a := range m.group.members {
		if a.bot && m.from.bot && a != m.from {
			continue // bots never see what other bots write: https://core.telegram.org/bots/faq
		}
		c := a.box.put(m, a, place{group: m.group})
		if a == m.from {
			mine = c
		}
		s.tell(a, c, actor)
	}
	return mine
}

// amend changes a message for all who see it. It returns the change in the box of who edits.
func (s *Server) amend(m *message, text string, entities []tg.MessageEntityClass, markup tg.ReplyMarkupClass, by *account, actor *authorization) change {
	m.text, m.entities, m.markup, m.edited, m.hidden = text, entities, markup, s.now(), false
	s.note(Event{Kind: MessageEdited, Account: by.id, Authorization: actor.number(), Chat: m.chat(), Message: m.number, Text: text})
	return s.record(m, by, actor, func(c *stored) change { return change{kind: editedMessage, count: 1, stored: c} })
}

// remove deletes messages of an account's box, and for everybody else who has them if revoke. It returns the change in
// the account's box; false if none of the messages was there.
func (s *Server) remove(by *account, ids []int, revoke bool, actor *authorization) (change, bool) {
	var gone []*message
	for _, id := range ids {
		if c := by.box.get(id); c != nil {
			gone = append(gone, c.message)
		}
	}
	mine, any := by.box.remove(ids)
	if !any {
		return change{}, false
	}
	for _, m := range gone {
		s.note(Event{Kind: MessageDeleted, Account: by.id, Authorization: actor.number(), Chat: m.chat(), Message: m.number})
	}
	s.tell(by, mine, actor)
	if !revoke {
		return mine, true
	}
	for _, a := range s.accountOrder {
		if a == by {
			continue
		}
		var theirs []int
		for _, m := range gone {
			if c := m.copies[a]; c != nil {
				theirs = append(theirs, c.id)
			}
		}
		if c, any := a.box.remove(theirs); any {
			s.tell(a, c, actor)
		}
	}
	return mine, true
}

// removeIn deletes messages of a channel, for everybody.
func (s *Server) removeIn(ch *channel, by *account, ids []int, actor *authorization) (change, bool) {
	var gone []*message
	for _, id := range ids {
		if c := ch.box.get(id); c != nil {
			gone = append(gone, c.message)
		}
	}
	c, any := ch.box.remove(ids)
	if !any {
		return change{}, false
	}
	for _, m := range gone {
		s.note(Event{Kind: MessageDeleted, Account: by.id, Authorization: actor.number(), Chat: m.chat(), Message: m.number})
	}
	ch.tell(s, c, actor)
	return c, true
}
