package telegramtest

import (
	"errors"
	"fmt"

	"github.com/gotd/td/tg"
)

// role is what an account is in a channel.
type role int

const (
	gone role = iota // left
	kicked
	member
	admin
	owner
)

// standing is what an account is in a channel, since when and by whom.
type standing struct {
	role role
	by   *account // who invited, promoted or kicked; nil if nobody did
	date int
}

func (ch *channel) set(a *account, st *standing) {
	if ch.standings[a] == nil {
		ch.order = append(ch.order, a)
	}
	ch.standings[a] = st
}

func (ch *channel) role(a *account) role {
	if st := ch.standings[a]; st != nil {
		return st.role
	}
	return gone
}

func (ch *channel) has(a *account) bool { return ch.role(a) >= member }

// rules reports whether an account is an admin.
func (ch *channel) rules(a *account) bool { return ch.role(a) >= admin }

// isOpenTo reports whether an account can read a channel.
func (ch *channel) isOpenTo(a *account) bool {
	return ch.has(a) || ch.username != "" && ch.role(a) != kicked
}

func (ch *channel) members() []*account {
	var all []*account
	for _, a := range ch.order {
		if ch.has(a) {
			all = append(all, a)
		}
	}
	return all
}

// acquaint lets the members of a supergroup know each other.
func (ch *channel) acquaint() {
	if ch.broadcast {
		return
	}
	all := ch.members()
	for _, a := range all {
		for _, b := range all {
			if a != b {
				a.met[b.id] = true
			}
		}
	}
}

// joinChannel adds an account to a channel. In a supergroup a service message says so.
func (s *Server) joinChannel(ch *channel, a, by *account, link bool) error {
	switch {
	case ch.has(a):
		return fmt.Errorf("account %d is in the channel", a.id)
	case by != a && !ch.has(by):
		return errors.New("who adds is not in the channel")
	}
	as := member
	if a.bot && ch.broadcast {
		as = admin
	}
	var inviter *account
	if by != a {
		inviter = by
	}
	s.stand(ch, a, by, &standing{role: as, by: inviter, date: s.now()})
	ch.acquaint()
	if ch.broadcast {
		return nil
	}
	m := &message{from: by, channel: ch, date: s.now(), action: &tg.MessageActionChatAddUser{Users: []int64{a.id}}}
	if link {
		m.from, m.action = a, &tg.MessageActionChatJoinedByLink{InviterID: ch.creator.id}
	}
	s.publish(m, nil)
	return nil
}

// leaveChannel takes an account out of a channel: it leaves, or is kicked by somebody else.
func (s *Server) leaveChannel(ch *channel, a, by *account) error {
	switch {
	case !ch.has(a):
		return fmt.Errorf("account %d is not in the channel", a.id)
	case by != a && !ch.rules(by):
		return errors.New("who kicks is not an admin")
	}
	st := &standing{role: gone, date: s.now()}
	if by != a {
		st.role, st.by = kicked, by
	}
	s.stand(ch, a, by, st)
	if !ch.broadcast {
		s.publish(&message{
			from: by, channel: ch, date: s.now(), action: &tg.MessageActionChatDeleteUser{UserID: a.id},
		}, nil)
	}
	return nil
}

// Promote makes a member of a channel an admin, or takes that back.
func (s *Server) Promote(chat, who, by int64, up bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, b := s.channels[channelMark-chat], s.accounts[who], s.accounts[by]
	switch {
	case ch == nil:
		return errNoPeer
	case a == nil || b == nil:
		return errNoAccount
	case !ch.has(a) || a == ch.creator || !ch.rules(b):
		return errors.New("that is not possible in this channel")
	}
	as := member
	if up {
		as = admin
	}
	s.stand(ch, a, b, &standing{role: as, by: b, date: s.now()})
	return nil
}

// stand gives an account another standing, and tells bots that are admins (with a qts), and the account itself.
// https://core.telegram.org/constructor/updateChannelParticipant, https://core.telegram.org/constructor/updateChannel
func (s *Server) stand(ch *channel, a, by *account, st *standing) {
	before := ch.participant(a)
	ch.set(a, st)
	after := ch.participant(a)
	s.note(Event{Kind: Standing, Account: a.id, Chat: place{channel: ch}.id()})
	for _, b := range ch.members() {
		if !b.bot || !ch.rules(b) {
			continue
		}
		for _, x := range s.of(b) {
			u := &tg.UpdateChannelParticipant{ChannelID: ch.id, Date: s.now(), ActorID: by.id, UserID: a.id}
			if before != nil {
				u.SetPrevParticipant(before)
			}
			if after != nil {
				u.SetNewParticipant(after)
			}
			s.tellNumbered(x, func(qts int) tg.UpdateClass {
				u.Qts = qts
				return u
			}, []*account{a, by}, ch)
		}
	}
	for _, x := range s.of(a) {
		s.tellPassing(x, &tg.UpdateChannel{ChannelID: ch.id}, nil, ch)
	}
}

// participant is what an account is, in Telegram's words; nil for who is not in it.
// https://core.telegram.org/type/ChannelParticipant
func (ch *channel) participant(a *account) tg.ChannelParticipantClass {
	st := ch.standings[a]
	if st == nil {
		return nil
	}
	switch st.role {
	case owner:
		return &tg.ChannelParticipantCreator{UserID: a.id, AdminRights: allRights(ch.broadcast)}
	case admin:
		p := &tg.ChannelParticipantAdmin{UserID: a.id, PromotedBy: st.by.number(), Date: st.date, AdminRights: allRights(ch.broadcast)}
		return p
	case member:
		return &tg.ChannelParticipant{UserID: a.id, Date: st.date}
	case kicked:
		return &tg.ChannelParticipantBanned{
			Left: true, Peer: &tg.PeerUser{UserID: a.id}, KickedBy: st.by.number(), Date: st.date,
			BannedRights: tg.ChatBannedRights{ViewMessages: true, SendMessages: true, UntilDate: 0x7fffffff},
		}
	}
	return nil
}

func allRights(broadcast bool) tg.ChatAdminRights {
	return tg.ChatAdminRights{
		ChangeInfo: true, PostMessages: broadcast, EditMessages: broadcast, DeleteMessages: true, BanUsers: true,
		InviteUsers: true, PinMessages: !broadcast, AddAdmins: true, Other: true,
	}
}
