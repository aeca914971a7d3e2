package bridge

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
)

// silentTelegram is a Telegram that takes connections and says nothing.
func silentTelegram(address string) telegram.Servers {
	s := telegram.Production()
	for dc := range s.DCs {
		s.DCs[dc] = []string{address}
	}
	return s
}

// A victim is a bridge in a process of its own.
type victim struct {
	*bridge
	cmd *exec.Cmd
}

func startVictim(t *testing.T, dir, telegram string) *victim {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BRIDGE_TEST_DIR="+dir, "BRIDGE_TEST_TELEGRAM="+telegram)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := ReadTokens(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &victim{&bridge{t: t, Started: Started{URL: strings.TrimSpace(url), Token: tokens[0]}}, cmd}
}

func (v *victim) kill() {
	v.t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		v.t.Fatal(err)
	}
	if err := v.cmd.Wait(); err == nil {
		v.t.Fatal("killed, but it ended well")
	}
}

// A bridge is killed and another one started: its store ends with it, and what it had is there. A flow that was being
// answered can be answered at once.
func TestRun_AfterAKill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // elsewhere a store outlives a bridge that was killed: dieWithParent says so
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dir := t.TempDir()
	v := startVictim(t, dir, silent.Addr().String())
	flow := v.flow()
	if status, body := v.call("POST", flow, `{"api_id":1,"api_hash":"0123456789abcdef0123456789abcdef","client_type":"bot"}`, v.Token); status != 200 || !strings.Contains(body, `"step_id":"token"`) {
		t.Fatalf("the first form: %d %s", status, body)
	}
	const token = `{"token":"2000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan struct{})
	go func() { // ends with the victim
		defer close(answered)
		post(ctx, v.URL+flow, token, v.Token)
	}()
	defer func() { cancel(); <-answered }()
	called, err := silent.Accept() // the flow is being answered
	if err != nil {
		t.Fatal(err)
	}
	defer called.Close()
	if status, body := v.call("POST", flow, token, v.Token); status != 409 || !strings.Contains(body, "flow_busy") {
		t.Errorf("answered twice: %d %s", status, body)
	}
	store := storeOf(t, dir)
	v.kill()
	nobody := silent.Addr().String()
	silent.Close()
	b := start(t, Options{DataDir: dir, Telegram: silentTelegram(nobody)})
	if status, body := b.call("GET", flow, "", b.Token); status != 200 {
		t.Errorf("the flow: %d %s", status, body)
	}
	if status, body := b.call("POST", flow, token, b.Token); status != 200 || !strings.Contains(body, "telegram_unreachable") {
		t.Errorf("answered again: %d %s", status, body)
	}
	if now := storeOf(t, dir); now == store {
		t.Error("it works with the store of the one that was killed")
	}
}

// post posts to a bridge that may die meanwhile.
func post(ctx context.Context, url, body string, token seal.Text) {
	r, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	if err != nil {
		return
	}
	r.Close = true
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	r.Header.Set("Content-Type", "application/json")
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
	}
}
