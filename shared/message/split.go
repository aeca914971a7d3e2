package message

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// MaxText is how many UTF-16 units a message may have.
const MaxText = 4096

// Split parts a text into pieces of at most limit UTF-16 units, each without white space around it. It parts at the
// last end of a line that leaves a piece at least half full, else at the last such end of a word, else between two
// characters. Carriage returns are left out, as Telegram leaves them out. A text of nothing but white space has no
// pieces.
func Split(text string, limit int) []string {
	text = strings.TrimFunc(strings.ReplaceAll(text, "\r", ""), unicode.IsSpace)
	var parts []string
	for text != "" {
		end := cut(text, limit)
		if part := strings.TrimRightFunc(text[:end], unicode.IsSpace); part != "" {
			parts = append(parts, part)
		}
		text = strings.TrimLeftFunc(text[end:], unicode.IsSpace)
	}
	return parts
}

// cut returns how many bytes of the text make the next piece. The text does not begin with white space.
func cut(text string, limit int) int {
	units, line, word := 0, 0, 0
	for i, c := range text {
		width := utf16.RuneLen(c)
		if width < 0 {
			width = 1 // a byte that is no UTF-8 becomes U+FFFD
		}
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
