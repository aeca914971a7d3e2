package filter

import (
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/pyregex"
)

// A rule is what the options of one event ask for. What an event has no option for is not asked for.
type rule struct {
	event              Event
	incoming, outgoing bool
	forwards           *bool
	wanted             []name           // from_users as written
	from               map[peer.ID]bool // nil: anybody
	chats              chatRule
	data               *string // the exact payload of a callback query
	pattern            *pyregex.Regexp
}

// A chatRule lets chats in or keeps them out.
type chatRule struct {
	listed    map[peer.ID]bool // nil: all chats pass
	blacklist bool
}

// passes reports whether a chat does. One that is not known is on no list. instance is another number by which it may be
// on it.
func (r *chatRule) passes(chat peer.ID, instance int64) bool {
	if r.listed == nil {
		return true
	}
	inside := chat != 0 && r.listed[chat] || instance != 0 && r.listed[peer.ID(instance)]
	return inside != r.blacklist
}

// rule makes the rule of an event and returns what is wrong with its options; then the rule is of no use.
func (o *Options) rule(e Event) (*rule, []*fault.Fault) {
	c := &checker{event: e}
	r := &rule{event: e, incoming: true, outgoing: true}
	switch e {
	case NewMessage:
		c.messages(r, &o.NewMessage)
	case MessageEdited:
		c.messages(r, &o.MessageEdited)
	case MessageRead:
		if in := o.MessageRead.Inbox; in != nil {
			r.incoming, r.outgoing = *in, !*in
		}
		r.chats = c.chats("chats", o.MessageRead.Chats, o.MessageRead.Blacklist)
	case MessageDeleted:
		r.chats = c.chats("chats", o.MessageDeleted.Chats, o.MessageDeleted.Blacklist)
	case ChatAction:
		r.chats = c.chats("chats", o.ChatAction.Chats, o.ChatAction.Blacklist)
	case UserUpdate:
		r.chats = c.chats("chats", o.UserUpdate.Chats, o.UserUpdate.Blacklist)
	case CallbackQuery:
		c.callbacks(r, &o.CallbackQuery)
	case InlineQuery:
		r.chats = c.chats("users", o.InlineQuery.Users, o.InlineQuery.Blacklist)
		r.pattern = c.pattern(o.InlineQuery.Pattern, pyregex.Compile)
	}
	return r, c.faults
}

func (c *checker) messages(r *rule, m *Messages) {
	r.incoming, r.outgoing = m.Directions()
	if !r.incoming && !r.outgoing {
		if m.Forwards == nil || !*m.Forwards {
			c.fail("incoming", NoDirection, "Choose incoming or outgoing messages, or both; or forwards alone for forwarded ones of both directions.")
		}
		r.incoming, r.outgoing = true, true
	}
	r.forwards = m.Forwards
	r.chats = c.chats("chats", m.Chats, m.Blacklist)
	r.wanted = c.names("from_users", m.FromUsers)
	r.pattern = c.pattern(m.Pattern, pyregex.Compile)
}

// callbacks reads the options of callback queries. Empty data is none; an empty pattern is one.
func (c *checker) callbacks(r *rule, q *Callbacks) {
	r.chats = c.chats("chats", q.Chats, q.Blacklist)
	if q.Data != nil && *q.Data != "" {
		r.data = q.Data
		if q.Pattern != nil && *q.Pattern != "" {
			c.fail("pattern", DataAndPattern, "Give either data or a pattern: leave one of the two empty.")
		}
		return
	}
	r.pattern = c.pattern(q.Pattern, pyregex.CompileBytes)
}

// wants reports whether all but data and pattern fit.
func (r *rule) wants(s *Subject) bool {
	switch {
	case s.Outgoing && !r.outgoing, !s.Outgoing && !r.incoming,
		r.forwards != nil && *r.forwards != s.Forwarded,
		r.from != nil && !r.from[s.Sender]:
		return false
	}
	return r.chats.passes(s.Chat, s.Instance)
}

// matches reports whether data and pattern fit.
func (r *rule) matches(s *Subject) (groups map[string]*string, ok bool, err error) {
	switch {
	case r.event != CallbackQuery && r.pattern != nil:
		return r.pattern.Match(s.Text)
	case r.pattern != nil:
		if s.Data == nil {
			return nil, false, nil
		}
		return r.pattern.MatchBytes(s.Data)
	case r.data != nil:
		return nil, s.Data != nil && string(s.Data) == *r.data, nil
	}
	return nil, true, nil
}
