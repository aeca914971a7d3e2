package filter

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"telegram-client/shared/fault"
)

// Options are the options of an entry. The zero Options are those of a fresh entry: all eight events, unfiltered. As
// JSON they are written with all parts and defaults filled in; absent parts and nulls read as defaults.
type Options struct {
	// Off are the events that are switched off.
	Off            map[Event]bool
	NewMessage     Messages
	MessageEdited  Messages
	MessageRead    Reads
	MessageDeleted Chats
	CallbackQuery  Callbacks
	InlineQuery    Inlines
	ChatAction     Chats
	UserUpdate     Chats
	Bridge         Bridge
	// Unreadable says what was stored in a form that is not that of its option, at its path.
	Unreadable []*fault.Fault
}

// Enabled reports whether the event is switched on.
func (o *Options) Enabled(e Event) bool { return !o.Off[e] }

// Messages are the options of new_message and message_edited.
type Messages struct {
	// Incoming and Outgoing: nil is absent. Both absent is both directions; one alone decides the other as well.
	Incoming, Outgoing *bool
	Forwards           *bool // only forwarded messages, or only others
	Blacklist          bool  // Chats are those not wanted
	Chats              List
	FromUsers          List
	Pattern            *string // a Python regular expression, anchored at the start; an empty one is one
}

// Directions returns which directions the options ask for.
func (m *Messages) Directions() (incoming, outgoing bool) {
	switch {
	case m.Incoming == nil && m.Outgoing == nil:
		return true, true
	case m.Incoming == nil:
		return !*m.Outgoing, *m.Outgoing
	case m.Outgoing == nil:
		return *m.Incoming, !*m.Incoming
	}
	return *m.Incoming, *m.Outgoing
}

// Reads are the options of message_read.
type Reads struct {
	Inbox     *bool // messages that the account read, or its own that others read; nil: both
	Blacklist bool
	Chats     List
}

// Chats are the options of the events that are filtered by chat alone.
type Chats struct {
	Blacklist bool
	Chats     List
}

// Callbacks are the options of callback_query. Data and Pattern exclude each other.
type Callbacks struct {
	Blacklist bool
	Chats     List
	Data      *string // the exact payload
	Pattern   *string
}

// Inlines are the options of inline_query.
type Inlines struct {
	Blacklist bool
	Users     List
	Pattern   *string
}

// Bridge are options of ours.
type Bridge struct {
	// ExportServiceMessages lets out messages of Telegram's service account, which carry login codes.
	ExportServiceMessages bool
	// LeaveCallbacks: callback queries are not answered by us when no automation did.
	LeaveCallbacks bool
	// AnswerCallbacksAfter is how many seconds an automation has to answer; 0 is [DefaultAnswerAfter].
	AnswerCallbacksAfter float64
}

// After returns how many seconds an automation has to answer.
func (b *Bridge) After() float64 {
	if b.AnswerCallbacksAfter == 0 {
		return DefaultAnswerAfter
	}
	return b.AnswerCallbacksAfter
}

// DefaultAnswerAfter is how many seconds an automation has to answer a callback query.
const DefaultAnswerAfter = 5

// A List is a list of ids or names as Home Assistant's forms have it: separated by commas. In JSON it may also be a list.
type List string

// Items returns the parts without blanks around them; empty ones mean nothing and are left out.
func (l List) Items() []string {
	var items []string
	for _, part := range strings.Split(string(l), ",") {
		if part = strings.TrimFunc(part, isBlank); part != "" {
			items = append(items, part)
		}
	}
	return items
}

// isBlank is what Python strips off.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// UnmarshalJSON reads text, a number, a list of both, or null.
func (l *List) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		part, err := item(b)
		*l = List(part)
		return err
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		text, err := item(p)
		if err != nil {
			return err
		}
		texts[i] = text
	}
	*l = List(strings.Join(texts, ","))
	return nil
}

func item(b []byte) (string, error) {
	var text *string
	if err := json.Unmarshal(b, &text); err == nil {
		if text == nil {
			return "", nil
		}
		return *text, nil
	}
	var number json.Number
	if err := json.Unmarshal(b, &number); err != nil {
		return "", fmt.Errorf("a list of ids wants text, numbers, or a list of both: %w", err)
	}
	return number.String(), nil
}
