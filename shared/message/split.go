package message

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"telegram-client/shared/textparse"
)

const (
	// MaxText is how many UTF-16 units a message may have.
	MaxText = 4096
	// MaxParts is how many messages one text may become.
	MaxParts = 20
)

// Split parts a text into pieces of at most limit UTF-16 units, each without white space around it. It parts at the
// last end of a line that leaves a piece at least half full, else at the last such end of a word, else between two
// characters. An entity that is parted goes on in the next piece. A text of nothing but white space has no pieces.
func Split(t textparse.Text, limit int) []textparse.Text {
	t = withoutReturns(t)
	var parts []textparse.Text
	rest, at := t.Text, 0 // at is where rest begins, in units
	skip := func() {
		trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
		at += textparse.Units(rest[:len(rest)-len(trimmed)])
		rest = trimmed
	}
	for skip(); rest != ""; skip() {
		end := cut(rest, limit)
		text := strings.TrimRightFunc(rest[:end], unicode.IsSpace)
		parts = append(parts, textparse.Text{Text: text, Entities: within(t.Entities, at, at+textparse.Units(text))})
		at += textparse.Units(rest[:end])
		rest = rest[end:]
	}
	return parts
}

// within returns the entities between two positions, as seen from the first. A custom emoji is whole or not there.
func within(entities []textparse.Entity, from, to int) []textparse.Entity {
	var in []textparse.Entity
	for _, e := range entities {
		start, end := max(e.Offset, from), min(e.Offset+e.Length, to)
		if start >= end || e.Kind == textparse.Emoji && end-start < e.Length {
			continue
		}
		e.Offset, e.Length = start-from, end-start
		in = append(in, e)
	}
	return in
}

// withoutReturns leaves carriage returns out, as Telegram does.
func withoutReturns(t textparse.Text) textparse.Text {
	if !strings.Contains(t.Text, "\r") {
		return t
	}
	var at []int // where they are, in units
	units := 0
	for _, c := range t.Text {
		if c == '\r' {
			at = append(at, units)
		}
		units += max(utf16.RuneLen(c), 1)
	}
	before := func(position int) int {
		n, _ := slices.BinarySearch(at, position)
		return n
	}
	out := textparse.Text{Text: strings.ReplaceAll(t.Text, "\r", "")}
	for _, e := range t.Entities {
		start, end := e.Offset-before(e.Offset), e.Offset+e.Length
		if end -= before(end); end > start {
			e.Offset, e.Length = start, end-start
			out.Entities = append(out.Entities, e)
		}
	}
	return out
}

// cut returns how many bytes of the text make the next piece. The text does not begin with white space.
func cut(text string, limit int) int {
	units, line, word := 0, 0, 0
	for i, c := range text {
		width := max(utf16.RuneLen(c), 1) // a byte that is no UTF-8 becomes U+FFFD
		space := unicode.IsSpace(c)
		if units+width > limit && !space {
			switch {
			case line > 0:
				return line
			case word > 0:
				return word
			case i > 0:
				return i
			}
			return len(string(c)) // a limit below one character: never less than that
		}
		if half := units >= limit/2; space && half && units <= limit {
			if c == '\n' {
				line = i
			}
			word = i
		}
		units += width
	}
	return len(text)
}
