package telegramtest

import (
	"fmt"

	"github.com/gotd/td/tg"
)

// group is a small group ("chat" in Telegram's schema). Its messages stand in the boxes of its members. Bots in it have
// privacy mode off: they get what people write, and never what bots write. facts/telegram.md
type group struct {
	id      int64
	title   string
	creator *account
	members []*account // in the order of joining
	former  map[*account]bool
	date    int
	version int
	closed  bool // only its creator may write
	photo   int64
}

// A Group is what a test knows of a small group.
type Group struct {
	// ID is the marked id: negative.
	ID      int64   `json:"id"`
	Title   string  `json:"title"`
	Creator int64   `json:"creator"`
	Members []int64 `json:"members"`
}

// Group makes a small group. Its members are told by a service message, as by Telegram.
func (s *Server) Group(title string, creator int64, members ...int64) Group {
	g, err := s.AddGroup(title, creator, members...)
	if err != nil && s.t != nil {
		s.t.Errorf("add the group %q: %v", title, err)
	}
	return g
}

// AddGroup is Group for those who want the error.
func (s *Server) AddGroup(title string, creator int64, members ...int64) (Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if title == "" {
		return Group{}, fmt.Errorf("a group needs a title")
	}
	g := &group{
		id:     firstGroup + int64(len(s.groupOrder)) + 1,
		title:  title,
		former: map[*account]bool{}, date: s.now(), version: 1,
	}
	var users []int64
	for i, id := range append([]int64{creator}, members...) {
		a := s.accounts[id]
		if a == nil {
			return Group{}, fmt.Errorf("account %d: %w", id, errNoAccount)
		}
		if g.has(a) {
			continue
		}
		g.members = append(g.members, a)
		if i == 0 {
			g.creator = a
		} else {
			users = append(users, id)
		}
	}
	if g.creator.bot {
		return Group{}, fmt.Errorf("a bot cannot make a group")
	}
	s.groups[g.id] = g
	s.groupOrder = append(s.groupOrder, g)
	g.acquaint()
	s.note(Event{Kind: GroupMade, Account: creator, Chat: -g.id, Text: title})
	s.publish(&message{
		from: g.creator, group: g, date: s.now(),
		action: &tg.MessageActionChatCreate{Title: title, Users: users},
	}, nil)
	return g.public(), nil
}

// Join adds an account to a group or channel: by itself, or by somebody else.
func (s *Server) Join(chat, who, by int64) error {
	return s.move(chat, who, by, func(ch *channel, a, by *account) error {
		return s.joinChannel(ch, a, by, false)
	}, func(g *group, a, by *account) (*message, error) {
		if g.has(a) {
			return nil, fmt.Errorf("account %d is in the group", a.id)
		}
		g.members = append(g.members, a)
		delete(g.former, a)
		g.acquaint()
		return &message{action: &tg.MessageActionChatAddUser{Users: []int64{a.id}}}, nil
	})
}

// JoinByLink adds an account to a group or channel by a link of its creator's.
func (s *Server) JoinByLink(chat, who int64) error {
	return s.move(chat, who, who, func(ch *channel, a, _ *account) error {
		return s.joinChannel(ch, a, a, true)
	}, func(g *group, a, _ *account) (*message, error) {
		if g.has(a) {
			return nil, fmt.Errorf("account %d is in the group", a.id)
		}
		g.members = append(g.members, a)
		delete(g.former, a)
		g.acquaint()
		return &message{action: &tg.MessageActionChatJoinedByLink{InviterID: g.creator.id}}, nil
	})
}

// Leave takes an account out of a group or channel: it leaves, or is kicked by somebody else. It is told itself.
func (s *Server) Leave(chat, who, by int64) error {
	return s.move(chat, who, by, s.leaveChannel, func(g *group, a, by *account) (*message, error) {
		if !g.has(a) {
			return nil, fmt.Errorf("account %d is not in the group", a.id)
		}
		g.former[a] = true
		return &message{action: &tg.MessageActionChatDeleteUser{UserID: a.id}}, nil
	})
}

func (s *Server) move(
	chat, who, by int64,
	inChannel func(ch *channel, a, by *account) error,
	inGroup func(g *group, a, by *account) (*message, error),
) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.accounts[who], s.accounts[by]
	if a == nil || b == nil {
		return errNoAccount
	}
	if ch := s.channels[channelMark-chat]; ch != nil {
		return inChannel(ch, a, b)
	}
	g := s.groups[-chat]
	if g == nil {
		return errNoPeer
	}
	m, err := inGroup(g, a, b)
	if err != nil {
		return err
	}
	g.version++
	m.from, m.group, m.date = b, g, s.now()
	s.publish(m, nil)
	if s.behaviour.TellParticipants {
		g.tellMove(s, a, b)
	}
	if g.former[a] {
		g.members = without(g.members, a)
	}
	return nil
}

// tellMove pushes who came or went. https://core.telegram.org/constructor/updateChatParticipantAdd, ...Delete
func (g *group) tellMove(s *Server, a, by *account) {
	var u tg.UpdateClass = &tg.UpdateChatParticipantAdd{
		ChatID: g.id, UserID: a.id, InviterID: by.id, Date: s.now(), Version: g.version,
	}
	if g.former[a] {
		u = &tg.UpdateChatParticipantDelete{ChatID: g.id, UserID: a.id, Version: g.version}
	}
	for _, m := range g.members {
		for _, x := range s.of(m) {
			s.tellPassing(x, u, []*account{a, by}, g)
		}
	}
}

func without(all []*account, a *account) []*account {
	var kept []*account
	for _, x := range all {
		if x != a {
			kept = append(kept, x)
		}
	}
	return kept
}

// SetClosed says whether only its creator may write in a group (CHAT_WRITE_FORBIDDEN).
func (s *Server) SetClosed(chat int64, closed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[-chat]
	if g == nil {
		return errNoPeer
	}
	g.closed = closed
	g.version++
	return nil
}

// Groups returns all groups in the order in which they were made.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Group, 0, len(s.groupOrder))
	for _, g := range s.groupOrder {
		all = append(all, g.public())
	}
	return all
}

func (g *group) public() Group {
	p := Group{ID: -g.id, Title: g.title, Creator: g.creator.id}
	for _, m := range g.members {
		p.Members = append(p.Members, m.id)
	}
	return p
}

func (g *group) has(a *account) bool {
	for _, m := range g.members {
		if m == a {
			return true
		}
	}
	return false
}

// acquaint lets all members know each other.
func (g *group) acquaint() {
	for _, a := range g.members {
		for _, b := range g.members {
			if a != b {
				a.met[b.id] = true
			}
		}
	}
}

// see returns a group as an account sees it. https://core.telegram.org/constructor/chat
func (g *group) see(_ *Server, viewer *account) tg.ChatClass {
	if g.former[viewer] && !g.has(viewer) {
		return &tg.ChatForbidden{ID: g.id, Title: g.title}
	}
	c := &tg.Chat{
		Creator: g.creator == viewer, ID: g.id, Title: g.title, Photo: chatPhoto(g.photo),
		ParticipantsCount: len(g.members), Date: g.date, Version: g.version,
	}
	c.SetDefaultBannedRights(tg.ChatBannedRights{SendMessages: g.closed, UntilDate: 0x7fffffff})
	return c
}
