package pyregex

import (
	"slices"
	"strings"
	"unicode"
)

// class reads a class after its opening bracket.
func (p *parser) class(at int) {
	negated := p.take("^")
	s := &set{}
	var excluded []string // classes whose complement is in the class: \D, \S, \W
	for first := true; ; first = false {
		if !p.more() {
			p.fail(at, "unterminated character set")
		}
		if !first && p.take("]") {
			break
		}
		begin := p.pos
		lo, category := p.member()
		if !p.peek("-") || p.pos+1 < len(p.src) && p.src[p.pos+1] == ']' {
			p.put(s, &excluded, lo, lo, category)
			continue
		}
		p.pos++
		if !p.more() {
			p.fail(at, "unterminated character set")
		}
		hi, hiCategory := p.member()
		if category != 0 || hiCategory != 0 || hi < lo {
			p.fail(begin, "bad character range %s", string(p.src[begin:p.pos]))
		}
		p.put(s, &excluded, lo, hi, 0)
	}
	if len(excluded) == 0 {
		p.out.WriteString(s.class(negated))
		return
	}
	var choices []string
	if !s.empty() {
		choices = append(choices, s.class(false))
	}
	for _, e := range excluded {
		choices = append(choices, "[^"+e+"]")
	}
	choice := strings.Join(choices, "|")
	if negated {
		p.out.WriteString("(?:(?!" + choice + `)[\s\S])`)
	} else {
		p.out.WriteString("(?:" + choice + ")")
	}
}

// member reads one member of a class: a character, or the letter of a category.
func (p *parser) member() (c, category rune) {
	at := p.pos
	c = p.src[p.pos]
	p.pos++
	if c != '\\' {
		return c, 0
	}
	if !p.more() {
		p.fail(at, "bad escape (end of pattern)")
	}
	switch c = p.src[p.pos]; {
	case strings.ContainsRune("dDsSwW", c):
		p.pos++
		return 0, c
	case c == 'b':
		p.pos++
		return '\b', 0
	case c >= '1' && c <= '7': // no group can be meant
		return p.octal(3, at), 0
	}
	return p.escapedCharacter(at), 0
}

func (p *parser) put(s *set, excluded *[]string, lo, hi, category rune) {
	switch {
	case category == 0:
		s.add(lo, hi)
		if p.flags.ignoreCase {
			s.addOtherCases(lo, hi, p.flags.ascii)
		}
	case unicode.IsUpper(category):
		*excluded = append(*excluded, p.category(unicode.ToLower(category)))
	default:
		s.categories = append(s.categories, p.category(category))
	}
}

// A set is the members of a class.
type set struct {
	ranges     [][2]rune
	categories []string
}

func (s *set) add(lo, hi rune) { s.ranges = append(s.ranges, [2]rune{lo, hi}) }

func (s *set) empty() bool { return len(s.ranges) == 0 && len(s.categories) == 0 }

// class returns the set in brackets.
func (s *set) class(negated bool) string {
	var b strings.Builder
	b.WriteByte('[')
	if negated {
		b.WriteByte('^')
	}
	slices.SortFunc(s.ranges, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	for _, r := range s.ranges {
		b.WriteString(quoted(r[0]))
		if r[1] > r[0] {
			b.WriteString("-" + quoted(r[1]))
		}
	}
	for _, c := range s.categories {
		b.WriteString(c)
	}
	b.WriteByte(']')
	return b.String()
}
