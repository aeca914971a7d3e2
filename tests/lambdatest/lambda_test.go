package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var probe = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lambdatest")
	if err != nil {
		return "", err
	}
	return Build(context.Background(), "./probe", dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := probe(); err == nil {
		os.RemoveAll(strings.TrimSuffix(path, "/bootstrap"))
	}
	os.Exit(code)
}

type logs struct{ bytes.Buffer }

// start starts the probe. Its log may be read after stop.
func start(t *testing.T, change func(*Config)) (f *Function, log *logs, stop func()) {
	t.Helper()
	bootstrap, err := probe()
	if err != nil {
		t.Fatal(err)
	}
	log = new(logs)
	c := Config{Name: "probe", Bootstrap: bootstrap, Env: []string{"PROBE_GREETING=hello", "PROBE_OTHER=x"}, Timeout: 20 * time.Second, Log: log}
	if change != nil {
		change(&c)
	}
	f, err = Start(c)
	if err != nil {
		t.Fatal(err)
	}
	stop = func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return f, log, stop
}

type reply struct {
	Status int
	Body   string
}

func get(t *testing.T, f *Function, path string) reply {
	t.Helper()
	resp, err := http.Get(f.URL() + path)
	if err != nil {
		t.Error(err)
		return reply{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return reply{resp.StatusCode, string(body)}
}

func TestFunction_AnswersAsAServerWould(t *testing.T) {
	t.Parallel()
	f, _, _ := start(t, nil)
	r, err := http.NewRequest("POST", f.URL()+"/echo/a%2Fb%20c?x=%2B&x=2", strings.NewReader("grüß"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.AddCookie(&http.Cookie{Name: "c", Value: "3"})
	r.AddCookie(&http.Cookie{Name: "d", Value: "4"})
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(f.URL(), "http://")
	if want := `hello POST https://` + host + `/echo/a%2Fb%20c?x=%2B&x=2 a/b c [c=3 d=4] "grüß"`; string(body) != want {
		t.Errorf("body\n got %s\nwant %s", body, want)
	}
	if d := cmp.Diff([]string{"a=1", "b=2"}, resp.Header.Values("Set-Cookie")); d != "" {
		t.Error(d)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/octet-stream" {
		t.Error(got)
	}

	sent := []byte{0, 0xff, 0x80, '\r', '\n'}
	resp, err = http.Post(f.URL()+"/binary", "image/png", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("binary: %q, %v", got, err)
	}
	resp, err = http.Head(f.URL() + "/process")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
}

func TestFunction_FreezesItsProcessBetweenCalls(t *testing.T) {
	t.Parallel()
	f, _, stop := start(t, nil)
	var pid int
	for i := 1; i <= 3; i++ {
		var p, calls int
		body := get(t, f, "/process").Body
		if _, err := fmt.Sscan(body, &p, &calls); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if pid == 0 {
			pid = p
		}
		if p != pid || calls != i {
			t.Errorf("call %d: process %d, its call %d", i, p, calls)
		}
		waitForState(t, pid, 'T')
	}
	if got := f.Started(); got != 1 {
		t.Errorf("%d processes were started", got)
	}
	stop()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is still there: %v", err)
	}
}

// waitForState waits until the kernel shows the process in a state.
func waitForState(t *testing.T, pid int, want byte) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var state byte
	for range 5000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if state = stat[bytes.LastIndexByte(stat, ')')+2]; state == want {
			return
		}
		<-tick.C
	}
	t.Errorf("process %d is in state %c, not %c", pid, state, want)
}

func TestFunction_GivesEachConcurrentCallAProcess(t *testing.T) {
	t.Parallel()
	const n = 3
	f, _, _ := start(t, func(c *Config) { c.Concurrency = n })
	arrived, open := make(chan struct{}, n), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-open
	}))
	defer gate.Close()
	bodies := make(chan string, n)
	for range n {
		go func() { bodies <- get(t, f, "/wait?for="+gate.URL).Body }()
	}
	for range n {
		<-arrived
	}
	if got := get(t, f, "/process"); got.Status != 429 {
		t.Errorf("one call too many: %v", got)
	}
	close(open)
	var pids []string
	for range n {
		pids = append(pids, <-bodies)
	}
	slices.Sort(pids)
	if got := len(slices.Compact(pids)); got != n || len(f.Processes()) != n {
		t.Errorf("%d calls at once were answered by %d processes: %v", n, got, pids)
	}
	if got := get(t, f, "/process"); got.Status != 200 || f.Started() != n {
		t.Errorf("afterwards: %v, %d processes started", got, f.Started())
	}
}

func TestFunction_EndsAsInLambda(t *testing.T) {
	t.Parallel()
	gone := reply{502, "Internal Server Error"}
	internal := reply{500, `{"ok":false,"error":{"code":"internal","message":"Something went wrong inside the bridge. Its log says what."}}` + "\n"}
	tests := map[string]struct {
		path    string
		timeout time.Duration
		want    reply
		log     string
		starts  int // with a call after it
	}{
		"deadline":     {"/late", time.Second, reply{504, `{"ok":false,"error":{"code":"timeout","message":"The bridge could not finish in time."}}` + "\n"}, "", 1},
		"hangs":        {"/hang", time.Second, gone, "not answered in time", 2},
		"exits":        {"/exit", 20 * time.Second, gone, "the process ended", 2},
		"panics":       {"/panic", 20 * time.Second, internal, "probe/main.go", 1},
		"large answer": {"/large", 20 * time.Second, reply{500, `{"ok":false,"error":{"code":"internal","message":"The answer is larger than the 6 MB that Lambda gives."}}` + "\n"}, "larger than Lambda takes", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, log, stop := start(t, func(c *Config) { c.Timeout = test.timeout })
			if d := cmp.Diff(test.want, get(t, f, test.path)); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
			if got := get(t, f, "/process"); got.Status != 200 || f.Started() != test.starts {
				t.Errorf("afterwards: %v; %d processes were started, want %d", got, f.Started(), test.starts)
			}
			stop()
			if !strings.Contains(log.String(), test.log) {
				t.Errorf("log lacks %q:\n%s", test.log, log.String())
			}
		})
	}
}

func TestFunction_RefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	f, _, _ := start(t, nil)
	resp, err := http.Post(f.URL()+"/binary", "text/plain", strings.NewReader(strings.Repeat("x", 7<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestFunction_WithoutItsEnvironmentSaysSo(t *testing.T) {
	t.Parallel()
	f, log, stop := start(t, func(c *Config) { c.Env = nil })
	want := reply{500, `{"ok":false,"error":{"code":"misconfigured","message":"This function's configuration is not complete. Its log names every setting that is missing or wrong."}}` + "\n"}
	if d := cmp.Diff(want, get(t, f, "/process")); d != "" {
		t.Errorf("answer (-want +got):\n%s", d)
	}
	stop()
	var problems []string
	for line := range strings.Lines(log.String()) {
		var record struct{ Msg, Problem string }
		if err := json.Unmarshal([]byte(line), &record); err == nil && record.Msg == "wrong configuration" {
			problems = append(problems, record.Problem)
		}
	}
	if d := cmp.Diff([]string{"PROBE_GREETING: is not set", "PROBE_OTHER: is not set"}, problems); d != "" {
		t.Errorf("logged problems (-want +got):\n%s", d)
	}
}

func TestFunction_RefusesOtherEvents(t *testing.T) {
	t.Parallel()
	f, log, stop := start(t, nil)
	if _, err := f.Invoke(context.Background(), []byte(`{"source":"aws.events"}`)); !errors.Is(err, errFunction) {
		t.Errorf("error %v", err)
	}
	if got := get(t, f, "/process"); got.Status != 200 || f.Started() != 1 {
		t.Errorf("afterwards: %v, %d processes started", got, f.Started())
	}
	stop()
	if !strings.Contains(log.String(), "answers requests to its function URL only") {
		t.Errorf("log: %s", log.String())
	}
}

// An event that nobody waits for is given to the function after the answer, and twice more if it fails.
func TestFunction_CallsItselfLater(t *testing.T) {
	t.Parallel()
	tries := make(chan string, 10)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries <- r.URL.Path
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer gate.Close()
	f, _, _ := start(t, func(c *Config) { c.RetryAfter = time.Millisecond })
	for path, want := range map[string]int{"/works": 1, "/fails": 3} {
		if got := get(t, f, "/later?job="+gate.URL+path); got.Status != 200 {
			t.Errorf("%s: %v", path, got)
		}
		for range want {
			if got := <-tries; got != path {
				t.Errorf("%s was asked for, not %s", got, path)
			}
		}
	}
	if got := get(t, f, "/process"); got.Status != 200 || len(tries) != 0 {
		t.Errorf("afterwards: %v, %d tries too many", got, len(tries))
	}
}
