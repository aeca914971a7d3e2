package pyregex

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type matchedBytes struct {
	Data   []byte             `json:"data"`
	Groups map[string]*string `json:"groups"`
}

// python_bytes.jsonl is what CPython 3.11 says to each pattern of bytes, with the groups decoded: an error, or which of
// data.json match.
func TestMatchBytes_AgreesWithPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/data.json")
	if err != nil {
		t.Fatal(err)
	}
	var data [][]byte
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/python_bytes.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var c struct {
			Pattern string         `json:"pattern"`
			Error   *string        `json:"error"`
			At      int            `json:"at"`
			Matches []matchedBytes `json:"matches"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		r, err := CompileBytes(c.Pattern)
		if c.Error != nil || err != nil {
			var syntax *SyntaxError
			if (c.Error == nil) != (err == nil) || !errors.As(err, &syntax) {
				t.Errorf("%q: error %v, Python: %v", c.Pattern, err, str(c.Error))
			} else if diff := cmp.Diff(&SyntaxError{*c.Error, c.At}, syntax); diff != "" {
				t.Errorf("%q: %s", c.Pattern, diff)
			}
			continue
		}
		got := []matchedBytes{}
		for _, b := range data {
			groups, ok, err := r.MatchBytes(b)
			if err != nil {
				t.Errorf("%q on %q: %v", c.Pattern, b, err)
			}
			if ok {
				got = append(got, matchedBytes{b, groups})
			}
		}
		if diff := cmp.Diff(c.Matches, got); diff != "" {
			t.Errorf("%q: %s", c.Pattern, diff)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// The expected are those of Python's decode("utf-8", "replace").
func TestDecode_ReplacesAsPythonDoes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", "\xd1\x83": "у", "\xff\xfe": "\ufffd\ufffd", "\xe2\x82": "\ufffd", "\xe2\x82a": "\ufffda", "\xf0\x9f\x98": "\ufffd",
		"\xed\xa0\x80": "\ufffd\ufffd\ufffd", "\xc0\x80": "\ufffd\ufffd", "\xe0\x80\x80": "\ufffd\ufffd\ufffd", "\xf4\x90\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
		"\xef\xbf\xbd": "\ufffd", "\x80x\xc3": "\ufffdx\ufffd",
	} {
		if diff := cmp.Diff(want, Decode([]byte(in))); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}
