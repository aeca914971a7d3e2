package pyregex

import (
	"fmt"
	"strings"
	"unicode"
)

// flags are the modes that a pattern or a part of it is read in.
type flags struct{ ignoreCase, multiline, dotAll, verbose, ascii bool }

// A parser reads a pattern as CPython's Lib/re/_parser.py does and writes its translation.
type parser struct {
	src   []rune
	pos   int
	out   strings.Builder
	flags flags
	bytes bool // the characters are bytes
	names map[string]int
	// groups counts the groups opened; open are those that are not closed yet.
	groups int
	open   []int
	// referred are group numbers that conditions name, with their places: they may be defined later.
	referred map[int]int
}

func (p *parser) translate() (translated string, err error) {
	defer func() {
		if r := recover(); r != nil {
			syntax, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			translated, err = "", syntax
		}
	}()
	p.referred = map[int]int{}
	p.globalFlags()
	p.alternatives(0)
	if p.pos < len(p.src) { // alternatives ends before the end only at a bracket
		p.fail(p.pos, "unbalanced parenthesis")
	}
	for number, at := range p.referred {
		if number > p.groups {
			p.fail(at, "invalid group reference %d", number)
		}
	}
	return p.out.String(), nil
}

// fail gives the pattern up. translate turns it into an error.
func (p *parser) fail(at int, format string, args ...any) {
	panic(&SyntaxError{Message: fmt.Sprintf(format, args...), At: at})
}

func (p *parser) more() bool { return p.pos < len(p.src) }

// peek reports whether the text comes next.
func (p *parser) peek(s string) bool {
	for i, r := range []rune(s) {
		if p.pos+i >= len(p.src) || p.src[p.pos+i] != r {
			return false
		}
	}
	return true
}

// take takes the text if it comes next.
func (p *parser) take(s string) bool {
	if !p.peek(s) {
		return false
	}
	p.pos += len([]rune(s))
	return true
}

// until takes everything up to the end character, which it takes as well.
func (p *parser) until(end rune, what string) string {
	begin := p.pos
	for p.more() && p.src[p.pos] != end {
		p.pos++
	}
	text := string(p.src[begin:p.pos])
	switch {
	case !p.more() && text == "":
		p.fail(begin, "missing %s", what)
	case !p.more():
		p.fail(begin, "missing %c, unterminated name", end)
	case text == "":
		p.fail(begin, "missing %s", what)
	}
	p.pos++
	return text
}

// globalFlags takes flags for the whole pattern, which stand at its start.
func (p *parser) globalFlags() {
	for p.peek("(?") {
		end := p.pos + 2
		for end < len(p.src) && strings.ContainsRune("aimsuxL", p.src[end]) {
			end++
		}
		if end == p.pos+2 || end >= len(p.src) || p.src[end] != ')' {
			return
		}
		for at := p.pos + 2; at < end; at++ {
			p.setFlag(&p.flags, p.src[at], true, at)
			p.checkKinds(p.src[p.pos+2:at+1], at)
		}
		p.pos = end + 1
		for p.flags.verbose && p.more() && isPatternSpace(p.src[p.pos]) {
			p.pos++
		}
	}
}

func (p *parser) setFlag(f *flags, letter rune, on bool, at int) {
	switch letter {
	case 'i':
		f.ignoreCase = on
	case 'm':
		f.multiline = on
	case 's':
		f.dotAll = on
	case 'x':
		f.verbose = on
	case 'a':
		f.ascii = on
	case 'u':
		if p.bytes {
			p.fail(at+1, "bad inline flags: cannot use 'u' flag with a bytes pattern")
		}
		f.ascii = !on
	case 'L':
		if !p.bytes {
			p.fail(at+1, "bad inline flags: cannot use 'L' flag with a str pattern")
		}
	default:
		p.fail(at, "unknown flag")
	}
}

// checkKinds refuses flags, of which the last stands at the given place, that choose more than one kind of characters.
func (p *parser) checkKinds(letters []rune, at int) {
	kinds := strings.Map(func(r rune) rune {
		if strings.ContainsRune("auL", r) && r != letters[len(letters)-1] {
			return r
		}
		return -1
	}, string(letters))
	if strings.ContainsRune("auL", letters[len(letters)-1]) && kinds != "" {
		p.fail(at+1, "bad inline flags: flags 'a', 'u' and 'L' are incompatible")
	}
}

// alternatives reads branches up to a closing bracket or the end: at most so many, if the number is not 0.
func (p *parser) alternatives(most int) {
	p.sequence()
	for branches := 1; p.peek("|"); branches++ {
		if branches == most {
			p.fail(p.pos, "conditional backref with more than two branches")
		}
		p.pos++
		p.out.WriteByte('|')
		p.sequence()
	}
}

// An atom is the last thing read that a quantifier can apply to.
type atom struct {
	begin      int  // in the output
	repeatable bool // anchors are not
	repeated   bool
}

func (p *parser) sequence() {
	var last *atom
	for p.more() && !p.peek("|") && !p.peek(")") {
		c := p.src[p.pos]
		if p.flags.verbose {
			if isPatternSpace(c) {
				p.pos++
				continue
			}
			if c == '#' {
				for p.more() && p.src[p.pos] != '\n' {
					p.pos++
				}
				continue
			}
		}
		if lo, hi, at, ok := p.quantifier(); ok {
			p.repeat(last, lo, hi, at)
			continue
		}
		begin := p.out.Len()
		repeatable, something := p.item()
		if something {
			last = &atom{begin: begin, repeatable: repeatable}
		}
	}
}

func isPatternSpace(c rune) bool { return strings.ContainsRune(" \t\n\r\v\f", c) }

const unlimited = -1

// quantifier reads *, +, ?, {n}, {n,}, {,m} or {n,m}. Braces with anything else in them are text.
func (p *parser) quantifier() (lo, hi, at int, ok bool) {
	at = p.pos
	switch {
	case p.take("*"):
		return 0, unlimited, at, true
	case p.take("+"):
		return 1, unlimited, at, true
	case p.take("?"):
		return 0, 1, at, true
	case !p.take("{"):
		return 0, 0, at, false
	}
	if p.peek("}") {
		p.pos = at
		return 0, 0, at, false
	}
	lo, digitsLo := p.digits()
	hi, digitsHi := lo, digitsLo
	if p.take(",") {
		hi, digitsHi = p.digits()
	}
	if !p.take("}") {
		p.pos = at
		return 0, 0, at, false
	}
	if !digitsHi {
		hi = unlimited
	}
	if hi != unlimited && hi < lo {
		p.fail(at+1, "min repeat greater than max repeat")
	}
	return lo, hi, at, true
}

// maxRepeat keeps the engine from unrolling what nobody means.
const maxRepeat = 65535

func (p *parser) digits() (n int, ok bool) {
	for begin := p.pos; p.more() && p.src[p.pos] >= '0' && p.src[p.pos] <= '9'; p.pos++ {
		if n = n*10 + int(p.src[p.pos]-'0'); n > maxRepeat {
			p.fail(begin, "the repetition number is too large")
		}
		ok = true
	}
	return n, ok
}

func (p *parser) repeat(last *atom, lo, hi, at int) {
	switch {
	case last == nil || !last.repeatable:
		p.fail(at, "nothing to repeat")
	case last.repeated:
		p.fail(at, "multiple repeat")
	}
	last.repeated = true
	quantifier := fmt.Sprintf("{%d,%d}", lo, hi)
	if hi == unlimited {
		quantifier = fmt.Sprintf("{%d,}", lo)
	}
	lazy := p.take("?")
	possessive := !lazy && p.take("+")
	whole := p.out.String()
	before, body := whole[:last.begin], whole[last.begin:]
	p.out.Reset()
	p.out.WriteString(before)
	switch {
	case possessive: // it gives nothing back, and in CPython neither does any round of it
		p.out.WriteString("(?>" + unmerged("(?>"+body+")") + quantifier + ")")
	case lazy:
		p.out.WriteString(unmerged(body) + quantifier + "?")
	default:
		p.out.WriteString(unmerged(body) + quantifier)
	}
}

// unmerged keeps the engine from making one loop of a loop of atomic loops, (?>a+){2}, which would then match more. An
// empty group does.
func unmerged(body string) string {
	if !strings.Contains(body, "(?>") {
		return body
	}
	return "(?:" + body + "())"
}

// item reads one thing that is no quantifier. It reports whether that can be repeated, and whether it was anything: a
// comment is not.
func (p *parser) item() (repeatable, something bool) {
	at := p.pos
	c := p.src[at]
	p.pos++
	switch c {
	case '.':
		if p.flags.dotAll {
			p.out.WriteString(`[\s\S]`)
		} else {
			p.out.WriteString(`[^\n]`)
		}
	case '^':
		p.out.WriteString(pick(p.flags.multiline, `(?m:^)`, `\A`))
		return false, true
	case '$':
		p.out.WriteString(pick(p.flags.multiline, `(?m:$)`, `\Z`))
		return false, true
	case '[':
		p.class(at)
	case '(':
		return p.group(at)
	case '\\':
		return p.escape(at), true
	default:
		p.literal(c)
	}
	return true, true
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// literal writes one character.
func (p *parser) literal(c rune) {
	if p.flags.ignoreCase {
		if same := sameCase(c, p.flags.ascii); len(same) > 1 {
			s := &set{}
			for _, r := range same {
				s.add(r, r)
			}
			p.out.WriteString(s.class(false))
			return
		}
	}
	p.out.WriteString(quoted(c))
}

// quoted returns a character in a form that means itself inside and outside of classes.
func quoted(c rune) string {
	if c > unicode.MaxASCII || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return string(c)
	}
	return fmt.Sprintf(`\x%02x`, c)
}
