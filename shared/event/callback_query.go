package event

import (
	"strconv"

	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
	"telegram-client/shared/pyregex"
	"telegram-client/shared/tljson"
)

// A callbackPayload is what callback_query carries.
type callbackPayload struct {
	chat      place
	sender    party
	query     tdp.Object
	id        int64
	instance  int64
	message   int
	data      []byte // nil: the button of a game
	viaInline bool
}

// callback makes the event of a button under a message of the bot.
func callback(u *tg.UpdateBotCallbackQuery, c *Context) Occurrence {
	data, there := u.GetData()
	return c.callback(&callbackPayload{
		query: u, id: u.QueryID, instance: u.ChatInstance, message: u.MsgID, data: payloadOf(data, there),
	}, peer.FromTL(u.Peer), peer.UserID(u.UserID))
}

// inlineCallback makes the event of a button under a message that was sent via the bot. Telegram names such a message
// by an id of its own, in the shorter form of which the chat and the message can be read.
func inlineCallback(u *tg.UpdateInlineBotCallbackQuery, c *Context) Occurrence {
	data, there := u.GetData()
	p := &callbackPayload{query: u, id: u.QueryID, instance: u.ChatInstance, data: payloadOf(data, there), viaInline: true}
	var chat peer.ID
	switch id := u.MsgID.(type) {
	case *tg.InputBotInlineMessageID:
		p.message = int(int32(id.ID))
		if owner := int64(int32(id.ID >> 32)); owner < 0 {
			chat = peer.ChannelID(-owner)
		} else {
			chat = peer.UserID(owner)
		}
	case *tg.InputBotInlineMessageID64:
		p.message = id.ID // whose message it is, only owner_id says, and not in which chat
	}
	return c.callback(p, chat, peer.UserID(u.UserID))
}

// payloadOf tells an empty payload from none, which is nil.
func payloadOf(data []byte, there bool) []byte {
	if there && data == nil {
		return []byte{}
	}
	return data
}

func (c *Context) callback(p *callbackPayload, chat, sender peer.ID) Occurrence {
	p.chat, p.sender = c.place(chat), c.party(sender)
	o := c.occurrence(filter.CallbackQuery, chat, Passing, p)
	o.Sender, o.data, o.instance, o.MessageIDs = sender, p.data, p.instance, []int{p.message}
	return o
}

func (p *callbackPayload) write(w *writer, groups map[string]*string) {
	w.chat(&p.chat)
	w.int("chat_instance", p.instance)
	w.payload("data", p.data)
	w.groups("data_match", groups)
	w.int("id", p.id)
	w.object("input_sender", p.sender.input)
	w.int("message_id", int64(p.message))
	w.groups("pattern_match", groups)
	w.object("query", p.query)
	if p.data != nil { // the general rule leaves bytes out; these are text
		w.dst = w.dst[:len(w.dst)-1]
		w.payload("data", p.data)
		w.dst = append(w.dst, '}')
	}
	w.object("sender", p.sender.entity)
	w.id("sender_id", p.sender.id)
	w.bool("via_inline", p.viaInline)
}

// payload writes bytes as text, as the groups of patterns that look at them are; null if there are none.
func (w *writer) payload(name string, data []byte) {
	w.key(name)
	if data == nil {
		w.dst = append(w.dst, "null"...)
		return
	}
	w.dst = tljson.AppendString(w.dst, pyregex.Decode(data))
}

func (p *callbackPayload) appendIdentity(dst []byte, _ *Occurrence) []byte {
	return strconv.AppendInt(dst, p.id, 10)
}
