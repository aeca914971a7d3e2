package peer

import (
	"strings"

	"github.com/gotd/td/tg"
)

// idOf returns the id of a user or chat; 0 for none.
func idOf(e entity) ID {
	switch e := e.(type) {
	case tg.UserClass:
		return UserID(e.GetID())
	case *tg.Channel:
		return ChannelID(e.ID)
	case *tg.ChannelForbidden:
		return ChannelID(e.ID)
	case tg.ChatClass:
		return GroupID(e.GetID())
	}
	return 0
}

// partial reports whether a description leaves out most of what there is to say.
func partial(e entity) bool {
	switch e := e.(type) {
	case *tg.User:
		return e.Min
	case *tg.Channel:
		return e.Min
	case *tg.UserEmpty, *tg.ChatEmpty:
		return true
	}
	return false
}

// hashOf returns the access hash that opens the peer. That of a min description opens only its picture.
func hashOf(e entity) (int64, bool) {
	switch e := e.(type) {
	case *tg.User:
		hash, ok := e.GetAccessHash()
		return hash, ok && !e.Min
	case *tg.Channel:
		hash, ok := e.GetAccessHash()
		return hash, ok && !e.Min
	case *tg.ChannelForbidden:
		return e.AccessHash, true
	}
	return 0, false
}

// usernames returns the names under which a peer is found: usernames in lower case, and the phone number if the account
// sees it. See [Target.Name].
func usernames(e entity) []string {
	var first string
	var more []tg.Username
	switch e := e.(type) {
	case *tg.User:
		if e.Min {
			return nil
		}
		first, more = e.Username, e.Usernames
	case *tg.Channel:
		if e.Min {
			return nil
		}
		first, more = e.Username, e.Usernames
	}
	var names []string
	if first != "" {
		names = append(names, strings.ToLower(first))
	}
	for _, u := range more {
		if u.Active {
			names = append(names, strings.ToLower(u.Username))
		}
	}
	if u, ok := e.(*tg.User); ok && u.Phone != "" {
		names = append(names, Target{Phone: u.Phone}.Name())
	}
	return names
}

// lasting returns an entity as TL without what changes with every message: whether a user is online just now.
func lasting(e entity) []byte {
	if u, ok := e.(*tg.User); ok {
		still := *u
		still.Status = nil
		still.Flags.Unset(6) // status
		e = &still
	}
	encoded, err := encode(e)
	if err != nil {
		return nil
	}
	return encoded
}
