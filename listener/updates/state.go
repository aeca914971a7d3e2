package updates

import (
	"encoding/json"
	"fmt"
	"maps"
)

// A State says up to where an account's updates are known. pts and channel pts belong to the account; qts, date and seq
// to the authorization. The zero State knows nothing.
type State struct {
	Pts  int `json:"pts"`
	Qts  int `json:"qts"`
	Date int `json:"date"` // Unix seconds, of Telegram's clock
	Seq  int `json:"seq"`
	// Channels are the pts of channels by their bare id. It is shared between states and is not changed.
	Channels map[int64]int `json:"channels,omitempty"`
	// Met are the channels of which nothing was known until they were met, and whose past is still being asked for. It is
	// shared and not changed either.
	Met map[int64]Meeting `json:"met,omitempty"`
}

// A Meeting is how a channel was met. What is told of it is what happened since; the rest of its past is passed over.
type Meeting struct {
	Since int `json:"since"` // Unix seconds: messages and edits of that date or later are new
	// From is where the first update began that was pushed; what is numbered higher is new too. 0: none was.
	From int `json:"from,omitempty"`
}

// Marshal writes the state as JSON: {"pts":1,"qts":0,"date":1795339380,"seq":1}.
func (s State) Marshal() []byte {
	b, err := json.Marshal(s)
	if err != nil { // cannot be: integers only
		panic(err)
	}
	return b
}

// ParseState reads what Marshal wrote; nothing is the zero State.
func ParseState(b []byte) (State, error) {
	var s State
	if len(b) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, fmt.Errorf("update state: %w", err)
	}
	return s, nil
}

// Known reports whether the state was ever taken. Telegram's pts begins at 1.
func (s State) Known() bool { return s.Pts > 0 }

// Equal reports whether both states are the same but for the date, which alone is not worth writing down.
func (s State) Equal(t State) bool {
	return s.Pts == t.Pts && s.Qts == t.Qts && s.Seq == t.Seq && maps.Equal(s.Channels, t.Channels) && maps.Equal(s.Met, t.Met)
}

// Renew returns the state with which a new authorization goes on: its own qts, seq and date, which say nothing about
// the authorization before, and the pts, which belong to the account.
func (s State) Renew(by State) State {
	if !s.Known() {
		return by
	}
	s.Qts, s.Seq, s.Date = by.Qts, by.Seq, by.Date
	return s
}
