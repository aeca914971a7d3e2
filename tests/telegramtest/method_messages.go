package telegramtest

import (
	"fmt"
	"unicode/utf16"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) messagesMethods(t table) {
	add(t, tg.MessagesSendMessageRequestTypeID, loggedIn, sendMessage)
	add(t, tg.MessagesEditMessageRequestTypeID, loggedIn, editMessage)
	add(t, tg.MessagesDeleteMessagesRequestTypeID, loggedIn, deleteMessages)
	add(t, tg.MessagesGetMessagesRequestTypeID, loggedIn, getMessages)
}

var errMessageID = tgerr.New(400, "MESSAGE_ID_INVALID")

// checkText checks a text and its entities. The length is counted in UTF-16 units, as entities are (A16).
// https://core.telegram.org/method/messages.sendMessage, https://core.telegram.org/api/entities
func checkText(text string, entities []tg.MessageEntityClass) error {
	if isBlank(text) {
		return tgerr.New(400, "MESSAGE_EMPTY")
	}
	length := len(utf16.Encode([]rune(text)))
	if length > mostText {
		return tgerr.New(400, "MESSAGE_TOO_LONG")
	}
	for _, e := range entities {
		if e.GetOffset() < 0 || e.GetLength() <= 0 || e.GetOffset()+e.GetLength() > length {
			return tgerr.New(400, "ENTITY_BOUNDS_INVALID")
		}
	}
	return nil
}

func isBlank(text string) bool {
	for _, r := range text {
		if r != ' ' && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

// mayWrite checks whether the account may write to a peer.
func (c *call) mayWrite(to place) error {
	switch me := c.account; {
	case to.group != nil && !to.group.has(me):
		return tgerr.New(403, "CHAT_WRITE_FORBIDDEN")
	case to.group != nil && to.group.closed && to.group.creator != me:
		return tgerr.New(403, "CHAT_WRITE_FORBIDDEN")
	case to.channel != nil && to.channel.role(me) == kicked:
		return tgerr.New(400, "USER_BANNED_IN_CHANNEL")
	case to.channel != nil && to.channel.broadcast && !to.channel.rules(me):
		return tgerr.New(400, "CHAT_ADMIN_REQUIRED")
	case to.channel != nil && !to.channel.has(me):
		return tgerr.New(403, "CHAT_WRITE_FORBIDDEN")
	case to.channel != nil && to.channel.slowFor(me, c.server.now()) > 0:
		return tgerr.New(420, fmt.Sprintf("SLOWMODE_WAIT_%d", to.channel.slowFor(me, c.server.now())))
	case to.user != nil && me.bot && to.user.bot:
		return tgerr.New(400, "USER_IS_BOT")
	case to.user != nil && to.user.deleted:
		return tgerr.New(400, "INPUT_USER_DEACTIVATED")
	case to.user != nil && to.user.blocked[me.id]:
		return tgerr.New(403, "USER_IS_BLOCKED")
	case to.user != nil && me.bot && !me.met[to.user.id] && c.server.behaviour.UsersWriteFirst:
		return errPeer // https://core.telegram.org/bots#how-are-bots-different-from-users (A12)
	}
	return nil
}

// getMessages returns messages of the common box. https://core.telegram.org/method/messages.getMessages
func getMessages(c *call, r *tg.MessagesGetMessagesRequest) (bin.Encoder, error) {
	answer := &tg.MessagesMessages{}
	var accounts []*account
	var rooms []room
	for _, in := range r.ID {
		id, ok := in.(*tg.InputMessageID)
		if !ok {
			c.unsupported(in.TypeName())
			return nil, errMessageID
		}
		m := c.account.box.get(id.ID)
		if m == nil {
			answer.Messages = append(answer.Messages, &tg.MessageEmpty{ID: id.ID})
			continue
		}
		answer.Messages = append(answer.Messages, m.render(c.account))
		a, r := m.mentioned(c.server)
		accounts, rooms = append(accounts, a...), append(rooms, r...)
	}
	answer.Users = c.server.seeAll(accounts, c.account, false)
	answer.Chats = c.server.seeRooms(rooms, c.account)
	return answer, nil
}

// deleteMessages deletes messages of the common box. https://core.telegram.org/method/messages.deleteMessages
func deleteMessages(c *call, r *tg.MessagesDeleteMessagesRequest) (bin.Encoder, error) {
	me := c.account
	for _, id := range r.ID {
		m := me.box.get(id)
		if m == nil {
			continue // unknown ids are passed over
		}
		if g := m.message.group; g != nil && r.Revoke && m.message.from != me && g.creator != me {
			return nil, tgerr.New(403, "MESSAGE_DELETE_FORBIDDEN")
		}
	}
	done, any := c.server.remove(me, r.ID, r.Revoke, c.authorization)
	if !any {
		return &tg.MessagesAffectedMessages{Pts: me.box.pts}, nil
	}
	return &tg.MessagesAffectedMessages{Pts: done.pts, PtsCount: done.count}, nil
}

// editMessage edits a text, or a caption and the file above it. https://core.telegram.org/method/messages.editMessage
func editMessage(c *call, r *tg.MessagesEditMessageRequest) (bin.Encoder, error) {
	for part, used := range map[string]bool{
		"quick_reply":  r.QuickReplyShortcutID != 0,
		"rich_message": r.RichMessage != nil,
	} {
		if used {
			c.unsupported(part)
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
	}
	to, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if r.Entities, err = c.shown(r.Entities); err != nil {
		return nil, err
	}
	// https://github.com/tdlib/td: MessagesManager::edit_message_text takes inline keyboards only (A47).
	if _, inline := r.ReplyMarkup.(*tg.ReplyInlineMarkup); r.ReplyMarkup != nil && !inline {
		return nil, tgerr.New(400, "REPLY_MARKUP_INVALID")
	}
	if r.ScheduleDate != 0 {
		return c.reschedule(to, r)
	}
	m := c.account.find(to, r.ID)
	if m == nil || m.message.action != nil {
		return nil, errMessageID
	}
	posts := to.channel != nil && to.channel.broadcast && to.channel.rules(c.account)
	if m.message.from != c.account && !posts {
		return nil, tgerr.New(403, "MESSAGE_AUTHOR_REQUIRED")
	}
	text, given := r.GetMessage()
	entities := r.Entities
	if !given {
		text, entities = m.message.text, m.message.entities
	}
	file := m.message.file
	if r.Media != nil {
		if file, err = c.editedMedia(m.message, r.Media); err != nil {
			return nil, err
		}
	}
	if file != nil {
		err = c.checkCaption(text, entities)
	} else {
		err = checkText(text, entities)
	}
	if err != nil {
		return nil, err
	}
	if text == m.message.text && sameTL(entities, m.message.entities) && sameMarkup(r.ReplyMarkup, m.message.markup) && sameFile(file, m.message.file) {
		return nil, tgerr.New(400, "MESSAGE_NOT_MODIFIED")
	}
	m.message.file = file
	done := c.server.amend(m.message, text, entities, r.ReplyMarkup, c.account, c.authorization)
	return c.result(done), nil
}

// result returns a change as the result of the method that made it. Results carry no seq.
func (c *call) result(done change, first ...tg.UpdateClass) *tg.Updates {
	s := c.server
	accounts, rooms := done.mentioned(s)
	return &tg.Updates{
		Updates: append(first, s.update(done, c.account)), Date: s.now(),
		Users: s.seeAll(accounts, c.account, false), Chats: s.seeRooms(rooms, c.account),
	}
}

func sameMarkup(a, b tg.ReplyMarkupClass) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return sameTL([]tg.ReplyMarkupClass{a}, []tg.ReplyMarkupClass{b})
}

func sameFile(a, b *attachment) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// sameTL compares by what stands on the wire.
func sameTL[T bin.Encoder](a, b []T) bool {
	var x, y bin.Buffer
	for _, v := range a {
		if err := v.Encode(&x); err != nil {
			return false
		}
	}
	for _, v := range b {
		if err := v.Encode(&y); err != nil {
			return false
		}
	}
	return string(x.Buf) == string(y.Buf)
}
