package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) channelsMethods(t table) {
	add(t, tg.ChannelsGetChannelsRequestTypeID, loggedIn, getChannels)
	add(t, tg.ChannelsGetMessagesRequestTypeID, loggedIn, getChannelMessages)
	add(t, tg.ChannelsDeleteMessagesRequestTypeID, loggedIn, deleteChannelMessages)
	add(t, tg.UpdatesGetChannelDifferenceRequestTypeID, loggedIn, getChannelDifference)
}

// https://core.telegram.org/method/channels.getChannels
func getChannels(c *call, r *tg.ChannelsGetChannelsRequest) (bin.Encoder, error) {
	answer := &tg.MessagesChats{}
	for _, in := range r.ID {
		ch, err := c.inputChannel(in)
		if err != nil {
			return nil, err
		}
		answer.Chats = append(answer.Chats, ch.see(c.server, c.account))
	}
	return answer, nil
}

// https://core.telegram.org/method/channels.getMessages
func getChannelMessages(c *call, r *tg.ChannelsGetMessagesRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	var all []*stored
	var empty []tg.MessageClass
	for _, in := range r.ID {
		id, ok := in.(*tg.InputMessageID)
		if !ok {
			c.unsupported(in.TypeName())
			return nil, errMessageID
		}
		m := ch.box.get(id.ID)
		if m == nil || (change{stored: m}).hiddenFrom(c.account) {
			empty = append(empty, &tg.MessageEmpty{ID: id.ID})
			continue
		}
		all = append(all, m)
	}
	answer := c.channelMessages(ch, all)
	answer.Messages = append(answer.Messages, empty...)
	return answer, nil
}

// channelMessages are messages of a channel with who and what occurs in them.
func (c *call) channelMessages(ch *channel, all []*stored) *tg.MessagesChannelMessages {
	s := c.server
	answer := &tg.MessagesChannelMessages{Pts: ch.box.pts, Count: len(all)}
	accounts, rooms := []*account{}, []room{ch}
	for _, m := range all {
		answer.Messages = append(answer.Messages, m.render(c.account))
		a, r := m.mentioned(s)
		accounts, rooms = append(accounts, a...), append(rooms, r...)
	}
	answer.Users, answer.Chats = s.seeAll(accounts, c.account, false), s.seeRooms(rooms, c.account)
	return answer
}

// deleteChannelMessages deletes for everybody: own messages, and as an admin all.
// https://core.telegram.org/method/channels.deleteMessages
func deleteChannelMessages(c *call, r *tg.ChannelsDeleteMessagesRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	for _, id := range r.ID {
		if m := ch.box.get(id); m != nil && m.message.from != c.account && !ch.rules(c.account) {
			return nil, tgerr.New(403, "MESSAGE_DELETE_FORBIDDEN")
		}
	}
	done, any := c.server.removeIn(ch, c.account, r.ID, c.authorization)
	if !any {
		return &tg.MessagesAffectedMessages{Pts: ch.box.pts}, nil
	}
	return &tg.MessagesAffectedMessages{Pts: done.pts, PtsCount: done.count}, nil
}

// mostChannelDifference is how much one answer holds, whatever the client asks for.
// https://core.telegram.org/method/updates.getChannelDifference
const mostChannelDifference = 100

// https://core.telegram.org/method/updates.getChannelDifference
func getChannelDifference(c *call, r *tg.UpdatesGetChannelDifferenceRequest) (bin.Encoder, error) {
	s := c.server
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	if _, all := r.Filter.(*tg.ChannelMessagesFilterEmpty); !all {
		c.unsupported("filter")
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	b := &ch.box
	switch {
	case r.Pts <= 0:
		return nil, tgerr.New(400, "PERSISTENT_TIMESTAMP_EMPTY")
	case r.Pts > b.pts:
		return nil, tgerr.New(400, "PERSISTENT_TIMESTAMP_INVALID") // (A10)
	case r.Limit <= 0:
		return nil, tgerr.New(400, "LIMIT_INVALID")
	}
	kind, place := "channel", place{channel: ch}
	defer func() {
		s.note(Event{Kind: Difference, Account: c.account.id, Authorization: c.authorization.id, Chat: place.id(), Text: kind})
	}()
	timeout := s.behaviour.ChannelTimeout
	if most := s.behaviour.ChannelTooLongAfter; most > 0 && b.pts-r.Pts > most {
		kind = "channelTooLong"
		return c.channelTooLong(ch, timeout), nil
	}
	changes, final := b.since(r.Pts), true
	if limit := min(r.Limit, mostChannelDifference); len(changes) > limit {
		changes, final = changes[:limit], false
	}
	if len(changes) == 0 {
		kind = "channelEmpty"
		e := &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: b.pts}
		e.SetTimeout(timeout)
		return e, nil
	}
	seen := changes[:0:0]
	for _, x := range changes {
		if !x.hiddenFrom(c.account) {
			seen = append(seen, x)
		}
	}
	d := s.difference(c, seen)
	answer := &tg.UpdatesChannelDifference{
		Final: final, Pts: changes[len(changes)-1].pts, NewMessages: d.NewMessages, OtherUpdates: d.OtherUpdates,
		Chats: d.Chats, Users: d.Users,
	}
	answer.SetTimeout(timeout)
	return answer, nil
}

// newestOfTooLong is how many messages come with channelDifferenceTooLong: the rest is a hole.
const newestOfTooLong = 3

// https://core.telegram.org/constructor/updates.channelDifferenceTooLong
func (c *call) channelTooLong(ch *channel, timeout int) *tg.UpdatesChannelDifferenceTooLong {
	newest := ch.newest(newestOfTooLong, c.account)
	x := c.channelMessages(ch, newest)
	d := &tg.Dialog{
		Peer: &tg.PeerChannel{ChannelID: ch.id}, ReadInboxMaxID: ch.read[c.account], ReadOutboxMaxID: ch.readByAll,
		UnreadCount: ch.box.lastID - ch.read[c.account],
	}
	if len(newest) > 0 {
		d.TopMessage = newest[0].id
	}
	d.SetPts(ch.box.pts)
	answer := &tg.UpdatesChannelDifferenceTooLong{Final: true, Dialog: d, Messages: x.Messages, Chats: x.Chats, Users: x.Users}
	answer.SetTimeout(timeout)
	return answer
}

// newest returns the newest messages that an account sees, the newest first.
func (ch *channel) newest(n int, viewer *account) []*stored {
	var all []*stored
	for id := ch.box.lastID; id > 0 && len(all) < n; id-- {
		if m := ch.box.get(id); m != nil && !(change{stored: m}).hiddenFrom(viewer) {
			all = append(all, m)
		}
	}
	return all
}
