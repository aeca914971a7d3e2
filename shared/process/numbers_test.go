package process

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A figure that must not be zero is refused: nobody is to believe that there is no quarantine.
func TestNumbers_ZeroIsNotTakenForTheDefault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"QUARANTINE", "RESET_REST", "LEASE_MARGIN", "LISTENER_LEASE", "CALL_DEADLINE", "COOL_DOWN", "CONFIRM_WITHIN"} {
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

func TestNumbers_Retries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]time.Duration{
		"1s, 2m": {time.Second, 2 * time.Minute}, "5s": {5 * time.Second}, "": {0, time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute},
		"1s,": nil, "1s,-1s": nil, "1,2": nil, "0s": nil, "5s,0s": nil,
	} {
		vars := map[string]string{}
		if text != "" {
			vars["RETRY_WAITS"] = text
		}
		var n Numbers
		err := (Environ{Vars: vars}).Load(&n)
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), "RETRY_WAITS: ") {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if got := n.Retries(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
