package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"telegram-client/infra/homeassistant"
	"telegram-client/shared/process"
	"telegram-client/tests/telegramtest"
)

// TestMain is the program itself where a test started it again.
func TestMain(m *testing.M) {
	if os.Getenv("STANDALONE_TEST") != "" {
		os.Unsetenv("STANDALONE_TEST")
		os.Exit(process.Main("standalone", run))
	}
	os.Exit(m.Run())
}

const patience = 2 * time.Minute

// program returns this program with arguments, an input and variables, and nothing of the test's own environment.
func program(t *testing.T, args []string, input string, vars ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append([]string{"STANDALONE_TEST=1", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"FLOW_STEP_DEADLINE=3m", // keys are made in it: with the race detector on a busy machine that takes long
	}, vars...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Dir = t.TempDir()
	return cmd
}

// finish runs a program to its end and returns its exit code and what it printed.
func finish(t *testing.T, cmd *exec.Cmd) (int, string) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func TestStandalone_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	token := "API_TOKENS=token-of-the-standalone-test"
	tests := map[string]struct {
		args []string
		vars []string
		code int
		want []string
	}{
		"version":           {[]string{"--version"}, nil, 0, []string{"standalone "}},
		"help":              {[]string{"help"}, nil, 0, []string{"standalone login"}},
		"unknown arguments": {[]string{"dance"}, nil, 2, []string{"usage:", "arguments: "}},
		"configuration":     {nil, []string{"LISTEN=x", "STORE=disk", "TARGET_TYPE=mail"}, 2, []string{"LISTEN: ", "STORE: ", "TARGET_TYPE: "}},
		"no bridge, ever":   {[]string{"login"}, nil, 1, []string{"make run"}},
		"no bridge now":     {[]string{"login", "127.0.0.1:1"}, []string{token}, 1, []string{"no bridge answers at 127.0.0.1:1", "make run"}},
		"no address":        {[]string{"login", "ftp://x"}, []string{token}, 1, []string{"http://host:port"}},
		"two addresses":     {[]string{"login", "a", "b"}, []string{token}, 2, []string{"arguments: "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out := finish(t, program(t, test.args, "", test.vars...))
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			for _, w := range test.want {
				if !strings.Contains(out, w) {
					t.Errorf("%q is missing in:\n%s", w, out)
				}
			}
		})
	}
}

// A bridge is started by nothing but its program, an account logged in from a terminal, a message sent; then it is
// ended and started again.
func TestStandalone_LogsInFromATerminal(t *testing.T) {
	t.Parallel()
	server := telegramtest.New(t)
	server.Behave(func(b *telegramtest.Behaviour) { b.TellEnded = true })
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
	if token == nil || !strings.Contains(shown, "secrets.env") {
		t.Fatalf("the first start shows:\n%s", shown)
	}

	hash := strings.Repeat("0123456789abcdef", 2)
	code, out := finish(t, program(t, []string{"login"}, "x\n"+hash+"\nbot\n12345\n99:wrong\n"+bot.Token+"\n", vars...))
	entry := regexp.MustCompile(`entry: +(tg_[a-z2-7]{26})\n`).FindStringSubmatch(out)
	if code != 0 || entry == nil {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	for _, want := range []string{
		"Home Assistant · listener, Home Assistant · sender 1", "! API ID: ", "! Token (not shown): Telegram does not know this token.",
		"Telegram bot (@kitchen_bot) is set up.", homeassistant.Configuration, homeassistant.Package(), homeassistant.Greeting(),
		`/services/telegram_client/send_messages"`, "/config/entries/{{ config_entry_id }}/target/confirm", "/config/entries/" + entry[1] + "/target",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	for _, secret := range []string{token[1], hash, bot.Token} {
		if strings.Contains(out, secret) {
			t.Errorf("a secret shows in:\n%s", out)
		}
	}
	if n := len(alive(server, bot)); n != 2 {
		t.Errorf("%d authorizations", n)
	}

	// A second login of the account leaves everything as it is.
	code, out = finish(t, program(t, []string{"login"}, "12345\n"+hash+"\nbot\n"+bot.Token+"\n", vars...))
	if code != 1 || !strings.Contains(out, "already set up as Telegram bot (@kitchen_bot)") || len(alive(server, bot)) != 2 {
		t.Errorf("exit code %d, %d authorizations:\n%s", code, len(alive(server, bot)), out)
	}
	// One that is not finished leaves nothing.
	code, out = finish(t, program(t, []string{"login"}, "12345\n"+hash+"\nbot\n", vars...))
	if code != 1 || !strings.Contains(out, "given up: nothing stays logged in") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	// Telegram has ended the listener's login, and the bridge has noticed: it is made again.
	for _, a := range alive(server, bot) {
		if strings.HasSuffix(a.Device, "listener") {
			if err := server.EndAuthorization(a.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience / 4); ; <-tick.C {
		text := show(t, vars, token[1], entry[1])
		if strings.Contains(text, `"state":"reauth_required"`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the bridge does not notice: %s", text)
		}
	}
	code, out = finish(t, program(t, []string{"login", entry[1]}, bot.Token+"\n", vars...))
	if code != 0 || !strings.Contains(out, "The account is logged in again.") || len(alive(server, bot)) != 2 {
		t.Errorf("exit code %d, %d authorizations:\n%s", code, len(alive(server, bot)), out)
	}
	code, out = finish(t, program(t, []string{"login"}, "", append(vars, "API_TOKENS=token-of-another-bridge")...))
	if code != 1 || !strings.Contains(out, "does not take the token") {
		t.Errorf("exit code %d:\n%s", code, out)
	}

	stopBridge(t, running)
	running, shown = runBridge(t, vars)
	if strings.Contains(shown, token[1]) {
		t.Errorf("the token is shown again:\n%s", shown)
	}
	served(t, server, bot, 1)
	// Killed, its leases have not been given back: the next one takes them over at once, long before they end.
	if err := running.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := running.Wait(); err == nil {
		t.Error("killed, but it ended well")
	}
	served(t, server, bot, 0)
	running, _ = runBridge(t, vars)
	served(t, server, bot, 1)
	stopBridge(t, running)
	if unknown := server.Unknown(); len(unknown) > 0 {
		t.Errorf("methods that the server does not know: %v", unknown)
	}
}

// alive returns the logins of an account that have not ended.
func alive(s *telegramtest.Server, of telegramtest.Account) []telegramtest.Authorization {
	return slices.DeleteFunc(s.Authorizations(of.ID), func(a telegramtest.Authorization) bool { return a.Ended != "" })
}

// served waits until an account has so many connections that want its updates.
func served(t *testing.T, s *telegramtest.Server, of telegramtest.Account, connections int) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience / 4); time.Now().Before(end); <-tick.C {
		n := 0
		for _, a := range alive(s, of) {
			n += a.Subscribed
		}
		if n == connections {
			return
		}
	}
	t.Fatalf("not %d connections: %+v", connections, alive(s, of))
}

// show returns what the bridge tells about an entry.
func show(t *testing.T, vars []string, token, entry string) string {
	t.Helper()
	status, text := ask(t, vars, token, http.MethodGet, "/config/entries/"+entry, "")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	return string(text)
}

// runBridge starts a bridge and returns what it shows when it is ready.
func runBridge(t *testing.T, vars []string) (*exec.Cmd, string) {
	t.Helper()
	cmd := program(t, nil, "", vars...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		shown.WriteString(line)
		if strings.Contains(line, "make login") {
			go io.Copy(io.Discard, out) // ends with the program
			return cmd, shown.String()
		}
		if err != nil {
			t.Fatalf("the bridge ended (%v):\n%s", err, shown.String())
		}
	}
}

func stopBridge(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the bridge ended: %v", err)
	}
}
