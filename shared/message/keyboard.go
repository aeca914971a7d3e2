package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
)

// MarkupKind says what a call wants of a message's keyboard.
type MarkupKind uint8

// The kinds.
const (
	NoMarkup     MarkupKind = iota // nothing: an edit keeps what there is
	ReplyMarkup                    // buttons in place of the keyboard
	InlineMarkup                   // buttons under the message
	RemoveMarkup                   // takes the keyboard away
)

// A Markup is a keyboard as a call asks for it.
type Markup struct {
	Kind      MarkupKind
	Rows      [][]Button
	Resize    bool
	SingleUse bool
}

// A Button of a keyboard. One of an inline keyboard has data or a URL.
type Button struct {
	Text string
	Data string
	URL  string
}

// maxButtonData is how many bytes the data of a button may have, says Telegram.
const maxButtonData = 64

// field returns which field asks for the keyboard.
func (m Markup) field() string {
	if m.Kind == InlineMarkup {
		return "inline_keyboard"
	}
	return "keyboard"
}

// TL returns the markup of a new message; nil for none.
func (m Markup) TL() tg.ReplyMarkupClass {
	switch m.Kind {
	case RemoveMarkup:
		return &tg.ReplyKeyboardHide{}
	case ReplyMarkup:
		k := &tg.ReplyKeyboardMarkup{Resize: m.Resize, SingleUse: m.SingleUse, Rows: make([]tg.KeyboardButtonRow, len(m.Rows))}
		for i, row := range m.Rows {
			for _, b := range row {
				k.Rows[i].Buttons = append(k.Rows[i].Buttons, tg.KeyboardButton{Text: b.Text, Type: &tg.ButtonTypeDefault{}})
			}
		}
		k.SetFlags()
		return k
	case InlineMarkup:
		k := &tg.ReplyInlineMarkup{Rows: make([]tg.KeyboardInlineButtonRow, len(m.Rows))}
		for i, row := range m.Rows {
			for _, b := range row {
				k.Rows[i].Buttons = append(k.Rows[i].Buttons, tg.KeyboardInlineButton{Text: b.Text, Type: b.inline()})
			}
		}
		return k
	}
	return nil
}

func (b Button) inline() tg.InlineButtonTypeClass {
	if b.URL != "" {
		return &tg.InlineButtonTypeURL{URL: b.URL}
	}
	return &tg.InlineButtonTypeCallback{Data: []byte(b.Data)}
}

// markup reads the fields of keyboards.
func (r *reader) markup() Markup {
	const reply, inline = "keyboard", "inline_keyboard"
	m := Markup{Resize: r.flag("keyboard_resize", false), SingleUse: r.flag("keyboard_single_use", false)}
	switch {
	case r.has(reply) && r.has(inline):
		r.fail(inline, "A message has one keyboard: either keyboard or inline_keyboard.")
	case r.has(reply):
		m.Kind, m.Rows = ReplyMarkup, r.rows(reply, r.replyButton)
	case r.has(inline):
		m.Kind, m.Rows = InlineMarkup, r.rows(inline, r.inlineButton)
	}
	if len(m.Rows) == 0 && m.Kind != NoMarkup {
		m.Kind = RemoveMarkup
		if r.has(inline) && r.verb == SendMessages { // a new message has none to be removed
			m.Kind = NoMarkup
		}
	}
	for _, field := range []string{"keyboard_resize", "keyboard_single_use"} {
		if r.has(field) && !r.has(reply) {
			r.fail(field, "%s goes with keyboard, which is missing.", field)
		}
	}
	if m.Kind != ReplyMarkup {
		m.Resize, m.SingleUse = false, false
	}
	return m
}

// rows reads a keyboard in any of its forms: one button, a list of buttons, which is a row, or a list of rows, in which
// a button that stands alone is a row too. Empty rows are left out.
func (r *reader) rows(field string, button func(path string, raw json.RawMessage) Button) [][]Button {
	raw := r.fields[field]
	if raw[0] != '[' {
		return [][]Button{{button(field, raw)}}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		r.fail(field, "This list cannot be read.")
		return nil
	}
	row := func(path string, list []json.RawMessage) []Button {
		var row []Button
		for i, raw := range list {
			if !isNull(raw) {
				row = append(row, button(fmt.Sprintf("%s[%d]", path, i), raw))
			}
		}
		return row
	}
	var rows [][]Button
	add := func(row []Button) {
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	if !slices.ContainsFunc(list, func(raw json.RawMessage) bool { return raw[0] == '[' }) {
		add(row(field, list))
		return rows
	}
	for i, raw := range list {
		path := fmt.Sprintf("%s[%d]", field, i)
		var inner []json.RawMessage
		switch {
		case isNull(raw):
		case raw[0] != '[':
			add([]Button{button(path, raw)})
		case json.Unmarshal(raw, &inner) == nil:
			add(row(path, inner))
		default:
			r.fail(path, "This list cannot be read.")
		}
	}
	return rows
}

func (r *reader) replyButton(path string, raw json.RawMessage) Button {
	b, _ := r.button(path, raw, "text")
	return b
}

// inlineButton reads a button that sends data: its own, else its text.
func (r *reader) inlineButton(path string, raw json.RawMessage) Button {
	b, isObject := r.button(path, raw, "text", "data", "url")
	if b.URL != "" {
		if b.Data != "" {
			r.fail(path+".url", "A button has data or url, not both.")
		}
		if !hasScheme(b.URL) {
			r.fail(path+".url", "This must be an address that begins with https://, http:// or tg://.")
		}
		return b
	}
	at := path + ".data"
	if b.Data == "" {
		if b.Data, at = b.Text, path; isObject {
			at = path + ".text"
		}
	}
	if n := len(b.Data); n > maxButtonData {
		r.faults = append(r.faults, fault.At(fault.ButtonDataTooLong, at,
			"The data of a button may have %d bytes; this has %d. A button without data sends its text as data.", maxButtonData, n))
	}
	return b
}

// button reads a button: its text, or an object of the members that are named.
func (r *reader) button(path string, raw json.RawMessage, members ...string) (b Button, isObject bool) {
	switch raw[0] {
	case '[':
		r.fail(path, "This must be a button; rows of buttons do not stand in rows.")
		return b, false
	case '{':
	default:
		b.Text = r.plain(path, raw)
		r.checkText(path, b.Text)
		return b, false
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		r.fail(path, "This button cannot be read.")
		return b, true
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at, raw := path+"."+shown(name), object[name]
		switch {
		case !slices.Contains(members, name):
			r.faults = append(r.faults, fault.At(fault.UnknownField, at, "A button here has only %s.", strings.Join(members, ", ")))
		case isNull(raw):
		case name == "text":
			b.Text = r.plain(at, raw)
		case name == "data":
			// What is nothing to Python is no data to the integration that people come from.
			if word := string(bytes.TrimSpace(raw)); word != "0" && word != "false" {
				b.Data = r.plain(at, raw)
			}
		case name == "url":
			b.URL = strings.TrimSpace(r.plain(at, raw))
		}
	}
	r.checkText(path+".text", b.Text)
	return b, true
}

func (r *reader) checkText(path, text string) {
	if strings.TrimSpace(text) == "" && !r.blamed(path) {
		r.fail(path, "A button needs a text.")
	}
}

func (r *reader) blamed(path string) bool {
	return slices.ContainsFunc(r.faults, func(f *fault.Fault) bool { return f.Field == path })
}

// blamedWithin reports whether a field or some part of it is to blame for something.
func (r *reader) blamedWithin(field string) bool {
	return slices.ContainsFunc(r.faults, func(f *fault.Fault) bool {
		rest, within := strings.CutPrefix(f.Field, field)
		return within && (rest == "" || rest[0] == '[' || rest[0] == '.')
	})
}

func hasScheme(url string) bool {
	for _, scheme := range []string{"https://", "http://", "tg://"} {
		if len(url) > len(scheme) && strings.EqualFold(url[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}
