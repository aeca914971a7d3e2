package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) updatesMethods(t table) {
	add(t, tg.UpdatesGetStateRequestTypeID, loggedIn, getState)
	add(t, tg.UpdatesGetDifferenceRequestTypeID, loggedIn, getDifference)
}

// state is where an authorization stands: pts of the account, the rest of its own (A7).
func (c *call) state() tg.UpdatesState {
	return tg.UpdatesState{
		Pts: c.account.box.pts, Qts: c.authorization.qts, Date: c.server.now(), Seq: c.authorization.seq,
	}
}

// https://core.telegram.org/method/updates.getState
func getState(c *call, _ *tg.UpdatesGetStateRequest) (bin.Encoder, error) {
	state := c.state()
	return &state, nil
}

// https://core.telegram.org/method/updates.getDifference
func getDifference(c *call, r *tg.UpdatesGetDifferenceRequest) (bin.Encoder, error) {
	s, b := c.server, &c.account.box
	switch {
	case r.Pts <= 0:
		return nil, tgerr.New(400, "PERSISTENT_TIMESTAMP_EMPTY")
	case r.Date <= 0:
		return nil, tgerr.New(400, "DATE_EMPTY")
	case r.Pts > b.pts:
		// A client that is ahead of its account has lost something, and is to be found out (A10).
		return nil, tgerr.New(400, "PERSISTENT_TIMESTAMP_INVALID")
	}
	behind := b.pts - r.Pts
	limit, limited := r.GetPtsTotalLimit()
	if most := s.behaviour.TooLongAfter; most > 0 && behind > most || limited && behind > limit {
		s.note(Event{Kind: Difference, Account: c.account.id, Authorization: c.authorization.id, Text: "tooLong"})
		return &tg.UpdatesDifferenceTooLong{Pts: b.pts}, nil
	}
	changes, more := b.since(r.Pts), false
	size := s.behaviour.SliceSize
	if n, ok := r.GetPtsLimit(); ok && n > 0 {
		size = min(size, n)
	}
	if len(changes) > size {
		changes, more = changes[:size], true
	}
	d := s.difference(c, changes)
	if !more {
		c.addNumbered(d, r.Qts)
		c.addChannels(d, r.Date)
	}
	kind := "full"
	defer func() {
		s.note(Event{Kind: Difference, Account: c.account.id, Authorization: c.authorization.id, Text: kind})
	}()
	switch {
	case more:
		kind = "slice"
		between := c.state()
		between.Pts, between.Qts = changes[len(changes)-1].pts, r.Qts
		return &tg.UpdatesDifferenceSlice{
			NewMessages: d.NewMessages, NewEncryptedMessages: d.NewEncryptedMessages, OtherUpdates: d.OtherUpdates,
			Chats: d.Chats, Users: d.Users, IntermediateState: between,
		}, nil
	case len(changes) == 0 && len(d.OtherUpdates) == 0:
		kind = "empty"
		return &tg.UpdatesDifferenceEmpty{Date: s.now(), Seq: c.authorization.seq}, nil
	}
	d.State = c.state()
	return d, nil
}

// addNumbered adds what has a qts.
func (c *call) addNumbered(d *tg.UpdatesDifference, after int) {
	s := c.server
	for _, n := range c.authorization.numbered {
		if n.qts > after {
			d.OtherUpdates = append(d.OtherUpdates, n.update)
			d.Users = append(d.Users, s.seeAll(n.about, c.account, s.behaviour.MinUsers)...)
			d.Chats = append(d.Chats, s.seeRooms(n.rooms, c.account)...)
		}
	}
}

// addChannels names the channels in which something happened since a date. Not always (A39): the difference of a channel
// is asked for by who keeps its pts. https://core.telegram.org/api/updates
func (c *call) addChannels(d *tg.UpdatesDifference, since int) {
	s := c.server
	for _, ch := range s.channelOrder {
		if ch.has(c.account) && ch.changed >= since && s.chooses(s.behaviour.NameChannels) {
			d.OtherUpdates = append(d.OtherUpdates, ch.tooLong())
			d.Chats = append(d.Chats, ch.see(s, c.account))
		}
	}
}

// difference returns what happened: new messages as they are now, without those that are gone, and the rest as updates
// with their pts (A15).
func (s *Server) difference(c *call, changes []change) *tg.UpdatesDifference {
	d := &tg.UpdatesDifference{}
	var accounts []*account
	var rooms []room
	for _, x := range changes {
		if x.stored != nil && x.stored.deleted {
			continue
		}
		a, r := x.mentioned(s)
		accounts, rooms = append(accounts, a...), append(rooms, r...)
		if x.kind == newMessage {
			d.NewMessages = append(d.NewMessages, x.stored.render(c.account))
		} else {
			d.OtherUpdates = append(d.OtherUpdates, s.update(x, c.account))
		}
	}
	d.Users = s.seeAll(accounts, c.account, s.behaviour.MinUsers)
	d.Chats = s.seeRooms(rooms, c.account)
	return d
}
