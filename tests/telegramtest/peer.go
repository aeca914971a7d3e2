package telegramtest

import (
	"crypto/sha256"
	"encoding/binary"
	"regexp"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// place is where a message goes: to a user, into a small group or into a channel.
type place struct {
	user    *account
	group   *group
	channel *channel
}

// room is what the schema calls a chat: a small group or a channel.
type room interface {
	see(s *Server, viewer *account) tg.ChatClass
}

// rooms returns the place if it is a chat.
func (p place) rooms() []room {
	switch {
	case p.group != nil:
		return []room{p.group}
	case p.channel != nil:
		return []room{p.channel}
	}
	return nil
}

// peer names the place as the schema does.
func (p place) peer() tg.PeerClass {
	switch {
	case p.group != nil:
		return &tg.PeerChat{ChatID: p.group.id}
	case p.channel != nil:
		return &tg.PeerChannel{ChannelID: p.channel.id}
	}
	return &tg.PeerUser{UserID: p.user.id}
}

// channelMark is what the marked ids of channels begin at. https://core.telegram.org/api/bots/ids
const channelMark = -1_000_000_000_000

// id is the marked id.
func (p place) id() int64 {
	switch {
	case p.group != nil:
		return -p.group.id
	case p.channel != nil:
		return channelMark - p.channel.id
	}
	return p.user.id
}

// place finds what a marked id means.
func (s *Server) place(id int64) (place, error) {
	if a := s.accounts[id]; a != nil {
		return place{user: a}, nil
	}
	if g := s.groups[-id]; g != nil {
		return place{group: g}, nil
	}
	if ch := s.channels[channelMark-id]; ch != nil {
		return place{channel: ch}, nil
	}
	return place{}, errNoPeer
}

// hash is the access hash by which an account knows a user. It is the account's, not the authorization's (A6), and
// differs from account to account. https://core.telegram.org/api/peers
func (s *Server) hash(viewer *account, target int64) int64 { return s.derive("user", viewer, target) }

// minHash stands in min users.
func (s *Server) minHash(viewer *account, target int64) int64 { return s.derive("min", viewer, target) }

func (s *Server) derive(kind string, viewer *account, target int64) int64 {
	var b []byte
	b = binary.LittleEndian.AppendUint64(b, s.secret)
	b = binary.LittleEndian.AppendUint64(b, uint64(viewer.id))
	b = binary.LittleEndian.AppendUint64(b, uint64(target))
	sum := sha256.Sum256(append(b, kind...))
	return int64(binary.LittleEndian.Uint64(sum[:]) | 1) // 0 means that there is none
}

// HashFor returns the access hash by which an account knows a user.
func (s *Server) HashFor(viewer, user int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[viewer]
	if a == nil || s.accounts[user] == nil {
		return 0
	}
	return s.hash(a, user)
}

var (
	errPeer = tgerr.New(400, "PEER_ID_INVALID")

	usernamePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{3,31}$`)
)

func isUsername(lower string) bool { return usernamePattern.MatchString(lower) }

// inputPeer finds the peer that a client means.
func (c *call) inputPeer(p tg.InputPeerClass) (place, error) {
	s := c.server
	switch p := p.(type) {
	case *tg.InputPeerSelf:
		return place{user: c.account}, nil
	case *tg.InputPeerUser:
		// Hash 0 finds nobody to write to, not even for a bot (A13).
		a := s.accounts[p.UserID]
		if a == nil || p.AccessHash != s.hash(c.account, p.UserID) {
			return place{}, errPeer
		}
		return place{user: a}, nil
	case *tg.InputPeerChat:
		// An account that was never in a group does not know of it; groups have no access hash.
		g := s.groups[p.ChatID]
		if g == nil || !g.has(c.account) && !g.former[c.account] {
			return place{}, errPeer
		}
		return place{group: g}, nil
	case *tg.InputPeerChannel:
		ch, err := c.inputChannel(&tg.InputChannel{ChannelID: p.ChannelID, AccessHash: p.AccessHash})
		return place{channel: ch}, err
	case *tg.InputPeerEmpty:
		return place{}, errPeer
	}
	c.unsupported("peer " + p.TypeName())
	return place{}, errPeer
}

// inputUser finds the user that a client means; nil if there is none. Bots find with hash 0 whom they have met.
// https://core.telegram.org/api/peers (A13)
func (c *call) inputUser(u tg.InputUserClass) *account {
	s := c.server
	switch u := u.(type) {
	case *tg.InputUserSelf:
		return c.account
	case *tg.InputUser:
		a := s.accounts[u.UserID]
		switch {
		case a == nil:
		case u.AccessHash == s.hash(c.account, u.UserID):
			return a
		case u.AccessHash == 0 && c.account.bot && (c.account.met[a.id] || a == c.account):
			return a
		}
	case *tg.InputUserEmpty:
	default:
		c.unsupported("user " + u.TypeName())
	}
	return nil
}
