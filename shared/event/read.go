package event

import (
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// Context is what updates are read with.
type Context struct {
	Me   *tg.User
	Book *peer.Book
	// Now is when the update came in: the time of what carries none of its own.
	Now time.Time
	// After is before which nothing of this happened: what was told before that is known already. An edit carries
	// when the text was edited last, which may be long before what it tells of. Zero: not known.
	After time.Time
}

// Read returns what an update tells: nothing, or the one occurrence that it tells of. The update is an element of a
// container (tg.UpdateClass), or one of the two short messages that are containers themselves (*tg.UpdateShortMessage,
// *tg.UpdateShortChatMessage). It is not changed. c.Book must have learnt what came with it.
//
// Which update makes which event is what Telethon's event builders say; what they leave out is left out here.
func Read(u bin.Object, c Context) []Occurrence {
	o, ok := read(u, &c)
	if !ok {
		return nil
	}
	return []Occurrence{o}
}

func read(u bin.Object, c *Context) (Occurrence, bool) {
	switch u := u.(type) {
	case *tg.UpdateNewMessage:
		return readNew(u.Message, c)
	case *tg.UpdateNewChannelMessage:
		return readNew(u.Message, c)
	case *tg.UpdateShortMessage:
		return newMessage(fromShort(u, c), shortLacks, c), true
	case *tg.UpdateShortChatMessage:
		return newMessage(fromShortChat(u, c), shortLacks, c), true

	case *tg.UpdateEditMessage:
		return readEdited(u.Message, u.Pts, c)
	case *tg.UpdateEditChannelMessage:
		return readEdited(u.Message, u.Pts, c)

	case *tg.UpdateReadHistoryInbox:
		return readHistory(peer.FromTL(u.Peer), u.MaxID, false, c), true
	case *tg.UpdateReadHistoryOutbox:
		return readHistory(peer.FromTL(u.Peer), u.MaxID, true, c), true
	case *tg.UpdateReadChannelInbox:
		return readHistory(peer.ChannelID(u.ChannelID), u.MaxID, false, c), true
	case *tg.UpdateReadChannelOutbox:
		return readHistory(peer.ChannelID(u.ChannelID), u.MaxID, true, c), true
	case *tg.UpdateReadMessagesContents:
		return readContents(0, u.Messages, c), true
	case *tg.UpdateChannelReadMessagesContents:
		return readContents(peer.ChannelID(u.ChannelID), u.Messages, c), true

	case *tg.UpdateDeleteMessages:
		return deleted(0, u.Messages, c), true
	case *tg.UpdateDeleteChannelMessages:
		return deleted(peer.ChannelID(u.ChannelID), u.Messages, c), true

	case *tg.UpdateBotCallbackQuery:
		return callback(u, c), true
	case *tg.UpdateInlineBotCallbackQuery:
		return inlineCallback(u, c), true
	case *tg.UpdateBotInlineQuery:
		return inlineQuery(u, c), true
	}
	if o, ok := readMembers(u, c); ok {
		return o, true
	}
	return readUserUpdate(u, c)
}

// readNew reads a message that is new: words, or a chat action.
func readNew(m tg.MessageClass, c *Context) (Occurrence, bool) {
	switch m := m.(type) {
	case *tg.Message:
		own := *m // what is changed of it is ours; what it points to stays shared
		return newMessage(&own, nil, c), true
	case *tg.MessageService:
		return readService(m, c)
	}
	return Occurrence{}, false // there is nothing in an empty one
}

// occurrence makes an occurrence of which nothing special is said: it happened just now.
func (c *Context) occurrence(e filter.Event, chat peer.ID, class Class, p payload) Occurrence {
	o := Occurrence{Event: e, Chat: chat, Occurred: c.Now, Class: class, payload: p}
	if chat.Kind() == peer.Channel {
		o.Box = chat
	}
	return o
}

func unix(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }
