package outbox

import (
	"testing"
	"time"
)

func TestWait_AddsUpToTheTable(t *testing.T) {
	t.Parallel()
	total := time.Duration(0)
	for n := range 8 {
		total += Pauses{}.Wait(n)
	}
	if total != 113*time.Second {
		t.Errorf("the first seven pauses take %v", total)
	}
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[Pauses{}.Wait(8)] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different pauses of 100: many entries would return at once", len(seen))
	}
}

func TestPauses_AreThoseThatWereChosen(t *testing.T) {
	t.Parallel()
	p := Pauses{Waits: []time.Duration{time.Second, 3 * time.Second}, Confirm: time.Minute}
	if p.Wait(1) != time.Second || p.Wait(2) != 3*time.Second {
		t.Errorf("%v, %v", p.Wait(1), p.Wait(2))
	}
	for range 100 {
		if d := p.Wait(3); d < 3*time.Second || d >= 6*time.Second {
			t.Errorf("after the table %v", d)
		}
	}
	if d := p.Decide(Verdict{Outcome: AwaitConfirm}, 1); d.Wait != time.Minute {
		t.Errorf("to confirm: %v", d.Wait)
	}
	if d := p.Decide(Verdict{Outcome: Unreachable}, 2); d.Wait != 3*time.Second {
		t.Errorf("unreachable: %v", d.Wait)
	}
}
