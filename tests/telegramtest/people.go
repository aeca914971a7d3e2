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
	// ReplyTo is the id of a message in the box of From.
	ReplyTo int `json:"reply_to,omitempty"`
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
	from := s.accounts[x.From]
	if from == nil {
		return Message{}, errNoAccount
	}
	to, err := s.place(x.To)
	if err != nil {
		return Message{}, err
	}
	switch {
	case x.Text == "" || !utf8.ValidString(x.Text):
		return Message{}, errors.New("a text is needed")
	case to.user == from:
		return Message{}, errors.New("nobody writes to himself yet")
	case to.user != nil && to.user.bot && from.bot:
		return Message{}, errors.New("a bot cannot write to a bot")
	case to.group != nil && !to.group.has(from):
		return Message{}, errors.New("who writes is not in the group")
	case to.user != nil && to.user.blocked[from.id]:
		return Message{}, errors.New("who writes is blocked")
	}
	m := &message{from: from, to: to.user, group: to.group, date: s.now(), text: x.Text, silent: x.Silent}
	if x.ReplyTo != 0 {
		c := from.box.get(x.ReplyTo)
		if c == nil || c.peer != to {
			return Message{}, fmt.Errorf("answer %d: %w", x.ReplyTo, errNoMessage)
		}
		m.replyTo = c.message
	}
	if to.user != nil && to.user.bot && from.blocked[to.user.id] {
		s.setBlocked(from, to.user, false) // who writes to a bot again has started it again
	}
	return s.publish(m, nil).stored.public(), nil
}

// Edit lets somebody edit a message. id is that in the box of as.
func (s *Server) Edit(as int64, id int, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[as]
	if a == nil {
		return errNoAccount
	}
	c := a.box.get(id)
	if c == nil || c.message.action != nil {
		return errNoMessage
	}
	if c.message.from != a {
		return errors.New("the message is somebody else's")
	}
	s.amend(c.message, text, nil, c.message.markup, a, nil)
	return nil
}

// Delete lets somebody delete messages. ids are those in the box of as.
func (s *Server) Delete(as int64, revoke bool, ids ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[as]
	if a == nil {
		return errNoAccount
	}
	if _, any := s.remove(a, ids, revoke, nil); !any {
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
		x.qts++
		update := &tg.UpdateBotStopped{UserID: u.id, Date: s.now(), Stopped: blocked, Qts: x.qts}
		x.stopped = append(x.stopped, update)
		s.tellStopped(x, update, u)
	}
}
