package telegramtest

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/gotd/td/tg"
)

// What people do on devices that are not simulated: no authorization acts, so that all of the account's are told.

// A Saying is what somebody writes.
type Saying struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"` // a marked id
	Text   string `json:"text"`
	Silent bool   `json:"silent,omitempty"`
	// Buttons are an inline keyboard; only bots have them.
	Buttons [][]Button `json:"buttons,omitempty"`
	// ReplyTo is the id of a message in the box of From, or in the channel.
	ReplyTo int `json:"reply_to,omitempty"`
	// File is what is sent with the text as its caption, which may be empty then.
	File *File `json:"file,omitempty"`
	// grouped makes it one of an album.
	grouped int64
}

// Say lets somebody write a text, and returns the message as who wrote it sees it.
func (s *Server) Say(from, to int64, text string) Message {
	m, err := s.Post(Saying{From: from, To: to, Text: text})
	if err != nil && s.t != nil {
		s.t.Errorf("%d says %q to %d: %v", from, text, to, err)
	}
	return m
}

// Post is Say for those who want the error, or more than a text.
func (s *Server) Post(x Saying) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.post(x)
}

func (s *Server) post(x Saying) (Message, error) {
	from := s.accounts[x.From]
	if from == nil {
		return Message{}, errNoAccount
	}
	to, err := s.place(x.To)
	if err != nil {
		return Message{}, err
	}
	switch {
	case x.Text == "" && x.File == nil || !utf8.ValidString(x.Text):
		return Message{}, errors.New("a text is needed")
	case len(x.Buttons) > 0 && !from.bot:
		return Message{}, errors.New("only bots have inline keyboards")
	case to.user == from:
		return Message{}, errors.New("nobody writes to himself yet")
	case to.user != nil && to.user.bot && from.bot:
		return Message{}, errors.New("a bot cannot write to a bot")
	case to.group != nil && !to.group.has(from) || to.channel != nil && !to.channel.has(from):
		return Message{}, errors.New("who writes is not in the group")
	case to.channel != nil && to.channel.broadcast && !to.channel.rules(from):
		return Message{}, errors.New("only admins write in a channel")
	case to.user != nil && to.user.blocked[from.id]:
		return Message{}, errors.New("who writes is blocked")
	}
	m := &message{from: from, to: to.user, group: to.group, channel: to.channel, date: s.now(), text: x.Text, silent: x.Silent, markup: keyboard(x.Buttons), grouped: x.grouped}
	if x.File != nil {
		f, err := s.bring(*x.File, from)
		if err != nil {
			return Message{}, err
		}
		m.file = &attachment{file: f, spoiler: x.File.Spoiler}
	}
	if x.ReplyTo != 0 {
		c := from.find(to, x.ReplyTo)
		if c == nil {
			return Message{}, fmt.Errorf("answer %d: %w", x.ReplyTo, errNoMessage)
		}
		m.replyTo = c.message
	}
	if to.user != nil && to.user.bot && from.blocked[to.user.id] {
		s.setBlocked(from, to.user, false) // who writes to a bot again has started it again
	}
	return s.publish(m, nil).stored.public(from), nil
}

// find returns a message of a chat by the id that it has for an account; nil if it is not there.
func (a *account) find(in place, id int) *stored {
	if in.channel != nil {
		return in.channel.box.get(id)
	}
	if c := a.box.get(id); c != nil && c.peer == in {
		return c
	}
	return nil
}

// Edit lets somebody edit a message. id is that in the box of as.
func (s *Server) Edit(as int64, id int, text string) error { return s.EditIn(as, 0, id, text) }

// EditIn is Edit in a chat, which a channel needs; 0 is any private chat and small group.
func (s *Server) EditIn(as, chat int64, id int, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, c, err := s.message(as, chat, id)
	if err != nil {
		return err
	}
	switch {
	case c.message.action != nil:
		return errNoMessage
	case c.message.from != a && !(c.message.channel != nil && c.message.channel.broadcast && c.message.channel.rules(a)):
		return errors.New("the message is somebody else's")
	}
	s.amend(c.message, text, nil, c.message.markup, a, nil)
	return nil
}

// Refresh edits a message without a change that shows: a reaction, a count of views.
// https://core.telegram.org/constructor/message (edit_hide)
func (s *Server) Refresh(as, chat int64, id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, c, err := s.message(as, chat, id)
	if err != nil {
		return err
	}
	m := c.message
	m.hidden = true
	if m.edited == 0 {
		m.edited = s.now()
	}
	s.record(m, a, nil, func(c *stored) change { return change{kind: editedMessage, count: 1, stored: c} })
	return nil
}

// message finds a message by the id that it has for somebody.
func (s *Server) message(as, chat int64, id int) (*account, *stored, error) {
	a := s.accounts[as]
	if a == nil {
		return nil, nil, errNoAccount
	}
	c := a.box.get(id)
	if chat != 0 {
		in, err := s.place(chat)
		if err != nil {
			return nil, nil, err
		}
		if in.channel != nil && !in.channel.has(a) {
			return nil, nil, errNoPeer
		}
		c = a.find(in, id)
	}
	if c == nil {
		return nil, nil, errNoMessage
	}
	return a, c, nil
}

// Delete lets somebody delete messages. ids are those in the box of as.
func (s *Server) Delete(as int64, revoke bool, ids ...int) error {
	return s.DeleteIn(as, 0, revoke, ids...)
}

// DeleteIn is Delete in a chat, which a channel needs: there it is always for everybody.
func (s *Server) DeleteIn(as, chat int64, revoke bool, ids ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[as]
	if a == nil {
		return errNoAccount
	}
	any := false
	if ch := s.channels[channelMark-chat]; ch != nil {
		_, any = s.removeIn(ch, a, ids, nil)
	} else {
		_, any = s.remove(a, ids, revoke, nil)
	}
	if !any {
		return errNoMessage
	}
	return nil
}

// Block lets a user stop a bot, or start it again. The bot is told by an update with a qts.
// https://core.telegram.org/constructor/updateBotStopped
func (s *Server) Block(user, bot int64, blocked bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, b := s.accounts[user], s.accounts[bot]
	if u == nil || b == nil || !b.bot || u.bot {
		return errNoAccount
	}
	s.setBlocked(u, b, blocked)
	return nil
}

func (s *Server) setBlocked(u, b *account, blocked bool) {
	if u.blocked[b.id] == blocked {
		return
	}
	u.blocked[b.id] = blocked
	s.note(Event{Kind: Blocked, Account: u.id, Chat: b.id})
	if !b.bot {
		return // people are not told
	}
	for _, x := range s.of(b) {
		s.tellNumbered(x, func(qts int) tg.UpdateClass {
			return &tg.UpdateBotStopped{UserID: u.id, Date: s.now(), Stopped: blocked, Qts: qts}
		}, []*account{u})
	}
}
