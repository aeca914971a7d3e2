package filter

import (
	"fmt"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/pyregex"
)

// Names finds the accounts that from_users names. A *peer.Book is one.
type Names interface {
	Lookup(peer.Target) (peer.ID, bool)
	// Phone finds the contact with a number, given in digits.
	Phone(digits string) (peer.ID, bool)
}

// A Problem is an option for which its event is off.
type Problem struct {
	Event Event
	Fault *fault.Fault // Field is the path of the option: "new_message.pattern"
}

// A Subject is what filters look at of something that happened.
type Subject struct {
	Event Event
	// Chat is the chat it happened in; for inline queries the user who types. 0: not known.
	Chat   peer.ID
	Sender peer.ID // as from_users sees it; 0: not known
	// Outgoing: a message of the account itself; of reads: others read what the account wrote.
	Outgoing  bool
	Forwarded bool
	// Text is what patterns look at: a message's text, the text of an inline query.
	Text string
	// Data is what the button of a callback query carries, as it is; nil: it carries nothing, as those of games.
	Data []byte
	// Instance is the chat_instance of a callback query, which options name beside chats; 0: none.
	Instance int64
}

// A Set is what an entry wants, ready to be asked. It does not change and is safe for concurrent use.
type Set struct {
	messages map[Event]*messageRule
	// Unknown are the names of from_users that nobody is known by, by event. They match nobody; compile again when
	// the book has learnt them.
	Unknown map[Event][]peer.Target
}

type messageRule struct {
	incoming, outgoing bool
	forwards           *bool
	from               map[peer.ID]bool // nil: anybody
	pattern            *pyregex.Regexp
	chats              chatRule
}

// A chatRule lets chats in or keeps them out.
type chatRule struct {
	listed    map[peer.ID]bool // nil: all chats pass
	blacklist bool
}

// passes reports whether a chat does. One that is not known is on no list.
func (r *chatRule) passes(chat peer.ID) bool {
	return r.listed == nil || r.listed[chat] != r.blacklist
}

// Compile makes options ready. An event with an option that makes no sense is off, and a problem says why.
func Compile(o Options, names Names) (*Set, []Problem) {
	s := &Set{messages: map[Event]*messageRule{}, Unknown: map[Event][]peer.Target{}}
	var problems []Problem
	for _, e := range Events() {
		if !o.Enabled(e) {
			continue
		}
		if faults := o.check(e); len(faults) > 0 {
			problems = append(problems, Problem{e, faults[0]})
			continue
		}
		switch e {
		case NewMessage, MessageEdited:
			s.messages[e] = s.messageRule(e, o.messages(e), names)
		}
	}
	return s, problems
}

// messageRule makes the rule of options that are in order.
func (s *Set) messageRule(e Event, m *Messages, names Names) *messageRule {
	c := &checker{event: e}
	r := &messageRule{forwards: m.Forwards, pattern: c.pattern("", m.Pattern), chats: chatRule{c.ids("", m.Chats), m.Blacklist}}
	if r.incoming, r.outgoing = m.Directions(); !r.incoming && !r.outgoing {
		r.incoming, r.outgoing = true, true // forwards alone means those of both directions
	}
	wanted := c.names("", m.FromUsers)
	if len(wanted) == 0 {
		return r
	}
	r.from = map[peer.ID]bool{}
	for _, n := range wanted {
		switch {
		case n.phone != "":
			if id, ok := names.Phone(n.phone); ok {
				r.from[id] = true
			}
		case n.target.ID != 0:
			r.from[n.target.ID] = true
		default:
			if id, ok := names.Lookup(n.target); ok {
				r.from[id] = true
			} else {
				s.Unknown[e] = append(s.Unknown[e], n.target)
			}
		}
	}
	return r
}

// Match reports whether the entry wants to be told. groups are the named groups of the pattern, nil if there is none.
// An error says that a pattern took too long; then the answer is no.
func (s *Set) Match(sub Subject) (groups map[string]*string, ok bool, err error) {
	r := s.messages[sub.Event]
	switch {
	case r == nil,
		sub.Outgoing && !r.outgoing, !sub.Outgoing && !r.incoming,
		r.forwards != nil && *r.forwards != sub.Forwarded,
		r.from != nil && !r.from[sub.Sender],
		!r.chats.passes(sub.Chat):
		return nil, false, nil
	case r.pattern == nil:
		return nil, true, nil
	}
	groups, ok, err = r.pattern.Match(sub.Text)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", sub.Event, err)
	}
	return groups, ok, nil
}
