// Package homeassistant runs a real Home Assistant for tests: a process on a port of 127.0.0.1, without a container and
// without root, with a configuration folder of its own. [Start] wants what install.sh has installed; `make
// test-homeassistant` sees to both, and runs the tests, which have the build tag homeassistant.
//
// What automations got is what the integration "record" has written to a file, synchronously, in an action of theirs:
// nothing else says what has arrived. A home that logs an error or starts in recovery mode fails its test: Home
// Assistant reports neither in any answer.
package homeassistant

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed hass.py all:record
var files embed.FS

// Installed is the variable of the environment that names the folder in which install.sh has installed Home Assistant.
const Installed = "HOMEASSISTANT"

const (
	// startWithin is 9 s the first time, on a quiet machine, and 3 s after that.
	startWithin = 3 * time.Minute
	stopWithin  = time.Minute
	askEvery    = 50 * time.Millisecond
)

// Options say what is in a home.
type Options struct {
	// Files are put into the configuration folder: "secrets.yaml", "packages/x.yaml". configuration.yaml, where it is not
	// among them, loads all packages.
	Files map[string]string
	// Dir is the configuration folder, which goes away with the test; empty: one is made.
	Dir string
	// Errors are the errors that the test is meant to cause. Others fail it.
	Errors *regexp.Regexp
	// Hold keeps the home at NOT_RUNNING until Release.
	Hold bool
}

// A Home is a running or stopped Home Assistant.
type Home struct {
	t       testing.TB
	options Options
	install string
	dir     string
	port    int
	token   string

	command *exec.Cmd
	input   io.Closer
	exited  chan struct{}
}

// configuration has what a test needs of default_config, which would load what calls out.
const configuration = `
homeassistant:
  packages: !include_dir_named packages
record:
`

// Start starts a home, waits until it is RUNNING, and ends it with the test.
func Start(t testing.TB, o Options) *Home {
	t.Helper()
	install := os.Getenv(Installed)
	if install == "" {
		t.Fatalf("%s does not name an installed Home Assistant: run `make test-homeassistant`", Installed)
	}
	h := &Home{t: t, options: o, install: install, dir: o.Dir}
	if h.dir == "" {
		h.dir = t.TempDir()
	}
	if err := h.fill(); err != nil {
		t.Fatal(err)
	}
	h.Launch()
	t.Cleanup(h.end)
	if !o.Hold {
		h.WaitState("RUNNING")
	}
	return h
}

// fill writes the configuration folder.
func (h *Home) fill() error {
	all := map[string]string{"configuration.yaml": configuration}
	maps.Copy(all, h.options.Files)
	if h.options.Hold {
		all["hold"] = ""
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if strings.Contains(name, "/") {
			name = "custom_components/" + name
		}
		all[name] = string(text)
		return err
	})
	for name, text := range all {
		path := filepath.Join(h.dir, filepath.FromSlash(name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
	}
	if err == nil {
		err = os.MkdirAll(filepath.Join(h.dir, "packages"), 0o700)
	}
	if err != nil {
		return fmt.Errorf("fill the home: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a port: %w", err)
	}
	h.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return fmt.Errorf("find a port: %w", err)
	}
	h.token, err = prepare(h.dir, h.port)
	return err
}

// Launch starts a home that does not run. It does not wait for it.
func (h *Home) Launch() {
	h.t.Helper()
	log, err := os.OpenFile(h.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.t.Fatal(err)
	}
	defer log.Close() // the process has its own
	c := exec.Command(filepath.Join(h.install, "venv", "bin", "python"), "-P", filepath.Join(h.dir, "hass.py"),
		"--config", h.dir, "--skip-pip", "--log-no-color")
	c.Stdout, c.Stderr = log, log
	// Without its bytecode every start takes as long as the first.
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PYTHONDONTWRITEBYTECODE=") })
	if h.input, err = c.StdinPipe(); err != nil {
		h.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		h.t.Fatalf("start Home Assistant: %v", err)
	}
	exited := make(chan struct{})
	h.command, h.exited = c, exited
	go func() { // ends with the process, which Stop or the end of the test ends
		_ = c.Wait() // how it ended is in ProcessState
		close(exited)
	}()
}

// Stop ends the home as its owner would, and waits for it. Events that it has taken and not worked off are lost.
func (h *Home) Stop() {
	h.t.Helper()
	if err := h.command.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatalf("stop Home Assistant: %v", err)
	}
	select {
	case <-h.exited:
	case <-time.After(stopWithin):
		h.t.Fatalf("Home Assistant has not stopped within %v:\n%s", stopWithin, h.logTail())
	}
	h.input.Close()
	if code := h.command.ProcessState.ExitCode(); code != 0 {
		h.t.Fatalf("Home Assistant ended with status %d:\n%s", code, h.logTail())
	}
}

// Release lets a home that is held go on, and waits until it is RUNNING.
func (h *Home) Release() {
	h.t.Helper()
	if err := os.Remove(filepath.Join(h.dir, "hold")); err != nil {
		h.t.Fatal(err)
	}
	h.WaitState("RUNNING")
}

// WaitState waits until the home says that it is in a state. That it is RUNNING means nothing in recovery mode, in which
// it has no automations.
func (h *Home) WaitState(state string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	var about struct {
		State    string `json:"state"`
		Recovery bool   `json:"recovery_mode"`
	}
	err := until(ctx, "Home Assistant to be "+state, func() (bool, error) {
		select {
		case <-h.exited:
			return false, errors.New("Home Assistant has ended")
		default:
		}
		about.State = ""
		_ = h.get(ctx, "/api/config", &about) // it does not answer yet
		return about.State == state, nil
	})
	switch {
	case err != nil:
		h.t.Fatalf("%v\n%s", err, h.logTail())
	case about.Recovery:
		h.t.Fatalf("Home Assistant is in recovery mode:\n%s", h.logTail())
	}
}

func (h *Home) get(ctx context.Context, path string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: status %d", path, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// end ends the home and judges its log.
func (h *Home) end() {
	select {
	case <-h.exited:
	default:
		_ = h.command.Process.Kill() // a folder that is thrown away
		<-h.exited
		h.input.Close()
	}
	for _, line := range h.Errors() {
		if h.options.Errors == nil || !h.options.Errors.MatchString(line) {
			h.t.Errorf("Home Assistant's log: %s", line)
		}
	}
	if h.t.Failed() {
		h.t.Logf("the end of Home Assistant's log:\n%s", h.logTail())
	}
}

// URL returns the home's base address, the same for its whole life.
func (h *Home) URL() string { return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(h.port)) }

// WebhookURL returns the address of a webhook.
func (h *Home) WebhookURL(id string) string { return h.URL() + "/api/webhook/" + id }

// Token returns an access token of the owner.
func (h *Home) Token() string { return h.token }
