package message

import (
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/textparse"
)

// mode returns the dialect that parse_mode names. Its short names are those of the Python integration.
func (r *reader) mode() textparse.Mode {
	const field = "parse_mode"
	word, _ := r.text(field)
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "":
		return textparse.Plain
	case "html", "htm":
		return textparse.HTML
	case "markdown", "md":
		return textparse.Markdown
	}
	r.fail(field, "There is no such parse mode. The modes are html and markdown; leave the field out for plain text.")
	return textparse.Plain
}

// formatted returns a text field as parse_mode wants it read.
func (r *reader) formatted(name string) (textparse.Text, bool) {
	mode := r.mode()
	source, ok := r.text(name)
	if !ok {
		return textparse.Text{}, false
	}
	return withoutReturns(textparse.Parse(mode, source)), true
}

// parts returns the messages that a text field becomes, at least one if there is no fault.
func (r *reader) parts(name string) []textparse.Text {
	text, ok := r.formatted(name)
	if !ok {
		return nil
	}
	parts := Split(text, MaxText)
	switch {
	case len(parts) == 0:
		r.fail(name, "The message is empty.")
	case len(parts) > MaxParts:
		r.faults = append(r.faults, fault.At(fault.MessageTooLong, name,
			"The message would become %d messages; at most %d are sent at once.", len(parts), MaxParts))
	}
	return parts
}

// MaxCaption is how many UTF-16 units the text beside a file may have; for premium accounts MaxText.
const MaxCaption = 1024

// caption returns the text that goes with files: none if it is empty. It is not parted.
func (r *reader) caption(name string) []textparse.Text {
	text, ok := r.formatted(name)
	if !ok {
		return nil
	}
	parts := Split(text, MaxText)
	if len(parts) > 1 {
		r.faults = append(r.faults, CaptionTooLong(name, text))
	}
	return parts
}

// CaptionTooLong says that a text is too long to go with files.
func CaptionTooLong(field string, t textparse.Text) *fault.Fault {
	return fault.At(fault.MessageTooLong, field,
		"The text has %d characters. With a file Telegram takes up to %d, of premium accounts up to %d. Send the rest as a message of its own.",
		textparse.Units(t.Text), MaxCaption, MaxText)
}
