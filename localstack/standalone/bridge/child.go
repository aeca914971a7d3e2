package bridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"telegram-client/shared/process"
	"telegram-client/shared/seal"
)

const (
	storeStop = 20 * time.Second // to write what it has and to end
	// A store that lived shorter than storeSteady counts as failed again; after storeTries in a row the bridge ends.
	storeSteady = 30 * time.Second
	storeTries  = 5
	// longestSocket is how long the address of a unix socket may be, on any system.
	longestSocket = 100
	oldestStore   = 7 // major version, of Redis; Valkey began at 7
)

// howToInstall is what to do where there is no store.
const howToInstall = "Install one (apt install redis-server, dnf install valkey, apk add valkey, brew install valkey), or set REDIS_URL to one that runs, such as redis://host:6379."

var versionIn = regexp.MustCompile(`v=(\d+)\.(\d+)`)

// noStore is the problem of a configuration that names no store where there is none to start.
func noStore(why string, args ...any) error {
	return &process.Misconfigured{Problems: []string{"REDIS_URL: is not set, and " + fmt.Sprintf(why, args...) + ". " + howToInstall}}
}

// A child is our own store: a server that runs as a child of this process, on a unix socket that only its owner can
// open. It writes every change to the disk before it answers. If it dies it is started again; nothing is forgotten.
type child struct {
	program string
	dir     string // what it keeps; empty: nothing outlives it
	socket  string
	scratch string   // a folder to be removed with it
	lock    *os.File // held by it as well
	log     *slog.Logger

	stop   context.CancelFunc
	up     chan struct{} // closed when it has answered
	ended  chan struct{} // closed when it will not run again
	failed error         // why; read after ended
}

// startChild starts a store that keeps its data in dir, or nothing at all if dir is empty, and waits until it answers.
// It ends with Stop, or with this process.
func startChild(ctx context.Context, dir string, lock *os.File, log *slog.Logger) (*child, error) {
	program, err := findStore(ctx)
	if err != nil {
		return nil, err
	}
	c := &child{program: program, lock: lock, log: log, up: make(chan struct{}), ended: make(chan struct{})}
	if dir != "" {
		if c.dir, err = filepath.Abs(dir); err == nil {
			err = os.MkdirAll(c.dir, 0o700)
		}
		if err != nil {
			return nil, fmt.Errorf("folder of the store: %w", err)
		}
		c.socket = filepath.Join(c.dir, "socket")
	}
	if dir == "" || len(c.socket) > longestSocket {
		if c.scratch, err = os.MkdirTemp("", "bridge-"); err != nil { // 0700
			return nil, fmt.Errorf("folder of the store's socket: %w", err)
		}
		c.socket = filepath.Join(c.scratch, "socket")
	}
	var life context.Context
	life, c.stop = context.WithCancel(context.WithoutCancel(ctx)) // it outlives ctx: what ends last still writes
	go c.supervise(life)                                          // ends with Stop, or when the store keeps dying
	select {
	case <-c.up:
		return c, nil
	case <-c.ended:
	case <-ctx.Done():
	}
	c.Stop()
	return nil, errors.Join(c.failed, ctx.Err())
}

// URL is the address of the store.
func (c *child) URL() seal.Text { return seal.NewText("unix://" + c.socket) }

// Ended is closed when the store will not run again.
func (c *child) Ended() <-chan struct{} { return c.ended }

// Err says why it will not, once Ended is closed.
func (c *child) Err() error { return c.failed }

// Stop ends the store in order and waits for it.
func (c *child) Stop() {
	c.stop()
	<-c.ended
	if c.scratch != "" {
		os.RemoveAll(c.scratch)
	}
}

// supervise keeps the store running. It stays on one thread: the kernel takes the end of the thread that started a child
// for the death of its parent.
func (c *child) supervise(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.ended)
	for failures := 0; ; {
		began := time.Now()
		err := c.run(ctx)
		if ctx.Err() != nil {
			return
		}
		select {
		case <-c.up:
		default:
			c.failed = fmt.Errorf("start the store: %w", err)
			return
		}
		if failures++; time.Since(began) >= storeSteady {
			failures = 1
		}
		if failures == storeTries {
			c.failed = fmt.Errorf("the store ended %d times in a row: %w", failures, err)
			return
		}
		c.log.Error("the store has ended; it is started again", "error", err)
		if !pause(ctx, time.Duration(failures)*time.Second) {
			return
		}
	}
}

// run runs the store once, until it ends or ctx does.
func (c *child) run(ctx context.Context) error {
	said := &tail{log: c.log}
	cmd := exec.Command(c.program, "-") // its configuration comes by standard input: nothing shows in a list of processes
	cmd.Stdin = strings.NewReader(c.configuration())
	cmd.Stdout, cmd.Stderr = said, said
	cmd.ExtraFiles = []*os.File{c.lock}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG"} { // no secrets
		if v := os.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's ^C is for us, who end it in order
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // ends with the store
	probing, cancel := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { c.probe(probing) })
	defer probe.Wait()
	defer cancel()
	select {
	case err := <-exited:
		return fmt.Errorf("%s ended (%v): %s", filepath.Base(c.program), err, said.last())
	case <-ctx.Done():
	}
	cmd.Process.Signal(syscall.SIGTERM)
	patience := time.NewTimer(storeStop)
	defer patience.Stop()
	select {
	case <-exited:
	case <-patience.C:
		c.log.Error("the store does not end; it is killed")
		cmd.Process.Kill()
		<-exited
	}
	return ctx.Err()
}

func (c *child) configuration() string {
	keep := "appendonly no\ndir " + strconv.Quote(filepath.Dir(c.socket))
	if c.dir != "" {
		keep = "appendonly yes\nappendfsync always\ndir " + strconv.Quote(c.dir)
	}
	return fmt.Sprintf(`port 0
unixsocket %s
unixsocketperm 700
%s
save ""
maxmemory 0
maxmemory-policy noeviction
databases 1
daemonize no
logfile ""
`, strconv.Quote(c.socket), keep)
}

// probe asks the store until it answers; one that still reads what it has does not.
func (c *child) probe(ctx context.Context) {
	for pause(ctx, 20*time.Millisecond) {
		if ping(ctx, c.socket) != nil {
			continue
		}
		select {
		case <-c.up: // in an earlier life
		default:
			close(c.up)
		}
		return
	}
}

func ping(ctx context.Context, socket string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(answer, "+PONG") {
		return errors.New(strings.TrimSpace(answer))
	}
	return nil
}

// findStore finds a server on the PATH that is new enough.
func findStore(ctx context.Context) (string, error) {
	none := noStore("there is neither redis-server nor valkey-server on the PATH")
	for _, name := range []string{"redis-server", "valkey-server"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		version, err := exec.CommandContext(ctx, program, "--version").Output()
		if err != nil {
			none = noStore("%s does not run (%v)", program, err)
			continue
		}
		if m := versionIn.FindSubmatch(version); m != nil {
			if major, _ := strconv.Atoi(string(m[1])); major < oldestStore {
				none = noStore("%s is version %s.%s, which is too old: it takes 7.0", program, m[1], m[2])
				continue
			}
		}
		return program, nil
	}
	return "", none
}

// A tail logs lines and remembers the last ones.
type tail struct {
	log *slog.Logger

	mu    sync.Mutex
	part  string
	lines []string
}

const tailLines = 5

// Write takes output of the store.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part += string(b)
	for {
		line, rest, ok := strings.Cut(t.part, "\n")
		if !ok {
			return len(b), nil
		}
		t.part = rest
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		t.log.Debug("store", "line", line)
		if t.lines = append(t.lines, line); len(t.lines) > tailLines {
			t.lines = t.lines[1:]
		}
	}
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(append(slices.Clone(t.lines), t.part), " / ")
}
