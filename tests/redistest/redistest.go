// Package redistest runs a real redis-server (or valkey-server) for tests: plain on a unix socket, or as a cluster of one
// node that owns all slots, where a script that reaches into two slots fails as it would in a large one.
//
// A server lives in a folder of its own, writes every change to its append-only file before it answers, and can be
// stopped, killed, frozen and started again with what it had. It leaves to others what is stored.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options say what kind of server it is.
type Options struct {
	// Cluster makes it a cluster of one node, which needs a TCP port.
	Cluster bool
	// TCP makes a plain server listen on a port of the loopback too.
	TCP bool
	// Config are further lines of its configuration: "maxmemory-policy allkeys-lru".
	Config []string
}

// A Server is a running or stopped store.
type Server struct {
	dir     string
	options Options
	port    int
	command *exec.Cmd
	exited  chan struct{}
}

// Missing is what to do where there is no server.
const Missing = "neither redis-server nor valkey-server is on the PATH: install one (apt install redis-server, dnf install valkey, apk add valkey, brew install valkey), or run infra/setup-store.sh"

// Start runs a plain server until the test ends.
func Start(t testing.TB) *Server { return StartWith(t, Options{}) }

// StartCluster runs a cluster of one node until the test ends.
func StartCluster(t testing.TB) *Server { return StartWith(t, Options{Cluster: true}) }

// StartWith runs a server until the test ends.
func StartWith(t testing.TB, o Options) *Server {
	t.Helper()
	// Not t.TempDir: its names can be longer than a unix socket's address may be.
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatalf("folder of the store: %v", err)
	}
	s, err := Run(dir, o)
	if err != nil {
		_ = os.RemoveAll(dir)
		t.Fatalf("start a store: %v", err)
	}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	return s
}

// Run starts a server that keeps its data in dir. The caller ends it with Stop or Kill.
func Run(dir string, o Options) (*Server, error) {
	s := &Server{dir: dir, options: o}
	if o.Cluster || o.TCP {
		// A port that was free a moment ago may be taken by now: then the next one.
		var err error
		for range 5 {
			if s.port, err = freePort(); err != nil {
				return nil, err
			}
			if err = s.Start(); err == nil {
				break
			}
		}
		if err != nil {
			return nil, err
		}
	} else if err := s.Start(); err != nil {
		return nil, err
	}
	if o.Cluster {
		if err := s.formCluster(); err != nil {
			s.Kill()
			return nil, err
		}
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) socket() string { return filepath.Join(s.dir, "s") }

// URL is the server's address, as redisstore.ParseURL reads it.
func (s *Server) URL() string {
	switch {
	case s.options.Cluster:
		return "redis+cluster://" + s.Addr()
	case s.options.TCP:
		return "redis://" + s.Addr()
	}
	return "unix://" + s.socket()
}

// Addr is the server's host and port, of one that has them.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Client returns a client of its own, to look at or change what is stored. The caller closes it.
func (s *Server) Client() *redis.Client {
	o := &redis.Options{Network: "unix", Addr: s.socket(), DisableIdentity: true, Protocol: 2}
	if s.options.Cluster || s.options.TCP {
		o.Network, o.Addr = "tcp", s.Addr()
	}
	return redis.NewClient(o)
}

// Start starts a stopped or killed server again, with what it had written.
func (s *Server) Start() error {
	lines := []string{"port " + strconv.Itoa(s.port), "bind 127.0.0.1", "dir " + s.dir, `save ""`, "appendonly yes", "appendfsync always",
		"maxmemory-policy noeviction", "daemonize no", `logfile ""`}
	if s.options.Cluster {
		// The bus takes a port of its own: the usual one, 10000 higher, may be out of range.
		bus, err := freePort()
		if err != nil {
			return err
		}
		lines = append(lines, "cluster-enabled yes", "cluster-port "+strconv.Itoa(bus))
	} else {
		lines = append(lines, "unixsocket "+s.socket(), "unixsocketperm 700")
	}
	lines = append(lines, s.options.Config...)
	file := filepath.Join(s.dir, "conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("configuration of the store: %w", err)
	}
	return s.run("eady to accept connections", file)
}

// run runs the program until its log holds the word that says it is ready.
func (s *Server) run(ready string, args ...string) error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if path, err = exec.LookPath("valkey-server"); err != nil {
			return errors.New(Missing)
		}
	}
	out, in := io.Pipe()
	s.command = exec.Command(path, args...)
	s.command.Stdout, s.command.Stderr = in, in
	dieWithParent(s.command)
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	s.exited = make(chan struct{})
	go func(c *exec.Cmd, exited chan struct{}) { // ends with the process
		_ = c.Wait()
		_ = in.Close()
		close(exited)
	}(s.command, s.exited)

	heard := make(chan error, 1)
	go func() { // reads the log to its end, which comes with the process's
		var last []string
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), ready) {
				heard <- nil
				_, _ = io.Copy(io.Discard, out)
				return
			}
			last = append(last[max(0, len(last)-5):], lines.Text())
		}
		heard <- fmt.Errorf("%s ended: %s", path, strings.Join(last, "; "))
	}()
	select {
	case err := <-heard:
		return err
	case <-time.After(20 * time.Second):
		s.Kill()
		return fmt.Errorf("%s did not get ready", path)
	}
}

func (s *Server) formCluster() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := s.Client()
	defer c.Close()
	if err := c.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		return fmt.Errorf("give the node its slots: %w", err)
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		text, err := c.ClusterInfo(ctx).Result()
		if err != nil {
			return fmt.Errorf("form a cluster: %w", err)
		}
		if strings.Contains(text, "cluster_state:ok") {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("form a cluster: %w", ctx.Err())
		}
	}
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server in order.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

func (s *Server) end(sig syscall.Signal) {
	if s.command == nil || s.command.Process == nil {
		return
	}
	_ = s.command.Process.Signal(sig) // one that has ended already is no error
	_ = s.command.Process.Signal(syscall.SIGCONT)
	<-s.exited
	_ = os.Remove(s.socket())
}

// Freeze stops the server in its tracks: connections stay open and nothing answers, until Thaw.
func (s *Server) Freeze() error { return s.command.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error { return s.command.Process.Signal(syscall.SIGCONT) }

// Restart ends the server in order and starts it again.
func (s *Server) Restart() error {
	s.Stop()
	return s.Start()
}

// Dir is the folder in which the server keeps its data.
func (s *Server) Dir() string { return s.dir }
