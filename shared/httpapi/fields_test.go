package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
)

func TestFields(t *testing.T) {
	t.Parallel()
	type result struct {
		Text, Required string
		Flag           bool
		Age            time.Duration
	}
	fallback := result{"", "", true, time.Hour}
	tests := map[string]struct {
		body string
		want result
		err  *fault.Fault
	}{
		"all":              {`{"text":" a ","required":"b","flag":false,"age":60}`, result{"a", "b", false, time.Minute}, nil},
		"none":             {`{"required":"b"}`, result{"", "b", true, time.Hour}, nil},
		"null":             {`{"text":null,"required":"b","flag":null,"age":null}`, result{"", "b", true, time.Hour}, nil},
		"other types":      {`{"text":12345678901234567890,"required":true,"flag":"False","age":"60"}`, result{"12345678901234567890", "true", false, time.Minute}, nil},
		"missing":          {`{}`, fallback, fault.At(fault.MissingField, "required", "This is needed.")},
		"missing by null":  {`{"required":null}`, fallback, fault.At(fault.MissingField, "required", "This is needed.")},
		"list":             {`{"required":"b","text":["a"]}`, fallback, fault.At(fault.InvalidField, "text", "This has to be text.")},
		"long":             {`{"required":"b","text":"` + strings.Repeat("x", 21) + `"}`, fallback, fault.At(fault.InvalidField, "text", "This is longer than 20 bytes.")},
		"no flag":          {`{"required":"b","flag":"maybe"}`, fallback, fault.At(fault.InvalidField, "flag", "This has to be true or false.")},
		"flag by number":   {`{"required":"b","flag":1}`, fallback, fault.At(fault.InvalidField, "flag", "This has to be true or false.")},
		"fraction":         {`{"required":"b","age":1.5}`, fallback, fault.At(fault.InvalidField, "age", "This has to be a whole number of seconds from 60 to 3600.")},
		"too small":        {`{"required":"b","age":59}`, fallback, fault.At(fault.InvalidField, "age", "This has to be a whole number of seconds from 60 to 3600.")},
		"too large":        {`{"required":"b","age":"99999999999999999999"}`, fallback, fault.At(fault.InvalidField, "age", "This has to be a whole number of seconds from 60 to 3600.")},
		"first of several": {`{"age":1,"flag":7,"required":[]}`, fallback, fault.At(fault.InvalidField, "required", "This has to be text.")},
		"unknown first":    {`{"requird":"b","zz":1}`, fallback, fault.At(fault.UnknownField, "requird", "There is no such field here. The fields are text, required, flag, age.")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(test.body), &members); err != nil {
				t.Fatal(err)
			}
			f := newFields(members)
			got := result{f.text("text", 20), f.required("required", 20), f.flag("flag", true), f.seconds("age", time.Hour, time.Minute, time.Hour)}
			err := f.end()
			if test.err != nil {
				if d := cmp.Diff(error(test.err), err, cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); d != "" {
					t.Errorf("fault (-want +got):\n%s", d)
				}
				return
			}
			if d := cmp.Diff(test.want, got); d != "" || err != nil {
				t.Errorf("error %v, values (-want +got):\n%s", err, d)
			}
		})
	}
}
