package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServeOn_LetsRunningRequestsFinish(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	inside, goOn := make(chan struct{}), make(chan struct{})
	served := make(chan error, 1)
	go func() {
		served <- ServeOn(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(inside)
			<-goOn
			if err := r.Context().Err(); err != nil {
				io.WriteString(w, err.Error())
				return
			}
			io.WriteString(w, "done")
		}), slog.New(slog.DiscardHandler))
	}()
	answered := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answered <- string(b)
	}()
	<-inside
	stop()
	close(goOn)
	if got := <-answered; got != "done" {
		t.Errorf("answer %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

// laborious is a handler with work of its own.
type laborious struct {
	http.Handler
	work func(ctx context.Context)
}

func (l laborious) Work(ctx context.Context) { l.work(ctx) }

// A handler's work begins with the process, and has what it needs until it has ended.
func TestServe_WaitsForWork(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	e := environ("LISTEN=127.0.0.1:0")
	e.Log = slog.New(slog.DiscardHandler)
	var built context.Context
	ended := false
	err := Serve(ctx, e, nil, func(ctx context.Context, _ Environ) (http.Handler, error) {
		built = ctx
		return laborious{http.NotFoundHandler(), func(ctx context.Context) {
			stop()
			<-ctx.Done()
			if err := built.Err(); err != nil {
				t.Errorf("its parts are gone: %v", err)
			}
			ended = true
		}}, nil
	})
	if err != nil || !ended || built.Err() == nil {
		t.Errorf("%v, work ended %v, parts are there: %v", err, ended, built.Err() == nil)
	}
}

func TestServe_NamesTheProblemsOfPortAndHandlerTogether(t *testing.T) {
	t.Parallel()
	e := environ("LISTEN=127.0.0.1:0")
	e.problems = []string{"LOG_LEVEL: is loud"}
	e.Log = slog.New(slog.NewTextHandler(new(bytes.Buffer), nil))
	err := Serve(context.Background(), e, nil, func(_ context.Context, e Environ) (http.Handler, error) {
		return nil, e.Load(&Store{})
	})
	if d := cmp.Diff([]string{"LOG_LEVEL: is loud", "REDIS_URL: is not set"}, misconfigured(err)); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	e = environ("LISTEN=" + busy.Addr().String())
	err = Serve(context.Background(), e, nil, func(context.Context, Environ) (http.Handler, error) { return http.NotFoundHandler(), nil })
	if got := misconfigured(err); len(got) != 1 || !bytes.HasPrefix([]byte(got[0]), []byte("LISTEN: ")) {
		t.Errorf("problems %q, %v", got, err)
	}
	if err := ServeOn(context.Background(), closed(t), http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a closed listener: %v", err)
	}
}

func closed(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	return ln
}
