// Command probe is a small function that lambdatest's own tests run: what it does is named by the path.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"telegram-client/shared/httpapi"
	"telegram-client/shared/lambdahttp"
	"telegram-client/shared/process"
	"telegram-client/shared/selfinvoke"
)

func main() { os.Exit(process.Main("probe", run)) }

func run(ctx context.Context, e process.Environ) error {
	return process.Serve(ctx, e, httpapi.Fail, build)
}

func build(_ context.Context, e process.Environ) (http.Handler, error) {
	var settings struct {
		Greeting string `env:"PROBE_GREETING,required"`
		Other    string `env:"PROBE_OTHER,required"`
	}
	if err := e.Load(&settings); err != nil {
		return nil, err
	}
	calls := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/echo/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprintf(w, "%s %s %s %s %v %q", settings.Greeting, r.Method, r.URL, r.PathValue("name"), r.Cookies(), body)
	})
	mux.HandleFunc("/binary", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/process", func(w http.ResponseWriter, r *http.Request) {
		calls++
		fmt.Fprintf(w, "%d %d", os.Getpid(), calls)
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) { // for the other calls of a test
		resp, err := http.Get(r.URL.Query().Get("for"))
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Fprint(w, os.Getpid())
	})
	mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		httpapi.Fail(w, r, r.Context().Err())
	})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { select {} })
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("probe panics") })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 7<<20)) })
	again, err := selfinvoke.FromVars(e.Vars, time.Now)
	if err != nil {
		return nil, err
	}
	mux.HandleFunc("/later", func(w http.ResponseWriter, r *http.Request) {
		if err := again.Invoke(r.Context(), lambdahttp.JobEvent(r.URL.Query().Get("job"))); err != nil {
			httpapi.Fail(w, r, err)
		}
	})
	return later{mux}, nil
}

// later carries out jobs, whose ids are addresses to ask: if they answer with an error the job fails.
type later struct{ http.Handler }

func (later) RunJob(_ context.Context, id string) error {
	resp, err := http.Get(id)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the job has failed: %s", resp.Status)
	}
	return nil
}

func (later) TakeUpJobs(context.Context) error { return nil }
