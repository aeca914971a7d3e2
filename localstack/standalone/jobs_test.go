package main

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/telegramtest"
)

// inHouse starts a bridge with a bot, and returns the bot's Telegram, how the program was started, and the API's token.
func inHouse(t *testing.T) (h *house) {
	t.Helper()
	h = &house{server: telegramtest.New(t)}
	h.bot, h.alice = h.server.Bot("kitchen_bot"), h.server.User("alice")
	h.server.Say(h.alice.ID, h.bot.ID, "hello")
	folder := t.TempDir()
	servers := filepath.Join(folder, "servers.json")
	if err := os.WriteFile(servers, h.server.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	h.data = filepath.Join(folder, "data")
	h.vars = []string{"DATA_DIR=" + h.data, "LISTEN=127.0.0.1:0", "TELEGRAM_SERVERS=" + servers, "LOG_LEVEL=WARN"}
	var shown string
	h.running, shown = runBridge(t, h.vars)
	token := regexp.MustCompile(`token: (\S{16,})`).FindStringSubmatch(shown)
	if token == nil {
		t.Fatalf("the first start shows:\n%s", shown)
	}
	h.token = token[1]
	if code, out := finish(t, program(t, []string{"login"}, "12345\n"+strings.Repeat("0123456789abcdef", 2)+"\nbot\n"+h.bot.Token+"\n", h.vars...)); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	return h
}

// A house is a bridge with a bot, and everything around it.
type house struct {
	server     *telegramtest.Server
	bot, alice telegramtest.Account
	data       string
	vars       []string
	token      string
	running    *exec.Cmd
}

func (h *house) ask(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	return ask(t, h.vars, h.token, method, path, body)
}

// take has the bridge take a call that nobody waits for, and returns the path of its job.
func (h *house) take(t *testing.T, body string) string {
	t.Helper()
	status, text := h.ask(t, "POST", "/services/telegram_client/send_messages", body)
	var taken struct {
		ID string `json:"job_id"`
	}
	if err := json.Unmarshal(text, &taken); err != nil || status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	return "/jobs/" + taken.ID
}

// done waits until a job is, and returns the status and answer of its call.
func (h *house) done(t *testing.T, path string) (int, string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience / 2); ; <-tick.C {
		var job struct {
			State  string
			Status int
			Answer json.RawMessage
		}
		_, body := h.ask(t, "GET", path, "")
		if json.Unmarshal(body, &job) != nil || time.Now().After(end) {
			t.Fatalf("the job is not done: %s", body)
		}
		if job.State == "done" {
			return job.Status, string(job.Answer)
		}
	}
}

// read returns what alice reads.
func (h *house) read() string {
	var got []string
	for _, m := range h.server.Read(h.alice.ID, h.bot.ID) {
		got = append(got, m.Text)
	}
	return strings.Join(got, ",")
}

// A bridge is killed while it carries out a call that nobody waits for, before Telegram has done it or after, and another
// one is started: the job is done, and what it sends is there once.
func TestStandalone_AKilledJobIsDoneByTheNextProcess(t *testing.T) {
	t.Parallel()
	const text, file = `"message":"later"`, `"message":"later","file":{"data":"c29tZSBieXRlcw==","filename":"a.txt"}`
	type faults = *telegramtest.Faults
	type holding = func(faults) (<-chan struct{}, func())
	for name, c := range map[string]struct {
		body string
		hold holding
	}{
		"a text, before Telegram has it": {text, func(f faults) (<-chan struct{}, func()) { return f.Hold("messages.sendMessage") }},
		"a text, after":                  {text, func(f faults) (<-chan struct{}, func()) { return f.HoldAnswer("messages.sendMessage") }},
		"a file, in its upload":          {file, func(f faults) (<-chan struct{}, func()) { return f.HoldAnswer("upload.saveFilePart") }},
		"a file, after":                  {file, func(f faults) (<-chan struct{}, func()) { return f.HoldAnswer("messages.sendMedia") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := inHouse(t)
			arrived, release := c.hold(h.server.Faults())
			defer release()
			path := h.take(t, `{"target_username":"@alice","wait":false,`+c.body+`}`)
			patient := time.NewTimer(patience / 4)
			defer patient.Stop()
			select {
			case <-arrived:
			case <-patient.C:
				_, body := h.ask(t, "GET", path, "")
				t.Fatalf("nothing is sent: %s", body)
			}
			if _, body := h.ask(t, "GET", path, ""); !strings.Contains(string(body), `"running"`) {
				t.Errorf("while it is sent: %s", body)
			}
			if err := h.running.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := h.running.Wait(); err == nil {
				t.Error("killed, but it ended well")
			}
			release()
			h.running, _ = runBridge(t, h.vars)
			if status, answer := h.done(t, path); status != http.StatusOK || !strings.Contains(answer, `"ok":true`) {
				t.Errorf("%d %s", status, answer)
			}
			if got := h.read(); got != "hello,later" {
				t.Errorf("alice reads %q", got)
			}
			if files := h.server.Files(h.alice.ID); c.body == file && (len(files) != 1 || string(files[0].Data) != "some bytes") {
				t.Errorf("files %+v", files)
			}
			stopBridge(t, h.running)
		})
	}
}

// A form passes through the bridge file by file, and nothing of it stays.
func TestStandalone_SendsTheFilesOfAForm(t *testing.T) {
	t.Parallel()
	h := inHouse(t)
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	large[1<<20] = 'x'
	from, to := io.Pipe()
	form := multipart.NewWriter(to)
	go func() { // ends with the request
		write := func(name, filename, value string) {
			w, err := form.CreateFormField(name)
			if filename != "" {
				w, err = form.CreateFormFile(name, filename)
			}
			if err == nil {
				_, err = io.WriteString(w, value)
			}
			if err != nil {
				to.CloseWithError(err)
			}
		}
		write("target_username", "", "@alice")
		write("file", "large.bin", string(large))
		write("message", "", "two files")
		write("file", "small.bin", "\x00\x01")
		to.CloseWithError(form.Close())
	}()
	r, err := http.NewRequestWithContext(t.Context(), "POST", bridge.ReadAddress(h.data)+"/services/telegram_client/send_messages", from)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	r.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %d %s", err, resp.StatusCode, answer)
	}
	files := h.server.Files(h.alice.ID)
	if len(files) != 2 || !bytes.Equal(files[0].Data, large) || files[0].Name != "large.bin" || string(files[1].Data) != "\x00\x01" {
		t.Errorf("%d files arrived", len(files))
	}
	if left, err := os.ReadDir(filepath.Join(h.data, "uploads")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	stopBridge(t, h.running)
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
