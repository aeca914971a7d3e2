package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"telegram-client/shared/fault"
)

// Base is the key of an error that is about the whole form and not one field.
const Base = "base"

// A Reader reads the answer to a form and collects what is wrong with it: one error for a field, the first. Its
// sentences never repeat what was entered.
type Reader struct {
	in       Input
	errors   map[string]string
	messages map[string]string
}

// Read begins to read the answer to a form with these fields: what is missing or not known is an error already. Null is
// the same as absent, and so is empty text: Home Assistant and its templates turn one into the other.
func Read(fields []Field, in Input) *Reader {
	r := &Reader{in: maps.Clone(in), errors: map[string]string{}, messages: map[string]string{}}
	if r.in == nil {
		r.in = Input{}
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
		if !r.has(f.Name) {
			delete(r.in, f.Name)
			if f.Default != nil {
				r.in[f.Name], _ = json.Marshal(f.Default) // a default is a plain value
			} else if f.Required {
				r.Blame(f.Name, string(fault.MissingField), "This field is needed.")
			}
		}
	}
	for name := range in {
		if !slices.Contains(names, name) {
			if len(names) == 0 {
				r.Blame(Base, string(fault.UnknownField), "This form has no fields: answer it with {}.")
			} else {
				r.Blame(Base, string(fault.UnknownField), "The answer has a field that this form does not have. The form has: %s.", strings.Join(names, ", "))
			}
		}
	}
	return r
}

func (r *Reader) has(name string) bool {
	raw, ok := r.in[name]
	if !ok {
		return false
	}
	text := strings.TrimSpace(string(raw))
	return text != "" && text != "null" && text != `""`
}

// Blame notes an error of a field, or of the form if field is [Base], unless it has one.
func (r *Reader) Blame(field, code, sentence string, args ...any) {
	if _, has := r.errors[field]; has {
		return
	}
	r.errors[field] = code
	r.messages[field] = fmt.Sprintf(sentence, args...)
}

// OK reports whether nothing is wrong so far.
func (r *Reader) OK() bool { return len(r.errors) == 0 }

// Problems returns what is wrong: error codes and sentences by field.
func (r *Reader) Problems() (errors, messages map[string]string) { return r.errors, r.messages }

// Text returns a field's text without blanks around it; numbers and booleans become text. It returns nothing if the
// field is absent or has an error.
func (r *Reader) Text(field string) string {
	if r.errors[field] != "" || !r.has(field) {
		return ""
	}
	raw := strings.TrimSpace(string(r.in[field]))
	switch raw[0] {
	case '{', '[':
		r.Blame(field, string(fault.InvalidField), "This has to be text.")
		return ""
	case '"':
		var s string
		if json.Unmarshal([]byte(raw), &s) != nil {
			r.Blame(field, string(fault.InvalidField), "This has to be text.")
			return ""
		}
		if s = strings.TrimSpace(s); s == "" {
			r.Blame(field, string(fault.MissingField), "This field is needed.")
		}
		return s
	}
	return raw
}

// Verbatim returns a field's text as it was entered, such as a password, which may begin with a blank. Numbers become
// text.
func (r *Reader) Verbatim(field string) string {
	if r.errors[field] != "" || !r.has(field) {
		return ""
	}
	var s string
	if json.Unmarshal(r.in[field], &s) == nil {
		return s
	}
	return r.Text(field)
}

// Flag returns a field's boolean, also given as text; false if it is absent.
func (r *Reader) Flag(field string) bool {
	switch strings.ToLower(r.Text(field)) {
	case "true", "on", "yes", "1":
		return true
	case "", "false", "off", "no", "0":
		return false
	}
	r.Blame(field, string(fault.InvalidField), "This has to be true or false.")
	return false
}

// Integer returns a field's whole number between least and most, given as a number or as text.
func (r *Reader) Integer(field string, least, most int64) int64 {
	text := r.Text(field)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		r.Blame(field, string(fault.InvalidField), "This has to be a whole number from %d to %d.", least, most)
		return 0
	}
	return n
}

// Choice returns a field's text, which has to be one of the options.
func (r *Reader) Choice(field string, options ...string) string {
	text := r.Text(field)
	if text != "" && !slices.Contains(options, text) {
		r.Blame(field, string(fault.InvalidField), "This has to be one of: %s.", strings.Join(options, ", "))
		return ""
	}
	return text
}
