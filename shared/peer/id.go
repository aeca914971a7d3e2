// Package peer names the users, groups and channels an entry deals with.
//
// It has the marked ids of the API ([ID]), what a service call may name as a target ([Target]), and the [Book] of what
// an entry has learnt about its peers: who has which username, which access hash opens them, and what they look like
// in events. It holds values; keeping the records of a book is the business of redisstore, and asking Telegram about a
// peer that the book does not know that of service.
package peer

import (
	"strconv"

	"github.com/gotd/td/tg"
)

// An ID is a marked id: the id of a user as it is, that of a small group negated, and that of a channel or supergroup
// as -(10¹² + id), which reads as "-100" in front of the ten digits that most have. 0 is nobody.
type ID int64

// channelMark is subtracted from channels. A small group can be as low as the mark itself.
const channelMark = -1_000_000_000_000

// Kind is what an [ID] names.
type Kind int

// The kinds.
const (
	User Kind = iota + 1
	Group
	Channel // also supergroups
)

// String returns the kind in Telegram's words.
func (k Kind) String() string {
	switch k {
	case User:
		return "user"
	case Group:
		return "group"
	case Channel:
		return "channel"
	}
	return "unknown"
}

// UserID marks the id of a user.
func UserID(bare int64) ID { return ID(bare) }

// GroupID marks the id of a small group.
func GroupID(bare int64) ID { return ID(-bare) }

// ChannelID marks the id of a channel or supergroup.
func ChannelID(bare int64) ID { return ID(channelMark - bare) }

// FromTL marks a peer. Nil, which is how TL says "no peer", gives 0. A group or channel whose id is marked already, as
// Telegram never sends one but people write them, is taken for the one that is meant.
func FromTL(p tg.PeerClass) ID {
	switch p := p.(type) {
	case *tg.PeerUser:
		return UserID(p.UserID)
	case *tg.PeerChat:
		return GroupID(bare(p.ChatID))
	case *tg.PeerChannel:
		return ChannelID(bare(p.ChannelID))
	}
	return 0
}

func bare(id int64) int64 {
	if id < 0 {
		return ID(id).Bare()
	}
	return id
}

// Kind returns what the id names. 0 counts as a user.
func (id ID) Kind() Kind {
	switch {
	case id >= 0:
		return User
	case id < channelMark:
		return Channel
	}
	return Group
}

// Bare returns the id without its mark, as Telegram has it.
func (id ID) Bare() int64 {
	switch id.Kind() {
	case Channel:
		return channelMark - int64(id)
	case Group:
		return -int64(id)
	}
	return int64(id)
}

// Peer returns the id in Telegram's form.
func (id ID) Peer() tg.PeerClass {
	switch id.Kind() {
	case Channel:
		return &tg.PeerChannel{ChannelID: id.Bare()}
	case Group:
		return &tg.PeerChat{ChatID: id.Bare()}
	}
	return &tg.PeerUser{UserID: id.Bare()}
}

// String returns the marked id in digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Expand returns what a number written by a person can mean: a negative one is exactly that id, but people copy the
// ids of groups and channels without their mark, so any other is the user, the small group and the channel of that id.
func Expand(n int64) []ID {
	if n < 0 {
		return []ID{ID(n)}
	}
	return []ID{UserID(n), GroupID(n), ChannelID(n)}
}
