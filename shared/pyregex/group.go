package pyregex

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// group reads what follows an opening bracket at the given place.
func (p *parser) group(at int) (repeatable, something bool) {
	if !p.take("?") {
		p.capture(at, "")
		return true, true
	}
	switch {
	case p.take("P<"):
		nameAt := p.pos
		name := p.until('>', "group name")
		p.checkName(name, nameAt)
		if old, ok := p.names[name]; ok {
			p.fail(nameAt, "redefinition of group name '%s' as group %d; was group %d", name, p.groups+1, old)
		}
		p.capture(at, name)
	case p.take("P="):
		nameAt := p.pos
		name := p.until(')', "group name")
		p.checkName(name, nameAt)
		number, ok := p.names[name]
		if !ok {
			p.fail(nameAt, "unknown group name '%s'", name)
		}
		p.backReference(number, nameAt, nameAt)
	case p.peek("P"):
		if p.next(1) == "" {
			p.fail(p.pos+1, "unexpected end of pattern")
		}
		p.fail(at+1, "unknown extension ?P%s", p.next(1))
	case p.take(":"):
		p.wrapped(at, "(?:")
	case p.take(">"):
		p.wrapped(at, "(?>")
	case p.take("#"):
		for p.more() && p.src[p.pos] != ')' {
			p.pos++
		}
		if !p.take(")") {
			p.fail(at, "missing ), unterminated comment")
		}
		return false, false
	case p.take("="):
		p.wrapped(at, "(?=")
	case p.take("!"):
		p.wrapped(at, "(?!")
	case p.take("<="):
		p.wrapped(at, "(?<=")
	case p.take("<!"):
		p.wrapped(at, "(?<!")
	case p.take("("):
		p.condition(at)
	case p.more() && strings.ContainsRune("aiLmsux-", p.src[p.pos]):
		p.scopedFlags(at)
	case !p.more():
		p.fail(p.pos, "unexpected end of pattern")
	case p.peek("<"):
		p.fail(at+1, "unknown extension ?<%s", p.next(1))
	default:
		p.fail(at+1, "unknown extension ?%c", p.src[p.pos])
	}
	return true, true
}

// next returns the character so many places ahead, if there is one.
func (p *parser) next(ahead int) string {
	if p.pos+ahead < len(p.src) {
		return string(p.src[p.pos+ahead])
	}
	return ""
}

// inside reads what is in a group up to its end. Flags set for a part of the pattern end with it.
func (p *parser) inside(at, most int) {
	outer := p.flags
	p.alternatives(most)
	p.flags = outer
	if !p.take(")") {
		p.fail(at, "missing ), unterminated subpattern")
	}
}

func (p *parser) wrapped(at int, begin string) {
	p.out.WriteString(begin)
	p.inside(at, 0)
	p.out.WriteByte(')')
}

func (p *parser) capture(at int, name string) {
	p.groups++
	number := p.groups
	if name != "" {
		p.names[name] = number
	}
	p.open = append(p.open, number)
	p.wrapped(at, "(?<"+groupName(number)+">")
	p.open = p.open[:len(p.open)-1]
}

// backReference writes a reference. at is where it begins, numberAt where its number or name does.
func (p *parser) backReference(number, at, numberAt int) {
	if number > p.groups || number == 0 {
		p.fail(numberAt, "invalid group reference %d", number)
	}
	if slices.Contains(p.open, number) {
		p.fail(at, "cannot refer to an open group")
	}
	reference := `\k<` + groupName(number) + `>`
	if p.flags.ignoreCase {
		reference = "(?i:" + reference + ")"
	}
	p.out.WriteString(reference)
}

// condition reads (?(1)yes|no) after its second bracket.
func (p *parser) condition(at int) {
	nameAt := p.pos
	name := p.until(')', "group name")
	var number int
	if strings.Trim(name, "0123456789") == "" {
		n, err := strconv.Atoi(name)
		if err != nil || n == 0 {
			p.fail(nameAt, "bad group number")
		}
		number = n
		p.referred[n] = nameAt
	} else {
		p.checkName(name, nameAt)
		n, ok := p.names[name]
		if !ok {
			p.fail(nameAt, "unknown group name '%s'", name)
		}
		number = n
	}
	p.out.WriteString("(?(" + groupName(number) + ")")
	p.inside(at, 2)
	p.out.WriteByte(')')
}

// scopedFlags reads (?i-s:…) after the question mark.
func (p *parser) scopedFlags(at int) {
	outer := p.flags
	inner, on, given, begin := p.flags, true, false, p.pos
	for {
		if !p.more() {
			p.fail(p.pos, "missing -, : or )")
		}
		c := p.src[p.pos]
		p.pos++
		switch {
		case c == ')' && on:
			p.fail(at, "global flags not at the start of the expression")
		case c == ':':
			if !given {
				p.fail(p.pos-1, "missing flag")
			}
			p.flags = inner
			p.out.WriteString("(?:")
			p.alternatives(0)
			p.flags = outer
			if !p.take(")") {
				p.fail(at, "missing ), unterminated subpattern")
			}
			p.out.WriteByte(')')
			return
		case c == '-' && on:
			on, given = false, false
		case !on && strings.ContainsRune("aLu", c):
			p.fail(p.pos, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
		case !strings.ContainsRune("aiLmsux", c):
			p.fail(p.pos-1, "%s", missing(c, on))
		default:
			p.setFlag(&inner, c, on, p.pos-1)
			if on {
				p.checkKinds(p.src[begin:p.pos], p.pos-1)
			}
			given = true
		}
	}
}

// missing says what should stand in the place of a character that is no flag.
func missing(c rune, on bool) string {
	switch {
	case unicode.IsLetter(c):
		return "unknown flag"
	case on:
		return "missing -, : or )"
	}
	return "missing :"
}

// checkName refuses what is no identifier.
func (p *parser) checkName(name string, at int) {
	if p.bytes && strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
		p.fail(at, "bad character in group name '%s'", escaped(name))
	}
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			p.fail(at, "bad character in group name '%s'", name)
		}
	}
}

// escaped writes what is not ASCII as \xc3.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}
