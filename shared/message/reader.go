package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"telegram-client/shared/fault"
)

// A reader takes the fields of a call out of its JSON and collects what is wrong with them.
type reader struct {
	fields map[string]json.RawMessage
	faults []*fault.Fault
}

// newReader opens the body of a call. Fields that the verb does not have, or not yet, are faults at once.
func newReader(verb Verb, body json.RawMessage) *reader {
	r := &reader{}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &r.fields); err != nil || r.fields == nil {
			r.faults = append(r.faults, fault.New(fault.InvalidJSON, "The body must be a JSON object with the fields of the call."))
			return r
		}
	}
	uses := map[string]Use{}
	for _, f := range Fields() {
		if use, ok := f.Uses[verb]; ok {
			uses[f.Name] = use
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		if isNull(r.fields[name]) {
			delete(r.fields, name)
		} else if uses[name] == Planned {
			r.fail(name, "%s is not supported yet.", name)
		}
		if _, known := uses[name]; !known {
			r.faults = append(r.faults, fault.At(fault.UnknownField, name, "%s has no such field.", verb))
		}
	}
	for _, f := range Fields() {
		if _, given := r.fields[f.Name]; f.Uses[verb] == Required && !given {
			r.faults = append(r.faults, fault.At(fault.MissingField, f.Name, "%s is required.", f.Name))
		}
	}
	return r
}

func (r *reader) fail(field, format string, args ...any) {
	r.faults = append(r.faults, fault.At(fault.InvalidField, field, format, args...))
}

// text returns a text field; numbers and booleans are taken as they are written.
func (r *reader) text(name string) (string, bool) {
	raw, ok := r.fields[name]
	if !ok {
		return "", false
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			r.fail(name, "This text cannot be read.")
			return "", false
		}
		return s, true
	case '[', '{':
		r.fail(name, "This must be text, not a list or an object. A template whose result looks like a list or an object becomes one: put a word in front of it.")
		return "", false
	}
	return string(raw), true
}

// flag returns a boolean field; the words that Home Assistant takes for one will do.
func (r *reader) flag(name string) bool {
	raw, ok := r.fields[name]
	if !ok {
		return false
	}
	word := strings.ToLower(strings.Trim(strings.TrimSpace(string(raw)), `" `))
	switch word {
	case "true", "yes", "on", "1":
		return true
	case "false", "no", "off", "0":
		return false
	}
	r.fail(name, "This must be true or false.")
	return false
}

// integer returns the id of a message; 0 if there is none.
func (r *reader) integer(name string) int {
	raw, ok := r.fields[name]
	if !ok {
		return 0
	}
	n, ok := number(raw)
	if !ok || n < 1 || n > math.MaxInt32 {
		r.fail(name, "This must be the id of a message, a positive number.")
		return 0
	}
	return int(n)
}

// An item is one part of a field that may be a list.
type item struct {
	path string // "target_id[1]", or the field itself if it has one part only
	text string
}

// items returns the parts of a list, of text with commas, or of a single value.
func (r *reader) items(name, wants string) []item {
	raw, ok := r.fields[name]
	if !ok {
		return nil
	}
	var list []json.RawMessage
	if raw[0] != '[' {
		list = append(list, raw)
	} else if err := json.Unmarshal(raw, &list); err != nil {
		r.fail(name, "This list cannot be read.")
		return nil
	}
	var texts []string
	for i, part := range list {
		switch {
		case isNull(part): // as if it were not in the list
		case part[0] == '"':
			var s string
			if err := json.Unmarshal(part, &s); err != nil {
				r.fail(fmt.Sprintf("%s[%d]", name, i), "This text cannot be read.")
				continue
			}
			for _, one := range strings.Split(s, ",") {
				if one = strings.TrimSpace(one); one != "" {
					texts = append(texts, one)
				}
			}
		case part[0] == '-' || part[0] >= '0' && part[0] <= '9':
			texts = append(texts, string(part))
		default:
			path := name
			if raw[0] == '[' {
				path = fmt.Sprintf("%s[%d]", name, i)
			}
			r.fail(path, "This must be %s.", wants)
		}
	}
	items := make([]item, len(texts))
	for i, text := range texts {
		items[i] = item{name, text}
		if len(texts) > 1 || raw[0] == '[' {
			items[i].path = fmt.Sprintf("%s[%d]", name, i)
		}
	}
	return items
}

// number reads a whole number, also as text and as 71.0: a template that calculates makes one.
func number(raw json.RawMessage) (int64, bool) {
	s := strings.TrimSpace(strings.Trim(string(raw), `"`))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<52 {
		return 0, false
	}
	return int64(f), true
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }
