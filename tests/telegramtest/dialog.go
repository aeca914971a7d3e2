package telegramtest

import (
	"cmp"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) dialogMethods(t table) {
	add(t, tg.MessagesGetDialogsRequestTypeID, loggedIn, getDialogs)
	add(t, tg.MessagesUnpinAllMessagesRequestTypeID, loggedIn, unpinAllMessages)
	add(t, tg.MessagesSearchRequestTypeID, loggedIn, searchMessages)
}

// getDialogs lists the chats of a user, the one with the latest message first.
// https://core.telegram.org/method/messages.getDialogs, https://core.telegram.org/api/offsets
func getDialogs(c *call, r *tg.MessagesGetDialogsRequest) (bin.Encoder, error) {
	s, me := c.server, c.account
	if me.bot {
		return nil, errBotMethod
	}
	if r.FolderID != 0 || r.ExcludePinned || r.Hash != 0 {
		c.unsupported("folders, hash")
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	tops := map[place]*stored{}
	look := func(copies map[int]*stored) {
		for _, m := range copies {
			if top := tops[m.peer]; !m.deleted && (top == nil || top.id < m.id) {
				tops[m.peer] = m
			}
		}
	}
	look(me.box.copies)
	for _, ch := range s.channelOrder {
		if ch.has(me) {
			look(ch.box.copies)
		}
	}
	var all []*stored
	for _, top := range tops {
		all = append(all, top)
	}
	slices.SortFunc(all, func(a, b *stored) int {
		return cmp.Or(cmp.Compare(b.message.date, a.message.date), cmp.Compare(b.message.number, a.message.number))
	})
	count := len(all)
	if r.OffsetDate != 0 {
		after, err := c.inputPeer(r.OffsetPeer)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(top *stored) bool { return top.peer == after }); i >= 0 {
			all = all[i+1:]
		}
	}
	limit := 100
	if r.Limit > 0 {
		limit = min(r.Limit, limit)
	}
	part := all[:min(limit, len(all))]
	var dialogs []tg.DialogClass
	var messages []tg.MessageClass
	var accounts []*account
	var rooms []room
	for _, top := range part {
		dialogs = append(dialogs, &tg.Dialog{Peer: top.peer.peer(), TopMessage: top.id})
		messages = append(messages, top.render(me))
		a, r := top.mentioned(s)
		accounts, rooms = append(accounts, a...), append(rooms, r...)
	}
	users, chats := s.seeAll(accounts, me, false), s.seeRooms(rooms, me)
	if len(part) == count {
		return &tg.MessagesDialogs{Dialogs: dialogs, Messages: messages, Users: users, Chats: chats}, nil
	}
	return &tg.MessagesDialogsSlice{Count: count, Dialogs: dialogs, Messages: messages, Users: users, Chats: chats}, nil
}

// unpinAllMessages unpins one message at a time, and says whether there are more.
// https://core.telegram.org/method/messages.unpinAllMessages (affectedHistory.offset)
func unpinAllMessages(c *call, r *tg.MessagesUnpinAllMessagesRequest) (bin.Encoder, error) {
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if in.channel != nil && !in.channel.rules(c.account) {
		return nil, tgerr.New(400, "CHAT_ADMIN_REQUIRED")
	}
	var pinned []*stored
	for _, m := range c.account.history(in) {
		if m.pinned {
			pinned = append(pinned, m)
		}
	}
	answer := &tg.MessagesAffectedHistory{Pts: c.account.box.pts}
	if len(pinned) == 0 {
		return answer, nil
	}
	done := c.server.pin(c.account, pinned[0], true, c.authorization)
	answer.Pts, answer.PtsCount, answer.Offset = done.pts, done.count, len(pinned)-1
	return answer, nil
}

// searchMessages finds what is pinned in a chat, the newest first. https://core.telegram.org/method/messages.search
func searchMessages(c *call, r *tg.MessagesSearchRequest) (bin.Encoder, error) {
	if c.account.bot {
		return nil, errBotMethod
	}
	if _, pinned := r.Filter.(*tg.InputMessagesFilterPinned); !pinned || r.Q != "" {
		c.unsupported("a search of other things than what is pinned")
		return nil, tgerr.New(400, "INPUT_FILTER_INVALID")
	}
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	answer := &tg.MessagesMessages{Chats: c.server.seeRooms(in.rooms(), c.account)}
	for _, m := range c.account.history(in) {
		if m.pinned && len(answer.Messages) < max(r.Limit, 1) {
			answer.Messages = append(answer.Messages, m.render(c.account))
		}
	}
	return answer, nil
}
