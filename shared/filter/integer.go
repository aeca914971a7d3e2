package filter

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"telegram-client/shared/peer"
)

// integer reads a number as Python's int does: +5, 1_001, digits of any script. What does not fit into 64 bits is no id.
func integer(s string) (int64, bool) {
	var plain strings.Builder
	digit := false // the last one was
	for i, r := range s {
		switch {
		case i == 0 && (r == '+' || r == '-'):
			plain.WriteRune(r)
		case r == '_' && digit:
			digit = false
		default:
			d, ok := digitOf(r)
			if !ok {
				return 0, false
			}
			plain.WriteByte('0' + d)
			digit = true
		}
	}
	if !digit {
		return 0, false
	}
	n, err := strconv.ParseInt(plain.String(), 10, 64)
	return n, err == nil
}

// digitOf returns the value of a decimal digit. Those of a script stand in a row, beginning with zero.
func digitOf(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r - '0'), true
	}
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	return 0, false
}

// expand returns what a number can mean, see [peer.Expand]. One that no user has means no channel: marking it would
// overflow.
func expand(n int64) []peer.ID {
	ids := peer.Expand(n)
	if n > math.MaxInt64/2 {
		return ids[:2]
	}
	return ids
}
