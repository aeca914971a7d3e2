package event

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// Class says what an event's loss would mean, in the words of package outbox.
type Class string

// The classes.
const (
	Durable Class = "durable" // waits for its target
	Passing Class = "passing" // is worth nothing in a minute
)

// Kind is what kind of action of the account an event can be the echo of, in the words of package outbox; empty: of
// none.
type Kind string

// The kinds that occur.
const Send Kind = "send"

// Context is what updates are read with.
type Context struct {
	Me   *tg.User
	Book *peer.Book
	Now  time.Time // when the update came in: the time of what carries none of its own
}

// An Occurrence is something that happened and can become an event.
type Occurrence struct {
	Event    filter.Event
	Chat     peer.ID // 0: none, or not known
	Sender   peer.ID // 0: not known
	Occurred time.Time
	Class    Class
	Outgoing bool
	// Forwarded is true for messages with a forward header.
	Forwarded bool
	// Kind, Box, MessageIDs and Text say what it is, so that the echo of an own action is recognised. Box is the channel
	// whose message ids are meant; 0 is the account's common box.
	Kind       Kind
	Box        peer.ID
	MessageIDs []int
	Text       string
	// Version tells edits of one message apart; 0 for everything else.
	Version int64

	identity string // what makes the event id, besides account and event
	payload  payload
}

// payload writes the members of an event, without braces.
type payload interface {
	appendMembers(dst []byte, groups map[string]*string) []byte
}

// namespace is the space of our event ids: UUIDv5 of the URL namespace and "telegram_client". It must never change:
// receivers drop what they have seen by id.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("telegram_client"))

// EventID returns the id of the event: the same for every attempt, after any crash, and whichever way Telegram tells of
// it. It is made of the account, the event, and what identifies it: box and message id for messages.
func (o *Occurrence) EventID(account int64) uuid.UUID {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%d %s %s", account, o.Event, o.identity))
}

// Type returns the type of the event: "telegram_client_new_message".
func (o *Occurrence) Type() string { return "telegram_client_" + string(o.Event) }

// Subject returns what filters look at.
func (o *Occurrence) Subject() filter.Subject {
	return filter.Subject{Event: o.Event, Chat: o.Chat, Sender: o.Sender, Outgoing: o.Outgoing, Forwarded: o.Forwarded, Text: o.Text}
}

// AppendJSON appends the members of the event, without braces and without the envelope. groups are the named groups
// of the filter's pattern; nil: there was no pattern.
func (o *Occurrence) AppendJSON(dst []byte, groups map[string]*string) []byte {
	return o.payload.appendMembers(dst, groups)
}
