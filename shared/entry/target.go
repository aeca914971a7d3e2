package entry

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
)

// TargetType is a way of handing events to Home Assistant.
type TargetType string

// The types of targets. NoTarget: events wait up to their age limit for a target to be set.
const (
	NoTarget TargetType = ""
	Webhook  TargetType = "webhook"
	Event    TargetType = "event" // the event bus, by an administrator's token
	Pull     TargetType = "pull"
)

// DefaultMaxAge is how long durable events wait for their target.
const DefaultMaxAge = 24 * time.Hour

// A Target is where an entry's events go.
type Target struct {
	Type TargetType
	// URL is the webhook's address, or for Event the base address of Home Assistant. It is a secret.
	URL    seal.Text
	Secret seal.Text // of a webhook's signature: "whsec_…", two separated by a blank while rotating; none: not signed
	Token  seal.Text // of Event
	// Owner is any stable id of the Home Assistant that this target belongs to.
	Owner    string
	TimeZone string // IANA name; empty: UTC
	// Confirm: only the answer of an automation (…/target/confirm) acknowledges an event.
	Confirm bool
	Paused  bool
	MaxAge  time.Duration
	// Generation changes with the URL; a webhook is usable once its handshake of this generation succeeded.
	Generation int64
	Confirmed  bool
}

// TargetState is what an owner sees of a target.
type TargetState string

// The states of a target.
const (
	Unconfirmed TargetState = "unconfirmed"
	Usable      TargetState = "usable"
	Unreachable TargetState = "unreachable"
	Paused      TargetState = "paused"
)

// State returns the target's state, given since when it has been unreachable (zero: it is not).
func (t *Target) State(unreachableSince time.Time) TargetState {
	switch {
	case t.Paused:
		return Paused
	case !unreachableSince.IsZero():
		return Unreachable
	case t.Type == Webhook && !t.Confirmed:
		return Unconfirmed
	}
	return Usable
}

// HandshakeID is the id of the event with which the target of that generation is tried: the same on every attempt, so
// that whoever confirms it needs no record of it.
func HandshakeID(id ID, generation int64) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s:%s:handshake:%d", Domain, id, generation))
}

// SameAddress reports whether both targets post to the same place, so that a handshake of one holds for the other.
func (t *Target) SameAddress(u *Target) bool {
	return t.Type == u.Type && t.URL == u.URL
}

// CheckOwner keeps two Home Assistants from taking an entry away from each other by mistake: its error is fault.Owned.
func (t *Target) CheckOwner(owner string) error {
	if t.Type == NoTarget || t.Owner == "" || t.Owner == owner {
		return nil
	}
	return fault.At(fault.Owned, "owner", `This entry's events go to another Home Assistant. Send "take_over": true to have them instead.`)
}

// Successor returns next as what comes after t: a handshake stays good as long as the address is the same.
func (t *Target) Successor(next Target) Target {
	next.Generation, next.Confirmed = t.Generation, t.Confirmed
	if !t.SameAddress(&next) {
		next.Generation, next.Confirmed = t.Generation+1, false
	}
	return next
}
