package filter

import (
	"errors"
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

// Codes returns the codes of what can be wrong with options, besides those that any input can have.
func Codes() []fault.Code {
	return []fault.Code{InvalidID, InvalidName, InvalidPattern, InvalidNumber, NoDirection, DataAndPattern, TooMany}
}

const (
	// MaxItems is how long a list of ids or names may be.
	MaxItems = 1000
	// MaxAnswerAfter is how many seconds an automation can be given to answer a callback query.
	MaxAnswerAfter = 60
)

// Check returns everything that is wrong with the options, one fault for each, at its path. It is the only validation
// there is: what it accepts, [Compile] accepts. Options of events that are off are checked too: they are kept.
func (o *Options) Check() []*fault.Fault {
	var faults []*fault.Fault
	for _, e := range Events() {
		faults = append(faults, o.CheckEvent(e)...)
	}
	return append(faults, o.CheckBridge()...)
}

// CheckEvent returns what is wrong with the options of one event.
func (o *Options) CheckEvent(e Event) []*fault.Fault {
	_, faults := o.rule(e)
	return append(o.unreadable(e), faults...)
}

// CheckBridge returns what is wrong with the options that belong to no event.
func (o *Options) CheckBridge() []*fault.Fault {
	var faults []*fault.Fault
	for _, f := range o.Unreadable {
		if eventOf(f) == "" {
			faults = append(faults, f)
		}
	}
	if after := o.Bridge.AnswerCallbacksAfter; !(after >= 0 && after <= MaxAnswerAfter) {
		faults = append(faults, answerAfterFault())
	}
	return faults
}

func answerAfterFault() *fault.Fault {
	return fault.At(InvalidNumber, "bridge.answer_callbacks_after", "Write a number of seconds above 0 and up to %d; to answer none, switch answer_callbacks off.", MaxAnswerAfter)
}

// unreadable returns the stored options of an event that could not be read.
func (o *Options) unreadable(e Event) []*fault.Fault {
	var faults []*fault.Fault
	for _, f := range o.Unreadable {
		if eventOf(f) == e {
			faults = append(faults, f)
		}
	}
	return faults
}

// eventOf returns the event that a fault is about; "" for none.
func eventOf(f *fault.Fault) Event {
	part, rest, _ := strings.Cut(f.Field, ".")
	if part == "events" {
		part = rest
	}
	for _, e := range Events() {
		if string(e) == part {
			return e
		}
	}
	return ""
}

// checker reads the options of one event and collects what is wrong with them, one fault for each option.
type checker struct {
	event  Event
	faults []*fault.Fault
}

func (c *checker) fail(option string, code fault.Code, format string, args ...any) {
	path := string(c.event) + "." + option
	for _, f := range c.faults {
		if f.Field == path {
			return
		}
	}
	c.faults = append(c.faults, fault.At(code, path, format, args...))
}

// chats reads a list of ids; each number stands for all that it can mean.
func (c *checker) chats(option string, l List, blacklist bool) chatRule {
	r := chatRule{blacklist: blacklist}
	for i, it := range c.items(option, l) {
		n, ok := integer(it)
		if !ok {
			c.fail(option, InvalidID, "Entry %d is not an id. Write ids as whole numbers, as events have them in chat_id, with commas between them; names are not taken here.", i+1)
			continue
		}
		if r.listed == nil {
			r.listed = map[peer.ID]bool{}
		}
		for _, id := range expand(n) {
			r.listed[id] = true
		}
	}
	return r
}

// items returns the entries of a list; none if there are too many.
func (c *checker) items(option string, l List) []string {
	items := l.Items()
	if len(items) > MaxItems {
		c.fail(option, TooMany, "These are %d entries; at most %d are taken. Filter the rest in the automation.", len(items), MaxItems)
		return nil
	}
	return items
}

// A name is one entry of from_users. One without a target names nobody.
type name struct {
	place  int
	target peer.Target
}

func (c *checker) names(option string, l List) []name {
	items := c.items(option, l)
	names := make([]name, 0, len(items))
	for i, it := range items {
		n := name{place: i + 1}
		if id, ok := integer(it); ok && id != 0 && it[0] != '+' { // digits are an id, not a phone number
			n.target = peer.Target{ID: peer.ID(id)}
		} else if t, f := peer.ParseTarget(it); f == nil {
			n.target = t
		} else {
			c.fail(option, InvalidName, "Entry %d is no user. Write an id, @username, +phone number or me, with commas between them.", i+1)
		}
		names = append(names, n)
	}
	return names
}

func (c *checker) pattern(p *string, compile func(string) (*pyregex.Regexp, error)) *pyregex.Regexp {
	if p == nil {
		return nil
	}
	r, err := compile(*p)
	if err == nil {
		if _, slow := r.Blowup(); slow {
			c.fail("pattern", InvalidPattern, "This pattern can take far too long: a repetition in it repeats what can be read in several ways, as (a+)+ does. Write it with one repetition, as a+.")
		}
		return r
	}
	var syntax *pyregex.SyntaxError
	if errors.As(err, &syntax) {
		c.fail("pattern", InvalidPattern, "This is not a valid pattern: %s at %d.", syntax.Message, syntax.At)
	} else {
		c.fail("pattern", InvalidPattern, "This is not a valid pattern.")
	}
	return nil
}
