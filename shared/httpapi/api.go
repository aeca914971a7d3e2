package httpapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"telegram-client/shared/fault"
)

// Settings are what every function's API is made with.
type Settings struct {
	Tokens    Tokens
	Log       *slog.Logger
	Deadlines Deadlines
	Uploads   Uploads
	Jobs      Jobs // nil: no call is carried out after its answer
	// LargestAnswer is how many bytes a file may have that is an answer; 0: answers have no limit, and files are passed on
	// as they come.
	LargestAnswer int64
}

// Deadlines are how long a request may take, by the kind of work. What is zero has its default.
type Deadlines struct {
	Text     time.Duration // sends, edits and deletes text; 25 s
	Files    time.Duration // sends files; 900 s
	FlowStep time.Duration // answers a step of a flow; 30 s
	Pull     time.Duration // waits for events; 25 s
	Record   time.Duration // reads or writes the store only; 10 s
}

func (d Deadlines) withDefaults() Deadlines {
	return Deadlines{
		Text:     cmp.Or(d.Text, 25*time.Second),
		Files:    cmp.Or(d.Files, 900*time.Second),
		FlowStep: cmp.Or(d.FlowStep, 30*time.Second),
		Pull:     cmp.Or(d.Pull, 25*time.Second),
		Record:   cmp.Or(d.Record, 10*time.Second),
	}
}

// bodyLimit is how many bytes a body may have where nothing else is said: see [Uploads]. It is the default of its Body.
const bodyLimit = 1 << 20

// An endpoint answers one route. What it returns instead of an answer is written by Fail.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// A route is a pattern of net/http, with its method, and what answers it.
type route struct {
	pattern  string
	deadline time.Duration
	serve    endpoint
	open     bool  // needs no token
	limit    int64 // bytes of a body; 0: bodyLimit
}

// An API is the handler of one or several functions.
type API struct {
	settings Settings
	routes   []route
	mux      *http.ServeMux
	open     map[string]bool // paths that need no token
}

// newAPI returns an API of routes and of /healthz, which every function has.
func newAPI(s Settings, routes ...route) *API {
	s.Deadlines = s.Deadlines.withDefaults()
	a := &API{settings: s, mux: http.NewServeMux(), open: map[string]bool{}}
	a.add(append(routes, route{pattern: "GET /healthz", deadline: s.Deadlines.Record, serve: healthz, open: true})...)
	return a
}

// Join returns an API that has the routes of all; settings are those of the first. Of routes with the same pattern the
// first counts.
func Join(first *API, more ...*API) *API {
	a := newAPI(first.settings, first.routes...)
	for _, other := range more {
		a.add(other.routes...)
	}
	return a
}

func (a *API) add(routes ...route) {
	for _, r := range routes {
		if a.has(r.pattern) {
			continue
		}
		a.routes = append(a.routes, r)
		a.mux.Handle(r.pattern, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { a.run(r, w, req) }))
		if r.open {
			_, p, _ := strings.Cut(r.pattern, " ")
			a.open[p] = true
		}
	}
}

func (a *API) has(pattern string) bool {
	for _, r := range a.routes {
		if r.pattern == pattern {
			return true
		}
	}
	return false
}

func healthz(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]bool{"ok": true})
	return nil
}

// ServeHTTP answers a request: token, route, work.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	id := requestID(r)
	rec := &recorder{ResponseWriter: w}
	rec.Header().Set("X-Request-Id", id)
	r = withCleanPath(r)
	defer func() {
		if p := recover(); p != nil {
			a.settings.Log.Error("handler panicked", "request_id", id, "route", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			rec.fail(r, fmt.Errorf("handler panicked: %v", p))
		}
		a.logRequest(rec, r, id, time.Since(begin))
	}()
	handler, pattern := a.mux.Handler(r)
	switch {
	case !a.open[r.URL.Path] && !a.settings.Tokens.allow(r):
		rec.fail(r, unauthorized())
	case pattern == "":
		rec.fail(r, notFound(rec.Header(), handler, r))
	default:
		a.mux.ServeHTTP(rec, r)
	}
}

// run answers a request that has come as far as its route.
func (a *API) run(rt route, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), rt.deadline)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(rt.limit, a.settings.Uploads.Body, bodyLimit))
	if err := rt.serve(w, r.WithContext(ctx)); err != nil {
		w.(*recorder).fail(r, err)
	}
}

// notFound asks what net/http would have answered where no route matches, and says it in our form.
func notFound(header http.Header, handler http.Handler, r *http.Request) *fault.Fault {
	probe := &discard{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return fault.New(fault.NotFound, "There is nothing at this address. GET /openapi.json lists what there is.")
	}
	allowed := probe.header.Get("Allow")
	header.Set("Allow", allowed)
	return fault.New(fault.MethodNotAllowed, "This address takes %s only.", allowed)
}

// withCleanPath joins repeated slashes and drops one at the end: base addresses of functions end with one, and whoever
// puts base and path together easily has two.
func withCleanPath(r *http.Request) *http.Request {
	escaped := r.URL.EscapedPath()
	clean := path.Clean("/" + escaped)
	if clean == escaped {
		return r
	}
	u := *r.URL
	plain, err := url.PathUnescape(clean)
	if err != nil {
		return r
	}
	u.Path, u.RawPath = plain, clean
	c := *r
	c.URL = &u
	return &c
}

// requestID is the caller's, in Lambda the invocation's, else a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	odd := func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}
	if id != "" && len(id) <= 64 && !strings.ContainsFunc(id, odd) {
		return id
	}
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// logRequest writes the one line of a request.
func (a *API) logRequest(rec *recorder, r *http.Request, id string, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", id), slog.String("method", r.Method), slog.String("route", r.Pattern),
		slog.Int("status", cmp.Or(rec.status, http.StatusOK)), slog.Int64("ms", took.Milliseconds()),
	}
	if rec.err != nil {
		f := faultOf(rec.err)
		attrs = append(attrs, slog.String("error_code", string(f.Code)))
		if f.Field != "" {
			attrs = append(attrs, slog.String("field", f.Field))
		}
		if statusOf(f.Code) >= 500 {
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", rec.err))
		}
	}
	a.settings.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// A recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	err    error
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.status = cmp.Or(r.status, http.StatusOK)
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// fail answers with err unless something was answered already.
func (r *recorder) fail(req *http.Request, err error) {
	r.err = err
	if r.status == 0 {
		Fail(r, req, err)
	}
}

// discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = cmp.Or(d.status, status) }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
