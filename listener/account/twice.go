package account

import (
	"time"

	"telegram-client/shared/event"
	"telegram-client/shared/peer"
)

// twiceWithin is how far apart the two tellings of one change may be.
const twiceWithin = time.Minute

// A change is somebody who came to a chat or left it.
type change struct {
	chat, user peer.ID
	how        event.Change
}

// A telling is when a change was told, and how.
type telling struct {
	at      time.Time
	service bool
}

// tellings remember who came and went. Of a group that a bot is an admin of it gets a service message and an update of
// the participant for the same change, in either order.
type tellings map[change]telling

// twice reports whether all that an occurrence tells was told already in the other way. Each telling has at most one
// that repeats it: who leaves and comes back within a minute has come twice.
func (t tellings) twice(o *event.Occurrence) bool {
	if o.Change == "" || len(o.Users) == 0 {
		return false
	}
	for c, was := range t {
		if o.Occurred.Sub(was.at).Abs() > twiceWithin {
			delete(t, c)
		}
	}
	again := 0
	for _, user := range o.Users {
		if was, ok := t[change{o.Chat, user, o.Change}]; ok && was.service != o.Service {
			again++
		}
	}
	for _, user := range o.Users {
		c := change{o.Chat, user, o.Change}
		if was, ok := t[c]; ok && was.service != o.Service {
			delete(t, c)
			continue
		}
		t[c] = telling{o.Occurred, o.Service}
	}
	return again == len(o.Users)
}
