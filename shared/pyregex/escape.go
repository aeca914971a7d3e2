package pyregex

import (
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/runenames"
)

// What Python's classes hold. The engine's own differ: its \w has combining marks, its \s no separators U+001C to
// U+001F.
const (
	unicodeWord  = `\p{L}\p{N}_`
	unicodeSpace = `\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`
	unicodeDigit = `\p{Nd}`
	asciiWord    = `a-zA-Z0-9_`
	asciiSpace   = `\t-\r\x20`
	asciiDigit   = `0-9`
)

// category returns what stands in a class for \d, \s or \w.
func (p *parser) category(letter rune) string {
	switch letter {
	case 'd':
		return pick(p.flags.ascii, asciiDigit, unicodeDigit)
	case 's':
		return pick(p.flags.ascii, asciiSpace, unicodeSpace)
	}
	return pick(p.flags.ascii, asciiWord, unicodeWord)
}

// escape reads what follows a backslash outside of a class, and reports whether it can be repeated.
func (p *parser) escape(at int) (repeatable bool) {
	if !p.more() {
		p.fail(at, "bad escape (end of pattern)")
	}
	c := p.src[p.pos]
	switch c {
	case 'A':
		p.pos++
		p.out.WriteString(`\A`)
		return false
	case 'Z':
		p.pos++
		p.out.WriteString(`\z`)
		return false
	case 'b', 'B':
		p.pos++
		word := "[" + p.category('w') + "]"
		if c == 'b' {
			p.out.WriteString("(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))")
		} else {
			// Nowhere in an empty text, as if it were no boundary and its opposite neither.
			p.out.WriteString(`(?!\A\z)` + "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))")
		}
		return false
	case 'd', 's', 'w':
		p.pos++
		p.out.WriteString("[" + p.category(c) + "]")
		return true
	case 'D', 'S', 'W':
		p.pos++
		p.out.WriteString("[^" + p.category(unicode.ToLower(c)) + "]")
		return true
	}
	if c >= '1' && c <= '9' {
		if r, ok := p.octalOutside(at); ok {
			p.literal(r)
			return true
		}
		begin := p.pos
		p.pos++
		if p.more() && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
			p.pos++
		}
		number, err := strconv.Atoi(string(p.src[begin:p.pos]))
		if err != nil {
			p.fail(at, "invalid group reference")
		}
		p.backReference(number, at, begin)
		return true
	}
	p.literal(p.escapedCharacter(at))
	return true
}

// octalOutside reads three octal digits, which are a character; fewer are the number of a group.
func (p *parser) octalOutside(at int) (rune, bool) {
	if p.pos+3 > len(p.src) {
		return 0, false
	}
	digits := string(p.src[p.pos : p.pos+3])
	if strings.Trim(digits, "01234567") != "" {
		return 0, false
	}
	return p.octal(3, at), true
}

// octal reads up to so many octal digits.
func (p *parser) octal(most, at int) rune {
	value, begin := rune(0), p.pos
	for p.more() && p.pos-begin < most && p.src[p.pos] >= '0' && p.src[p.pos] <= '7' {
		value = value*8 + p.src[p.pos] - '0'
		p.pos++
	}
	if value > 0o377 {
		p.fail(at, "octal escape value \\%s outside of range 0-0o377", string(p.src[begin:p.pos]))
	}
	return value
}

var controls = map[rune]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\'}

// escapedCharacter reads an escape, after its backslash, that stands for one character inside and outside of classes.
func (p *parser) escapedCharacter(at int) rune {
	c := p.src[p.pos]
	if c == '0' {
		return p.octal(3, at)
	}
	p.pos++
	if control, ok := controls[c]; ok {
		return control
	}
	switch {
	case c == 'x':
		return p.hex(2, at)
	case p.bytes: // the others name characters of text
	case c == 'u':
		return p.hex(4, at)
	case c == 'U':
		return p.hex(8, at)
	case c == 'N':
		return p.named(at)
	}
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
		p.fail(at, "bad escape \\%c", c)
	}
	return c
}

func (p *parser) hex(digits, at int) rune {
	begin := p.pos
	for p.more() && p.pos-begin < digits && strings.ContainsRune("0123456789abcdefABCDEF", p.src[p.pos]) {
		p.pos++
	}
	text := string(p.src[begin:p.pos])
	value, err := strconv.ParseUint(text, 16, 32)
	if len(text) != digits || err != nil {
		p.fail(at, "incomplete escape \\%s", string(p.src[at+1:p.pos]))
	}
	if value > unicode.MaxRune {
		p.fail(at, "bad escape \\%s", string(p.src[at+1:p.pos]))
	}
	return rune(value)
}

// characters are all there are, by name.
var characters = sync.OnceValue(func() map[string]rune {
	by := map[string]rune{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if name := runenames.Name(r); name != "" && name[0] != '<' {
			by[name] = r
		}
	}
	return by
})

// named reads \N{BULLET} after the N.
func (p *parser) named(at int) rune {
	if !p.take("{") {
		p.fail(p.pos, "missing {")
	}
	begin := p.pos
	r, ok := characters()[strings.ToUpper(p.until('}', "character name"))]
	if !ok {
		p.fail(at, "undefined character name '%s'", string(p.src[begin:p.pos-1]))
	}
	return r
}
