// Package pyregex matches patterns in the dialect of Python's re module (3.11, text patterns), which is what Home
// Assistant's users write.
//
// A pattern is read as Python reads it, refused with Python's words where Python refuses it, and translated for a
// backtracking engine in a form in which the two agree: what a digit, a word character or white space is, how case is
// ignored, how groups are numbered. Differences that remain: look-behind may have any width, and characters are those
// of this program's edition of Unicode. A match gives up after [Timeout].
//
// [CompileBytes] is the dialect of patterns over bytes, which look at what is no text: digits, word characters and case
// are those of ASCII, and a character is a byte.
package pyregex

import (
	"errors"
	"fmt"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Timeout is how long a match may take.
const Timeout = 100 * time.Millisecond

// clockPeriod is how often the engine looks at the clock. It gives up within two periods after its time.
const clockPeriod = 5 * time.Millisecond

func init() { regexp2.SetTimeoutCheckPeriod(clockPeriod) } // it has one clock for all; its own period is 100 ms

// ErrTimeout is a match that took longer than [Timeout]. What the engine itself says quotes the text.
var ErrTimeout = errors.New("the pattern took longer than 100 ms")

// MaxLength is how long a pattern may be, in characters.
const MaxLength = 4096

// A SyntaxError says what is wrong with a pattern, in Python's words.
type SyntaxError struct {
	Message string
	At      int // in characters
}

// Error returns message and place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at position %d", e.Message, e.At) }

// A Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	engine *regexp2.Regexp
	names  map[string]string // name in the pattern to name in the engine
	bytes  bool
}

// Compile compiles a pattern. The error is a *[SyntaxError].
func Compile(pattern string) (*Regexp, error) {
	return compile(&parser{src: []rune(pattern), names: map[string]int{}})
}

func compile(p *parser) (*Regexp, error) {
	if len(p.src) > MaxLength {
		return nil, &SyntaxError{Message: fmt.Sprintf("pattern longer than %d characters", MaxLength), At: MaxLength}
	}
	translated, err := p.translate()
	if err != nil {
		return nil, err
	}
	engine, err := regexp2.Compile(`\A(?:` + translated + `)`)
	if err != nil {
		// The engine's own words and places are about the translation: of no use to who wrote the pattern.
		return nil, &SyntaxError{Message: "this combination is not supported"}
	}
	engine.MatchTimeout = Timeout - 2*clockPeriod
	names := make(map[string]string, len(p.names))
	for name, number := range p.names {
		names[name] = groupName(number)
	}
	return &Regexp{engine: engine, names: names, bytes: p.bytes}, nil
}

// Match matches the beginning of the text, like Python's re.match. It returns the named groups, nil for those that
// took no part; the map is empty, not nil, if the pattern has none. The error is [ErrTimeout].
func (r *Regexp) Match(text string) (groups map[string]*string, ok bool, err error) {
	m, err := r.engine.FindStringMatch(text)
	if err != nil {
		return nil, false, ErrTimeout
	}
	if m == nil {
		return nil, false, nil
	}
	groups = make(map[string]*string, len(r.names))
	for name, inner := range r.names {
		groups[name] = nil
		if g := m.GroupByName(inner); g != nil && len(g.Captures) > 0 {
			text := g.String()
			if r.bytes {
				text = Decode(fromLatin1(text))
			}
			groups[name] = &text
		}
	}
	return groups, true, nil
}

// groupName returns the engine's name of a group. All groups are named, because the engine numbers named ones apart.
func groupName(number int) string { return fmt.Sprintf("g%d", number) }
