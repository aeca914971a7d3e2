package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/telegramtest"
)

// A bridge is killed while it carries out a call that nobody waits for, before Telegram has done it or after, and another
// one is started: the job is done, and what it sends is there once.
func TestStandalone_AKilledJobIsDoneByTheNextProcess(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(*telegramtest.Faults) (<-chan struct{}, func()){
		"before Telegram has it": func(f *telegramtest.Faults) (<-chan struct{}, func()) { return f.Hold("messages.sendMessage") },
		"after":                  func(f *telegramtest.Faults) (<-chan struct{}, func()) { return f.HoldAnswer("messages.sendMessage") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := telegramtest.New(t)
			bot, alice := server.Bot("kitchen_bot"), server.User("alice")
			server.Say(alice.ID, bot.ID, "hello")
			folder := t.TempDir()
			servers := filepath.Join(folder, "servers.json")
			if err := os.WriteFile(servers, server.ServersJSON(), 0o600); err != nil {
				t.Fatal(err)
			}
			vars := []string{"DATA_DIR=" + filepath.Join(folder, "data"), "LISTEN=127.0.0.1:0", "TELEGRAM_SERVERS=" + servers, "LOG_LEVEL=WARN"}
			running, shown := runBridge(t, vars)
			token := regexp.MustCompile(`token: (\S{16,})`).FindStringSubmatch(shown)
			if token == nil {
				t.Fatalf("the first start shows:\n%s", shown)
			}
			if code, out := finish(t, program(t, []string{"login"}, "12345\n"+strings.Repeat("0123456789abcdef", 2)+"\nbot\n"+bot.Token+"\n", vars...)); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, out)
			}

			arrived, release := hold(server.Faults())
			defer release()
			status, body := ask(t, vars, token[1], "POST", "/services/telegram_client/send_messages", `{"target_username":"@alice","message":"later","wait":false}`)
			var taken struct {
				ID string `json:"job_id"`
			}
			if err := json.Unmarshal(body, &taken); err != nil || status != http.StatusAccepted {
				t.Fatalf("%d %s", status, body)
			}
			patient := time.NewTimer(patience / 4)
			defer patient.Stop()
			select {
			case <-arrived:
			case <-patient.C:
				_, body := ask(t, vars, token[1], "GET", "/jobs/"+taken.ID, "")
				t.Fatalf("nothing is sent: %s", body)
			}
			if _, body := ask(t, vars, token[1], "GET", "/jobs/"+taken.ID, ""); !strings.Contains(string(body), `"running"`) {
				t.Errorf("while it is sent: %s", body)
			}
			if err := running.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := running.Wait(); err == nil {
				t.Error("killed, but it ended well")
			}
			release()
			running, _ = runBridge(t, vars)
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			var job struct {
				State  string
				Status int
				Answer json.RawMessage
			}
			for end := time.Now().Add(patience / 2); job.State != "done"; <-tick.C {
				if _, body = ask(t, vars, token[1], "GET", "/jobs/"+taken.ID, ""); json.Unmarshal(body, &job) != nil || time.Now().After(end) {
					t.Fatalf("the job is not done: %s", body)
				}
			}
			if job.Status != http.StatusOK || !strings.Contains(string(job.Answer), `"ok":true`) {
				t.Errorf("%d %s", job.Status, job.Answer)
			}
			var got []string
			for _, m := range server.Read(alice.ID, bot.ID) {
				got = append(got, m.Text)
			}
			if strings.Join(got, ",") != "hello,later" {
				t.Errorf("alice reads %q", got)
			}
			stopBridge(t, running)
		})
	}
}

// ask asks the bridge that runs.
func ask(t *testing.T, vars []string, token, method, path, body string) (int, []byte) {
	t.Helper()
	dir, _ := strings.CutPrefix(vars[0], "DATA_DIR=")
	r, err := http.NewRequestWithContext(t.Context(), method, bridge.ReadAddress(dir)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}
