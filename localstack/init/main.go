// Command init runs one provided.al2023 bootstrap for LocalStack's Lambda provider: towards LocalStack it speaks the
// executor protocol (POST /invoke in, status, logs and results out), towards the bootstrap the Lambda Runtime API.
// One init is one execution environment: one bootstrap, one invocation at a time, frozen in between. It is what LocalStack
// would otherwise download, and what its container would otherwise hold (localstack/executor starts it).
//
// It leaves out what the machine does not have: a file system, a user and a memory limit of the function's own.
package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const maxLogTail = 4 << 10 // bytes, as Lambda's LogResult

// An invocation is one call, as LocalStack describes it.
type invocation struct {
	ID      string `json:"invoke-id"`
	ARN     string `json:"invoked-function-arn"`
	Payload string `json:"payload"`
	Trace   string `json:"trace-id"`
}

// An outcome is what the bootstrap made of an invocation.
type outcome struct {
	id   string // request id
	kind string // "response" or "error", the last path element of LocalStack's call-back
	body []byte
}

// An environment is one execution environment. The goroutine of loop owns it; the handlers talk to it over its channels.
type environment struct {
	callback, id, taskRoot string
	timeout                time.Duration
	freeze                 bool

	runtimeAPI string
	invoke     chan invocation // LocalStack to main loop
	next       chan invocation // main loop to the bootstrap's GET next
	waiting    chan struct{}   // the bootstrap asks for its next event
	done       chan outcome    // the bootstrap answered
	initError  chan []byte     // the bootstrap reported that it cannot start
	logs       tail
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("init: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	seconds, _ := strconv.Atoi(cmp.Or(os.Getenv("AWS_LAMBDA_FUNCTION_TIMEOUT"), "30"))
	e := &environment{
		callback:  os.Getenv("LOCALSTACK_RUNTIME_ENDPOINT"),
		id:        os.Getenv("LOCALSTACK_RUNTIME_ID"),
		taskRoot:  cmp.Or(os.Getenv("LAMBDA_TASK_ROOT"), "/var/task"),
		timeout:   time.Duration(seconds) * time.Second,
		freeze:    os.Getenv("LAMBDA_INIT_FREEZE") == "1",
		invoke:    make(chan invocation),
		next:      make(chan invocation),
		waiting:   make(chan struct{}),
		done:      make(chan outcome),
		initError: make(chan []byte, 1),
	}
	inbound, err := net.Listen("tcp", cmp.Or(os.Getenv("LAMBDA_INIT_LISTEN"), ":9563"))
	if err != nil {
		return fmt.Errorf("listen for invocations: %w", err)
	}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the bootstrap: %w", err)
	}
	e.runtimeAPI = api.Addr().String()
	go http.Serve(inbound, e.localstackHandler()) // both end with the process
	go http.Serve(api, e.runtimeHandler())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if os.Getenv("LAMBDA_INIT_STDIN") == "1" { // end when the parent is gone
		go func() { // ends with the parent
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	return e.loop(ctx)
}

// loop owns the bootstrap: it starts it, hands it events, and starts a new one after a time-out or an exit.
func (e *environment) loop(ctx context.Context) error {
	ready := false
	for ctx.Err() == nil {
		cmd, exited, err := e.start()
		if err != nil {
			return e.post("status/"+e.id+"/error", failure("Runtime.InvalidEntrypoint", err.Error()))
		}
		alive := true
		for alive {
			select {
			case <-ctx.Done():
				terminate(cmd, exited)
				return nil
			case b := <-e.initError:
				terminate(cmd, exited)
				if !ready {
					return e.post("status/"+e.id+"/error", b)
				}
				alive = false
			case err := <-exited:
				if !ready {
					return e.post("status/"+e.id+"/error", failure("Runtime.ExitError", "Runtime exited: "+fmt.Sprint(err)))
				}
				alive = false
			case <-e.waiting:
				if !ready {
					if err := e.post("status/"+e.id+"/ready", nil); err != nil {
						return err
					}
					ready = true
				}
				alive = e.serveOne(ctx, cmd, exited)
			}
		}
	}
	return nil
}

// serveOne waits for an invocation, runs it and reports it. False: the bootstrap is gone or was killed.
func (e *environment) serveOne(ctx context.Context, cmd *exec.Cmd, exited <-chan error) bool {
	if e.freeze {
		cmd.Process.Signal(syscall.SIGSTOP)
	}
	var inv invocation
	select {
	case inv = <-e.invoke:
	case <-exited:
		return false
	case <-ctx.Done():
		terminate(cmd, exited)
		return false
	}
	cmd.Process.Signal(syscall.SIGCONT)
	e.logs.reset("START RequestId: " + inv.ID + " Version: " + os.Getenv("AWS_LAMBDA_FUNCTION_VERSION") + "\n")
	began, timer := time.Now(), time.NewTimer(e.timeout)
	defer timer.Stop()
	failed := func(kind, why string) outcome {
		return outcome{inv.ID, "error", failure(kind, "RequestId: "+inv.ID+" Error: "+why)}
	}
	var o outcome
	next, ok := e.next, true
	for o.id != inv.ID {
		select {
		case next <- inv:
			next = nil // handed over once
		case o = <-e.done: // an answer of a killed predecessor has another id
		case err := <-exited:
			ok, o = false, failed("Runtime.ExitError", fmt.Sprintf("Runtime exited with error: %v", err))
		case <-timer.C:
			cmd.Process.Kill()
			<-exited
			ok, o = false, failed("Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", e.timeout.Seconds()))
		}
	}
	e.logs.Write(fmt.Appendf(nil, "END RequestId: %s\nREPORT RequestId: %s\tDuration: %.2f ms\tMemory Size: %s MB\n",
		inv.ID, inv.ID, float64(time.Since(began).Microseconds())/1000, os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")))
	l, _ := json.Marshal(map[string]string{"logs": e.logs.text()})
	if err := errors.Join(e.post("invocations/"+inv.ID+"/logs", l), e.post("invocations/"+inv.ID+"/"+o.kind, o.body)); err != nil {
		log.Print(err)
	}
	return ok
}

// start starts the bootstrap. The channel tells how it ended.
func (e *environment) start() (*exec.Cmd, <-chan error, error) {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "LOCALSTACK_") && !strings.HasPrefix(v, "LAMBDA_INIT_") && !strings.HasPrefix(v, "AWS_LAMBDA_FUNCTION_TIMEOUT=") {
			env = append(env, v)
		}
	}
	cmd := exec.Command(filepath.Join(e.taskRoot, "bootstrap"))
	cmd.Dir, cmd.Env = e.taskRoot, append(env, "AWS_LAMBDA_RUNTIME_API="+e.runtimeAPI)
	cmd.Stdout = io.MultiWriter(os.Stdout, &e.logs)
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start bootstrap: %w%s", err, wrongArchitecture(cmd.Path, err))
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	return cmd, exited, nil
}

// wrongArchitecture says what a program is built for that this machine cannot run.
func wrongArchitecture(path string, err error) string {
	if !errors.Is(err, syscall.ENOEXEC) {
		return ""
	}
	f, err := elf.Open(path)
	if err != nil {
		return ": it is no program of Linux"
	}
	defer f.Close()
	return fmt.Sprintf(": it is built for %s, this machine is %s: build with the other ARCH", f.Machine, runtime.GOARCH)
}

// terminate ends the bootstrap as Lambda does: with a word, then without.
func terminate(cmd *exec.Cmd, exited <-chan error) {
	cmd.Process.Signal(syscall.SIGCONT)
	cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-exited:
	case <-time.After(500 * time.Millisecond):
		cmd.Process.Kill()
	}
}

// localstackHandler takes invocations.
func (e *environment) localstackHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /invoke", func(w http.ResponseWriter, r *http.Request) {
		var inv invocation
		if err := json.NewDecoder(r.Body).Decode(&inv); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case e.invoke <- inv:
			w.WriteHeader(http.StatusOK)
		case <-r.Context().Done():
		}
	})
	return mux
}

// runtimeHandler is the Lambda Runtime API (AWS Lambda developer guide, "Using the Lambda runtime API").
func (e *environment) runtimeHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case e.waiting <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		select {
		case inv := <-e.next:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", inv.ID)
			h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(e.timeout).UnixMilli(), 10))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", inv.ARN)
			h.Set("Lambda-Runtime-Trace-Id", inv.Trace)
			h.Set("Content-Type", "application/json")
			io.WriteString(w, inv.Payload)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case e.done <- outcome{r.PathValue("id"), r.PathValue("kind"), b}:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		e.initError <- b
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "internal")
		io.WriteString(w, "{}")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

// post tells LocalStack something.
func (e *environment) post(path string, body []byte) error {
	res, err := http.Post(e.callback+"/"+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("report %s: %w", path, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("report %s: %s", path, res.Status)
	}
	return nil
}

// failure is an error as Lambda reports it.
func failure(kind, message string) []byte {
	b, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message})
	return b
}

// tail keeps the last bytes that the bootstrap printed during an invocation.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - maxLogTail; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(p), nil
}

func (t *tail) reset(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf[:0], s...)
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
