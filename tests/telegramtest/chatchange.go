package telegramtest

import (
	"errors"
	"slices"

	"github.com/gotd/td/tg"
)

// What people change in groups and channels, and pins, which private chats have too.

var errNotAllowed = errors.New("that is not possible in this chat")

// inRoom calls change with a group or channel that an account may change.
func (s *Server) inRoom(by, chat int64, change func(a *account, p place) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[by]
	if a == nil {
		return errNoAccount
	}
	p, err := s.place(chat)
	switch {
	case err != nil:
		return err
	case p.group != nil && p.group.has(a), p.channel != nil && p.channel.rules(a):
		return change(a, p)
	}
	return errNotAllowed
}

// serve publishes a service message.
func (s *Server) serve(a *account, p place, action tg.MessageActionClass) {
	if p.group != nil {
		p.group.version++
	}
	s.publish(&message{from: a, to: p.user, group: p.group, channel: p.channel, date: s.now(), action: action}, nil)
}

// SetTitle renames a group or channel.
func (s *Server) SetTitle(by, chat int64, title string) error {
	return s.inRoom(by, chat, func(a *account, p place) error {
		switch {
		case title == "":
			return errors.New("a title is needed")
		case p.group != nil:
			p.group.title = title
		default:
			p.channel.title = title
		}
		s.serve(a, p, &tg.MessageActionChatEditTitle{Title: title})
		return nil
	})
}

// SetPhoto gives a group or channel a photo, or takes it away.
func (s *Server) SetPhoto(by, chat int64, has bool) error {
	return s.inRoom(by, chat, func(a *account, p place) error {
		var photo int64
		var action tg.MessageActionClass = &tg.MessageActionChatDeletePhoto{}
		if has {
			photo = s.newID()
			action = &tg.MessageActionChatEditPhoto{Photo: &tg.Photo{
				ID: photo, AccessHash: s.newID(), FileReference: []byte("reference"), Date: s.now(), DCID: 1,
				Sizes: []tg.PhotoSizeClass{&tg.PhotoSize{Type: "a", W: 160, H: 160, Size: 4000}},
			}}
		}
		if p.group != nil {
			p.group.photo = photo
		} else {
			p.channel.photo = photo
		}
		s.serve(a, p, action)
		return nil
	})
}

// chatPhoto is the photo of a group or channel; 0 is none. https://core.telegram.org/type/ChatPhoto
func chatPhoto(id int64) tg.ChatPhotoClass {
	if id == 0 {
		return &tg.ChatPhotoEmpty{}
	}
	p := &tg.ChatPhoto{PhotoID: id, DCID: 1}
	p.SetStrippedThumb([]byte{1, 2, 3})
	return p
}

// Pin pins a message for everybody, with a service message that answers it, or takes the pin off. id is that in the box
// of as, or in the channel.
// https://core.telegram.org/constructor/messageActionPinMessage, https://core.telegram.org/api/pin
func (s *Server) Pin(as, chat int64, id int, unpin bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, c, err := s.message(as, chat, id)
	switch {
	case err != nil:
		return err
	case c.peer.channel != nil && !c.peer.channel.rules(a), c.pinned == !unpin:
		return errNotAllowed
	}
	s.pin(a, c, unpin, nil)
	return nil
}

func (s *Server) pin(a *account, c *stored, unpin bool, actor *authorization) change {
	m := c.message
	done := s.record(m, a, actor, func(c *stored) change {
		c.pinned = !unpin
		return change{kind: otherChange, count: 1, rooms: c.peer.rooms(), build: func(pts, count int) tg.UpdateClass {
			if ch := c.peer.channel; ch != nil {
				return &tg.UpdatePinnedChannelMessages{Pinned: !unpin, ChannelID: ch.id, Messages: []int{c.id}, Pts: pts, PtsCount: count}
			}
			return &tg.UpdatePinnedMessages{Pinned: !unpin, Peer: c.peer.peer(), Messages: []int{c.id}, Pts: pts, PtsCount: count}
		}}
	})
	if unpin {
		return done
	}
	return s.publish(&message{
		from: a, to: c.peer.user, group: m.group, channel: m.channel, date: s.now(), replyTo: m,
		action: &tg.MessageActionPinMessage{},
	}, actor)
}

// pinAlone pins in one's own box, without a word to the other side.
// https://core.telegram.org/method/messages.updatePinnedMessage (pm_oneside)
func (s *Server) pinAlone(a *account, c *stored, unpin bool, actor *authorization) change {
	c.pinned = !unpin
	done := a.box.record(change{kind: otherChange, count: 1, rooms: c.peer.rooms(), build: func(pts, count int) tg.UpdateClass {
		return &tg.UpdatePinnedMessages{Pinned: !unpin, Peer: c.peer.peer(), Messages: []int{c.id}, Pts: pts, PtsCount: count}
	}})
	s.tell(a, done, actor)
	return done
}

// Score says that a user has reached a score in a game. game is the id of its message.
// https://core.telegram.org/constructor/messageActionGameScore
func (s *Server) Score(user, chat int64, game, score int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, c, err := s.message(user, chat, game)
	switch {
	case err != nil:
		return err
	case !slices.ContainsFunc(buttons(c.message.markup), func(b tg.KeyboardInlineButton) bool {
		_, game := b.Type.(*tg.InlineButtonTypeGame)
		return game
	}):
		return errors.New("the message is no game")
	}
	s.publish(&message{
		from: a, to: c.peer.user, group: c.message.group, channel: c.message.channel, date: s.now(), replyTo: c.message,
		action: &tg.MessageActionGameScore{GameID: 1, Score: score},
	}, nil)
	return nil
}

// buttons returns the buttons of an inline keyboard.
func buttons(markup tg.ReplyMarkupClass) []tg.KeyboardInlineButton {
	inline, ok := markup.(*tg.ReplyInlineMarkup)
	if !ok {
		return nil
	}
	var all []tg.KeyboardInlineButton
	for _, row := range inline.Rows {
		all = append(all, row.Buttons...)
	}
	return all
}
