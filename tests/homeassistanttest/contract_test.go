package homeassistanttest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestHome_KeepsTheContract(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "accepted.jsonl")
	h, err := Start(Options{Record: file})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ran := 0
	h.Automation("hook", func(Trigger) { ran++ })
	h.Listen("contract_test", func(Trigger) { ran++ })
	want := 0
	for _, c := range Cases() {
		h.SetState(cmp.Or(c.State, Running))
		if err := c.Check(t.Context(), h.URL(), h.Token(), "hook"); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if c.Runs {
			want++
		}
		if ran != want {
			t.Fatalf("%s: %d runs, want %d", c.Name, ran, want)
		}
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var first Accepted
	if n := bytes.Count(lines, []byte("\n")); n != want {
		t.Errorf("%d lines in the record, want %d", n, want)
	}
	if err := json.Unmarshal(bytes.SplitN(lines, []byte("\n"), 2)[0], &first); err != nil || first.Type != "a" || first.Via != "webhook" {
		t.Errorf("first line %+v: %v", first, err)
	}
}

// What is lost is lost without a word.
func TestHome_LosesSilently(t *testing.T) {
	t.Parallel()
	post := Case{Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, Status: 200}
	fire := Case{Method: "POST", Path: "/api/events/contract_test", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_test fired."}`}
	probe := func(status int) Case { return Case{Method: "GET", Path: "/api/webhook/{known}", Status: status} }
	for name, c := range map[string]struct {
		spoil func(*Home)
		cases []Case
	}{
		"not running":   {func(h *Home) { h.SetState(NotRunning) }, []Case{probe(200), post, fire}},
		"starting":      {func(h *Home) { h.SetState(Starting) }, []Case{probe(200), post, fire}},
		"switched off":  {func(h *Home) { h.Unregister("hook") }, []Case{probe(200), post}},
		"not local":     {func(h *Home) { h.RefuseRemote("hook", true) }, []Case{probe(405), post}},
		"handler fails": {func(h *Home) { h.FailHandler("hook", true) }, []Case{probe(405), post}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := Start(Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			h.Automation("hook", func(Trigger) { t.Error("the automation ran") })
			h.Listen("contract_test", func(Trigger) { t.Error("the listener ran") })
			c.spoil(h)
			for _, step := range c.cases {
				if err := step.Check(t.Context(), h.URL(), h.Token(), "hook"); err != nil {
					t.Errorf("%s %s: %v", step.Method, step.Path, err)
				}
			}
			if a := h.Accepted(); len(a) > 0 {
				t.Errorf("accepted %v", a)
			}
		})
	}
}

func TestHome_Component(t *testing.T) {
	t.Parallel()
	h, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Component("hook", nil)
	for state, status := range map[State]int{Running: 200, Starting: 503, Stopping: 503, NotRunning: 200} {
		h.SetState(state)
		a := h.webhook("hook", "POST", "application/json", []byte(`{"event_type":"a","event_id":"1"}`))
		if a.status != status || (a.body == `{"event_id":"1"}`) != (state == Running) {
			t.Errorf("%s: %+v", state, a)
		}
	}
}
