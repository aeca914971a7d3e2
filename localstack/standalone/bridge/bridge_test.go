package bridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"telegram-client/shared/process"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

// TestMain runs a bridge if a test started this program again to have one that it can kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BRIDGE_TEST_DIR"); dir != "" {
		silent := silentTelegram(os.Getenv("BRIDGE_TEST_TELEGRAM"))
		err := Run(context.Background(), Options{Listen: "127.0.0.1:0", DataDir: dir, Telegram: silent, Ready: func(s Started) { fmt.Println(s.URL) }})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Once all its dials have failed, go-redis probes the store once a second until the pool is closed, and notices that
	// only after its sleep.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// A bridge under test.
type bridge struct {
	Started
	t    *testing.T
	stop func() error
}

// patience is how long a test waits for what has to come.
const patience = time.Minute

func start(t *testing.T, o Options) *bridge {
	t.Helper()
	ready := make(chan Started, 1)
	o.Ready = func(s Started) { ready <- s }
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	b := &bridge{t: t}
	select {
	case b.Started = <-ready:
	case err := <-ended:
		cancel()
		t.Fatalf("the bridge did not start: %v", err)
	}
	stopped := false
	b.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := b.stop(); err != nil {
			t.Errorf("the bridge ended: %v", err)
		}
	})
	return b
}

// call asks the bridge and returns status and body. There is a new connection for each call.
func (b *bridge) call(method, path, body string, token seal.Text) (int, string) {
	b.t.Helper()
	return call(b.t, b.URL, method, path, body, token)
}

func call(t *testing.T, url, method, path, body string, token seal.Text) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
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
	return resp.StatusCode, string(text)
}

// flow begins a login and returns its path: something that the store has to remember.
func (b *bridge) flow() string {
	b.t.Helper()
	status, body := b.call("POST", "/config/flows", `{"source":"user"}`, b.Token)
	_, rest, _ := strings.Cut(body, `"flow_id":"`)
	id, _, ok := strings.Cut(rest, `"`)
	if status != 200 || !ok {
		b.t.Fatalf("begin a flow: %d %s", status, body)
	}
	return "/config/flows/" + id
}

func TestRun_ServesEverythingAtOneAddress(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	b := start(t, Options{DataDir: dir})
	if !b.TokenIsNew || len(b.Token.Reveal()) < 16 || ReadAddress(dir) != b.URL {
		t.Errorf("started: %+v, address %q", b.Started, ReadAddress(dir))
	}
	here := fmt.Sprintf(`"chats":%[1]q,"configflow":%[1]q,"deletemessages":%[1]q,"editmessage":%[1]q,"entries":%[1]q,"events":%[1]q,"optionsflow":%[1]q,"sendmessages":%[1]q}`, b.URL)
	wrong := seal.NewText("wrong")
	tests := []struct {
		method, path, body string
		token              seal.Text
		status             int
		want               string
	}{
		{"GET", "/healthz", "", wrong, 200, `{"ok":true}`},
		{"GET", "/readyz", "", wrong, 200, `"append_fsync":"always"`},
		{"GET", "/metrics", "", wrong, 401, "unauthorized"},
		{"GET", "/metrics", "", b.Token, 200, ""},
		{"GET", "/openapi.json", "", wrong, 200, "openapi"},
		{"GET", "/config", "", wrong, 401, "unauthorized"},
		{"GET", "/config", "", b.Token, 200, here},
		{"GET", "/config/entries", "", b.Token, 200, "[]"},
		{"POST", "/config/flows", `{"source":"user"}`, b.Token, 200, `"step_id":"user"`},
		{"POST", "/services/telegram_client/send_messages", `{"target_id":1,"message":"Hi"}`, b.Token, 404, "no_entry"},
	}
	for _, test := range tests {
		if status, body := b.call(test.method, test.path, test.body, test.token); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s %s: %d %s", test.method, test.path, status, body)
		}
	}
	modes := map[string]os.FileMode{".": 0o700, secretsFile: 0o600, "lock": 0o600, "address": 0o600, "store": 0o700, "store/socket": 0o700, "uploads": 0o700}
	for name, want := range modes {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := st.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	if err := b.stop(); err != nil {
		t.Error(err)
	}
	if got := ReadAddress(dir); got != "" {
		t.Errorf("ended, but the address says %q", got)
	}
}

func TestRun_ASecondStartFindsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	flow := b.flow()
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, Options{DataDir: dir})
	if again.TokenIsNew || again.Token != b.Token {
		t.Errorf("the token changed, or is told as new: %v", again.TokenIsNew)
	}
	if status, body := again.call("GET", flow, "", b.Token); status != 200 {
		t.Errorf("the flow: %d %s", status, body)
	}
	if got, err := ReadTokens(dir); err != nil || len(got) != 1 || got[0] != b.Token {
		t.Errorf("tokens %v, %v", got, err)
	}
}

func TestRun_InMemoryNothingOutlivesIt(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: t.TempDir(), InMemory: true}
	b := start(t, o)
	flow := b.flow()
	if status, body := b.call("GET", "/readyz", "", b.Token); status != 200 || !strings.Contains(body, `"append_only":false`) {
		t.Errorf("%d %s", status, body)
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, o)
	if status, _ := again.call("GET", flow, "", again.Token); status != 404 {
		t.Errorf("the flow: %d", status)
	}
}

func TestRun_OneBridgePerDataFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, Options{DataDir: dir})
	f, err := lock(t.Context(), dir, time.Millisecond)
	if !errors.Is(err, errInUse) {
		t.Errorf("%v, %v", f, err)
	}
}

// storeOf returns the process id of the store of a bridge.
func storeOf(t *testing.T, dir string) int {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(dir, "store", "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("INFO server\r\n")); err != nil {
		t.Fatal(err)
	}
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if pid, ok := strings.CutPrefix(strings.TrimSpace(line), "process_id:"); ok {
			n, err := strconv.Atoi(pid)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
}

// A store that dies is started again with what it had.
func TestRun_AStoreThatDiesComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	flow := b.flow()
	if err := syscall.Kill(storeOf(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; {
		status, body := b.call("GET", flow, "", b.Token)
		if status == 200 {
			break
		}
		if status != 503 || time.Now().After(deadline) {
			t.Fatalf("the flow: %d %s", status, body)
		}
	}
}

func TestRun_WithAStoreOfSomebodyElse(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	b := start(t, Options{DataDir: t.TempDir(), RedisURL: seal.NewText(redis.URL())})
	flow := b.flow()
	redis.Kill()
	if status, body := b.call("GET", flow, "", b.Token); status != 503 || !strings.Contains(body, "store_unavailable") {
		t.Errorf("without a store: %d %s", status, body)
	}
	if status, _ := b.call("GET", "/healthz", "", b.Token); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	if status, body := b.call("GET", flow, "", b.Token); status != 200 {
		t.Errorf("with it: %d %s", status, body)
	}
}

func TestRun_StartsWhileItsStoreIsAway(t *testing.T) {
	t.Parallel()
	b := start(t, Options{DataDir: t.TempDir(), RedisURL: seal.NewText("redis://127.0.0.1:1")})
	if status, _ := b.call("GET", "/healthz", "", b.Token); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	if status, body := b.call("GET", "/config/entries", "", b.Token); status != 503 || !strings.Contains(body, "store_unavailable") {
		t.Errorf("entries: %d %s", status, body)
	}
	if status, _ := b.call("GET", "/readyz", "", b.Token); status != 503 {
		t.Errorf("readyz: %d", status)
	}
}

func TestRun_SaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, secretsFile), []byte("NAMING_KEY="+seal.NewKey()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	evicts := redistest.StartWith(t, redistest.Options{Config: []string{"maxmemory-policy allkeys-lru"}})
	tests := map[string]struct {
		o    Options
		want []string // parts of the problems, in order
	}{
		"port taken, no folder": {Options{Listen: taken.Addr().String(), DataDir: file}, []string{"LISTEN: cannot be listened on", "DATA_DIR: "}},
		"damaged secrets":       {Options{Listen: "127.0.0.1:0", DataDir: damaged}, []string{"lacks SEAL_KEYS", "lacks API_TOKENS", "lacks HOLDER"}},
		"everybody's folder":    {Options{Listen: "127.0.0.1:0", DataDir: os.TempDir()}, []string{"DATA_DIR: is a folder for everybody"}},
		"a store that evicts":   {Options{Listen: "127.0.0.1:0", DataDir: t.TempDir(), RedisURL: seal.NewText(evicts.URL())}, []string{"maxmemory-policy"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), test.o)
			var got []string
			for _, e := range unjoin(err) {
				var m *process.Misconfigured
				if !errors.As(e, &m) {
					t.Fatalf("%v", err)
				}
				got = append(got, m.Problems...)
			}
			if len(got) != len(test.want) {
				t.Fatalf("problems %q, want %q", got, test.want)
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("%q, want %q", got[i], test.want[i])
				}
			}
		})
	}
}

func unjoin(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	return []error{err}
}

// Where there is no store the bridge says how to install one and does not start.
func TestRun_WithoutAStoreSaysHowToInstallOne(t *testing.T) {
	program := func(dir, name, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old, broken, dies := t.TempDir(), t.TempDir(), t.TempDir()
	program(old, "redis-server", `echo "Redis server v=6.0.16 sha=00000000:0"`)
	program(broken, "valkey-server", "exit 3")
	program(dies, "redis-server", `if [ "$1" = --version ]; then echo "Redis server v=7.0.15"; exit 0; fi; echo "# no room left"; exit 1`)
	for path, want := range map[string]string{
		t.TempDir(): "REDIS_URL: is not set, and there is neither redis-server nor valkey-server on the PATH. Install one (apt install redis-server",
		old:         "is version 6.0, which is too old",
		broken:      "does not run (exit status 3)",
		dies:        "no room left",
	} {
		t.Setenv("PATH", path)
		err := Run(t.Context(), Options{Listen: "127.0.0.1:0", DataDir: t.TempDir()})
		var m *process.Misconfigured
		if err == nil || !strings.Contains(err.Error(), want) || errors.As(err, &m) != (path != dies) {
			t.Errorf("%v", err)
		}
	}
}

// The address of a unix socket is short; that of a data folder may be long.
func TestRun_InADeepFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	b := start(t, Options{DataDir: dir})
	if status, body := b.call("GET", "/config/entries", "", b.Token); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}

func TestSecrets_TheEnvironmentWins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made, err := loadSecrets(dir, process.Keys{}, nil)
	if err != nil || !made.fresh {
		t.Fatal(err)
	}
	naming, token := seal.NewText(seal.NewKey()), seal.NewText("token-of-the-environment")
	got, err := loadSecrets(dir, process.Keys{NamingKey: naming}, []seal.Text{token})
	if err != nil {
		t.Fatal(err)
	}
	if got.keys.NamingKey != naming || got.keys.SealKeys != made.keys.SealKeys || got.tokens[0] != token || got.fresh || got.holder != made.holder {
		t.Errorf("%+v", got)
	}
	after, err := loadSecrets(dir, process.Keys{}, nil)
	if err != nil || after.keys != made.keys || after.tokens[0] != made.tokens[0] || after.fresh {
		t.Errorf("what was given was written down: %v", err)
	}
	name := filepath.Join(dir, secretsFile)
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecrets(dir, process.Keys{}, nil); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("others can read the secrets: %v %v", st.Mode(), err)
	}
}

func TestFromEnviron_ListsEveryProblem(t *testing.T) {
	t.Parallel()
	e := process.Environ{Name: "standalone", Log: slog.New(slog.DiscardHandler), Vars: map[string]string{
		"LISTEN": "8090", "REDIS_URL": "http://user:secret@host", "STORE": "disk", "NAMING_KEY": "secret", "API_TOKENS": "secret",
		"TELEGRAM_SERVERS": "none.json", "TARGET_TYPE": "mail", "SENDERS": "4",
	}}
	_, err := FromEnviron(e)
	var got []string
	var walk func(error)
	walk = func(err error) {
		var m *process.Misconfigured
		if j, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range j.Unwrap() {
				walk(e)
			}
		} else if errors.As(err, &m) {
			got = append(got, m.Problems...)
		}
	}
	walk(err)
	var names []string
	for _, p := range got {
		name, _, _ := strings.Cut(p, ":")
		names = append(names, name)
		if strings.Contains(p, "secret") {
			t.Errorf("a secret shows: %s", p)
		}
	}
	want := []string{"LISTEN", "REDIS_URL", "STORE", "NAMING_KEY", "API_TOKENS", "TARGET_TYPE", "SENDERS", "TELEGRAM_SERVERS"}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, strings.Join(got, "\n"))
	}
}

func TestFromEnviron_Defaults(t *testing.T) {
	t.Parallel()
	o, err := FromEnviron(process.Environ{Vars: map[string]string{"STORE": "memory", "TARGET_TYPE": "pull", "TARGET_OWNER": "home"}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Listen != DefaultListen || o.DataDir != "data" || !o.InMemory || o.Target.Owner != "home" || o.Target.Confirm || o.Numbers.Senders != 1 || o.Telegram.Default != 2 {
		t.Errorf("%+v", o)
	}
}
