package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
)

const (
	bearer = "current-token-of-the-test"
	former = "former-token-of-the-test"
)

// logged is a logger's output, one JSON record a line.
type logged struct{ bytes.Buffer }

func (l *logged) last(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	var record map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &record); err != nil {
		t.Fatalf("log %q: %v", l.String(), err)
	}
	return record
}

func testSettings(log io.Writer) Settings {
	return Settings{Tokens: NewTokens(seal.NewText(bearer), seal.NewText(former)), Log: slog.New(slog.NewJSONHandler(log, nil))}
}

func testAPI(log io.Writer, routes ...route) *API { return newAPI(testSettings(log), routes...) }

// call sends a request with the token and a JSON body and returns the answer.
func call(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// sameJSON compares an answer's status and body with what is wanted.
func sameJSON(t *testing.T, w *httptest.ResponseRecorder, status int, want string) {
	t.Helper()
	var w1, g1 any
	if err := json.Unmarshal([]byte(want), &w1); err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &g1); err != nil {
		t.Errorf("answer %q: %v", w.Body, err)
	}
	if d := cmp.Diff(w1, g1); d != "" || w.Code != status {
		t.Errorf("status %d, want %d; body (-want +got):\n%s", w.Code, status, d)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
}

func errorJSON(code, message string) string {
	return fmt.Sprintf(`{"ok":false,"error":{"code":%q,"message":%q}}`, code, message)
}

func echo(w http.ResponseWriter, r *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]string{"id": r.PathValue("id"), "query": r.URL.RawQuery})
	return nil
}

const (
	noToken  = "The request has no valid token. Send it as the header Authorization: Bearer <token>."
	noAdress = "There is nothing at this address. GET /openapi.json lists what there is."
)

func TestAPI_ChecksTheTokenBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	worked := false
	h := testAPI(io.Discard, route{pattern: "POST /x", deadline: time.Second, serve: func(w http.ResponseWriter, r *http.Request) error {
		worked = true
		return nil
	}}, route{pattern: "GET /openapi.json", deadline: time.Second, serve: echo, open: true})
	refused := []struct{ method, target, authorization string }{
		{"POST", "/x", ""}, {"POST", "/x", "Bearer"}, {"POST", "/x", "Bearer "}, {"POST", "/x", "Bearer wrong"}, {"POST", "/x", "Basic " + bearer},
		{"POST", "/x", bearer}, {"POST", "/x", "Bearer " + bearer + "x"}, {"POST", "/x", "Bearer " + bearer[1:]}, {"GET", "/x", ""}, {"GET", "/nowhere", ""},
		{"POST", "//x/", ""}, {"GET", "/healthz/x", ""},
	}
	for _, c := range refused {
		w := call(h, c.method, c.target, "not JSON", "Authorization: "+c.authorization)
		sameJSON(t, w, 401, errorJSON("unauthorized", noToken))
		if w.Header().Get("WWW-Authenticate") != "Bearer" || w.Header().Get("Allow") != "" {
			t.Errorf("%v: headers %v", c, w.Header())
		}
	}
	if worked {
		t.Error("work was done without a token")
	}
	for _, good := range []string{"Bearer " + bearer, "bearer " + former, "Bearer  " + bearer} {
		if w := call(h, "POST", "/x", "{}", "Authorization: "+good); w.Code != 200 {
			t.Errorf("%q: %d", good, w.Code)
		}
	}
	for _, open := range []string{"/healthz", "/openapi.json"} {
		if w := call(h, "GET", open, "", "Authorization: "); w.Code != 200 {
			t.Errorf("%s: %d", open, w.Code)
		}
		sameJSON(t, call(h, "DELETE", open, "", "Authorization: "), 405, errorJSON("method_not_allowed", "This address takes GET, HEAD only."))
	}
	none := newAPI(Settings{Tokens: NewTokens(seal.NewText("")), Log: slog.New(slog.DiscardHandler)}, route{pattern: "GET /x", deadline: time.Second, serve: echo})
	if w := call(none, "GET", "/x", "", "Authorization: Bearer "); w.Code != 401 {
		t.Errorf("no tokens at all: %d", w.Code)
	}
}

func TestAPI_FindsRoutes(t *testing.T) {
	t.Parallel()
	h := testAPI(io.Discard,
		route{pattern: "GET /config/entries/{id}", deadline: time.Second, serve: echo},
		route{pattern: "DELETE /config/entries/{id}", deadline: time.Second, serve: echo},
		route{pattern: "PUT /config/entries/{id}/target", deadline: time.Second, serve: echo})
	sameJSON(t, call(h, "GET", "/config/entries/tg_a?x=%20y", ""), 200, `{"id":"tg_a","query":"x=%20y"}`)
	sameJSON(t, call(h, "GET", "//config//entries/tg_a/", ""), 200, `{"id":"tg_a","query":""}`)
	sameJSON(t, call(h, "GET", "/config/entries/tg%2Fa%20b/", ""), 200, `{"id":"tg/a b","query":""}`)
	sameJSON(t, call(h, "GET", "/", ""), 404, errorJSON("not_found", noAdress))
	sameJSON(t, call(h, "GET", "/config/entries/x/y", ""), 404, errorJSON("not_found", noAdress))
	w := call(h, "POST", "/config/entries/tg_a", "{}")
	sameJSON(t, w, 405, errorJSON("method_not_allowed", "This address takes DELETE, GET, HEAD only."))
	if got := w.Header().Get("Allow"); got != "DELETE, GET, HEAD" {
		t.Errorf("Allow %q", got)
	}
	if w := call(h, "HEAD", "/config/entries/tg_a", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestJoin_HasTheRoutesOfAll(t *testing.T) {
	t.Parallel()
	name := func(s string) endpoint {
		return func(w http.ResponseWriter, r *http.Request) error { writeJSON(w, 200, s); return nil }
	}
	h := Join(testAPI(io.Discard, route{pattern: "GET /a", deadline: time.Second, serve: name("a")}),
		testAPI(io.Discard, route{pattern: "POST /a", deadline: time.Second, serve: name("b")}, route{pattern: "GET /openapi.json", deadline: time.Second, serve: name("c"), open: true}))
	sameJSON(t, call(h, "GET", "/a", ""), 200, `"a"`)
	sameJSON(t, call(h, "POST", "/a", ""), 200, `"b"`)
	sameJSON(t, call(h, "GET", "/openapi.json", "", "Authorization: "), 200, `"c"`)
	sameJSON(t, call(h, "GET", "/healthz", "", "Authorization: "), 200, `{"ok":true}`)
}

func TestAPI_EndsWorkAtTheEarlierDeadline(t *testing.T) {
	t.Parallel()
	var left time.Duration
	h := testAPI(io.Discard, route{pattern: "GET /x", deadline: time.Hour, serve: func(w http.ResponseWriter, r *http.Request) error {
		end, _ := r.Context().Deadline()
		left = time.Until(end)
		return nil
	}}, route{pattern: "GET /late", deadline: time.Nanosecond, serve: func(w http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return fmt.Errorf("send: %w", r.Context().Err())
	}})
	call(h, "GET", "/x", "")
	if left > time.Hour || left < 30*time.Minute {
		t.Errorf("the route's: %v", left)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/x", nil)
	r.Header.Set("Authorization", "Bearer "+bearer)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if left > time.Minute {
		t.Errorf("the caller's: %v", left)
	}
	sameJSON(t, call(h, "GET", "/late", ""), 504, errorJSON("timeout", "The bridge could not finish in time."))
}

func TestAPI_WritesErrorsAndLogsTheirCauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		status int
		want   string
		header map[string]string
		log    map[string]any // but for what is the same for all
	}{
		"fault": {
			fmt.Errorf("send: %w", fault.At(fault.InvalidField, "target_id[2]", "This is no id.")), 400,
			`{"ok":false,"error":{"code":"invalid_field","message":"This is no id.","field":"target_id[2]"}}`, nil,
			map[string]any{"level": "INFO", "error_code": "invalid_field", "field": "target_id[2]"},
		},
		"wait": {
			fault.New(fault.FloodWait, "Telegram asks to wait 31 seconds.").After(30001 * time.Millisecond), 429,
			`{"ok":false,"error":{"code":"flood_wait","message":"Telegram asks to wait 31 seconds.","retry_after":31}}`, map[string]string{"Retry-After": "31"},
			map[string]any{"level": "INFO", "error_code": "flood_wait"},
		},
		"internal": {
			errors.New("redis: no such script"), 500, errorJSON("internal", "Something went wrong inside the bridge. Its log says what."), nil,
			map[string]any{"level": "ERROR", "error_code": "internal", "error": "redis: no such script"},
		},
		"store away": {
			fault.New(fault.StoreUnavailable, "The store does not answer.").Because(errors.New("dial refused")), 503,
			errorJSON("store_unavailable", "The store does not answer."), nil,
			map[string]any{"level": "ERROR", "error_code": "store_unavailable", "error": "store_unavailable: The store does not answer. (dial refused)"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			h := testAPI(&log, route{pattern: "POST /config/flows/{flow_id}", deadline: time.Second, serve: func(http.ResponseWriter, *http.Request) error { return test.err }})
			w := call(h, "POST", "/config/flows/secret-id?secret=1", `{"token":"secret"}`, "X-Request-Id: req-7")
			sameJSON(t, w, test.status, test.want)
			for name, want := range test.header {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), bearer) {
				t.Errorf("a secret shows: %s", log.String())
			}
			want := map[string]any{"msg": "request", "request_id": "req-7", "method": "POST", "route": "POST /config/flows/{flow_id}", "status": float64(test.status)}
			for k, v := range test.log {
				want[k] = v
			}
			got := log.last(t)
			delete(got, "time")
			delete(got, "ms")
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
			if got := w.Header().Get("X-Request-Id"); got != "req-7" {
				t.Errorf("request id %q", got)
			}
		})
	}
}

func TestAPI_AnswersAPanicWithInternal(t *testing.T) {
	t.Parallel()
	var log logged
	h := testAPI(&log, route{pattern: "GET /x", deadline: time.Second, serve: func(http.ResponseWriter, *http.Request) error { panic("at last") }},
		route{pattern: "GET /half", deadline: time.Second, serve: func(w http.ResponseWriter, _ *http.Request) error {
			io.WriteString(w, "half")
			panic("at last")
		}})
	sameJSON(t, call(h, "GET", "/x", ""), 500, errorJSON("internal", "Something went wrong inside the bridge. Its log says what."))
	for _, part := range []string{"at last", "api_test.go", "handler panicked"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("log lacks %q: %s", part, log.String())
		}
	}
	if w := call(h, "GET", "/half", ""); w.Body.String() != "half" || log.last(t)["error_code"] != "internal" {
		t.Errorf("%q, log %v", w.Body, log.last(t))
	}
}

func TestRequestID_IsMadeWhereTheCallersIsOdd(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", "a b", "x\"y", strings.Repeat("a", 65), "é"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Request-Id", odd)
		if id := requestID(r); len(id) != 16 || id == odd {
			t.Errorf("%q became %q", odd, id)
		}
	}
}
