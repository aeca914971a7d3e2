package story

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/process"
	"telegram-client/shared/telegram"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// locked is a buffer that several goroutines write to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

// The whole story, and then a search for its secrets in what it left behind: the store's files and the log.
func TestStory_LeavesNoSecretBehind(t *testing.T) {
	server := telegramtest.New(t)
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	servers, problems := telegram.ParseServers(server.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	dir := t.TempDir()
	log := &locked{}
	started := make(chan bridge.Started, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { // ends with ctx, waited for below
		ended <- bridge.Run(ctx, bridge.Options{
			Listen: "127.0.0.1:0", DataDir: dir, Telegram: servers, Log: process.NewLogger(log, slog.LevelDebug, true),
			Ready: func(s bridge.Started) { started <- s },
		})
	}()
	var at bridge.Started
	select {
	case at = <-started:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	parts := Parts{Bridge: &Bridge{Address: func(string) string { return at.URL }, Token: at.Token.Reveal()}, Telegram: server, Home: home, Say: t.Logf}
	cast, err := Tell(ctx, parts)
	stored := storeFiles(t, dir)
	if err == nil {
		err = Remove(ctx, parts, cast)
	}
	cancel()
	if e := <-ended; e != nil {
		t.Errorf("the bridge ended: %v", e)
	}
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(cast.Secrets, at.Token.Reveal())
	if found := search(stored, secrets); len(found) > 0 {
		t.Errorf("secrets in the store: %q", found)
	}
	if found := search(log.Bytes(), secrets); len(found) > 0 {
		t.Errorf("secrets in the log: %q", found)
	}
	if len(stored) == 0 || len(log.Bytes()) == 0 {
		t.Error("there was nothing to search")
	}
	// The search finds what is there.
	for _, leak := range forms(cast.Bot.Token) {
		if len(search([]byte("x"+leak+"y"), secrets)) == 0 {
			t.Errorf("a planted leak was not found: %q", leak)
		}
	}
}

func storeFiles(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, text...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// search returns in which forms secrets stand in a text, by their number and form, not by the secret.
func search(text []byte, secrets []string) []string {
	var found []string
	for i, secret := range secrets {
		for j, form := range forms(secret) {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, "secret "+string(rune('0'+i))+" as "+[]string{"it is", "hex", "base64"}[j])
			}
		}
	}
	return found
}

func forms(secret string) []string {
	return []string{secret, hex.EncodeToString([]byte(secret)), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")}
}
