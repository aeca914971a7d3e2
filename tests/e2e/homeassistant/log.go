package homeassistant

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func (h *Home) logFile() string { return filepath.Join(h.dir, "console.log") }

// bad is the beginning of a line that reports an error: "2026-11-25 13:27:53.123+00:00 ERROR (MainThread) [homeassistant.core] …",
// or what an automation, or an action of ours, only warns of: a run that was skipped, an answer of 400 and more.
var bad = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* ((ERROR|CRITICAL|FATAL) |WARNING \(\w+\) \[homeassistant\.components\.(automation|rest_command)\b)`)

// Errors returns the lines of the log that report errors.
func (h *Home) Errors() []string {
	text, err := os.ReadFile(h.logFile())
	if err != nil {
		return []string{"it cannot be read: " + err.Error()}
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		if bad.MatchString(line) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// logTail returns the last lines of the log.
func (h *Home) logTail() string {
	text, err := os.ReadFile(h.logFile())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-60):], []byte("\n")))
}
