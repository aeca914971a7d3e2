// Command deploy brings the whole stack up on this machine: LocalStack, a store, template.yaml deployed with `sam deploy`,
// and the listener. It prints where everything is and ends it all with Ctrl-C. Nothing outlives it.
//
// REDIS_URL (redis://127.0.0.1:…) names a store that is there; LOCALSTACK_PORT another port than 4566; PARAMETERS further
// parameters of the template: PARAMETERS="TelegramTestDc=true TargetConfirm=false".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"telegram-client/infra/handover"
	"telegram-client/localstack/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "deploy-local:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, env func(string) string, out io.Writer) (err error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "telegram-client-local-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	o, err := options(env)
	if err != nil {
		return err
	}
	o.Root, o.Log = root, log
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = errors.Join(err, lastLines(log.Name()))
		}
	}()
	if o.parameters["RedisUrl"] == "" {
		store, url, err := startStore(ctx, dir, log)
		if err != nil {
			return err
		}
		defer store()
		o.parameters["RedisUrl"] = url
	}
	fmt.Fprintf(out, "Starting LocalStack, building and deploying; the log is %s\n", log.Name())
	s, err := stack.Start(ctx, o.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Build(ctx); err != nil {
		return err
	}
	if err := s.Deploy(ctx, o.parameters); err != nil {
		return err
	}
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return err
	}
	token, err := s.Secret(ctx, outputs["ApiTokensSecret"])
	if err != nil {
		return err
	}
	listener := filepath.Join(dir, "listener")
	if text, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", listener, "./listener").CombinedOutput(); err != nil {
		return fmt.Errorf("build the listener: %w: %s", err, text)
	}
	l, err := s.StartListener(ctx, listener, outputs, "TELEGRAM_SERVERS="+o.parameters["TelegramServers"], "TELEGRAM_TEST_DC="+o.parameters["TelegramTestDc"])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.End()) }()
	if err := check(ctx, s.Client(), outputs["EntriesUrl"], token); err != nil {
		return err
	}
	files, err := handover.Write(filepath.Join("deployed", "local"), outputs, token)
	if err != nil {
		return err
	}
	handover.Show(out, outputs, token, files)
	fmt.Fprintf(out, "\nThe listener: %s/readyz. curl resolves the names of functions; other programs need them in the hosts file.\nCtrl-C ends everything.\n", l.URL())
	select {
	case <-ctx.Done():
		return nil
	case <-l.Exited():
		return errors.New("the listener has ended")
	}
}

type settings struct {
	stack.Options
	parameters map[string]string
}

// options reads the environment.
func options(env func(string) string) (settings, error) {
	o := settings{Options: stack.Options{Port: 4566}, parameters: map[string]string{"RedisUrl": env("REDIS_URL")}}
	if port := env("LOCALSTACK_PORT"); port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return o, errors.New("LOCALSTACK_PORT: is no port")
		}
		o.Port = n
	}
	for _, pair := range strings.Fields(env("PARAMETERS")) {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return o, errors.New("PARAMETERS: is not of the form Name=value Name=value")
		}
		o.parameters[name] = value
	}
	return o, nil
}

// startStore starts a store that keeps what it has in dir, and returns how it is ended and where it is.
func startStore(ctx context.Context, dir string, log io.Writer) (stop func(), url string, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if program, err = exec.LookPath("valkey-server"); err != nil {
			return nil, "", errors.New("neither redis-server nor valkey-server is on the PATH: run infra/setup-store.sh")
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("find a port for the store: %w", err)
	}
	at := free.Addr().(*net.TCPAddr)
	if err := free.Close(); err != nil {
		return nil, "", fmt.Errorf("find a port for the store: %w", err)
	}
	store := exec.Command(program, "--port", strconv.Itoa(at.Port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always")
	store.Stdout, store.Stderr = log, log
	store.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us, who end it last
	if err := store.Start(); err != nil {
		return nil, "", fmt.Errorf("start the store: %w", err)
	}
	stop = func() {
		_ = store.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = store.Wait()
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", at.String()); err == nil {
			return stop, "redis://" + at.String(), c.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			stop()
			return nil, "", ctx.Err()
		}
	}
}

// check asks the deployed function whether it works.
func check(ctx context.Context, client *http.Client, entries, token string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(entries, "/")+"/config/entries", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("call the function entries: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, err := io.ReadAll(answer.Body)
		return errors.Join(fmt.Errorf("the function entries answers %s: %s", answer.Status, text), err)
	}
	return nil
}

// lastLines are the end of the log, for whoever does not look into it before it is gone.
func lastLines(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return errors.New("the log ends with:\n" + strings.Join(lines[max(0, len(lines)-15):], "\n"))
}
