package pyregex

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

type matched struct {
	Text   string             `json:"text"`
	Groups map[string]*string `json:"groups"`
}

// python.jsonl is what CPython 3.11 says to each pattern: an error, or which of the texts in texts.json match.
func TestMatch_AgreesWithPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/python.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			Pattern string    `json:"pattern"`
			Error   *string   `json:"error"`
			At      int       `json:"at"`
			Matches []matched `json:"matches"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		r, err := Compile(c.Pattern)
		if c.Error != nil || err != nil {
			var syntax *SyntaxError
			if (c.Error == nil) != (err == nil) || !errors.As(err, &syntax) {
				t.Errorf("%q: error %v, Python: %v", c.Pattern, err, str(c.Error))
			} else if diff := cmp.Diff(&SyntaxError{*c.Error, c.At}, syntax); diff != "" {
				t.Errorf("%q: %s", c.Pattern, diff)
			}
			continue
		}
		var got []matched
		for _, text := range texts {
			groups, ok, err := r.Match(text)
			if err != nil {
				t.Errorf("%q on %q: %v", c.Pattern, text, err)
			}
			if ok {
				got = append(got, matched{text, groups})
			}
		}
		if len(got) == 0 && len(c.Matches) == 0 {
			continue
		}
		if diff := cmp.Diff(c.Matches, got); diff != "" {
			t.Errorf("%q: %s", c.Pattern, diff)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func str(s *string) string {
	if s == nil {
		return "nothing"
	}
	return *s
}

func TestMatch_GivesUp(t *testing.T) {
	t.Parallel()
	r, err := Compile(`(a|aa)+$`)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := r.Match(strings.Repeat("a", 5000) + "b"); err == nil {
		t.Errorf("a match that takes for ever ended: %t", ok)
	}
}

func TestCompile_RefusesWhatIsTooLong(t *testing.T) {
	t.Parallel()
	if _, err := Compile(strings.Repeat("a", MaxLength)); err != nil {
		t.Error(err)
	}
	if _, err := Compile(strings.Repeat("a", MaxLength+1)); err == nil {
		t.Error("a pattern that is too long compiles")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(?P<a>x)?[^\W\d]+(?P=a)`, `(?i-s:a)++|(?(1)b)`, `[\N{BULLET}-\x41]{,3}?`, `(?x) a # b`, `\b(?<=a)`} {
		f.Add(s, "ab")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		r, err := Compile(pattern)
		if err != nil {
			return
		}
		if groups, ok, err := r.Match(text); ok && err == nil && groups == nil {
			t.Fatal("a match without groups")
		}
		r.Blowup()
	})
}

func FuzzCompileBytes(f *testing.F) {
	for _, s := range []string{`(?P<a>\xff)?[^\W\d]+(?P=a)`, `(?i)é|ü`, `(?L)\w`, `\u0041`, `(?P<ü>.)`} {
		f.Add(s, []byte("ab\xff"))
	}
	f.Fuzz(func(t *testing.T, pattern string, data []byte) {
		r, err := CompileBytes(pattern)
		if err != nil {
			return
		}
		groups, ok, err := r.MatchBytes(data)
		if ok && err == nil && groups == nil {
			t.Fatal("a match without groups")
		}
		for name, group := range groups {
			if group != nil && !utf8.ValidString(*group) {
				t.Fatalf("%s is no text: %q", name, *group)
			}
		}
	})
}
