package lambdatest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// An environment is one process of a function, and the runtime API that it talks to.
type environment struct {
	name   string
	log    io.Writer
	cmd    *exec.Cmd
	server *http.Server
	asks   chan chan *invocation // the process asks for its next call
	gone   chan struct{}         // closed when the process has ended

	waiting chan *invocation // where the process waits, once invoke has seen it; nil: it works

	mu      sync.Mutex
	current *invocation // whom the process answers
}

// An invocation is one call.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answered chan answer // holds one
}

type answer struct {
	body   []byte
	failed bool
}

// startEnvironment starts a process. It asks for its first call by itself. later takes what it asks Lambda to do.
func startEnvironment(c Config, log io.Writer, later http.HandlerFunc) (*environment, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the runtime API: %w", err)
	}
	e := &environment{name: c.Name, log: log, asks: make(chan chan *invocation), gone: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", e.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { e.answer(w, r, false) })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { e.answer(w, r, true) })
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", later)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	e.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	e.cmd = exec.Command(c.Bootstrap)
	e.cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + ln.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + c.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_ENDPOINT_URL_LAMBDA=http://" + ln.Addr().String(), "AWS_ACCESS_KEY_ID=ASIATEST", "AWS_SECRET_ACCESS_KEY=of-the-role", "AWS_SESSION_TOKEN=of-the-role",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_REGION=us-east-1", "_HANDLER=bootstrap", "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC",
	}, c.Env...)
	e.cmd.Stdout, e.cmd.Stderr = log, log
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is not for it
	if err := e.cmd.Start(); err != nil {
		ln.Close()
		return nil, err
	}
	go e.server.Serve(ln) // ends with the process
	go func() {
		e.cmd.Wait()
		e.server.Close()
		close(e.gone)
	}()
	return e, nil
}

func (e *environment) pid() int { return e.cmd.Process.Pid }

func (e *environment) ended() bool {
	select {
	case <-e.gone:
		return true
	default:
		return false
	}
}

func (e *environment) freeze() { e.cmd.Process.Signal(syscall.SIGSTOP) }
func (e *environment) thaw()   { e.cmd.Process.Signal(syscall.SIGCONT) }

// kill ends the process at once, frozen or not, and waits for it.
func (e *environment) kill() {
	e.cmd.Process.Kill()
	<-e.gone
}

// end asks the process to end, and kills it if it does not.
func (e *environment) end() {
	e.cmd.Process.Signal(syscall.SIGTERM)
	e.thaw()
	patience := time.NewTimer(500 * time.Millisecond)
	defer patience.Stop()
	select {
	case <-e.gone:
	case <-patience.C:
		e.kill()
	}
}

// invoke gives the process a call and returns its answer once it asks for the next one. A process that does not do so
// in time is killed.
func (e *environment) invoke(ctx context.Context, event []byte, timeout time.Duration) ([]byte, error) {
	const initTimeout = 10 * time.Second // of Lambda
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if e.waiting == nil && !e.waitForAsk(ctx, initTimeout) {
		return nil, e.fail("the process did not get as far as asking for a call")
	}
	call := &invocation{id: uuid.NewString(), event: event, deadline: time.Now().Add(timeout), answered: make(chan answer, 1)}
	e.mu.Lock()
	e.current = call
	e.mu.Unlock()
	e.waiting <- call
	e.waiting = nil
	if !e.waitForAsk(ctx, timeout) {
		select {
		case a := <-call.answered: // the process ended after its answer, as it does after a panic
			e.fail("the process did not ask for another call")
			if !a.failed {
				return a.body, nil
			}
		default:
			e.fail("the call " + call.id + " was not answered in time, or the process ended")
		}
		return nil, errFunction
	}
	select {
	case a := <-call.answered:
		if !a.failed {
			return a.body, nil
		}
		fmt.Fprintf(e.log, "%s: error: %s\n", e.name, a.body)
	default:
		fmt.Fprintf(e.log, "%s: the process asked for a call without having answered the last\n", e.name)
	}
	return nil, errFunction
}

// waitForAsk waits until the process asks for a call, and reports whether it did in time.
func (e *environment) waitForAsk(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case e.waiting = <-e.asks:
		return true
	case <-e.gone:
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// fail notes why a call failed and makes sure that the process is gone.
func (e *environment) fail(why string) error {
	fmt.Fprintf(e.log, "%s: %s\n", e.name, why)
	e.kill()
	return errFunction
}

// next lets the process wait for its next call.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	mine := make(chan *invocation, 1)
	select {
	case e.asks <- mine:
	case <-r.Context().Done():
		return
	}
	select {
	case call := <-mine:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", call.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:"+e.name)
		w.Header().Set("Content-Type", "application/json")
		w.Write(call.event)
	case <-r.Context().Done():
	}
}

// answer takes the process's answer.
func (e *environment) answer(w http.ResponseWriter, r *http.Request, failed bool) {
	body, err := io.ReadAll(r.Body)
	e.mu.Lock()
	call := e.current
	if call != nil && call.id == r.PathValue("id") {
		e.current = nil
	} else {
		call = nil
	}
	e.mu.Unlock()
	if err != nil || call == nil {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"errorType":"InvalidRequestID"}`)
		return
	}
	call.answered <- answer{body, failed}
	w.WriteHeader(http.StatusAccepted)
}
