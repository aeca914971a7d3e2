package event

import (
	"fmt"
	"time"

	"github.com/google/uuid"

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
const (
	Send   Kind = "send"
	Edit   Kind = "edit"
	Delete Kind = "delete"
	Seen   Kind = "read" // Read is the function
	Pin    Kind = "pin"
)

// Change is how who is in a chat changed.
type Change string

// The changes.
const (
	Came Change = "came" // joined or was added
	Went Change = "went" // left or was kicked
)

// An Occurrence is something that happened and can become an event.
type Occurrence struct {
	Event    filter.Event
	Chat     peer.ID // 0: none, or not known
	Sender   peer.ID // 0: not known
	Occurred time.Time
	Class    Class
	// Outgoing is said of messages of the account itself, and of reads of what the account wrote.
	Outgoing bool
	// Forwarded is true for messages with a forward header.
	Forwarded bool
	// Kind, Box, MessageIDs, Text and About say what it is, so that the echo of an own action is recognised. Box is the
	// channel whose message ids are meant; 0 is the account's common box. About are the messages that were deleted, read,
	// pinned or pinned no more: what whoever does it knows before.
	Kind       Kind
	Box        peer.ID
	MessageIDs []int
	Text       string
	About      []int
	// Scheduled is said of messages that were written earlier than they were sent.
	Scheduled bool
	// Version tells edits of one message apart: edit_date, or pts where there is none; 0 for everything else.
	Version int64
	// Change is how who is in the chat changed, Users are whom that concerns, and Service says that a service message
	// tells of it: a bot is told of the same change by a participant update as well.
	Change  Change
	Users   []peer.ID
	Service bool

	// Latest is what it is the latest word on: who types in a chat, or whether somebody is online. What was said of it
	// before is worth nothing from now on. Empty: it stands for itself.
	Latest string

	data     []byte // of the button of a callback query
	instance int64  // chat_instance of a callback query
	payload  payload
}

// A payload is what only one event has.
type payload interface {
	// write writes the members of the event.
	write(w *writer, groups map[string]*string)
	// appendIdentity appends what tells the event apart from all others of its name; nothing if nothing does.
	appendIdentity(dst []byte, o *Occurrence) []byte
}

// namespace is the space of our event ids: UUIDv5 of the URL namespace and "telegram_client". It must never change:
// receivers drop what they have seen by id.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("telegram_client"))

// EventID returns the id of the event: the same for every attempt, after any crash, and whichever way Telegram tells of
// it. It is made of the account, the event, and what identifies it: box and message id for messages.
//
// Of who types and who is online nothing is unique, and nothing is told twice: their ids are random, others at each
// call. Whoever keeps the event keeps the id.
func (o *Occurrence) EventID(account int64) uuid.UUID {
	name := fmt.Appendf(nil, "%d %s ", account, o.Event)
	begin := len(name)
	if name = o.payload.appendIdentity(name, o); len(name) == begin {
		return uuid.New()
	}
	return uuid.NewSHA1(namespace, name)
}

// Type returns the type of the event: "telegram_client_new_message".
func (o *Occurrence) Type() string { return "telegram_client_" + string(o.Event) }

// Subject returns what filters look at.
func (o *Occurrence) Subject() filter.Subject {
	return filter.Subject{
		Event: o.Event, Chat: o.Chat, Sender: o.Sender, Outgoing: o.Outgoing, Forwarded: o.Forwarded,
		Text: o.Text, Data: o.data, Instance: o.instance,
	}
}

// AppendJSON appends the members of the event, without braces and without the envelope. groups are the named groups
// of the filter's pattern; nil: there was no pattern.
func (o *Occurrence) AppendJSON(dst []byte, groups map[string]*string) []byte {
	w := writer{dst: dst}
	o.payload.write(&w, groups)
	return w.dst
}
