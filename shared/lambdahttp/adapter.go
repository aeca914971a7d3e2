package lambdahttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"telegram-client/shared/fault"
)

const (
	payloadLimit = 6_291_556              // bytes of an event or an answer with its JSON (AWS Lambda quotas: 6 MB)
	timeToAnswer = 500 * time.Millisecond // kept of the invocation's time for writing the answer

	// RequestIDHeader carries the invocation's id to the handler, whatever the caller sent under this name.
	RequestIDHeader = "X-Request-Id"
)

var errNoEvent = errors.New("this function answers requests to its function URL only: the event has no payload format 2.0")

// Fail writes err as an answer.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// An Adapter is a Lambda handler (aws-lambda-go's lambda.Handler) that answers events of function URLs.
type Adapter struct {
	Handler http.Handler
	Fail    Fail
	Log     *slog.Logger
	// Jobs carries out the jobs of events that [JobEvent] and [OpenJobsEvent] made; nil: this function has none.
	Jobs JobRunner
}

// A JobRunner is a handler that also carries jobs out.
type JobRunner interface {
	RunJob(ctx context.Context, id string) error
	// TakeUpJobs has those run that nobody has in hand.
	TakeUpJobs(ctx context.Context) error
}

type jobEvent struct {
	Job  string `json:"telegram_client_job,omitempty"`
	Open bool   `json:"telegram_client_open_jobs,omitempty"`
}

// JobEvent returns the event with which a function has itself carry out a job. A function URL never makes one of its form:
// what a caller sends is within the text of an event's body.
func JobEvent(id string) []byte { return jobEvent{Job: id}.json() }

// OpenJobsEvent returns the event with which a schedule has a function take up the jobs that nobody has in hand. It stands
// in template.yaml.
func OpenJobsEvent() []byte { return jobEvent{Open: true}.json() }

func (e jobEvent) json() []byte {
	event, err := json.Marshal(e)
	if err != nil {
		panic(err) // a text always has a JSON form
	}
	return event
}

// Invoke answers one event. It returns an error, which Lambda shows as a failed invocation, only for an event that no
// function URL has made: there is nobody who would read an HTTP answer. A job that fails so is tried again by Lambda.
func (a *Adapter) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-timeToAnswer))
		defer cancel()
	}
	if job := (jobEvent{}); a.Jobs != nil && json.Unmarshal(payload, &job) == nil && (job.Job != "" || job.Open) {
		return []byte(`{"ok":true}`), a.run(ctx, job)
	}
	r, err := readEvent(ctx, payload)
	if err != nil {
		return nil, err
	}
	if len(payload) > payloadLimit {
		return a.failed(r, fault.New(fault.BodyTooLarge, "The request is larger than the 6 MB that Lambda takes. If that is because of a file: give an http(s) address in file instead."))
	}
	w := &answer{header: http.Header{}}
	if err := a.serve(w, r); err != nil {
		return a.failed(r, err)
	}
	out, err := w.event(r.Method)
	if err == nil && len(out) > payloadLimit {
		if w.isBinary() {
			return a.failed(r, fault.New(fault.FileTooLarge, "The file is larger than what fits into an answer of Lambda, which is about 4.5 MB."))
		}
		a.Log.ErrorContext(ctx, "answer is larger than Lambda takes", "method", r.Method, "bytes", len(out), "limit", payloadLimit)
		return a.failed(r, fault.New(fault.Internal, "The answer is larger than the 6 MB that Lambda gives."))
	}
	return out, err
}

// run carries a job out, or has the open ones run.
func (a *Adapter) run(ctx context.Context, e jobEvent) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Log.ErrorContext(ctx, "a job panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("a job panicked: %v", p)
		}
	}()
	if e.Open {
		return a.Jobs.TakeUpJobs(ctx)
	}
	return a.Jobs.RunJob(ctx, e.Job)
}

func (a *Adapter) serve(w *answer, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Log.ErrorContext(r.Context(), "handler panicked", "method", r.Method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", p)
		}
	}()
	a.Handler.ServeHTTP(w, r)
	return nil
}

// failed answers with err, in place of what a handler may have written already.
func (a *Adapter) failed(r *http.Request, err error) ([]byte, error) {
	w := &answer{header: http.Header{}}
	a.Fail(w, r, err)
	return w.event(r.Method)
}

// readEvent makes a request of an event in payload format 2.0.
func readEvent(ctx context.Context, payload []byte) (*http.Request, error) {
	var e events.LambdaFunctionURLRequest
	if json.Unmarshal(payload, &e) != nil || e.Version != "2.0" || e.RequestContext.HTTP.Method == "" {
		return nil, errNoEvent
	}
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, errors.New("the body of the function URL's event is said to be base64 and is not")
		}
	}
	scheme := "https://"
	if e.Headers["x-forwarded-proto"] == "http" { // LocalStack; Lambda itself says https
		scheme = "http://"
	}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, scheme+e.RequestContext.DomainName, bytes.NewReader(body))
	if err != nil {
		return nil, errNoEvent
	}
	r.URL.Path, r.URL.RawQuery = cmp.Or(e.RawPath, "/"), e.RawQueryString
	if path, err := url.PathUnescape(r.URL.Path); err == nil { // LocalStack sends it unescaped: what is no escape stays as it is
		r.URL.Path, r.URL.RawPath = path, r.URL.Path
	}
	r.RequestURI = r.URL.RequestURI()
	for name, value := range e.Headers { // repeated ones arrive joined by commas
		r.Header.Set(name, value)
	}
	r.Header.Del("Host")
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	if ip := e.RequestContext.HTTP.SourceIP; ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0") // the port is not told
	}
	if l, ok := lambdacontext.FromContext(ctx); ok {
		r.Header.Set(RequestIDHeader, l.AwsRequestID)
	}
	return r, nil
}

// answer collects what a handler writes. As in net/http the headers count as they were when the status was written,
// the first status wins, and informational ones are no answer.
type answer struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *answer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(b)
}

// isBinary reports whether the body is no text, or a file, whose size as text nobody can foresee: it is told in base64
// then, one third longer.
func (w *answer) isBinary() bool {
	return w.sent.Get("Content-Disposition") != "" || !utf8.Valid(w.body.Bytes())
}

// event is the answer in payload format 2.0.
func (w *answer) event(method string) ([]byte, error) {
	w.WriteHeader(http.StatusOK)
	out := events.LambdaFunctionURLResponse{StatusCode: w.status, Headers: map[string]string{}, Cookies: w.sent["Set-Cookie"]}
	for _, own := range []string{"Set-Cookie", "Content-Length", "Connection", "Transfer-Encoding"} { // told apart, or made by the URL itself
		w.sent.Del(own)
	}
	for name, values := range w.sent {
		out.Headers[name] = strings.Join(values, ", ")
	}
	if body := w.body.Bytes(); method != http.MethodHead && len(body) > 0 {
		if w.sent.Get("Content-Type") == "" {
			out.Headers["Content-Type"] = http.DetectContentType(body)
		}
		if out.Body = string(body); w.isBinary() {
			out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
	}
	return json.Marshal(out)
}
