package story

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/process"
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

// recorder keeps all answers that come through it.
type recorder struct{ bodies locked }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	if err := answer.Header.Write(&head); err != nil {
		return nil, err
	}
	if _, err := r.bodies.Write(head.Bytes()); err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(answer.Body, &r.bodies), answer.Body}
	return answer, nil
}

// The whole story, and then a search for its secrets in all that it left behind: the data folder with the store (but for
// the file that is there to hold secrets), the log in full, and everything the bridge answered, its metrics too.
func TestStory_LeavesNoSecretBehind(t *testing.T) {
	log, answers := &locked{}, &recorder{}
	stage, err := SetUp(t.Context(), bridge.Options{Log: process.NewLogger(log, slog.LevelDebug, true)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	stage.Say, stage.Bridge.Client = t.Logf, &http.Client{Transport: answers}
	cast, err := Tell(ctx, stage.Parts)
	stored := dataFolder(t, stage)
	var metrics Answer
	if err == nil {
		metrics, err = stage.Bridge.Want(ctx, 200, "listener", "GET", "/metrics", nil)
	}
	secrets := cast.Secrets
	for _, login := range stage.Telegram.Authorizations(0) {
		for _, key := range stage.Telegram.AuthKeys(login.ID) {
			secrets = append(secrets, string(key))
		}
	}
	if err == nil {
		err = Remove(ctx, stage.Parts, cast)
	}
	if err = errors.Join(err, stage.Strike()); err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, stage.Started.Token.Reveal())
	if len(secrets) < 11 { // password, code, API hash, bot token, webhook's secret and id, API token, four auth keys at least
		t.Errorf("only %d secrets to search for", len(secrets))
	}
	for _, place := range []struct {
		name string
		text []byte
	}{{"data folder", stored}, {"log", log.Bytes()}, {"answers", answers.bodies.Bytes()}, {"metrics", metrics.Body}} {
		if len(place.text) == 0 {
			t.Errorf("there was nothing to search in the %s", place.name)
		}
		private := cast.Private
		if place.name == "answers" {
			private = nil
		}
		if found := search(place.text, append(secrets[:len(secrets):len(secrets)], private...)); len(found) > 0 {
			t.Errorf("secrets in the %s: %q", place.name, found)
		}
	}
	// The search finds what is there, whatever stands around it.
	for i, secret := range secrets {
		for shift := range 3 {
			leak := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret + "tail"))
			if len(search([]byte("x"+leak+"y"), secrets[i:i+1])) == 0 {
				t.Errorf("secret %d, planted in base64 behind %d bytes, was not found", i, shift)
			}
		}
		for _, leak := range []string{secret, hex.EncodeToString([]byte(secret))} {
			if len(search([]byte("x"+leak+"y"), secrets[i:i+1])) == 0 {
				t.Errorf("secret %d, planted, was not found", i)
			}
		}
	}
}

func dataFolder(t *testing.T, stage *Stage) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(stage.Data, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path == stage.Started.SecretsFile {
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
		for form, written := range forms(secret) {
			if bytes.Contains(text, []byte(written)) {
				found = append(found, fmt.Sprintf("secret %d in %s", i, form))
			}
		}
	}
	return found
}

// forms are the ways in which a secret may be written. In base64 it looks different behind one byte and behind two; what
// the bytes around it have a part in is left out.
func forms(secret string) map[string]string {
	all := map[string]string{"plain": secret, "hexadecimal": hex.EncodeToString([]byte(secret)), "JSON": quoted(secret)}
	for shift := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		whole := (shift + len(secret)) / 3 * 4
		all[fmt.Sprintf("base64, shifted by %d", shift)] = text[(shift*8+5)/6 : whole]
		all[fmt.Sprintf("URL base64, shifted by %d", shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(text[(shift*8+5)/6 : whole])
	}
	return all
}

// quoted is a secret as it stands between the quotes of JSON.
func quoted(secret string) string {
	text, err := json.Marshal(secret)
	if err != nil {
		return secret
	}
	return string(text[1 : len(text)-1])
}
