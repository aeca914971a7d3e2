package event

import (
	"fmt"

	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
	"telegram-client/shared/tljson"
)

// A messagePayload is what new_message and message_edited carry.
type messagePayload struct {
	message tdp.Object
	lacks   []string // members of the message that its short form does not tell
	chat    place
	sender  party
}

func (p *messagePayload) write(w *writer, groups map[string]*string) {
	w.chat(&p.chat)
	w.object("message", p.message, p.lacks...)
	w.groups("pattern_match", groups)
	w.object("sender", p.sender.entity)
	w.id("sender_id", p.sender.id)
}

func (p *messagePayload) appendIdentity(dst []byte, o *Occurrence) []byte {
	dst = fmt.Appendf(dst, "%d %d", o.Box, o.MessageIDs[0])
	if o.Event == filter.MessageEdited {
		dst = appendEditIdentity(dst, p.message)
	}
	return dst
}

// A sight is what is read off a message of any constructor.
type sight struct {
	message   tdp.Object
	id, date  int
	chat      peer.ID
	from      peer.ID // who wrote it; 0: not known
	seen      peer.ID // who from_users believes wrote it: in a private chat nobody wrote what we wrote
	out, post bool
	forwarded bool
	text      string
}

// mediaFlag is the flag of tg.Message.Media.
const mediaFlag = 9

// look reads a message, which it completes: what private chats leave unsaid is filled in. The message is the caller's
// own, but what it points to is not.
func (c *Context) look(m tg.MessageClass) sight {
	self := c.self()
	switch m := m.(type) {
	case *tg.Message:
		_, forwarded := m.GetFwdFrom()
		s := sight{message: m, id: m.ID, date: m.Date, chat: peer.FromTL(m.PeerID), from: peer.FromTL(m.FromID),
			post: m.Post, forwarded: forwarded, text: m.Message}
		if s.chat == self && !forwarded {
			m.SetOut(true) // own notes are outgoing, whatever the flag says
		}
		s.out = m.Out
		if s.complete(self) {
			m.SetFromID(s.from.Peer())
		}
		if _, empty := m.Media.(*tg.MessageMediaEmpty); empty {
			m.Media = nil
			m.Flags.Unset(mediaFlag)
		}
		return s
	case *tg.MessageService:
		s := sight{message: m, id: m.ID, date: m.Date, chat: peer.FromTL(m.PeerID), from: peer.FromTL(m.FromID), post: m.Post}
		if s.chat == self {
			m.SetOut(true)
		}
		s.out = m.Out
		if s.complete(self) {
			m.SetFromID(s.from.Peer())
		}
		return s
	case *tg.MessageEmpty:
		s := sight{message: m, id: m.ID, chat: peer.FromTL(m.PeerID)}
		s.complete(self)
		return s
	}
	return sight{}
}

// complete works out who wrote a message that does not say so. It reports whether the message should say it: in a
// private chat, where the other side or we did.
func (s *sight) complete(self peer.ID) bool {
	private := s.chat != 0 && s.chat.Kind() == peer.User
	s.seen = s.from
	if s.from != 0 {
		return false
	}
	if s.post || private && !s.out {
		s.seen = s.chat
	}
	if !private {
		if s.post {
			s.from = s.chat // to those who ask, a channel wrote its posts; the message itself keeps silent
		}
		return false
	}
	s.from = s.chat
	if s.out {
		s.from = self
	}
	return true
}

// occurrence makes an occurrence of a message.
func (s *sight) occurrence(e filter.Event, lacks []string, c *Context) Occurrence {
	p := &messagePayload{message: s.message, lacks: lacks, chat: c.place(s.chat), sender: c.party(s.from)}
	if s.chat.Kind() == peer.Channel {
		p.chat.group = truthOf(!s.post) // the message knows it, whether we know the channel or not
	}
	o := c.occurrence(e, s.chat, Durable, p)
	o.Sender, o.Outgoing, o.Forwarded, o.MessageIDs, o.Text = s.seen, s.out, s.forwarded, []int{s.id}, s.text
	return o
}

// AppendMessage appends a message as events have it, as a JSON object.
func AppendMessage(dst []byte, m tg.MessageClass, b *peer.Book) []byte {
	switch of := m.(type) { // what is read is changed on the way
	case *tg.Message:
		own := *of
		m = &own
	case *tg.MessageService:
		own := *of
		m = &own
	}
	c := &Context{Book: b}
	return tljson.Append(dst, c.look(m).message)
}
