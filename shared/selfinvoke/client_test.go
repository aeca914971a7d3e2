package selfinvoke

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/fault"
)

func vars(endpoint string) map[string]string {
	return map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_SESSION_TOKEN": "session",
		"AWS_LAMBDA_FUNCTION_NAME": "bridge-SendMessagesFunction-1a2B", "AWS_ENDPOINT_URL_LAMBDA": endpoint,
	}
}

func TestClient_HandsOverAnEvent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"x":1}` || r.Method != "POST" || r.URL.Path != "/2015-03-31/functions/bridge-SendMessagesFunction-1a2B/invocations" {
			t.Errorf("%s %s %s, %v", r.Method, r.URL, body, err)
		}
		if got := r.Header.Get("X-Amz-Invocation-Type"); got != "Event" {
			t.Errorf("invocation type %q", got)
		}
		got := r.Header.Get("Authorization")
		for _, part := range []string{"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/eu-central-1/lambda/aws4_request,", "x-amz-invocation-type", "x-amz-security-token", "Signature="} {
			if !strings.Contains(got, part) {
				t.Errorf("the signature %q lacks %q", got, part)
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	c, err := FromVars(vars(server.URL), func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Invoke(t.Context(), []byte(`{"x":1}`)); err != nil {
		t.Error(err)
	}
}

func TestClient_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"AccessDeniedException": "AccessDeniedException", "": "403 Forbidden"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if kind != "" {
				w.Header().Set("x-amzn-ErrorType", kind)
			}
			w.WriteHeader(http.StatusForbidden)
		}))
		t.Cleanup(server.Close)
		c, err := FromVars(vars(server.URL), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Invoke(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	// What will pass says when to try again.
	for _, status := range []int{429, 500, 503, 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler) // no answer
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		c, err := FromVars(vars(server.URL), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		var f *fault.Fault
		if err := c.Invoke(t.Context(), nil); !errors.As(err, &f) || f.Code != fault.SenderBusy || f.RetryAfter <= 0 {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, name := range []string{"AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_ACCESS_KEY_ID"} {
		v := vars("")
		delete(v, name)
		if _, err := FromVars(v, time.Now); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
