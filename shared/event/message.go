package event

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
	"telegram-client/shared/tljson"
)

// A messagePayload is what new_message and message_edited carry.
type messagePayload struct {
	message  *tg.Message
	unknown  []string // members of the message that its short form does not tell
	chat     party
	post     bool
	sender   peer.ID
	senderIs party
}

func readMessage(e filter.Event, m tg.MessageClass, c Context) []Occurrence {
	if m, ok := m.(*tg.Message); ok {
		own := *m // what is changed below is ours; what it points to stays shared
		return []Occurrence{occurrence(e, &own, nil, c)}
	}
	return nil // service messages are chat actions, empty ones nothing
}

// occurrence makes an occurrence of a message, which it completes: what private chats leave unsaid is filled in.
func occurrence(e filter.Event, m *tg.Message, unknown []string, c Context) Occurrence {
	self := c.self()
	chat := peer.FromTL(m.PeerID)
	_, forwarded := m.GetFwdFrom()
	if chat == self && !forwarded {
		m.SetOut(true) // own notes are outgoing, whatever the flag says
	}
	from := peer.FromTL(m.FromID)
	seen := from // whom from_users sees: in a private chat nobody wrote what we wrote
	if from == 0 && (m.Post || chat.Kind() == peer.User && !m.Out) {
		seen = chat
	}
	if from == 0 && chat.Kind() == peer.User && chat != 0 {
		from = chat
		if m.Out {
			from = self
		}
		m.SetFromID(from.Peer())
	}
	if _, empty := m.Media.(*tg.MessageMediaEmpty); empty {
		m.Media = nil
		m.Flags.Unset(mediaFlag)
	}
	if from == 0 && m.Post {
		from = chat
	}
	o := Occurrence{
		Event: e, Chat: chat, Sender: seen, Occurred: time.Unix(int64(m.Date), 0).UTC(), Class: Durable,
		Outgoing: m.Out, Forwarded: forwarded, MessageIDs: []int{m.ID}, Text: m.Message,
		payload: &messagePayload{message: m, unknown: unknown, chat: c.party(chat), post: m.Post, sender: from, senderIs: c.party(from)},
	}
	if chat.Kind() == peer.Channel {
		o.Box = chat
	}
	if m.Out {
		o.Kind = Send
	}
	o.identity = fmt.Sprintf("%d %d", o.Box, m.ID)
	return o
}

// mediaFlag is the flag of tg.Message.Media.
const mediaFlag = 9

func (p *messagePayload) appendMembers(dst []byte, groups map[string]*string) []byte {
	dst = append(dst, `"chat":`...)
	dst = tljson.Append(dst, p.chat.entity)
	dst = append(dst, `,"chat_id":`...)
	dst = appendID(dst, p.chat.id)
	dst = append(dst, `,"input_chat":`...)
	dst = tljson.Append(dst, p.chat.input)
	dst = append(dst, `,"is_channel":`...)
	dst = strconv.AppendBool(dst, p.chat.id.Kind() == peer.Channel)
	dst = append(dst, `,"is_group":`...)
	dst = strconv.AppendBool(dst, p.chat.id.Kind() == peer.Group || p.chat.id.Kind() == peer.Channel && !p.post)
	dst = append(dst, `,"is_private":`...)
	dst = strconv.AppendBool(dst, p.chat.id.Kind() == peer.User)
	dst = append(dst, `,"message":`...)
	dst = tljson.Append(dst, p.message, p.unknown...)
	dst = append(dst, `,"pattern_match":`...)
	dst = appendGroups(dst, groups)
	dst = append(dst, `,"sender":`...)
	dst = tljson.Append(dst, p.senderIs.entity)
	dst = append(dst, `,"sender_id":`...)
	return appendID(dst, p.sender)
}
