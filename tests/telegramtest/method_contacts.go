package telegramtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) contactsMethods(t table) {
	add(t, tg.ContactsResolveUsernameRequestTypeID, loggedIn, resolveUsername)
	add(t, tg.ContactsResolvePhoneRequestTypeID, loggedIn, resolvePhone)
	add(t, tg.ContactsGetContactsRequestTypeID, loggedIn, getContacts)
	add(t, tg.ContactsBlockRequestTypeID, loggedIn, func(c *call, r *tg.ContactsBlockRequest) (bin.Encoder, error) {
		return block(c, r.ID, true)
	})
	add(t, tg.ContactsUnblockRequestTypeID, loggedIn, func(c *call, r *tg.ContactsUnblockRequest) (bin.Encoder, error) {
		return block(c, r.ID, false)
	})
}

// https://core.telegram.org/method/contacts.resolveUsername
func resolveUsername(c *call, r *tg.ContactsResolveUsernameRequest) (bin.Encoder, error) {
	s := c.server
	if !c.account.resolves.take(s.opt.Clock.Now(), s.behaviour.ResolvesPerHour) {
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", resolveWait)) // facts/telegram.md
	}
	name := strings.ToLower(r.Username)
	if !isUsername(name) {
		return nil, tgerr.New(400, "USERNAME_INVALID")
	}
	if ch := s.channelNamed(name); ch != nil {
		return &tg.ContactsResolvedPeer{
			Peer: &tg.PeerChannel{ChannelID: ch.id}, Chats: s.seeRooms([]room{ch}, c.account),
		}, nil
	}
	a := s.usernames[name]
	if a == nil {
		return nil, tgerr.New(400, "USERNAME_NOT_OCCUPIED")
	}
	return &tg.ContactsResolvedPeer{
		Peer: &tg.PeerUser{UserID: a.id}, Users: []tg.UserClass{s.see(a, c.account, false)},
	}, nil
}

// https://core.telegram.org/method/contacts.resolvePhone
func resolvePhone(c *call, r *tg.ContactsResolvePhoneRequest) (bin.Encoder, error) {
	s := c.server
	if c.account.bot {
		return nil, errBotMethod
	}
	if !c.account.resolves.take(s.opt.Clock.Now(), s.behaviour.ResolvesPerHour) {
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", resolveWait)) // facts/telegram.md
	}
	phone, ok := readPhone(r.Phone)
	a := s.phones[phone]
	if !ok || a == nil {
		return nil, tgerr.New(400, "PHONE_NOT_OCCUPIED")
	}
	return &tg.ContactsResolvedPeer{
		Peer: &tg.PeerUser{UserID: a.id}, Users: []tg.UserClass{s.see(a, c.account, false)},
	}, nil
}

// https://core.telegram.org/method/contacts.getContacts
func getContacts(c *call, r *tg.ContactsGetContactsRequest) (bin.Encoder, error) {
	s, me := c.server, c.account
	if me.bot {
		return nil, errBotMethod
	}
	ids := slices.Sorted(maps.Keys(me.contacts))
	if r.Hash != 0 && r.Hash == listHash(append([]int64{int64(len(ids))}, ids...)) {
		return &tg.ContactsContactsNotModified{}, nil
	}
	answer := &tg.ContactsContacts{SavedCount: len(ids)}
	for _, id := range ids {
		a := s.accounts[id]
		answer.Contacts = append(answer.Contacts, tg.Contact{UserID: id, Mutual: a.contacts[me.id]})
		answer.Users = append(answer.Users, s.see(a, me, false))
	}
	return answer, nil
}

// https://core.telegram.org/method/contacts.block, https://core.telegram.org/method/contacts.unblock
func block(c *call, who tg.InputPeerClass, blocked bool) (bin.Encoder, error) {
	if c.account.bot {
		return nil, errBotMethod
	}
	to, err := c.inputPeer(who)
	if err != nil {
		return nil, err
	}
	if to.user == nil || to.user == c.account {
		return nil, tgerr.New(400, "CONTACT_ID_INVALID")
	}
	c.server.setBlocked(c.account, to.user, blocked)
	return &tg.BoolTrue{}, nil
}

// listHash is what a client names a list by that it has. https://core.telegram.org/api/offsets#hash-generation
func listHash(ids []int64) int64 {
	var h uint64
	for _, id := range ids {
		h ^= h >> 21
		h ^= h << 35
		h ^= h >> 4
		h += uint64(id)
	}
	return int64(h)
}
