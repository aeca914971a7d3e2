package event

import (
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
)

// A party is a user or chat as events show it.
type party struct {
	id     peer.ID
	entity tdp.Object // nil: never described to us
	input  tdp.Object // nil: not known how to address it
}

func (c *Context) self() peer.ID {
	if c.Me != nil {
		return peer.UserID(c.Me.ID)
	}
	return c.Book.Self()
}

func (c *Context) party(id peer.ID) party {
	p := party{id: id, entity: c.entity(id)}
	if id == 0 {
		return p
	}
	if input, ok := c.Book.Input(id); ok {
		p.input, _ = input.(tdp.Object)
	} else if c.Me != nil && id == c.self() {
		p.input = c.Me.AsInputPeer()
	} else if _, gone := p.entity.(*tg.UserEmpty); gone {
		p.input = &tg.InputPeerEmpty{}
	}
	return p
}

// entity returns the best description of a peer that there is; nil if none.
func (c *Context) entity(id peer.ID) tdp.Object {
	if id == 0 {
		return nil
	}
	if id.Kind() != peer.User {
		o, _ := c.Book.Chat(id).(tdp.Object)
		return o
	}
	if o, ok := c.Book.User(id).(tdp.Object); ok {
		return o
	}
	if c.Me != nil && id == c.self() {
		return c.Me
	}
	return nil
}

// A place is the chat that something happened in.
type place struct {
	party
	group truth // is_group
}

// place returns the chat of that id. Whether a channel is a group is said by what is known of it.
func (c *Context) place(id peer.ID) place {
	p := place{c.party(id), truthOf(id.Kind() == peer.Group)}
	if id.Kind() != peer.Channel {
		return p
	}
	switch channel := p.entity.(type) {
	case *tg.Channel:
		p.group = truthOf(!channel.Broadcast)
	case *tg.ChannelForbidden:
		p.group = truthOf(!channel.Broadcast)
	default:
		p.group = unknown
	}
	return p
}

// chat writes the members that describe the chat of an event.
func (w *writer) chat(p *place) {
	w.object("chat", p.entity)
	w.id("chat_id", p.id)
	w.object("input_chat", p.input)
	w.bool("is_channel", p.id.Kind() == peer.Channel)
	w.truth("is_group", p.group)
	if p.id == 0 {
		w.null("is_private")
	} else {
		w.bool("is_private", p.id.Kind() == peer.User)
	}
}
