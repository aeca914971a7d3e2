package pyregex

import (
	"slices"
	"sync"
	"unicode"
)

// Case is ignored as CPython does it (Lib/re/_casefix.py, Modules/_sre): a character matches another if its simple lower
// case is that of the other, or one of those that share an upper case with it.

// sharedUpper are lower case characters that share an upper case.
var sharedUpper = [][]rune{
	{'i', 0x131}, {'s', 0x17f}, {0xb5, 0x3bc}, {0x345, 0x3b9, 0x1fbe}, {0x390, 0x1fd3}, {0x3b0, 0x1fe3}, {0x3b2, 0x3d0},
	{0x3b5, 0x3f5}, {0x3b8, 0x3d1}, {0x3ba, 0x3f0}, {0x3c0, 0x3d6}, {0x3c1, 0x3f1}, {0x3c2, 0x3c3}, {0x3c6, 0x3d5},
	{0x432, 0x1c80}, {0x434, 0x1c81}, {0x43e, 0x1c82}, {0x441, 0x1c83}, {0x442, 0x1c84, 0x1c85}, {0x44a, 0x1c86},
	{0x463, 0x1c87}, {0x1c88, 0xa64b}, {0x1e61, 0x1e9b}, {0xfb05, 0xfb06},
}

// lowerCases returns the lower case of c and those that share its upper case. With ascii only a to z have cases.
func lowerCases(c rune, ascii bool) []rune {
	if ascii {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		return []rune{c}
	}
	lower := unicode.ToLower(c)
	for _, shared := range sharedUpper {
		if slices.Contains(shared, lower) {
			return shared
		}
	}
	return []rune{lower}
}

// cased lists every character that is not its own lower case, by its lower case.
var cased = sync.OnceValue(func() map[rune][]rune {
	by := map[rune][]rune{}
	for _, r := range unicode.CaseRanges {
		for c := rune(r.Lo); c <= rune(r.Hi); c++ {
			if lower := unicode.ToLower(c); lower != c {
				by[lower] = append(by[lower], c)
			}
		}
	}
	return by
})

// sameCase returns all characters that match c when case is ignored, itself included.
func sameCase(c rune, ascii bool) []rune {
	var all []rune
	for _, lower := range lowerCases(c, ascii) {
		all = append(all, lower)
		if !ascii {
			all = append(all, cased()[lower]...)
		} else if lower >= 'a' && lower <= 'z' {
			all = append(all, lower-('a'-'A'))
		}
	}
	return all
}

// addOtherCases adds what matches a range when case is ignored.
func (s *set) addOtherCases(lo, hi rune, ascii bool) {
	one := func(c rune) {
		if c < lo || c > hi {
			return
		}
		for _, r := range sameCase(c, ascii) {
			s.add(r, r)
		}
	}
	if ascii {
		for c := rune('A'); c <= 'z'; c++ {
			one(c)
		}
		return
	}
	for lower, others := range cased() {
		one(lower)
		for _, c := range others {
			one(c)
		}
	}
	for _, shared := range sharedUpper {
		for _, c := range shared {
			one(c)
		}
	}
}
