package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"telegram-client/localstack/program"
	"telegram-client/shared/process"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/lambdatest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// built is the bridge as it is deployed: every function by its built bootstrap behind a URL of its own, the built
// listener in a process of its own, and nothing between them but a store.
type built struct {
	story.Parts
	redis     *redistest.Server
	keys      process.Keys
	dir       string
	functions map[string]*lambdatest.Function
	listener  *program.Program
	env       []string // of every program
	log       *logFile
}

// everyFunction names the folders of functions/ that hold a program.
func everyFunction() ([]string, error) {
	mains, err := filepath.Glob("../../functions/*/main.go")
	if err != nil || len(mains) == 0 {
		return nil, fmt.Errorf("no functions found: %w", err)
	}
	var names []string
	for _, m := range mains {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names, nil
}

var builds sync.Map // of the package, to func() (string, error)

// build builds a package of this module once for all tests.
func build(pkg string) (string, error) {
	once, _ := builds.LoadOrStore(pkg, sync.OnceValues(func() (string, error) {
		dir := filepath.Join(programs, filepath.Base(pkg))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return "", err
		}
		return lambdatest.Build(context.Background(), "telegram-client/"+pkg, dir)
	}))
	return once.(func() (string, error))()
}

// newBuilt starts a store, the servers of the other sides, the listener and the functions.
func newBuilt(t *testing.T) *built {
	t.Helper()
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	b := &built{redis: redistest.Start(t), keys: story.NewKeys(), dir: t.TempDir(), functions: map[string]*lambdatest.Function{}, log: newLogFile(t)}
	b.Telegram, b.Home, b.Say = telegramtest.New(t), home, t.Logf
	servers := filepath.Join(b.dir, "servers.json")
	if err := os.WriteFile(servers, b.Telegram.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	const token = "token-of-the-e2e-tests"
	// At home's test stand every address is of the loopback, and its automations acknowledge by their answer alone.
	b.env = append(story.FunctionEnv(b.redis.URL(), b.keys, token, servers), "TARGET_LOOPBACK=true", "TARGET_CONFIRM=false")
	names, err := everyFunction()
	if err != nil {
		t.Fatal(err)
	}
	b.Bridge = &story.Bridge{Token: token, Address: func(function string) string {
		if function == "listener" {
			return b.listener.URL()
		}
		return b.functions[function].URL()
	}}
	b.startListener(t)
	for _, name := range names {
		b.startFunction(t, name)
	}
	t.Cleanup(func() { b.end(t) })
	return b
}

func (b *built) startListener(t *testing.T) {
	t.Helper()
	path, err := build("listener")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if b.listener, err = program.Start(ctx, program.Config{Path: path, Env: b.env, Log: b.log}); err != nil {
		t.Fatal(err)
	}
}

func (b *built) startFunction(t *testing.T, name string) {
	t.Helper()
	path, err := build("functions/" + name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := lambdatest.Start(lambdatest.Config{Name: name, Bootstrap: path, Timeout: 32 * time.Second, Env: b.env, Log: b.log})
	if err != nil {
		t.Fatal(err)
	}
	b.functions[name] = f
}

// end ends everything that was started and did not end yet.
func (b *built) end(t *testing.T) {
	t.Helper()
	for _, f := range b.functions {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := b.listener.End(); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Log(b.log.text())
	}
}

// logFile keeps what programs log, to be shown if the test fails.
type logFile struct {
	mu sync.Mutex
	b  strings.Builder
}

func newLogFile(t *testing.T) *logFile { t.Helper(); return &logFile{} }

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logFile) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The whole story against the programs as they are deployed.
func TestBuilt_TheWholeStory(t *testing.T) {
	t.Parallel()
	b := newBuilt(t)
	cast, err := story.Tell(t.Context(), b.Parts)
	if err == nil {
		err = story.Remove(t.Context(), b.Parts, cast)
	}
	if err != nil {
		t.Fatal(err)
	}
	if unknown := b.Telegram.Unknown(); len(unknown) > 0 {
		t.Errorf("Telegram was asked for %q, which it does not know", unknown)
	}
	// One process after the other is enough: a function that is called again finds its frozen one.
	for name, f := range b.functions {
		t.Logf("%s: %d cold starts", name, f.Started())
	}
}

// A function that is deployed without its settings says so to whoever calls it, and every missing name to its log.
func TestBuilt_FunctionsWithoutTheirEnvironmentSaySo(t *testing.T) {
	t.Parallel()
	names, err := everyFunction()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := build("functions/" + name)
			if err != nil {
				t.Fatal(err)
			}
			log := &logFile{}
			f, err := lambdatest.Start(lambdatest.Config{Name: name, Bootstrap: path, Timeout: 5 * time.Second, Log: log})
			if err != nil {
				t.Fatal(err)
			}
			b := &story.Bridge{Address: func(string) string { return f.URL() }}
			a, err := b.Call(t.Context(), name, "GET", "/config", nil)
			if err != nil || a.Status != 500 || a.Get("error", "code") != "misconfigured" {
				t.Errorf("%v %d %s", err, a.Status, a.Body)
			}
			if _, err := f.Invoke(t.Context(), []byte(`{"source":"aws.events","detail-type":"Scheduled Event"}`)); err == nil {
				t.Error("an event that no function URL makes was answered")
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			first, _, _ := strings.Cut(log.text(), "\n")
			for _, variable := range []string{"API_TOKENS", "NAMING_KEY", "REDIS_URL", "SEAL_KEYS"} {
				if !strings.Contains(log.text(), variable+": is not set") {
					t.Errorf("the log says nothing of %s", variable)
				}
			}
			if !strings.Contains(first, "wrong configuration") {
				t.Errorf("the first line of the log is %s", first)
			}
			if !strings.Contains(log.text(), "answers requests to its function URL only") {
				t.Errorf("the log says nothing of the event that is none: %s", log.text())
			}
		})
	}
}
