package lambdatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// payloadLimit is what Lambda takes for an event and for an answer.
const payloadLimit = 6_291_556

// Config is what a function is made of.
type Config struct {
	Name      string
	Bootstrap string   // path of the program
	Env       []string // "NAME=value"
	Timeout   time.Duration
	// RetryAfter is when an event that nobody waits for is given to the function again that failed with it; the second
	// time after twice as long. 0: a minute, as in Lambda.
	RetryAfter time.Duration
	// Concurrency is how many environments there may be; 0: as many as are needed.
	Concurrency int
	// Log gets what the processes write; nil: nothing does. It is used by one goroutine at a time.
	Log io.Writer
}

// A Function is a function with a URL. Close ends it and all its processes.
type Function struct {
	config Config
	log    *lockedWriter
	server *http.Server
	url    string
	served chan error
	living context.Context // until Close
	die    context.CancelFunc

	mu      sync.Mutex
	closed  bool
	idle    []*environment // frozen; the last one used is the next to be used
	alive   map[*environment]bool
	calling sync.WaitGroup
	started int
}

// Start opens the function's URL. No process is started before the first call.
func Start(c Config) (*Function, error) {
	if c.Timeout <= 0 {
		return nil, errors.New("a function needs a time-out")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the function URL: %w", err)
	}
	c.RetryAfter = cmp.Or(c.RetryAfter, time.Minute)
	f := &Function{config: c, log: &lockedWriter{w: c.Log}, url: "http://" + ln.Addr().String(), served: make(chan error, 1), alive: map[*environment]bool{}}
	f.living, f.die = context.WithCancel(context.Background())
	f.server = &http.Server{Handler: http.HandlerFunc(f.serveURL), ReadHeaderTimeout: 10 * time.Second}
	go func() { f.served <- f.server.Serve(ln) }() // ends with Close
	return f, nil
}

// URL is the function's address, without a slash at its end.
func (f *Function) URL() string { return f.url }

// Processes returns the ids of the processes there are, frozen or not.
func (f *Function) Processes() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pids []int
	for e := range f.alive {
		pids = append(pids, e.pid())
	}
	return pids
}

// Working returns the ids of the processes that work on a call.
func (f *Function) Working() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pids []int
	for e := range f.alive {
		if !slices.Contains(f.idle, e) {
			pids = append(pids, e.pid())
		}
	}
	return pids
}

// Started returns how many processes have been started so far: the cold starts.
func (f *Function) Started() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.started
}

// Close ends the URL and every process: SIGTERM, and SIGKILL half a second later, as Lambda does.
func (f *Function) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	f.die()
	all := make([]*environment, 0, len(f.alive))
	for e := range f.alive {
		all = append(all, e)
	}
	f.mu.Unlock()
	err := f.server.Close()
	<-f.served
	var ends sync.WaitGroup
	for _, e := range all {
		ends.Go(e.end)
	}
	ends.Wait()
	f.calling.Wait()
	return err
}

// A failure is what a caller gets in place of the function's answer.
type failure struct {
	status int
	body   string
}

func (f *failure) Error() string { return fmt.Sprintf("%d %s", f.status, f.body) }

var (
	errThrottled = &failure{http.StatusTooManyRequests, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`}
	errFunction  = &failure{http.StatusBadGateway, "Internal Server Error"}
	errTooLarge  = &failure{http.StatusRequestEntityTooLarge, `{"message":"Request must be smaller than 6291556 bytes for the InvokeFunction operation"}`}
)

// Invoke gives an event to the function and returns its answer. Its errors are what the function URL says for them.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	if len(event) > payloadLimit {
		return nil, errTooLarge
	}
	e, err := f.take()
	if err != nil {
		return nil, err
	}
	defer f.calling.Done()
	answer, err := e.invoke(ctx, event, f.config.Timeout)
	f.giveBack(e)
	if err == nil && len(answer) > payloadLimit {
		fmt.Fprintf(f.log, "%s: answer of %d bytes is too large\n", f.config.Name, len(answer))
		return nil, errFunction
	}
	return answer, err
}

// take returns an idle environment, thawed, or a new one.
func (f *Function) take() (*environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errFunction
	}
	for len(f.idle) > 0 {
		e := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if e.ended() {
			delete(f.alive, e)
			continue
		}
		e.thaw()
		f.calling.Add(1)
		return e, nil
	}
	if n := f.config.Concurrency; n > 0 && len(f.alive) >= n {
		return nil, errThrottled
	}
	e, err := startEnvironment(f.config, f.log, f.invokeLater)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", f.config.Bootstrap, err)
	}
	f.alive[e] = true
	f.started++
	f.calling.Add(1)
	return e, nil
}

// giveBack keeps an environment that waits for its next call, and forgets one that is gone.
func (f *Function) giveBack(e *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.ended() || f.closed {
		delete(f.alive, e)
		return
	}
	e.freeze()
	f.idle = append(f.idle, e)
}

// lockedWriter lets several processes write to one writer, each line whole as far as they write it whole.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return len(b), nil
	}
	return l.w.Write(b)
}
