package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"telegram-client/shared/fault"
	"telegram-client/shared/lambdahttp"
)

// Build makes a program's handler of its environment. It connects nowhere; what it starts ends with ctx.
type Build func(ctx context.Context, e Environ) (http.Handler, error)

// A Worker is a handler that has work of its own. Serve has it work where a process lives on between requests.
type Worker interface {
	// Work returns when ctx has ended and all is in order.
	Work(ctx context.Context)
}

// Serve answers requests with the handler that build makes: in Lambda as the bootstrap of a function, elsewhere on the
// port that LISTEN names, until ctx ends. fail writes errors that come about outside of the handler.
//
// A function with a wrong configuration answers everything with "misconfigured", so that whoever calls it learns what
// is the matter; its log has the problems. Elsewhere a wrong configuration is Serve's error.
func Serve(ctx context.Context, e Environ, fail lambdahttp.Fail, build Build) error {
	if e.InLambda() {
		h, err := build(ctx, e)
		if problems := misconfigured(err); len(problems) > 0 {
			report(e, problems, true)
			h = answerMisconfigured(fail)
		} else if err != nil {
			return fmt.Errorf("build the handler: %w", err)
		}
		a := &lambdahttp.Adapter{Handler: h, Fail: fail, Log: e.Log}
		a.Jobs, _ = h.(lambdahttp.JobRunner)
		// StartWithOptions does not return; if Lambda cannot be asked any more it ends the process.
		lambda.StartWithOptions(a, lambda.WithContext(ctx))
		return nil
	}
	var l Listening
	wrong := e.Load(&l)
	lasting, end := context.WithCancel(context.WithoutCancel(ctx)) // requests and work outlive ctx, and need the handler's parts
	defer end()
	h, err := build(lasting, e)
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", l.Address)
	if err != nil {
		return Wrong("LISTEN", err)
	}
	e.Log.Info("listening", "address", ln.Addr().String(), "version", Version())
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	if w, ok := h.(Worker); ok {
		work.Go(func() { w.Work(ctx) })
	}
	defer work.Wait()
	defer stop()
	return ServeOn(ctx, ln, h, e.Log)
}

func answerMisconfigured(fail lambdahttp.Fail) http.Handler {
	f := fault.New(fault.Misconfigured, "This function's configuration is not complete. Its log names every setting that is missing or wrong.")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fail(w, r, f) })
}

// Time-outs of connections, not of work: each route has a deadline of its own, which is shorter. Long uploads and
// downloads move theirs with http.ResponseController.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 40 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	headerLimit   = 64 << 10
	// grace is how long requests may go on after the signal: a login step's 30 s and a little.
	grace = 32 * time.Second
)

// ServeOn answers requests on a listener, which it closes, until ctx ends; then it lets running requests finish.
func ServeOn(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel() // requests outlive ctx, but not this function
	s := &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerLimit,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }() // ends with Shutdown or Close below, both of which end Serve
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	late, stop := context.WithTimeout(base, grace)
	defer stop()
	err := s.Shutdown(late)
	if err != nil {
		log.Warn("requests were cut off", "after", grace)
		err = s.Close()
	}
	<-served
	return err
}
