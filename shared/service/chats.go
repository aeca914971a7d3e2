package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
)

// A Chat is one that an account has, so that people find its id.
type Chat struct {
	ID       peer.ID
	Kind     string // user, bot, group, supergroup, channel
	Title    string
	Username string // empty: none
}

// Chats is what get_chats found.
type Chats struct {
	Chats []Chat
	Next  string // the cursor with which to go on; empty: that was all
}

// GetChats lists the chats of an account: a user's as Telegram's apps show them, latest first; of a bot, whom Telegram
// tells of none, those that the entry has met.
func (s *Service) GetChats(ctx context.Context, m message.Chats) (*Chats, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	from, err := readCursor(m.Cursor)
	if err != nil {
		return nil, err
	}
	e, err := s.o.Store.Entry(ctx, id)
	if err != nil {
		return nil, err
	}
	bot := e.ClientType == entry.Bot
	if m.Cursor != "" && from.bot != bot {
		return nil, errCursor()
	}
	if bot {
		return s.met(ctx, id, from.peer, m.Limit)
	}
	r := s.request(ctx, id)
	if from.peer != 0 {
		r.Targets = []peer.Target{{ID: from.peer}}
	}
	var found *Chats
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) (err error) {
		found, err = s.dialogs(ctx, c, from, m.Limit)
		return err
	})
	return found, err
}

// A cursor is where a list of chats goes on: after that peer, and for a user's after that message of its.
type cursor struct {
	bot     bool
	date    int
	message int
	peer    peer.ID
}

func (c cursor) String() string {
	if c.bot {
		return fmt.Sprintf("b.%d", c.peer)
	}
	return fmt.Sprintf("u.%d.%d.%d", c.date, c.message, c.peer)
}

func readCursor(s string) (c cursor, err error) {
	if s == "" {
		return c, nil
	}
	kind, rest, _ := strings.Cut(s, ".")
	var numbers []int64
	for _, part := range strings.Split(rest, ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	switch {
	case kind == "b" && len(numbers) == 1:
		return cursor{bot: true, peer: peer.ID(numbers[0])}, nil
	case kind == "u" && len(numbers) == 3:
		return cursor{date: int(numbers[0]), message: int(numbers[1]), peer: peer.ID(numbers[2])}, nil
	}
	return c, errCursor()
}

func errCursor() error {
	return fault.At(fault.InvalidField, "cursor", "This is no cursor: it has to be the next of the last answer.")
}

// met lists whom an entry has met, by id.
func (s *Service) met(ctx context.Context, id entry.ID, after peer.ID, limit int) (*Chats, error) {
	records, err := s.o.Store.Peers(ctx, id)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b peer.Record) int { return cmp.Compare(b.ID, a.ID) })
	book := peer.NewBook(0)
	book.Load(records)
	found := &Chats{Chats: []Chat{}}
	for _, r := range records {
		if after != 0 && r.ID >= after {
			continue
		}
		chat, ok := describe(book, r.ID)
		if !ok {
			continue
		}
		if len(found.Chats) == limit {
			found.Next = cursor{bot: true, peer: found.Chats[limit-1].ID}.String()
			break
		}
		found.Chats = append(found.Chats, chat)
	}
	return found, nil
}

// dialogs asks Telegram for a page of a user's chats.
func (s *Service) dialogs(ctx context.Context, c *authorization.Call, from cursor, limit int) (*Chats, error) {
	r := &tg.MessagesGetDialogsRequest{OffsetDate: from.date, OffsetID: from.message, OffsetPeer: &tg.InputPeerEmpty{}, Limit: limit}
	if from.peer != 0 {
		at, err := resolve(ctx, c, peer.Target{ID: from.peer})
		if err != nil {
			return nil, err
		}
		r.OffsetPeer = at.peer
	}
	var answer tg.MessagesDialogsClass
	err := s.perform(ctx, c, &chat{}, func(ctx context.Context) (err error) {
		answer, err = c.API.MessagesGetDialogs(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	page, ok := answer.AsModified()
	if !ok {
		return &Chats{Chats: []Chat{}}, nil
	}
	c.Peers.Learn(page.GetUsers(), page.GetChats())
	found := &Chats{Chats: []Chat{}}
	last := cursor{}
	for _, each := range page.GetDialogs() {
		d, ok := each.(*tg.Dialog)
		if !ok {
			continue // a folder
		}
		last = cursor{message: d.TopMessage, peer: peer.FromTL(d.Peer)}
		if chat, ok := describe(c.Peers, last.peer); ok {
			found.Chats = append(found.Chats, chat)
		}
	}
	if slice, ok := answer.(*tg.MessagesDialogsSlice); ok && last.peer != 0 && len(page.GetDialogs()) < slice.Count {
		for _, m := range page.GetMessages() {
			if full, ok := m.AsNotEmpty(); ok && full.GetID() == last.message && peer.FromTL(full.GetPeerID()) == last.peer {
				last.date = full.GetDate()
			}
		}
		found.Next = last.String()
	}
	return found, nil
}

// describe says what is known of a chat.
func describe(b *peer.Book, id peer.ID) (Chat, bool) {
	c := Chat{ID: id}
	switch e := b.User(id).(type) {
	case *tg.User:
		c.Kind, c.Title, c.Username = "user", strings.TrimSpace(e.FirstName+" "+e.LastName), e.Username
		if e.Bot {
			c.Kind = "bot"
		}
		if e.Deleted && c.Title == "" {
			c.Title = "Deleted account"
		}
		return c, true
	}
	switch e := b.Chat(id).(type) {
	case *tg.Chat:
		c.Kind, c.Title = "group", e.Title
	case *tg.ChatForbidden:
		c.Kind, c.Title = "group", e.Title
	case *tg.Channel:
		c.Kind, c.Title, c.Username = "channel", e.Title, e.Username
		if !e.Broadcast {
			c.Kind = "supergroup"
		}
	case *tg.ChannelForbidden:
		c.Kind, c.Title = "channel", e.Title
		if !e.Broadcast {
			c.Kind = "supergroup"
		}
	default:
		return c, false
	}
	return c, true
}
