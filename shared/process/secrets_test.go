package process

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/seal"
)

// secrets is a Secrets Manager with these secrets.
func secrets(t *testing.T, texts map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		text, ok := texts[in.SecretId]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"ResourceNotFoundException"}`)
			return
		}
		if err := json.NewEncoder(w).Encode(map[string]string{"SecretString": text}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestMain_ReadsSecretsBeforeTheProgramRuns(t *testing.T) {
	t.Parallel()
	at := secrets(t, map[string]string{"naming": seal.NewKey(), "sealing": seal.NewKey(), "rest": `{"REDIS_URL":"rediss://u:p@h:6379","TELEGRAM_PROXY":""}`})
	e := environ("AWS_REGION=x", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_ENDPOINT_URL="+at,
		"NAMING_KEY_SECRET_ARN=naming", "SEAL_KEYS_SECRET_ARN=sealing", "SETTINGS_SECRET_ARN=rest", "API_TOKENS_SECRET_ARN=")
	e.Stderr = new(bytes.Buffer)
	var store Store
	var keys Keys
	if code := start(t.Context(), e, func(_ context.Context, e Environ) error { return e.Load(&store, &keys) }); code != 0 {
		t.Fatalf("exit code %d: %s", code, e.Stderr)
	}
	if got := store.RedisURL.Reveal(); got != "rediss://u:p@h:6379" {
		t.Errorf("REDIS_URL %q", got)
	}
	if _, err := keys.Keyring(); err != nil {
		t.Error(err)
	}
}

func TestMain_SaysWhichSecretCannotBeRead(t *testing.T) {
	t.Parallel()
	at := secrets(t, map[string]string{"list": `["x"]`, "token": "token-token-token-token"})
	tests := map[string]struct {
		vars []string
		want []string
	}{
		"missing":   {[]string{"NAMING_KEY_SECRET_ARN=gone"}, []string{"NAMING_KEY_SECRET_ARN: read the secret gone: ResourceNotFoundException"}},
		"no object": {[]string{"SETTINGS_SECRET_ARN=list"}, []string{"SETTINGS_SECRET_ARN: the secret is not a JSON object of texts"}},
		"twice":     {[]string{"API_TOKENS_SECRET_ARN=token", "API_TOKENS=other"}, []string{"API_TOKENS: API_TOKENS_SECRET_ARN is set too; choose one"}},
		"no credentials": {[]string{"NAMING_KEY_SECRET_ARN=x", "AWS_ACCESS_KEY_ID="}, []string{
			"NAMING_KEY_SECRET_ARN: AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := environ(append([]string{"AWS_REGION=x", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_ENDPOINT_URL=" + at}, test.vars...)...)
			log := new(bytes.Buffer)
			e.Stderr = log
			var got []string
			code := start(t.Context(), e, func(_ context.Context, e Environ) error {
				err := e.Load(&Logging{})
				got = misconfigured(err)
				return err
			})
			if d := cmp.Diff(test.want, got); d != "" || code != 2 {
				t.Errorf("exit code %d, problems (-want +got):\n%s", code, d)
			}
			if strings.Contains(log.String(), "token-token") {
				t.Errorf("a secret shows: %s", log)
			}
		})
	}
}
