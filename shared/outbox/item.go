// Package outbox says what waits for an entry's target and what becomes of it: items in lanes, how long each kind may
// wait, what a delivery attempt's verdict leads to, and when the next attempt is due.
//
// It decides and does no I/O: redisstore keeps the items, listener/delivery carries them, homeassistant gives the
// verdicts.
package outbox

import (
	"time"

	"github.com/google/uuid"
)

// Class says what an item's loss would mean.
type Class string

// The classes. Durable items are never lost before their age limit; passing ones have caps and short lives of their
// own and never delay or evict durable ones.
const (
	Durable Class = "durable"
	Passing Class = "passing"
)

// An Item is one event on its way to the target.
type Item struct {
	// Seq is the item's place in the outbox, given by the store; it grows.
	Seq        int64
	EventID    uuid.UUID
	Type       string // "telegram_client_new_message"
	OccurredAt time.Time
	Replayed   bool
	Lane       string // keyed hash of the chat; "" is the account's own lane
	Class      Class
	ExpiresAt  time.Time
	// Body is the event's members as JSON, without braces and without the envelope that is added at delivery.
	Body []byte
	// Attempts is how many deliveries have been begun, the one it was claimed for included.
	Attempts int
	// Latest is a keyed hash of what the item is the latest word on; empty: it stands for itself. An item that waits and
	// was never tried is replaced by a later one of the same name.
	Latest string
	// Own is set for what may be our own doing.
	Own *Own
	// Query is the id of a callback query, which waits to be answered; 0: it is none.
	Query int64
}

// Kind is a kind of action of ours that comes back as an event.
type Kind string

// The kinds.
const (
	Send   Kind = "send"
	Edit   Kind = "edit"
	Delete Kind = "delete"
	Read   Kind = "read"
	Pin    Kind = "pin"
)

// Own is what the store's scripts may see of an event that may be our own doing: keyed hashes and numbers only.
type Own struct {
	Kind Kind
	// Marks are hashes of (box, message id), one per message.
	Marks []string
	// Text is the hash of (kind, text), what a call said it was about to do.
	Text string
	// Version tells edits of the same message apart: edit_date, or pts where there is none; 0 for other kinds.
	Version int64
	// MessageIDs are the ids in clear, sealed at rest; they are noted under the call whose doing the event was.
	MessageIDs []int
}
