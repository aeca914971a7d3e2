package outbox

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestItem_AppendJSON(t *testing.T) {
	t.Parallel()
	it := Item{
		EventID: uuid.MustParse("5b0e9a86-6c5e-4f3b-9a36-6a2c8d1f0a11"), Type: "telegram_client_new_message",
		OccurredAt: time.Date(2026, 11, 22, 12, 30, 0, 5, time.FixedZone("", 3600)), Body: []byte(`"config_entry_id":"tg_a"`),
	}
	const rest = `"event_id":"5b0e9a86-6c5e-4f3b-9a36-6a2c8d1f0a11","occurred_at":"2026-11-22T11:30:00+00:00","replayed":false,"attempt":2`
	if diff := cmp.Diff(`{"event_type":"telegram_client_new_message",`+rest+`,"config_entry_id":"tg_a"}`, string(it.AppendJSON(nil, 2, true))); diff != "" {
		t.Error(diff)
	}
	it.Body = nil
	if diff := cmp.Diff("{"+rest+"}", string(it.AppendJSON(nil, 2, false))); diff != "" {
		t.Error(diff)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verdict Verdict
		attempt int
		want    Decision
	}{
		"acknowledged":                     {Verdict{Outcome: Acknowledged}, 1, Decision{Action: Done}},
		"first failure: again at once":     {Verdict{Outcome: Unreachable}, 1, Decision{Action: Retry, HoldsTarget: true}},
		"second failure":                   {Verdict{Outcome: NotAcknowledged}, 2, Decision{Action: Retry, Wait: time.Second, HoldsTarget: true}},
		"sixth failure":                    {Verdict{Outcome: Unreachable}, 6, Decision{Action: Retry, Wait: 30 * time.Second, HoldsTarget: true}},
		"the target's own wish, if longer": {Verdict{Outcome: Unreachable, RetryAfter: 9 * time.Second}, 2, Decision{Action: Retry, Wait: 9 * time.Second, HoldsTarget: true}},
		"an automation's answer":           {Verdict{Outcome: AwaitConfirm}, 3, Decision{Action: Retry, Wait: ConfirmWithin}},
		"refused":                          {Verdict{Outcome: Refused}, 2, Decision{Action: Retry, Wait: time.Second}},
		"refused for good":                 {Verdict{Outcome: Refused}, 3, Decision{Action: Dead}},
	} {
		if diff := cmp.Diff(c.want, Pauses{}.Decide(c.verdict, c.attempt)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for range 100 {
		if d := (Pauses{}).Wait(8); d < time.Minute || d >= 2*time.Minute {
			t.Fatalf("after many failures: %v", d)
		}
	}
}
