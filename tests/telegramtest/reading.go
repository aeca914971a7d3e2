package telegramtest

import (
	"maps"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

func (s *Server) readingMethods(t table) {
	add(t, tg.MessagesReadHistoryRequestTypeID, loggedIn, readHistory)
	add(t, tg.MessagesReadMessageContentsRequestTypeID, loggedIn, readContents)
	add(t, tg.ChannelsReadHistoryRequestTypeID, loggedIn, readChannel)
	add(t, tg.ChannelsReadMessageContentsRequestTypeID, loggedIn, readChannelContents)
}

// ReadHistory lets somebody read a chat up to a message, 0 is all. Its other logins are told by the inbox form, and
// people whose messages were read by the outbox form. Bots are not told what is read (A41).
func (s *Server) ReadHistory(as, chat int64, upTo int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[as]
	if a == nil {
		return errNoAccount
	}
	in, err := s.place(chat)
	if err != nil {
		return err
	}
	if in.channel != nil {
		s.readInChannel(in.channel, a, upTo, nil)
		return nil
	}
	s.readUpTo(a, in, upTo, nil)
	return nil
}

// readUpTo reads a private chat or a small group. It returns the change in the reader's box; false if nothing was new.
func (s *Server) readUpTo(a *account, in place, upTo int, actor *authorization) (change, bool) {
	newest, unread := 0, 0
	last := map[*account]*message{} // of each writer, what is read now
	for _, id := range slices.Sorted(maps.Keys(a.box.copies)) {
		c := a.box.get(id)
		switch {
		case c == nil || c.peer != in || c.message.from == a:
		case upTo > 0 && id > upTo:
			unread++
		case id > a.readInbox[in.id()]:
			newest = id
			last[c.message.from] = c.message
		}
	}
	if newest == 0 {
		return change{}, false
	}
	a.readInbox[in.id()] = newest
	s.note(Event{Kind: WasRead, Account: a.id, Authorization: actor.number(), Chat: in.id()})
	mine := a.box.record(change{kind: otherChange, count: 1, rooms: in.rooms(), build: func(pts, count int) tg.UpdateClass {
		return &tg.UpdateReadHistoryInbox{
			Peer: in.peer(), MaxID: newest, StillUnreadCount: unread, Pts: pts, PtsCount: count,
		}
	}})
	s.tell(a, mine, actor)
	for _, writer := range s.accountOrder {
		m := last[writer]
		if m == nil || writer.bot || m.copies[writer] == nil {
			continue
		}
		c := m.copies[writer]
		if c.id <= writer.readOutbox[c.peer.id()] {
			continue // somebody else in the group has read it before
		}
		writer.readOutbox[c.peer.id()] = c.id
		s.tell(writer, writer.box.record(change{
			kind: otherChange, count: 1, rooms: c.peer.rooms(), build: func(pts, count int) tg.UpdateClass {
				return &tg.UpdateReadHistoryOutbox{Peer: c.peer.peer(), MaxID: c.id, Pts: pts, PtsCount: count}
			},
		}), nil)
	}
	return mine, true
}

// readInChannel reads a channel. What its members are told of that has no pts of its own.
// https://core.telegram.org/constructor/updateReadChannelInbox, ...Outbox
func (s *Server) readInChannel(ch *channel, a *account, upTo int, actor *authorization) bool {
	if upTo <= 0 || upTo > ch.box.lastID {
		upTo = ch.box.lastID
	}
	before := ch.read[a]
	if !ch.has(a) || upTo <= before {
		return false
	}
	ch.read[a] = upTo
	s.note(Event{Kind: WasRead, Account: a.id, Authorization: actor.number(), Chat: place{channel: ch}.id()})
	inbox := &tg.UpdateReadChannelInbox{ChannelID: ch.id, MaxID: upTo, StillUnreadCount: ch.box.lastID - upTo, Pts: ch.box.pts}
	for _, x := range s.of(a) {
		if x != actor {
			s.tellPassing(x, inbox, nil, ch)
		}
	}
	if ch.broadcast {
		return true
	}
	last := map[*account]int{}
	for id := max(before, ch.readByAll) + 1; id <= upTo; id++ {
		if c := ch.box.get(id); c != nil && c.message.from != a {
			last[c.message.from] = id
		}
	}
	ch.readByAll = max(ch.readByAll, upTo)
	for _, writer := range ch.members() {
		if last[writer] == 0 || writer.bot {
			continue
		}
		for _, x := range s.of(writer) {
			s.tellPassing(x, &tg.UpdateReadChannelOutbox{ChannelID: ch.id, MaxID: last[writer]}, nil, ch)
		}
	}
	return true
}

// ReadContents lets somebody listen to or look at what messages hold. ids are those in the box of as, or in the channel.
// The server does not look at what they hold.
func (s *Server) ReadContents(as, chat int64, ids ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*stored
	var a *account
	for _, id := range ids {
		who, c, err := s.message(as, chat, id)
		if err != nil {
			return err
		}
		a, all = who, append(all, c)
	}
	if len(all) == 0 {
		return errNoMessage
	}
	if ch := all[0].peer.channel; ch != nil {
		s.contentsInChannel(ch, a, ids, nil)
		return nil
	}
	s.contents(a, all, nil)
	return nil
}

// contents tells the reader's logins and those who wrote the messages, if they are people.
// https://core.telegram.org/constructor/updateReadMessagesContents
func (s *Server) contents(a *account, all []*stored, actor *authorization) change {
	theirs := map[*account][]int{}
	for _, c := range all {
		theirs[a] = append(theirs[a], c.id)
		from := c.message.from
		if x := c.message.copies[from]; x != nil && from != a && !from.bot {
			theirs[from] = append(theirs[from], x.id)
		}
	}
	var mine change
	for _, who := range s.accountOrder {
		ids := theirs[who]
		if len(ids) == 0 {
			continue
		}
		c := who.box.record(change{kind: otherChange, count: len(ids), build: func(pts, count int) tg.UpdateClass {
			u := &tg.UpdateReadMessagesContents{Messages: ids, Pts: pts, PtsCount: count}
			u.SetDate(s.now())
			return u
		}})
		by := actor
		if who == a {
			mine = c
		} else {
			by = nil
		}
		s.tell(who, c, by)
	}
	return mine
}

// https://core.telegram.org/constructor/updateChannelReadMessagesContents
func (s *Server) contentsInChannel(ch *channel, a *account, ids []int, actor *authorization) {
	u := &tg.UpdateChannelReadMessagesContents{ChannelID: ch.id, Messages: ids}
	for _, x := range s.of(a) {
		if x != actor {
			s.tellPassing(x, u, nil, ch)
		}
	}
}

// https://core.telegram.org/method/messages.readHistory
func readHistory(c *call, r *tg.MessagesReadHistoryRequest) (bin.Encoder, error) {
	in, err := c.inputPeer(r.Peer)
	switch {
	case err != nil:
		return nil, err
	case c.account.bot:
		return nil, errBotMethod
	case in.channel != nil:
		return nil, errPeer
	}
	if done, any := c.server.readUpTo(c.account, in, r.MaxID, c.authorization); any {
		return &tg.MessagesAffectedMessages{Pts: done.pts, PtsCount: done.count}, nil
	}
	return &tg.MessagesAffectedMessages{Pts: c.account.box.pts}, nil
}

// https://core.telegram.org/method/messages.readMessageContents
func readContents(c *call, r *tg.MessagesReadMessageContentsRequest) (bin.Encoder, error) {
	var all []*stored
	for _, id := range r.ID {
		if m := c.account.box.get(id); m != nil {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return &tg.MessagesAffectedMessages{Pts: c.account.box.pts}, nil
	}
	done := c.server.contents(c.account, all, c.authorization)
	return &tg.MessagesAffectedMessages{Pts: done.pts, PtsCount: done.count}, nil
}

// https://core.telegram.org/method/channels.readHistory
func readChannel(c *call, r *tg.ChannelsReadHistoryRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	switch {
	case err != nil:
		return nil, err
	case c.account.bot:
		return nil, errBotMethod
	}
	if c.server.readInChannel(ch, c.account, r.MaxID, c.authorization) {
		return &tg.BoolTrue{}, nil
	}
	return &tg.BoolFalse{}, nil
}

// https://core.telegram.org/method/channels.readMessageContents
func readChannelContents(c *call, r *tg.ChannelsReadMessageContentsRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	c.server.contentsInChannel(ch, c.account, r.ID, c.authorization)
	return &tg.BoolTrue{}, nil
}
