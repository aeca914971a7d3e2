package outbox

import (
	"testing"
	"time"
)

func TestWait_AddsUpToTheTable(t *testing.T) {
	t.Parallel()
	total := time.Duration(0)
	for n := range 8 {
		total += Wait(n)
	}
	if total != 113*time.Second {
		t.Errorf("the first seven pauses take %v", total)
	}
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[Wait(8)] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different pauses of 100: many entries would return at once", len(seen))
	}
}
