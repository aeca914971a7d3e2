package textparse

import (
	"slices"
	"unicode/utf8"
)

// space returns how many bytes of s at i are a white space character as Python's str.strip and \s have it, which is
// what Unicode calls White_Space and the four separators U+001C to U+001F; 0 if there is none.
func space(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	if c := s[i]; c < utf8.RuneSelf {
		if c == ' ' || '\t' <= c && c <= '\r' || 0x1c <= c && c <= 0x1f {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s[i:]); wide(r) {
		return n
	}
	return 0
}

// wide reports whether r is a white space character beyond ASCII.
func wide(r rune) bool {
	switch r {
	case 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200a
}

// spaceBefore returns how many bytes before i are a white space character.
func spaceBefore(s string, i int) int {
	if i == 0 {
		return 0
	}
	if s[i-1] < utf8.RuneSelf {
		return space(s, i-1)
	}
	if r, n := utf8.DecodeLastRuneInString(s[:i]); wide(r) {
		return n
	}
	return 0
}

// skipSpace returns the first position from i on that is no white space.
func skipSpace(s string, i int) int {
	for n := space(s, i); n > 0; n = space(s, i) {
		i += n
	}
	return i
}

// Units returns the length of s in UTF-16 units.
func Units(s string) int {
	n := 0
	for i := range len(s) {
		n += width(s[i])
	}
	return n
}

// width returns how many units a byte of UTF-8 stands for: those of its character if it is the first of it, else none.
func width(b byte) int {
	switch {
	case b&0xc0 == 0x80:
		return 0
	case b >= 0xf0:
		return 2
	}
	return 1
}

// strip cuts white space off both ends of a text, and off its entities what was there. Entities that have nothing left
// are left out. The order stays.
func strip(text string, entities []Entity, reference bool) Text {
	start := skipSpace(text, 0)
	end := len(text)
	for n := spaceBefore(text, end); n > 0 && end > start; n = spaceBefore(text, end) {
		end -= n
	}
	left := Units(text[:start])
	text = text[start:end]
	if len(entities) == 0 {
		return Text{Text: text}
	}
	units := Units(text)
	kept := entities[:0]
	for _, e := range entities {
		if e.Length == 0 || e.Length < 0 && !reference || e.Offset+e.Length <= left {
			continue
		}
		if e.Offset >= left {
			e.Offset -= left
		} else {
			e.Length -= left - e.Offset
			e.Offset = 0
		}
		if e.Offset+e.Length > units {
			if e.Offset >= units {
				continue
			}
			e.Length = units - e.Offset
		}
		kept = append(kept, e)
	}
	return Text{Text: text, Entities: kept}
}

// wholeCharacters ends the entities before a character that they end in the middle of: where marks overlap the original
// makes them too short.
func (t *Text) wholeCharacters() {
	ends := make([]int, len(t.Entities))
	for i, e := range t.Entities {
		ends[i] = e.Offset + e.Length
	}
	slices.Sort(ends)
	var cut []int
	units := 0
	for i := 0; i < len(t.Text) && len(ends) > 0; i++ {
		n := width(t.Text[i])
		for len(ends) > 0 && ends[0] <= units {
			ends = ends[1:]
		}
		if n == 2 && len(ends) > 0 && ends[0] == units+1 {
			cut = append(cut, units+1)
		}
		units += n
	}
	if cut == nil {
		return
	}
	for i := range t.Entities {
		e := &t.Entities[i]
		if _, in := slices.BinarySearch(cut, e.Offset+e.Length); in {
			e.Length--
		}
	}
	t.Entities = slices.DeleteFunc(t.Entities, func(e Entity) bool { return e.Length == 0 })
}
