package telegramtest

import (
	"maps"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) historyMethods(t table) {
	add(t, tg.MessagesGetHistoryRequestTypeID, loggedIn, getHistory)
	add(t, tg.MessagesUpdatePinnedMessageRequestTypeID, loggedIn, updatePinnedMessage)
}

// mostHistory is how many messages one answer holds. https://core.telegram.org/method/messages.getHistory
const mostHistory = 100

// getHistory returns a part of a chat, the newest first.
// https://core.telegram.org/method/messages.getHistory, https://core.telegram.org/api/offsets
func getHistory(c *call, r *tg.MessagesGetHistoryRequest) (bin.Encoder, error) {
	s := c.server
	if c.account.bot {
		return nil, errBotMethod
	}
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	all := c.account.history(in)
	from := 0
	for from < len(all) && (r.OffsetID > 0 && all[from].id >= r.OffsetID || r.OffsetDate > 0 && all[from].message.date >= r.OffsetDate) {
		from++
	}
	from = min(max(from+r.AddOffset, 0), len(all))
	limit := mostHistory
	if r.Limit > 0 {
		limit = min(r.Limit, mostHistory)
	}
	var part []*stored
	for _, m := range all[from:min(from+limit, len(all))] {
		if (r.MaxID <= 0 || m.id < r.MaxID) && (r.MinID <= 0 || m.id > r.MinID) {
			part = append(part, m)
		}
	}
	if in.channel != nil {
		answer := c.channelMessages(in.channel, part)
		answer.Count = len(all)
		return answer, nil
	}
	var messages []tg.MessageClass
	var accounts []*account
	var rooms []room
	for _, m := range part {
		messages = append(messages, m.render(c.account))
		a, r := m.mentioned(s)
		accounts, rooms = append(accounts, a...), append(rooms, r...)
	}
	users, chats := s.seeAll(accounts, c.account, false), s.seeRooms(rooms, c.account)
	if len(part) == len(all) {
		return &tg.MessagesMessages{Messages: messages, Users: users, Chats: chats}, nil
	}
	return &tg.MessagesMessagesSlice{Count: len(all), Messages: messages, Users: users, Chats: chats}, nil
}

// history returns the messages of a chat that are there, the newest first.
func (a *account) history(in place) []*stored {
	b := &a.box
	if in.channel != nil {
		b = &in.channel.box
	}
	var all []*stored
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(b.copies))) {
		if c := b.get(id); c != nil && c.peer == in {
			all = append(all, c)
		}
	}
	return all
}

// https://core.telegram.org/method/messages.updatePinnedMessage
func updatePinnedMessage(c *call, r *tg.MessagesUpdatePinnedMessageRequest) (bin.Encoder, error) {
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	m := c.account.find(in, r.ID)
	switch {
	case m == nil:
		return nil, errMessageID
	case in.channel != nil && !in.channel.rules(c.account):
		return nil, tgerr.New(400, "CHAT_ADMIN_REQUIRED")
	case m.pinned == !r.Unpin:
		return nil, tgerr.New(400, "CHAT_NOT_MODIFIED")
	}
	if r.PmOneside && in.user != nil {
		return c.result(c.server.pinAlone(c.account, m, r.Unpin, c.authorization)), nil
	}
	return c.result(c.server.pin(c.account, m, r.Unpin, c.authorization)), nil
}
