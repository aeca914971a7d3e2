//go:build homeassistant

package homeassistant

import (
	"context"
	"net/http"
	"regexp"
	"testing"

	"telegram-client/tests/homeassistanttest"
)

const contract = `
webhook:

automation:
  - alias: Contract over the webhook
    mode: queued
    max: 100
    triggers:
      - trigger: webhook
        webhook_id: contract
        allowed_methods: [POST]
    actions:
      - action: record.append
        data:
          name: webhook
  - alias: Contract over the event bus
    mode: queued
    max: 100
    triggers:
      - trigger: event
        event_type: contract_test
    actions:
      - action: record.append
        data:
          name: event
  - alias: Fence
    mode: queued
    max: 100
    triggers:
      - trigger: event
        event_type: fence
    actions:
      - action: record.append
        data:
          name: fence
`

// The table that homeassistanttest is held to holds for a real Home Assistant.
func TestContract(t *testing.T) {
	t.Parallel()
	home := Start(t, Options{
		Files: map[string]string{"packages/contract.yaml": contract}, Hold: true,
		Errors: regexp.MustCompile(`Error processing webhook contract$|Error handling request`),
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	state, ran, fences, errors := homeassistanttest.NotRunning, 0, 0, 0
	home.WaitState(string(state))
	check := func(c homeassistanttest.Case) {
		if err := c.Check(ctx, home.URL(), home.Token(), "contract"); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if c.Logs {
			errors++
		}
		if state != homeassistanttest.Running {
			return
		}
		// What came before the fence has run when the fence has: triggers are worked off in their order.
		fences++
		fence := homeassistanttest.Case{Method: http.MethodPost, Path: "/api/events/fence", Body: "{}", Status: http.StatusOK}
		if err := fence.Check(ctx, home.URL(), home.Token(), ""); err != nil {
			t.Fatal(err)
		}
		all, err := home.WaitRecorded(ctx, "the fence", func(all []Record) bool {
			n := 0
			for _, r := range all {
				if r.Name == "fence" {
					n++
				}
			}
			return n == fences
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Runs {
			ran++
		}
		if n := len(all) - fences; n != ran {
			t.Errorf("%s: %d runs, want %d", c.Name, n, ran)
			ran = n
		}
	}
	for _, c := range homeassistanttest.Cases() {
		if c.State == state {
			check(c)
		}
	}
	home.Release()
	state = homeassistanttest.Running
	for _, c := range homeassistanttest.Cases() {
		if c.State == "" {
			check(c)
		}
	}
	home.Stop() // writes its log to the end
	if got := home.Errors(); len(got) != errors {
		t.Errorf("expected %d errors in the log, got %q", errors, got)
	}
	t.Logf("%d cases, %d of them run an automation", len(homeassistanttest.Cases()), ran)
}
