package golden_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/event"
	"telegram-client/shared/filter"
)

// All eight events are on, as on a fresh entry: which of them fire?
func TestDispatch(t *testing.T) {
	t.Parallel()
	runFile(t, "dispatch", 229, func(line []byte) (string, string, bool) {
		var c struct {
			world
			Events []filter.Event
			Fails  json.RawMessage `json:"reference_error"`
		}
		decode(line, &c)
		if len(c.Fails) > 0 {
			return c.ID, "", true
		}
		set, _ := filter.Compile(filter.Options{}, c.names())
		got := []filter.Event{}
		c.fire(set, func(o *event.Occurrence, _ map[string]*string) { got = append(got, o.Event) })
		return c.ID, cmp.Diff(c.Events, got), false
	})
}
