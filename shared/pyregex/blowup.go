package pyregex

import (
	"strings"

	"github.com/dlclark/regexp2/v2/syntax"
)

// A pattern blows up if it can match a part of some text in ever more ways as the part is repeated: a backtracking engine
// tries them all before it gives up. (a+)+$ doubles its time with each further a.

const (
	// Texts are tried up to this length. Telegram's callback data has at most 64 bytes.
	triedLength      = 200
	triedBytesLength = 64
	// mostTried is how many texts are tried. One that takes no time at all, which is most, costs microseconds.
	mostTried = 60
	mostEnd   = 4 // bytes that an end has
)

// Blowup looks for a short text that cannot be matched within [Timeout], and returns it. What it finds is so; it does not
// find everything. It takes as long as what it finds, and else next to nothing.
func (r *Regexp) Blowup() (text string, found bool) {
	tree, err := syntax.Parse(r.engine.String(), syntax.ParseOptions{})
	if err != nil {
		return "", false // cannot be: it was compiled
	}
	a := newAutomaton(tree.Root, r.bytes)
	if a == nil {
		return "", false
	}
	longest := triedLength
	if r.bytes {
		longest = triedBytesLength
	}
	tries := 0
	for _, c := range a.ambiguous() {
		begin := string(c.before)
		room := longest - len(c.before) - mostEnd
		if len(c.repeated) == 0 || room < 2*len(c.repeated) {
			continue
		}
		begin += strings.Repeat(string(c.repeated), room/len(c.repeated))
		for _, end := range append(c.ends, "", "\x00", "!", "a", "\nx\n") {
			if tries++; tries > mostTried {
				return "", false
			}
			if r.tooSlow(begin + end) {
				return begin + end, true
			}
		}
	}
	return "", false
}

// tooSlow reports whether a text cannot be matched in time. It is asked twice: a machine may have been busy.
func (r *Regexp) tooSlow(text string) bool {
	for range 2 {
		if _, err := r.engine.FindStringMatch(text); err == nil {
			return false
		}
	}
	return true
}
