package flow

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var form = []Field{{Name: "number", Required: true}, {Name: "text", Required: true}, {Name: "choice", Required: true, Default: "a"}, {Name: "more"}}

func read(t *testing.T, body string) (*Reader, int64, string, string, string) {
	t.Helper()
	var in Input
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	r := Read(form, in)
	return r, r.Integer("number", 1, 1<<31-1), r.Text("text"), r.Choice("choice", "a", "b"), r.Text("more")
}

func TestReader_TakesWhatIsMeant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body                string
		number              int64
		text, choice, other string
	}{
		"plain":           {`{"number":7,"text":"x","choice":"b","more":"y"}`, 7, "x", "b", "y"},
		"number as text":  {`{"number":" 2147483647 ","text":"x"}`, 2147483647, "x", "a", ""},
		"text as number":  {`{"number":7,"text":12.50,"choice":null}`, 7, "12.50", "a", ""},
		"text as boolean": {`{"number":7,"text":true,"choice":"","more":null}`, 7, "true", "a", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, number, text, choice, other := read(t, test.body)
			if !r.OK() || number != test.number || text != test.text || choice != test.choice || other != test.other {
				e, m := r.Problems()
				t.Errorf("%d %q %q %q, %v %v", number, text, choice, other, e, m)
			}
		})
	}
}

func TestReader_SaysWhatIsWrongAndDoesNotRepeatIt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want map[string]string
	}{
		"nothing":       {`{}`, map[string]string{"number": "missing_field", "text": "missing_field"}},
		"null object":   {`null`, map[string]string{"number": "missing_field", "text": "missing_field"}},
		"empty":         {`{"number":null,"text":""}`, map[string]string{"number": "missing_field", "text": "missing_field"}},
		"blank":         {`{"number":7,"text":"  "}`, map[string]string{"text": "missing_field"}},
		"unknown":       {`{"number":7,"text":"x","secret":1}`, map[string]string{"base": "unknown_field"}},
		"kinds":         {`{"number":["secret"],"text":{"secret":1},"choice":"secret"}`, map[string]string{"number": "invalid_field", "text": "invalid_field", "choice": "invalid_field"}},
		"no integer":    {`{"number":7.5,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"exponent":      {`{"number":1e3,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"below":         {`{"number":0,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"above":         {`{"number":2147483648,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"beyond":        {`{"number":99999999999999999999,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"words":         {`{"number":"secret","text":"x"}`, map[string]string{"number": "invalid_field"}},
		"boolean":       {`{"number":true,"text":"x"}`, map[string]string{"number": "invalid_field"}},
		"choice number": {`{"number":1,"text":"x","choice":3}`, map[string]string{"choice": "invalid_field"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, _, _, _ := read(t, test.body)
			errors, messages := r.Problems()
			if d := cmp.Diff(test.want, errors); d != "" {
				t.Errorf("errors (-want +got):\n%s", d)
			}
			for field := range errors {
				if !strings.HasSuffix(messages[field], ".") || strings.Contains(messages[field], "secret") {
					t.Errorf("%s: %q", field, messages[field])
				}
			}
			if len(messages) != len(errors) {
				t.Errorf("%v for %v", messages, errors)
			}
		})
	}
}

func TestRead_OfAFormWithoutFields(t *testing.T) {
	t.Parallel()
	if r := Read(nil, Input{}); !r.OK() {
		t.Error(r.Problems())
	}
	r := Read(nil, Input{"x": json.RawMessage("1")})
	if errors, _ := r.Problems(); errors[Base] != "unknown_field" {
		t.Error(errors)
	}
}
