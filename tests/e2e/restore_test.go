package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/program"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// standalone starts the built bridge at home with a data folder.
func standalone(ctx context.Context, t *testing.T, dir, servers string, log *logFile) *program.Program {
	t.Helper()
	path, err := build("localstack/standalone")
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Start(ctx, program.Config{Path: path, Env: []string{"DATA_DIR=" + dir, "TELEGRAM_SERVERS=" + servers}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The data folder is copied while the bridge is stopped; later the copy takes the place of the original. What happened in
// between is fetched from Telegram again and comes with the same ids, so that it can be told from something new.
func TestBuilt_ABackupOfTheDataFolderIsRestored(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	dir, log := t.TempDir(), &logFile{}
	servers, data, backup := filepath.Join(dir, "servers.json"), filepath.Join(dir, "data"), filepath.Join(dir, "backup")
	b := &built{}
	b.Telegram, b.Home, b.Say = telegramtest.New(t), home, t.Logf
	if err := os.WriteFile(servers, b.Telegram.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	bridge := standalone(ctx, t, data, servers, log)
	t.Cleanup(func() {
		if err := bridge.End(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.text())
		}
	})
	again := func(dir string) {
		t.Helper()
		if err := bridge.End(); err != nil {
			t.Fatal(err)
		}
		bridge = standalone(ctx, t, dir, servers, log)
	}
	b.Bridge = &story.Bridge{Address: func(string) string { return bridge.URL() }, Token: tokenOf(t, data)}
	cast, err := story.Tell(ctx, b.Parts)
	if err != nil {
		t.Fatal(err)
	}

	if err := bridge.End(); err != nil { // never copy a store that is alive
		t.Fatal(err)
	}
	if err := os.CopyFS(backup, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	bridge = standalone(ctx, t, data, servers, log)
	b.roundTrip(ctx, t, cast, "after the backup")

	again(backup)
	b.roundTrip(ctx, t, cast, "after the restoration")
	ids := eventIDs(home, "after the backup")
	if len(ids) < 2 || len(slices.Compact(ids)) != 1 {
		t.Errorf("what came after the backup has the ids %v, want one and the same, twice or more", ids)
	}
	if d := cmp.Diff(1, len(eventIDs(home, "after the restoration"))); d != "" {
		t.Errorf("events after the restoration: %s", d)
	}
	if err := story.Remove(ctx, b.Parts, cast); err != nil {
		t.Fatal(err)
	}
}

// tokenOf returns the token that the first start of a bridge made.
func tokenOf(t *testing.T, data string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "secrets.env"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if token, ok := strings.CutPrefix(strings.TrimSpace(line), "API_TOKENS="); ok {
			return token
		}
	}
	t.Fatal("there is no token in secrets.env")
	return ""
}

// eventIDs returns the ids of the new_message events with a text.
func eventIDs(home *homeassistanttest.Home, text string) []string {
	var ids []string
	for _, a := range home.Accepted() {
		if a.Type == "telegram_client_new_message" && bytes.Contains(a.Body, []byte(`"`+text+`"`)) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}
