package filter

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/pyregex"
)

// Codes of what can be wrong with options.
const (
	InvalidID      fault.Code = "invalid_id"
	InvalidName    fault.Code = "invalid_name"
	InvalidPattern fault.Code = "invalid_pattern"
	InvalidNumber  fault.Code = "invalid_number"
	NoDirection    fault.Code = "no_direction"
	DataAndPattern fault.Code = "data_and_pattern"
	TooMany        fault.Code = "too_many"
)

// MaxItems is how long a list of ids or names may be.
const MaxItems = 1000

// Check returns everything that is wrong with the options, each at its path. It is the only validation there is: what it
// accepts, [Compile] accepts.
func (o *Options) Check() []*fault.Fault {
	var faults []*fault.Fault
	for _, e := range Events() {
		faults = append(faults, o.check(e)...)
	}
	if after := o.Bridge.AnswerCallbacksAfter; after < 0 || after > 60 {
		faults = append(faults, fault.At(InvalidNumber, "bridge.answer_callbacks_after", "This must be from 0 to 60 seconds."))
	}
	return faults
}

// check returns what is wrong with the options of one event.
func (o *Options) check(e Event) []*fault.Fault {
	c := &checker{event: e}
	switch e {
	case NewMessage, MessageEdited:
		m := o.messages(e)
		if in, out := m.Directions(); !in && !out && (m.Forwards == nil || !*m.Forwards) {
			c.fail("incoming", NoDirection, "Choose incoming or outgoing messages, or both; or forwards alone for forwarded ones of both directions.")
		}
		c.ids("chats", m.Chats)
		c.names("from_users", m.FromUsers)
		c.pattern("pattern", m.Pattern)
	case MessageRead:
		c.ids("chats", o.MessageRead.Chats)
	case MessageDeleted:
		c.ids("chats", o.MessageDeleted.Chats)
	case ChatAction:
		c.ids("chats", o.ChatAction.Chats)
	case UserUpdate:
		c.ids("chats", o.UserUpdate.Chats)
	case CallbackQuery:
		q := &o.CallbackQuery
		c.ids("chats", q.Chats)
		if q.Data != nil && *q.Data != "" && q.Pattern != nil && *q.Pattern != "" {
			c.fail("pattern", DataAndPattern, "Give either data or pattern, not both.")
		}
		c.pattern("pattern", q.Pattern)
	case InlineQuery:
		c.ids("users", o.InlineQuery.Users)
		c.pattern("pattern", o.InlineQuery.Pattern)
	}
	return c.faults
}

func (o *Options) messages(e Event) *Messages {
	if e == MessageEdited {
		return &o.MessageEdited
	}
	return &o.NewMessage
}

type checker struct {
	event  Event
	faults []*fault.Fault
}

func (c *checker) fail(option string, code fault.Code, format string, args ...any) {
	c.faults = append(c.faults, fault.At(code, string(c.event)+"."+option, format, args...))
}

// ids reads a list of ids; each number stands for all that it can mean. It returns nil for an empty list.
func (c *checker) ids(option string, l List) map[peer.ID]bool {
	items := l.Items()
	c.count(option, items)
	var ids map[peer.ID]bool
	for i, it := range items {
		n, ok := integer(it)
		if !ok {
			c.fail(option, InvalidID, "Entry %d is not an id: ids are whole numbers, as events have them in chat_id.", i+1)
			continue
		}
		if ids == nil {
			ids = map[peer.ID]bool{}
		}
		for _, id := range peer.Expand(n) {
			ids[id] = true
		}
	}
	return ids
}

func (c *checker) count(option string, items []string) {
	if len(items) > MaxItems {
		c.fail(option, TooMany, "These are %d entries; at most %d are taken.", len(items), MaxItems)
	}
}

// A name is one entry of from_users: an account, or a phone number.
type name struct {
	target peer.Target
	phone  string // in digits
}

func (c *checker) names(option string, l List) []name {
	items := l.Items()
	c.count(option, items)
	var names []name
	for i, it := range items {
		if phone, ok := phoneNumber(it); ok {
			names = append(names, name{phone: phone})
			continue
		}
		t, f := peer.ParseTarget(it)
		if f != nil {
			c.fail(option, InvalidName, "Entry %d is no user: write an id, @username, +phone number or me.", i+1)
			continue
		}
		names = append(names, name{target: t})
	}
	return names
}

// phoneNumber reads +1 (555) 10-01.
func phoneNumber(s string) (digits string, ok bool) {
	if !strings.HasPrefix(s, "+") {
		return "", false
	}
	digits = strings.Map(func(r rune) rune {
		if strings.ContainsRune("+()- ", r) {
			return -1
		}
		return r
	}, s)
	return digits, digits != "" && strings.Trim(digits, "0123456789") == ""
}

func (c *checker) pattern(option string, p *string) *pyregex.Regexp {
	if p == nil {
		return nil
	}
	r, err := pyregex.Compile(*p)
	if err == nil {
		return r
	}
	var syntax *pyregex.SyntaxError
	if errors.As(err, &syntax) {
		c.fail(option, InvalidPattern, "This is not a valid pattern: %s at %d.", syntax.Message, syntax.At)
	} else {
		c.fail(option, InvalidPattern, "This is not a valid pattern.")
	}
	return nil
}

// integer reads a number as Python's int does: +5, 1_001.
func integer(s string) (int64, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || slices.Contains(strings.Split(digits, "_"), "") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	const most = 1 << 52
	return n, err == nil && n <= most && n >= -most
}
