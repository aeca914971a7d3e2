package homeassistant

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrors_AreFoundInTheLog(t *testing.T) {
	t.Parallel()
	h := &Home{dir: t.TempDir()}
	log := `2026-11-25 13:40:24.212+00:00 WARNING (MainThread) [homeassistant.bootstrap] Skipping pip installation of required modules.
2026-11-25 13:40:25.000+00:00 ERROR (MainThread) [homeassistant.components.webhook] Error processing webhook contract
Traceback (most recent call last):
2026-11-25 13:40:26.000+00:00 WARNING (MainThread) [homeassistant.components.automation.record_plain] Record plain: Already running
2026-11-25 13:40:27.000+00:00 WARNING (MainThread) [homeassistant.components.rest_command.services] Error. Url: http://127.0.0.1/x. Status code 404.
2026-11-25 13:40:28.000+00:00 INFO (MainThread) [homeassistant.core] ERROR is only a word here
`
	if err := os.WriteFile(h.logFile(), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2026-11-25 13:40:25.000+00:00 ERROR (MainThread) [homeassistant.components.webhook] Error processing webhook contract",
		"2026-11-25 13:40:26.000+00:00 WARNING (MainThread) [homeassistant.components.automation.record_plain] Record plain: Already running",
		"2026-11-25 13:40:27.000+00:00 WARNING (MainThread) [homeassistant.components.rest_command.services] Error. Url: http://127.0.0.1/x. Status code 404.",
	}
	if d := cmp.Diff(want, h.Errors()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
