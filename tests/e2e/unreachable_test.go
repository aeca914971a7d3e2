package e2e

import (
	"strings"
	"testing"
	"time"

	"telegram-client/tests/lambdatest"
	"telegram-client/tests/story"
)

// A function whose store cannot be reached says so to its caller and in the first line of its log, without the password.
func TestBuilt_AStoreThatIsAwayIsInTheFirstLineOfTheLog(t *testing.T) {
	t.Parallel()
	path, err := build("functions/entries")
	if err != nil {
		t.Fatal(err)
	}
	log := &logFile{}
	const token = "token-of-the-e2e-tests"
	f, err := lambdatest.Start(lambdatest.Config{
		Name: "entries", Bootstrap: path, Timeout: 12 * time.Second, Log: log,
		Env: story.FunctionEnv("redis://user:the-password@127.0.0.1:1", story.NewKeys(), token, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &story.Bridge{Address: func(string) string { return f.URL() }, Token: token}
	a, err := b.Call(t.Context(), "entries", "GET", "/config/entries", nil)
	if err != nil || a.Status != 503 || a.Get("error", "code") != "store_unavailable" {
		t.Errorf("%v %d %s", err, a.Status, a.Body)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	first, _, _ := strings.Cut(log.text(), "\n")
	if !strings.Contains(first, "connection refused") || strings.Contains(log.text()+string(a.Body), "the-password") {
		t.Errorf("log: %s", log.text())
	}
}
