package process

import (
	"strings"
	"testing"
)

// A figure that must not be zero is refused: nobody is to believe that there is no quarantine.
func TestNumbers_ZeroIsNotTakenForTheDefault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"QUARANTINE", "RESET_REST", "LEASE_MARGIN", "LISTENER_LEASE", "CALL_DEADLINE"} {
		var n Numbers
		err := (Environ{Vars: map[string]string{name: "0s"}}).Load(&n)
		if err == nil || !strings.Contains(err.Error(), name+": is too small") {
			t.Errorf("%s=0s: %v", name, err)
		}
	}
	var n Numbers
	if err := (Environ{Vars: map[string]string{"SENDER_WAIT": "0s", "QUARANTINE": "1ms"}}).Load(&n); err != nil {
		t.Errorf("what may be so: %v", err)
	}
}
