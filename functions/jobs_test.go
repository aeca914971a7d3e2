package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"telegram-client/shared/lambdahttp"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
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
func take(t *testing.T, h http.Handler, call string) string {
	t.Helper()
	status, body := ask(h, "POST", "/services/telegram_client/send_messages", call)
	var taken struct {
		OK bool
		ID string `json:"job_id"`
	}
	if err := json.Unmarshal([]byte(body), &taken); err != nil || status != 202 || !taken.OK {
		t.Fatalf("%d %s", status, body)
	}
	return "/jobs/" + taken.ID
}

// Outside of Lambda the function does its jobs itself, and those that a former process has left.
func TestSendMessages_DoesItsJobs(t *testing.T) {
	t.Parallel()
	e := environ(redistest.Start(t).URL())
	former, err := SendMessages(service.Media{})(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{take(t, former, later)} // it ends before it gets to it
	h, err := SendMessages(service.Media{})(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { h.(process.Worker).Work(ctx) })
	defer work.Wait()
	defer cancel()
	paths = append(paths, take(t, h, `{"target_id":1,"message":"Hi","wait":false}`))
	for _, path := range paths {
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
}

// A lambdaAPI is Lambda's, which takes events or refuses them.
type lambdaAPI struct {
	events chan string
	refuse atomic.Int32 // with this status; 0: it takes them
}

// inLambda builds sendmessages as it is in Lambda.
func inLambda(t *testing.T, store string) (*lambdaAPI, http.Handler) {
	t.Helper()
	api := &lambdaAPI{events: make(chan string, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/2015-03-31/functions/sender/invocations" {
			t.Errorf("%s, %v", r.URL, err)
		}
		if status := api.refuse.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		api.events <- string(event)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	h, err := SendMessages(service.Media{})(t.Context(), environ(store, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME=sender", "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL_LAMBDA="+server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return api, h
}

// In Lambda the function asks Lambda to be called again, and is.
func TestSendMessages_InLambdaIsCalledAgain(t *testing.T) {
	t.Parallel()
	api, h := inLambda(t, redistest.Start(t).URL())
	api.refuse.Store(http.StatusForbidden)
	if status, body := ask(h, "POST", "/services/telegram_client/send_messages", later); status != 500 {
		t.Errorf("it cannot call itself: %d %s", status, body)
	}
	api.refuse.Store(0)
	path := take(t, h, later)
	if again := take(t, h, later); again != path {
		t.Errorf("the same call is two jobs: %s, %s", path, again)
	}
	if _, body := ask(h, "GET", path, ""); !strings.Contains(body, `"queued"`) || len(api.events) != 1 {
		t.Errorf("%d events, %s", len(api.events), body)
	}
	id := strings.TrimPrefix(path, "/jobs/")
	if event := <-api.events; event != string(lambdahttp.JobEvent(id)) {
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

// What Lambda did not take is handed over by the schedule, once.
func TestSendMessages_InLambdaTakesUpOpenJobs(t *testing.T) {
	t.Parallel()
	store := redistest.Start(t)
	api, h := inLambda(t, store.URL())
	jobs := h.(lambdahttp.JobRunner)
	api.refuse.Store(http.StatusTooManyRequests)
	const nameless = `{"target_id":1,"message":"Hi","wait":false}`
	if status, body := ask(h, "POST", "/services/telegram_client/send_messages", nameless); status != 429 || !strings.Contains(body, `"retry_after":5`) {
		t.Errorf("%d %s", status, body)
	}
	path := take(t, h, later)
	if err := jobs.TakeUpJobs(t.Context()); err != nil {
		t.Errorf("Lambda will take it later: %v", err)
	}
	api.refuse.Store(0)
	// It is found again when whoever was to start it had time for that.
	client, err := redisstore.ParseURL(store.URL(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id := strings.TrimPrefix(path, "/jobs/")
	if err := client.HSet(t.Context(), "tgc:job:{"+id+"}", "until", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := jobs.TakeUpJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if event := <-api.events; event != string(lambdahttp.JobEvent(id)) || len(api.events) != 0 {
		t.Errorf("event %s and %d more", event, len(api.events))
	}
	if err := jobs.RunJob(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := jobs.TakeUpJobs(t.Context()); err != nil || len(api.events) != 0 {
		t.Errorf("%v, %d events for jobs that are done", err, len(api.events))
	}
	client.Close()
	store.Stop()
	if err := jobs.TakeUpJobs(t.Context()); err != nil {
		t.Errorf("the store is away: %v", err)
	}
}
