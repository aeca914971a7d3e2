package account

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"telegram-client/listener/updates"
	"telegram-client/shared/entry"
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
// that repeats it: who leaves and comes back within a minute has come twice. They are kept with the update state, so that a
// restart between the two tellings of one change makes no difference.
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

// mostTold is how many tellings are kept with the state, the latest; each is some 80 bytes of every commit.
const (
	mostTold = 200
	toldFor  = entry.DefaultMaxAge // what is older is not delivered
)

// record is what is committed as the update state: the engine's, and what else the next listener has to remember.
type record struct {
	updates.State
	Told []toldRecord `json:"told,omitempty"`
}

type toldRecord struct {
	Chat    peer.ID      `json:"chat"`
	User    peer.ID      `json:"user"`
	How     event.Change `json:"how"`
	At      int64        `json:"at"` // Unix seconds
	Service bool         `json:"service,omitempty"`
}

// remember writes a state down, with what was told within the minute before the last change. That may be long ago: what was
// missed is told late, in both ways.
func (t tellings) remember(s updates.State, now time.Time) []byte {
	m := record{State: s}
	for c, was := range t {
		if now.Sub(was.at) <= toldFor {
			m.Told = append(m.Told, toldRecord{c.chat, c.user, c.how, was.at.Unix(), was.service})
		}
	}
	slices.SortFunc(m.Told, func(a, b toldRecord) int { return int(b.At - a.At) })
	if len(m.Told) > mostTold {
		m.Told = m.Told[:mostTold]
	}
	b, err := json.Marshal(m)
	if err != nil { // cannot be: numbers and words
		return s.Marshal()
	}
	return b
}

// recall reads what remember wrote beside the state.
func recall(b []byte) (tellings, error) {
	t := tellings{}
	if len(b) == 0 {
		return t, nil
	}
	var m record
	if err := json.Unmarshal(b, &m); err != nil {
		return t, fmt.Errorf("what was told: %w", err)
	}
	for _, r := range m.Told {
		t[change{r.Chat, r.User, r.How}] = telling{time.Unix(r.At, 0), r.Service}
	}
	return t, nil
}
