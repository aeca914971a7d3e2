package telegramtest

import (
	"strings"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) membersMethods(t table) {
	add(t, tg.ChannelsGetParticipantRequestTypeID, loggedIn, getParticipant)
	add(t, tg.ChannelsGetParticipantsRequestTypeID, loggedIn, getParticipants)
}

// https://core.telegram.org/method/channels.getParticipant
func getParticipant(c *call, r *tg.ChannelsGetParticipantRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	who, err := c.inputPeer(r.Participant)
	switch {
	case err != nil || who.user == nil:
		return nil, tgerr.New(400, "PARTICIPANT_ID_INVALID")
	case ch.broadcast && !ch.rules(c.account) && who.user != c.account:
		return nil, tgerr.New(400, "CHAT_ADMIN_REQUIRED")
	}
	p := ch.participant(who.user)
	if p == nil {
		return nil, tgerr.New(400, "USER_NOT_PARTICIPANT")
	}
	if who.user == c.account && ch.role(who.user) == member {
		// https://core.telegram.org/constructor/channelParticipantSelf
		st := ch.standings[who.user]
		p = &tg.ChannelParticipantSelf{UserID: who.user.id, InviterID: st.by.number(), Date: st.date}
	}
	return &tg.ChannelsChannelParticipant{
		Participant: p, Chats: c.server.seeRooms([]room{ch}, c.account),
		Users: c.server.seeAll([]*account{who.user}, c.account, false),
	}, nil
}

// https://core.telegram.org/method/channels.getParticipants
func getParticipants(c *call, r *tg.ChannelsGetParticipantsRequest) (bin.Encoder, error) {
	ch, err := c.inputChannel(r.Channel)
	if err != nil {
		return nil, err
	}
	var fits func(*account) bool
	switch f := r.Filter.(type) {
	case *tg.ChannelParticipantsRecent:
		fits = ch.has
	case *tg.ChannelParticipantsAdmins:
		fits = ch.rules
	case *tg.ChannelParticipantsBots:
		fits = func(a *account) bool { return ch.has(a) && a.bot }
	case *tg.ChannelParticipantsKicked:
		fits = func(a *account) bool { return ch.role(a) == kicked }
	case *tg.ChannelParticipantsSearch:
		fits = func(a *account) bool {
			return ch.has(a) && strings.Contains(strings.ToLower(a.firstName+" "+a.lastName+" "+a.username), strings.ToLower(f.Q))
		}
	default:
		c.unsupported(r.Filter.TypeName())
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	if !ch.rules(c.account) && (ch.broadcast || !ch.has(c.account)) {
		return nil, tgerr.New(400, "CHAT_ADMIN_REQUIRED")
	}
	var all []*account
	for _, a := range ch.order {
		if fits(a) {
			all = append(all, a)
		}
	}
	answer := &tg.ChannelsChannelParticipants{Count: len(all), Chats: c.server.seeRooms([]room{ch}, c.account)}
	all = all[min(max(r.Offset, 0), len(all)):]
	all = all[:min(max(r.Limit, 0), len(all), mostGroup)]
	for _, a := range all {
		answer.Participants = append(answer.Participants, ch.participant(a))
	}
	answer.Users = c.server.seeAll(all, c.account, false)
	return answer, nil
}
