package telegramtest

import (
	"sort"
	"time"

	"github.com/gotd/td/tg"
)

// A Message is a message as one account sees it.
type Message struct {
	// ID is the id in the account's box, and Number the same for all who see the message.
	ID      int        `json:"id"`
	Number  int64      `json:"number"`
	Chat    int64      `json:"chat"` // the other side, a marked id
	From    int64      `json:"from"`
	Out     bool       `json:"out"`
	Text    string     `json:"text"`
	Silent  bool       `json:"silent,omitempty"`
	ReplyTo int        `json:"reply_to,omitempty"` // an id in the same box
	Date    time.Time  `json:"date"`
	Edited  *time.Time `json:"edited,omitempty"`
	// NoPreview is said of messages that were sent without previews of their links.
	NoPreview bool `json:"no_preview,omitempty"`
	// Action is the TL name of what a service message says.
	Action string `json:"action,omitempty"`
	// Kind and Name are those of a file, and Grouped is the same for the messages of an album.
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Grouped int64  `json:"grouped,omitempty"`
}

func (c *stored) public(viewer *account) Message {
	m := c.message
	p := Message{
		ID: c.id, Number: m.number, Chat: c.peer.id(), From: m.from.id, Out: m.from == viewer, Text: m.text,
		Silent: m.silent, NoPreview: m.noPreview, Date: date(m.date), Grouped: m.grouped,
	}
	if m.file != nil {
		p.Kind, p.Name = m.file.file.kind(), m.file.file.name
	}
	if m.replyTo != nil && m.replyTo.copies[c.owner] != nil {
		p.ReplyTo = m.replyTo.copies[c.owner].id
	}
	if m.edited != 0 {
		at := date(m.edited)
		p.Edited = &at
	}
	if m.action != nil {
		p.Action = m.action.TypeName()
	}
	return p
}

// Read returns the messages of a chat as an account sees it, oldest first; of all its chats if chat is 0. What the
// account has deleted is not there.
func (s *Server) Read(account, chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Message{}
	a := s.accounts[account]
	if a == nil {
		return all
	}
	for _, c := range a.box.copies {
		if !c.deleted && (chat == 0 || c.peer.id() == chat) {
			all = append(all, c.public(a))
		}
	}
	for _, ch := range s.channelOrder {
		if !ch.has(a) || chat != 0 && chat != (place{channel: ch}).id() {
			continue
		}
		for _, c := range ch.box.copies {
			if !c.deleted {
				all = append(all, c.public(a))
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Number < all[j].Number })
	return all
}

// Show returns a message as the schema has it, as an account sees it; nil if it is not there. Service messages are not
// shown.
func (s *Server) Show(account, chat int64, id int) *tg.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, c, err := s.message(account, chat, id)
	if err != nil {
		return nil
	}
	m, _ := c.render(a).(*tg.Message)
	return m
}

// IDFor returns the id that a message has in an account's box; 0 if it is not there.
func (s *Server) IDFor(account int64, number int64) int {
	for _, m := range s.Read(account, 0) {
		if m.Number == number {
			return m.ID
		}
	}
	return 0
}

// Pts returns where an account's box stands.
func (s *Server) Pts(account int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[account]; a != nil {
		return a.box.pts
	}
	return 0
}
