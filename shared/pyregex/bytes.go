package pyregex

import (
	"strings"
	"unicode/utf8"
)

// CompileBytes compiles a pattern that is to match bytes: the pattern's own are those of its UTF-8 form. It is read as
// Python reads a pattern of bytes. The error is a *[SyntaxError], with the place in characters of the pattern.
func CompileBytes(pattern string) (*Regexp, error) {
	r, err := compile(&parser{src: []rune(toLatin1([]byte(pattern))), names: map[string]int{}, bytes: true, flags: flags{ascii: true}})
	if syntax, ok := err.(*SyntaxError); ok {
		return nil, &SyntaxError{Message: syntax.Message, At: utf8.RuneCountInString(pattern[:min(syntax.At, len(pattern))])}
	}
	return r, err
}

// MatchBytes is Match for a pattern of [CompileBytes]. The groups are text: what is not UTF-8 in them is replaced.
func (r *Regexp) MatchBytes(b []byte) (groups map[string]*string, ok bool, err error) {
	return r.Match(toLatin1(b))
}

// toLatin1 makes of each byte the character of the same number, which is how an engine for text comes to match bytes.
func toLatin1(b []byte) string {
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func fromLatin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return b
}

// Decode returns bytes as text. What is not UTF-8 becomes U+FFFD as Python's decode("utf-8", "replace") does it: one for
// each longest beginning of a character.
func Decode(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			n = begun(b)
		}
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// begun returns how many bytes at the start could be the beginning of a character, 1 at least. See table 3-7 of the
// Unicode standard.
func begun(b []byte) int {
	lo, hi, more := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		more = 3
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	}
	n := 1
	for ; n <= more && n < len(b) && b[n] >= lo && b[n] <= hi; n++ {
		lo, hi = 0x80, 0xbf
	}
	return n
}
