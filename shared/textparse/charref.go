package textparse

import (
	"html"
	"strings"
	"unicode/utf8"
)

// unescape replaces character references as Python's html.unescape does, which is HTML 5's rule for text. What is none
// stays. beyond says how many of the characters that references gave are beyond the first plane.
func unescape(s string) (text string, beyond int) {
	at := strings.IndexByte(s, '&')
	if at < 0 {
		return s, 0
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		s = s[at:]
		var value string
		var n int
		if len(s) > 1 && s[1] == '#' {
			value, n = numeric(s)
		} else {
			value, n = named(s)
		}
		if n == 0 {
			b.WriteByte('&')
			s = s[1:]
		} else {
			b.WriteString(value)
			beyond += secondPlane(value) - secondPlane(s[:n])
			s = s[n:]
		}
		at = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String(), beyond
}

// secondPlane returns how many characters of s have two units.
func secondPlane(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= 0xf0 {
			n++
		}
	}
	return n
}

// numeric reads &#65; or &#x41; at the start of s; the semicolon may be missing. n is its length, 0 if it is none.
func numeric(s string) (value string, n int) {
	base, i := rune(10), 2
	if i < len(s) && (s[i] == 'x' || s[i] == 'X') {
		base, i = 16, i+1
	}
	first := i
	var r rune
	for ; i < len(s); i++ {
		d := digit(s[i])
		if d < 0 || d >= base {
			break
		}
		if r <= utf8.MaxRune { // more digits do not make it valid
			r = r*base + d
		}
	}
	if i == first {
		return "", 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return codePoint(r), i
}

func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// windows1252 is what the numbers from 0x80 to 0x9f stand for in HTML.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// codePoint returns the character of a number, nothing for numbers that are no character.
func codePoint(r rune) string {
	switch {
	case r == 0 || r > utf8.MaxRune || 0xd800 <= r && r <= 0xdfff:
		return "\uFFFD"
	case 0x80 <= r && r <= 0x9f:
		return string(windows1252[r-0x80])
	case r < 0x20 && r != '\t' && r != '\n' && r != '\f' && r != '\r', r == 0x7f,
		0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe:
		return ""
	}
	return string(r)
}

// maxName is how many units a name may have.
const maxName = 32

// named reads &amp; or, without semicolon, one of the old names that may lack it: then what follows the longest of them
// stays. n is how much of s the value replaces, 0 if nothing.
func named(s string) (value string, n int) {
	i, units := 1, 0
	for i < len(s) && units < maxName && !strings.ContainsRune("\t\n\f <&#;", rune(s[i])) {
		units += width(s[i])
		i++
	}
	for i < len(s) && s[i]&0xc0 == 0x80 { // the rest of the last character
		i++
	}
	if i == 1 {
		return "", 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	name := s[:i]
	value = html.UnescapeString(name) // knows the names; there is only one reference in it
	if value == name {
		return "", 0
	}
	return value, i
}
