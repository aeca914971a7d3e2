package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
)

// seen is what a handler can learn of a request.
type seen struct {
	Method, URL, Path, EscapedPath, RequestURI, Host, RemoteAddr string
	Query                                                        map[string][]string
	Cookies                                                      []string
	Header                                                       map[string][]string // only those a test names
	Body                                                         string
	ContentLength                                                int64
}

const domain = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws"

// Events as recorded by the form of AWS' documentation of payload format 2.0 (Lambda developer guide, "Request and
// response payloads" of function URLs).
func TestAdapter_ShowsTheRequestAsSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers []string
		want    seen
	}{
		"text_body": {
			headers: []string{"Content-Type", "Authorization", "Host"},
			want: seen{
				Method: "POST", URL: "https://" + domain + "/services/telegram_client/send_messages",
				Path: "/services/telegram_client/send_messages", EscapedPath: "/services/telegram_client/send_messages",
				RequestURI: "/services/telegram_client/send_messages", Host: domain, RemoteAddr: "203.0.113.7:0",
				Header:        map[string][]string{"Content-Type": {"application/json"}, "Authorization": {"Bearer t0ken-example"}, "Host": nil},
				Body:          `{"message":"Grüße 👋","target_id":1001}`,
				ContentLength: 43,
			},
		},
		"base64_body": {
			headers: []string{"Content-Type"},
			want: seen{
				Method: "POST", URL: "https://" + domain + "/services/telegram_client/send_messages",
				Path: "/services/telegram_client/send_messages", EscapedPath: "/services/telegram_client/send_messages",
				RequestURI: "/services/telegram_client/send_messages", Host: domain, RemoteAddr: "203.0.113.7:0",
				Header:        map[string][]string{"Content-Type": {"multipart/form-data; boundary=x"}},
				Body:          "\x00\xff\xfe\n\r\x80",
				ContentLength: 6,
			},
		},
		"escapes": {
			want: seen{
				Method: "GET", URL: "https://" + domain + "/config/entries/tg_a%2Fb%20c/target?owner=7d1c%2B1&owner=two&empty=&note=a%20b+c",
				Path: "/config/entries/tg_a/b c/target", EscapedPath: "/config/entries/tg_a%2Fb%20c/target",
				RequestURI: "/config/entries/tg_a%2Fb%20c/target?owner=7d1c%2B1&owner=two&empty=&note=a%20b+c", Host: domain, RemoteAddr: "203.0.113.7:0",
				Query: map[string][]string{"owner": {"7d1c+1", "two"}, "empty": {""}, "note": {"a b c"}},
			},
		},
		"unescaped_path": { // LocalStack
			want: seen{
				Method: "GET", URL: "https://" + domain + "/config/entries/50%25%20off/%C3%BC",
				Path: "/config/entries/50% off/ü", EscapedPath: "/config/entries/50%25%20off/%C3%BC",
				RequestURI: "/config/entries/50%25%20off/%C3%BC", Host: domain, RemoteAddr: "203.0.113.7:0",
			},
		},
		"cookies": {
			want: seen{
				Method: "GET", URL: "https://" + domain + "/config", Path: "/config", EscapedPath: "/config", RequestURI: "/config",
				Host: domain, RemoteAddr: "203.0.113.7:0", Cookies: []string{"a=1", "b=two"},
			},
		},
		"repeated_headers": {
			headers: []string{"X-Tag", "Accept"},
			want: seen{
				Method: "GET", URL: "https://" + domain + "/config", Path: "/config", EscapedPath: "/config", RequestURI: "/config",
				Host: domain, RemoteAddr: "[2001:db8::7]:0",
				Header: map[string][]string{"X-Tag": {"one,two"}, "Accept": {"text/html,application/json;q=0.9"}},
			},
		},
		"head": {
			want: seen{
				Method: "HEAD", URL: "https://" + domain + "/healthz", Path: "/healthz", EscapedPath: "/healthz", RequestURI: "/healthz",
				Host: domain, RemoteAddr: "203.0.113.7:0",
			},
		},
		"empty_body": {
			want: seen{
				Method: "DELETE", URL: "https://" + domain + "/config/flows/9f0c", Path: "/config/flows/9f0c", EscapedPath: "/config/flows/9f0c",
				RequestURI: "/config/flows/9f0c", Host: domain, RemoteAddr: "203.0.113.7:0",
			},
		},
		"root": {
			want: seen{
				Method: "GET", URL: "https://" + domain + "/", Path: "/", EscapedPath: "/", RequestURI: "/", Host: domain, RemoteAddr: "203.0.113.7:0",
			},
		},
		"no_source_ip": { // LocalStack
			want: seen{
				Method: "GET", URL: "https://" + domain + "/config", Path: "/config", EscapedPath: "/config", RequestURI: "/config", Host: domain,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got seen
			a := newAdapter(func(w http.ResponseWriter, r *http.Request) {
				got = look(t, r, test.headers)
				w.WriteHeader(http.StatusNoContent)
			})
			if answer := a.invoke(t, context.Background(), event(t, name)); answer.StatusCode != http.StatusNoContent {
				t.Errorf("status %d", answer.StatusCode)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
		})
	}
}

func look(t *testing.T, r *http.Request, headers []string) seen {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	s := seen{Method: r.Method, URL: r.URL.String(), Path: r.URL.Path, EscapedPath: r.URL.EscapedPath(), RequestURI: r.RequestURI,
		Host: r.Host, RemoteAddr: r.RemoteAddr, Body: string(body), ContentLength: r.ContentLength}
	if q := r.URL.Query(); len(q) > 0 {
		s.Query = q
	}
	for _, c := range r.Cookies() {
		s.Cookies = append(s.Cookies, c.Name+"="+c.Value)
	}
	for _, h := range headers {
		if s.Header == nil {
			s.Header = map[string][]string{}
		}
		s.Header[h] = r.Header[h]
	}
	return s
}

func TestAdapter_GivesTheAnswerInPayloadFormat2(t *testing.T) {
	t.Parallel()
	binary := []byte{0x89, 'P', 'N', 'G', 0, 0xff}
	tests := map[string]struct {
		event string
		serve http.HandlerFunc
		want  events.LambdaFunctionURLResponse
	}{
		"json": {"text_body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(201)
			io.WriteString(w, `{"text":"<ü>"}`)
			w.WriteHeader(500) // the first one counts
		}, events.LambdaFunctionURLResponse{StatusCode: 201, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"text":"<ü>"}`}},
		"binary": {"text_body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Write(binary)
		}, events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "image/png"}, Body: base64.StdEncoding.EncodeToString(binary), IsBase64Encoded: true}},
		"a file that happens to be text": {"text_body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Disposition", "attachment")
			w.Header().Set("Content-Type", "text/plain")
			w.Write([]byte("<<<"))
		}, events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{"Content-Disposition": "attachment", "Content-Type": "text/plain"}, Body: base64.StdEncoding.EncodeToString([]byte("<<<")), IsBase64Encoded: true}},
		"sniffed": {"text_body", func(w http.ResponseWriter, r *http.Request) { w.Write(binary) },
			events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/octet-stream"}, Body: base64.StdEncoding.EncodeToString(binary), IsBase64Encoded: true}},
		"cookies and repeated headers": {"text_body", func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			w.Header().Add("Allow", "GET")
			w.Header().Add("Allow", "PUT")
			w.Header().Set("Content-Length", "12")
		}, events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{"Allow": "GET, PUT"}, Cookies: []string{"a=1; Path=/", "b=2"}}},
		"nothing": {"empty_body", func(w http.ResponseWriter, r *http.Request) {},
			events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{}}},
		"head": {"head", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "ok")
		}, events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain"}}},
		"no content": {"empty_body", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(204)
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
				panic(err)
			}
		}, events.LambdaFunctionURLResponse{StatusCode: 204, Headers: map[string]string{}}},
		"headers after the status": {"empty_body", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(202)
			w.Header().Set("X-Late", "1")
		}, events.LambdaFunctionURLResponse{StatusCode: 202, Headers: map[string]string{}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newAdapter(test.serve).invoke(t, context.Background(), event(t, test.event))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
		})
	}
}

func TestAdapter_RefusesWhatIsNoEventOfAFunctionURL(t *testing.T) {
	t.Parallel()
	payloads := map[string][]byte{
		"schedule": event(t, "not_url_schedule"),
		"REST API": event(t, "not_url_rest_api"),
		"number":   []byte(`1`),
		"empty":    {},
		"broken":   []byte(`{"version":"2.0"`),
	}
	for name, payload := range payloads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
			_, err := a.Invoke(context.Background(), payload)
			if err == nil || !strings.Contains(err.Error(), "function URL only") {
				t.Errorf("error %v", err)
			}
		})
	}
	a := newAdapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
	if _, err := a.Invoke(context.Background(), event(t, "broken_base64")); err == nil || strings.Contains(err.Error(), "not base64!") {
		t.Errorf("broken base64: %v", err)
	}
}

func TestAdapter_CarriesJobsOut(t *testing.T) {
	t.Parallel()
	var ran []string
	a := newAdapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
	if _, err := a.Invoke(context.Background(), JobEvent("j_1")); err == nil {
		t.Error("a function without jobs took one")
	}
	fails := errors.New("not yet")
	a.Jobs = jobs(func(id string) error {
		ran = append(ran, id)
		switch id {
		case "j_fails":
			return fails
		case "j_panics":
			panicHere()
		}
		return nil
	})
	if out, err := a.Invoke(context.Background(), JobEvent(`j_"1`)); err != nil || !json.Valid(out) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := a.Invoke(context.Background(), JobEvent("j_fails")); !errors.Is(err, fails) {
		t.Errorf("%v", err)
	}
	if _, err := a.Invoke(context.Background(), JobEvent("j_panics")); err == nil || !strings.Contains(a.log.String(), "panicHere") {
		t.Errorf("%v, log %s", err, a.log)
	}
	if out, err := a.Invoke(context.Background(), OpenJobsEvent()); err != nil || !json.Valid(out) {
		t.Errorf("%s, %v", out, err)
	}
	if d := cmp.Diff([]string{`j_"1`, "j_fails", "j_panics", "open ones"}, ran); d != "" {
		t.Error(d)
	}
	// What a caller sends to the function URL is no job, whatever it says.
	var e map[string]any
	if err := json.Unmarshal(event(t, "text_body"), &e); err != nil {
		t.Fatal(err)
	}
	for _, forged := range [][]byte{JobEvent("j_forged"), OpenJobsEvent()} {
		e["body"] = string(forged)
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		served := false
		a.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })
		if a.invoke(t, context.Background(), payload); !served || len(ran) != 4 {
			t.Errorf("served %v, ran %v", served, ran)
		}
	}
}

// jobs are carried out by a function.
type jobs func(id string) error

func (j jobs) RunJob(_ context.Context, id string) error { return j(id) }
func (j jobs) TakeUpJobs(context.Context) error          { return j("open ones") }

func TestAdapter_AnswersAPanicWithInternalAndLogsItsStack(t *testing.T) {
	t.Parallel()
	a := newAdapter(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Half", "done")
		io.WriteString(w, `{"half":`)
		panicHere()
	})
	got := a.invoke(t, context.Background(), event(t, "text_body"))
	want := events.LambdaFunctionURLResponse{StatusCode: 500, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"code":"internal"}`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answer (-want +got):\n%s", d)
	}
	for _, part := range []string{"at last", "panicHere"} {
		if !strings.Contains(a.log.String(), part) {
			t.Errorf("log lacks %q: %s", part, a.log.String())
		}
	}
}

func panicHere() { panic("at last") }

func TestAdapter_KeepsLambdasLimits(t *testing.T) {
	t.Parallel()
	t.Run("request", func(t *testing.T) {
		t.Parallel()
		var e map[string]any
		if err := json.Unmarshal(event(t, "text_body"), &e); err != nil {
			t.Fatal(err)
		}
		e["body"] = strings.Repeat("x", payloadLimit)
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		a := newAdapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
		got := a.invoke(t, context.Background(), payload)
		if got.StatusCode != 500 || got.Body != `{"code":"body_too_large"}` {
			t.Errorf("%d %.200s", got.StatusCode, got.Body)
		}
	})
	for name, size := range map[string]int{"fits": payloadLimit - 200, "does not fit": payloadLimit} {
		t.Run("answer "+name, func(t *testing.T) {
			t.Parallel()
			a := newAdapter(func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("x"), size)) })
			got := a.invoke(t, context.Background(), event(t, "text_body"))
			fits := len(got.Body) == size && got.StatusCode == 200
			refused := got.Body == `{"code":"internal"}` && got.StatusCode == 500 && strings.Contains(a.log.String(), "larger than Lambda takes")
			if (name == "fits") != fits || (name == "fits") == refused {
				t.Errorf("status %d, %d bytes, log %s", got.StatusCode, len(got.Body), a.log.String())
			}
		})
	}
}

func TestAdapter_GivesFilesAsFarAsTheyFit(t *testing.T) {
	t.Parallel()
	for size, fits := range map[int]bool{4_500_000: true, 4_800_000: false} {
		file := bytes.Repeat([]byte{0xff, 0xd8, 0}, size/3)
		a := newAdapter(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "image/jpeg")
			w.Write(file)
		})
		got := a.invoke(t, context.Background(), event(t, "text_body"))
		if !fits {
			if got.Body != `{"code":"file_too_large"}` {
				t.Errorf("%d bytes: %d %.100s", size, got.StatusCode, got.Body)
			}
			continue
		}
		if back, err := base64.StdEncoding.DecodeString(got.Body); err != nil || !got.IsBase64Encoded || !bytes.Equal(back, file) {
			t.Errorf("%d bytes: %d, %d bytes came back, %v", size, got.StatusCode, len(back), err)
		}
	}
}

func TestAdapter_KeepsHalfASecondOfTheDeadline(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "req-1"})
	a := newAdapter(func(w http.ResponseWriter, r *http.Request) {
		got, ok := r.Context().Deadline()
		if !ok || !got.Equal(end.Add(-500*time.Millisecond)) {
			t.Errorf("deadline %v, Lambda's is %v", got, end)
		}
		if id := r.Header.Get(RequestIDHeader); id != "req-1" {
			t.Errorf("request id %q", id)
		}
	})
	a.invoke(t, ctx, event(t, "text_body"))
}

type adapter struct {
	Adapter
	log *bytes.Buffer
}

func newAdapter(serve http.HandlerFunc) *adapter {
	log := new(bytes.Buffer)
	return &adapter{Adapter{
		Handler: serve,
		Log:     slog.New(slog.NewTextHandler(log, nil)),
		Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, `{"code":%q}`, fault.Of(err).Code)
		},
	}, log}
}

func (a *adapter) invoke(t *testing.T, ctx context.Context, payload []byte) events.LambdaFunctionURLResponse {
	t.Helper()
	out, err := a.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > payloadLimit {
		t.Fatalf("answer of %d bytes", len(out))
	}
	var answer events.LambdaFunctionURLResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func event(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
