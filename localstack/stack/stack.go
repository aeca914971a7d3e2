// Package stack is the bridge's stack on LocalStack: it runs LocalStack as it is installed by localstack/install.sh,
// deploys template.yaml on it with the SAM CLI, and reaches what was deployed. The listener, for which LocalStack has no
// containers, runs beside it as a process ([Stack.StartListener]).
//
// Everything is on the loopback, and nothing outlives the Stack. The store is somebody else's.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startWithin = 5 * time.Minute // with its installation; 5 s without
	endWithin   = 30 * time.Second
	region      = "us-east-1"
	name        = "telegram-client"
	bucket      = "deploy" // of the functions' zips
)

// Options say how a stack is run.
type Options struct {
	// Root is the folder of the checkout.
	Root string
	// Port of LocalStack on the loopback; 0: a free one.
	Port int
	// Log gets what LocalStack, make and sam print.
	Log io.Writer
}

// A Stack is a running LocalStack. Close ends it with all functions.
type Stack struct {
	o        Options
	endpoint string
	command  *exec.Cmd
	exited   chan struct{}
	client   *http.Client
}

// Start starts LocalStack and waits until it answers. It is installed first if it is not.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Port == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a port for LocalStack: %w", err)
		}
		o.Port = l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("find a port for LocalStack: %w", err)
		}
	}
	at := "127.0.0.1:" + strconv.Itoa(o.Port)
	s := &Stack{o: o, endpoint: "http://" + at, exited: make(chan struct{}), client: client(at)}
	s.command = exec.Command(filepath.Join(o.Root, "localstack", "start.sh"))
	s.command.Env = append(os.Environ(), "LOCALSTACK_PORT="+strconv.Itoa(o.Port))
	s.command.Stdout, s.command.Stderr = o.Log, o.Log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us, who end it in order
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start LocalStack: %w", err)
	}
	go func() { // ends with the process
		_ = s.command.Wait() // how it ended does not matter: it ended too early, or was told to
		close(s.exited)
	}()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start LocalStack: %w", err), s.Close())
	}
	return s, nil
}

// ready waits until LocalStack answers.
func (s *Stack) ready(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint+"/_localstack/health", nil)
		if err != nil {
			return err
		}
		if answer, err := s.client.Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return errors.New("it has ended; its log says why")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends LocalStack and every function.
func (s *Stack) Close() error {
	s.client.CloseIdleConnections()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end LocalStack: %w", err)
	}
	patience := time.NewTimer(endWithin)
	defer patience.Stop()
	select {
	case <-s.exited:
		return nil
	case <-patience.C:
		err := s.command.Process.Kill()
		<-s.exited
		return errors.Join(fmt.Errorf("LocalStack did not end within %v", endWithin), err)
	}
}

// Env is the environment in which the SAM CLI, the SDKs of AWS and our own programs talk to this LocalStack.
func (s *Stack) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.endpoint, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region, "AWS_EC2_METADATA_DISABLED=true", "SAM_CLI_TELEMETRY=0",
	}
}

// Client returns a client for the functions' URLs. Their names end in localhost, which not every resolver knows: it
// dials this LocalStack for them.
func (s *Stack) Client() *http.Client { return s.client }

func client(localstack string) *http.Client {
	var dialer net.Dialer
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
				address = localstack
			}
			return dialer.DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second,
	}}
}
