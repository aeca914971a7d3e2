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
	verb   Verb
	fields map[string]json.RawMessage
	faults []*fault.Fault
}

// newReader opens the body of a call. Fields that the verb does not have are faults at once. ok is false if
// there is nothing to read.
func newReader(verb Verb, body json.RawMessage) (r *reader, ok bool) {
	r = &reader{verb: verb}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &r.fields); err != nil || r.fields == nil {
			r.faults = append(r.faults, fault.New(fault.InvalidJSON, "The body must be a JSON object with the fields of the call."))
			return r, false
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		if isNull(r.fields[name]) {
			delete(r.fields, name)
		}
		if _, known := fieldOf(verb, name); !known {
			r.faults = append(r.faults, fault.At(fault.UnknownField, shown(name), "%s has no such field.", verb))
		}
	}
	for i := range fields {
		if f := &fields[i]; f.Uses[verb] == Required && !r.has(f.Name) {
			r.missing(f.Name)
		}
	}
	return r, true
}

// shown shortens a name that the caller made up.
func shown(name string) string {
	const longest = 100
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return name
}

// has reports whether a field was given.
func (r *reader) has(name string) bool {
	_, given := r.fields[name]
	return given
}

func (r *reader) missing(name string) {
	r.faults = append(r.faults, fault.At(fault.MissingField, name, "%s is required.", name))
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
	before := len(r.faults)
	s := r.plain(name, raw)
	return s, len(r.faults) == before
}

// plain returns a value that is text, or becomes text, as a number or a boolean does.
func (r *reader) plain(path string, raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			r.fail(path, "This text cannot be read.")
		}
		return s
	case '[', '{':
		r.fail(path, "This must be text, not a list or an object. A template whose result looks like a list or an object becomes one: put a word in front of it.")
		return ""
	}
	return string(raw)
}

// flag returns a boolean field, or absent if it was not given; the words that Home Assistant takes for one will do.
func (r *reader) flag(name string, absent bool) bool {
	raw, ok := r.fields[name]
	if !ok {
		return absent
	}
	word := strings.ToLower(strings.Trim(strings.TrimSpace(string(raw)), `" `))
	switch word {
	case "true", "yes", "on", "1":
		return true
	case "false", "no", "off", "0":
		return false
	}
	r.fail(name, "This must be true or false.")
	return absent
}

// choice returns a field that is one of a few words, in any case; empty if it was not given.
func (r *reader) choice(name string) string {
	text, _ := r.text(name)
	word := strings.ToLower(strings.TrimSpace(text))
	f, _ := fieldOf(r.verb, name)
	if word != "" && !slices.Contains(f.Choices, word) {
		r.fail(name, "This must be one of %s.", strings.Join(f.Choices, ", "))
		return ""
	}
	return word
}

// messageID returns the id of a message; 0 if there is none.
func (r *reader) messageID(name string) int {
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

// messageIDs returns the ids of messages, each once.
func (r *reader) messageIDs(name string, most int) []int {
	var ids []int
	seen := map[int]bool{}
	for _, it := range r.items(name, "the id of a message or a list of ids") {
		n, ok := number(json.RawMessage(it.text))
		if !ok || n < 1 || n > math.MaxInt32 {
			r.fail(it.path, "This must be the id of a message, a positive number.")
			continue
		}
		if id := int(n); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > most {
		r.fail(name, "These are %d messages; one call takes at most %d.", len(ids), most)
	}
	return ids
}

// limit returns how many are wanted, absent if the field was not given.
func (r *reader) limit(name string, absent, most int) int {
	raw, ok := r.fields[name]
	if !ok {
		return absent
	}
	n, ok := number(raw)
	if !ok || n < 1 || n > int64(most) {
		r.fail(name, "This must be a number from 1 to %d.", most)
		return absent
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
