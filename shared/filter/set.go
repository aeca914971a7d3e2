package filter

import (
	"fmt"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// Names finds the accounts that from_users names. A *peer.Book is one.
type Names interface {
	Lookup(peer.Target) (peer.ID, bool)
}

// A Problem is an option for which its event is off.
type Problem struct {
	Event Event
	Fault *fault.Fault // Field is the path of the option: "new_message.pattern"
}

// A Name is an entry of from_users that nobody is known by. It matches nobody; compile again when the names have learnt
// who it is. One without a target names nobody, whatever is learnt.
type Name struct {
	Event  Event
	Place  int // in the list, from 1
	Target peer.Target
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
	rules map[Event]*rule
	// Unknown are the names of from_users that nobody is known by.
	Unknown []Name
}

// Compile makes options ready. An event with an option that makes no sense is off, and a problem says why. A name of
// from_users is no problem, whatever it is: one that leads to nobody matches nobody.
func Compile(o Options, names Names) (*Set, []Problem) {
	s := &Set{rules: map[Event]*rule{}}
	var problems []Problem
	for _, e := range Events() {
		if !o.Enabled(e) {
			continue
		}
		r, faults := o.rule(e)
		faults = append(o.unreadable(e), faults...)
		bad := false
		for _, f := range faults {
			if f.Code != InvalidName {
				problems = append(problems, Problem{e, f})
				bad = true
				break // one is enough to be off
			}
		}
		if !bad {
			s.find(r, names)
			s.rules[e] = r
		}
	}
	return s, problems
}

// find looks up whom a rule names.
func (s *Set) find(r *rule, names Names) {
	if len(r.wanted) == 0 {
		return
	}
	r.from = map[peer.ID]bool{}
	for _, n := range r.wanted {
		if n.target.ID != 0 {
			for _, id := range expand(int64(n.target.ID)) {
				r.from[id] = true
			}
			continue
		}
		id, found := peer.ID(0), false
		if n.target != (peer.Target{}) {
			id, found = names.Lookup(n.target)
		}
		if found {
			r.from[id] = true
		} else {
			s.Unknown = append(s.Unknown, Name{r.event, n.place, n.target})
		}
	}
}

// Match reports whether the entry wants to be told. groups are the named groups of the pattern, nil if there is none.
// An error says that a pattern took too long; then the answer is no.
func (s *Set) Match(sub Subject) (groups map[string]*string, ok bool, err error) {
	r := s.rules[sub.Event]
	if r == nil || !r.wants(&sub) {
		return nil, false, nil
	}
	if groups, ok, err = r.matches(&sub); err != nil {
		return nil, false, fmt.Errorf("%s.pattern: %w", sub.Event, err)
	}
	return groups, ok, nil
}
