package httpapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"telegram-client/shared/fault"
)

// fields reads the members of an object one by one and remembers the first that is wrong. Home Assistant's templates
// turn "123" into 123 and an absent value into null, so that a number or a boolean passes for text, text for a number
// or a boolean, and null for nothing.
type fields struct {
	members map[string]json.RawMessage
	known   []string
	err     *fault.Fault
}

func newFields(members map[string]json.RawMessage) *fields { return &fields{members: members} }

// take returns a member; false if it is absent or null.
func (f *fields) take(name string) (any, bool) {
	f.known = append(f.known, name)
	raw, ok := f.members[name]
	if !ok {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || v == nil {
		return nil, false
	}
	return v, true
}

func (f *fields) wrong(name, format string, args ...any) {
	f.blame(fault.At(fault.InvalidField, name, format, args...))
}

func (f *fields) blame(err *fault.Fault) {
	if f.err == nil {
		f.err = err
	}
}

// text returns a text of at most the given number of bytes; "" if it is absent.
func (f *fields) text(name string, longest int) string {
	v, ok := f.take(name)
	if !ok {
		return ""
	}
	var s string
	switch x := v.(type) {
	case string:
		s = strings.TrimSpace(x)
	case json.Number:
		s = x.String()
	case bool:
		s = strconv.FormatBool(x)
	default:
		f.wrong(name, "This has to be text.")
		return ""
	}
	if len(s) > longest {
		f.wrong(name, "This is longer than %d bytes.", longest)
		return ""
	}
	return s
}

// required is text that has to be there.
func (f *fields) required(name string, longest int) string {
	s := f.text(name, longest)
	if s == "" {
		f.blame(fault.At(fault.MissingField, name, "This is needed."))
	}
	return s
}

// flag returns a boolean, or absent if it is not there.
func (f *fields) flag(name string, absent bool) bool {
	v, ok := f.take(name)
	if !ok {
		return absent
	}
	if s, isText := v.(string); isText {
		if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(s))); err == nil {
			v = b
		}
	}
	b, ok := v.(bool)
	if !ok {
		f.wrong(name, "This has to be true or false.")
	}
	return b
}

// seconds returns a whole number of seconds, or absent if it is not there.
func (f *fields) seconds(name string, absent, least, most time.Duration) time.Duration {
	v, ok := f.take(name)
	if !ok {
		return absent
	}
	var s string
	switch x := v.(type) {
	case string:
		s = strings.TrimSpace(x)
	case json.Number:
		s = x.String()
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < int64(least/time.Second) || n > int64(most/time.Second) {
		f.wrong(name, "This has to be a whole number of seconds from %d to %d.", int64(least/time.Second), int64(most/time.Second))
		return absent
	}
	return time.Duration(n) * time.Second
}

// end returns the first thing that is wrong: a member that was not asked for, which is often the misspelt name of one
// that is then missing, or else what was found while reading.
func (f *fields) end() error {
	var unknown []string
	for name := range f.members {
		if !slices.Contains(f.known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return unknownField(unknown[0], f.known)
	}
	if f.err != nil {
		return f.err
	}
	return nil
}

func unknownField(name string, known []string) *fault.Fault {
	if len(known) == 0 {
		return fault.At(fault.UnknownField, shown(name), "There is no such field here: the object has to be empty.")
	}
	return fault.At(fault.UnknownField, shown(name), "There is no such field here. The fields are %s.", strings.Join(known, ", "))
}
