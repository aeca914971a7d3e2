package functions

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"telegram-client/shared/lambdahttp"
	"telegram-client/shared/service"
	"telegram-client/tests/redistest"
)

func ask(h http.Handler, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

const later = `{"target_id":1,"message":"Hi","wait":false,"idempotency_key":"k"}`

// take has a function take a job and returns its path.
func take(t *testing.T, h http.Handler) string {
	t.Helper()
	status, body := ask(h, "POST", "/services/telegram_client/send_messages", later)
	var taken struct {
		OK bool
		ID string `json:"job_id"`
	}
	if err := json.Unmarshal([]byte(body), &taken); err != nil || status != 202 || !taken.OK {
		t.Fatalf("%d %s", status, body)
	}
	return "/jobs/" + taken.ID
}

func TestSendMessages_DoesItsJobs(t *testing.T) {
	t.Parallel()
	h, err := SendMessages(service.Media{})(t.Context(), environ(redistest.Start(t).URL()))
	if err != nil {
		t.Fatal(err)
	}
	path := take(t, h)
	for {
		status, body := ask(h, "GET", path, "")
		if status != 200 || t.Context().Err() != nil {
			t.Fatalf("%d %s", status, body)
		}
		if strings.Contains(body, `"done"`) {
			if !strings.Contains(body, `"status":404`) || !strings.Contains(body, "no_entry") {
				t.Errorf("%s", body)
			}
			break
		}
	}
}

// In Lambda the function asks Lambda to be called again, and is.
func TestSendMessages_InLambdaIsCalledAgain(t *testing.T) {
	t.Parallel()
	events := make(chan []byte, 10)
	refuse := false
	lambda := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/2015-03-31/functions/sender/invocations" {
			t.Errorf("%s, %v", r.URL, err)
		}
		if refuse {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		events <- event
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(lambda.Close)
	h, err := SendMessages(service.Media{})(t.Context(), environ(redistest.Start(t).URL(), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME=sender", "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL_LAMBDA="+lambda.URL))
	if err != nil {
		t.Fatal(err)
	}
	refuse = true
	if status, body := ask(h, "POST", "/services/telegram_client/send_messages", later); status != 500 {
		t.Errorf("it cannot call itself: %d %s", status, body)
	}
	refuse = false
	path := take(t, h)
	if again := take(t, h); again != path {
		t.Errorf("the same call is two jobs: %s, %s", path, again)
	}
	if _, body := ask(h, "GET", path, ""); !strings.Contains(body, `"queued"`) || len(events) != 1 {
		t.Errorf("%d events, %s", len(events), body)
	}
	id := strings.TrimPrefix(path, "/jobs/")
	if event := <-events; string(event) != string(lambdahttp.JobEvent(id)) {
		t.Errorf("event %s", event)
	}
	if err := h.(lambdahttp.JobRunner).RunJob(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"job_id":%q,"state":"done","bytes":0,"total":null,"status":404,"answer":{"ok":false,"error":{"code":"no_entry",`, id)
	if _, body := ask(h, "GET", path, ""); !strings.HasPrefix(body, want) {
		t.Errorf("%s", body)
	}
}
