package event

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
	"telegram-client/shared/tljson"
)

// Read returns what an update tells: nothing, or one occurrence for each event that is made of it. The update is an
// element of a container (tg.UpdateClass), or one of the two short messages that are containers themselves
// (*tg.UpdateShortMessage, *tg.UpdateShortChatMessage). It is not changed. c.Book must have learnt what came with it.
func Read(u bin.Object, c Context) []Occurrence {
	switch u := u.(type) {
	case *tg.UpdateNewMessage:
		return readMessage(filter.NewMessage, u.Message, c)
	case *tg.UpdateNewChannelMessage:
		return readMessage(filter.NewMessage, u.Message, c)
	case *tg.UpdateShortMessage:
		return readShortMessage(u, c)
	case *tg.UpdateShortChatMessage:
		return readShortChatMessage(u, c)
	}
	return nil
}

// A party is a user or chat as events show it.
type party struct {
	id     peer.ID
	entity tdp.Object // nil: never described to us
	input  tdp.Object // nil: not known how to address it
}

func (c Context) self() peer.ID {
	if c.Me != nil {
		return peer.UserID(c.Me.ID)
	}
	return c.Book.Self()
}

func (c Context) party(id peer.ID) party {
	p := party{id: id}
	if id == 0 {
		return p
	}
	if id.Kind() == peer.User {
		p.entity, _ = c.Book.User(id).(tdp.Object)
		if p.entity == nil && c.Me != nil && id == c.self() {
			p.entity = c.Me
		}
	} else {
		p.entity, _ = c.Book.Chat(id).(tdp.Object)
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

func appendID(dst []byte, id peer.ID) []byte {
	if id == 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, int64(id), 10)
}

// appendGroups appends the named groups of a pattern: null if there was no pattern, and null for a group that took no
// part in the match.
func appendGroups(dst []byte, groups map[string]*string) []byte {
	if groups == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	first := true
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = tljson.AppendString(dst, name)
		dst = append(dst, ':')
		if text := groups[name]; text != nil {
			dst = tljson.AppendString(dst, *text)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}
