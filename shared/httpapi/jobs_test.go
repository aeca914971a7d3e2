package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

const jobID = "j_abcdefghijklmnopqrstuvwxyz"

// scriptedJobs take what they are given, and remember it.
type scriptedJobs struct {
	view  job.View
	err   error
	took  []job.Call
	entry string
	same  [32]byte
}

func (s *scriptedJobs) Add(_ context.Context, c job.Call, entry string, same [32]byte) (string, error) {
	s.took, s.entry, s.same = append(s.took, c), entry, same
	return jobID, s.err
}

func (s *scriptedJobs) Look(_ context.Context, id string) (job.View, error) {
	s.view.ID = id
	return s.view, s.err
}

func jobsAPI(t *testing.T, jobs *scriptedJobs, sender Sender) (*API, string) {
	settings := testSettings(io.Discard)
	settings.Jobs, settings.Uploads.Folder = jobs, t.TempDir()
	return SendMessages(sender, settings), settings.Uploads.Folder
}

func TestSendMessages_WithoutWaiting(t *testing.T) {
	t.Parallel()
	sender := &scriptedSender{answer: &service.Answer{Entry: testID}}
	jobs := &scriptedJobs{}
	h, folder := jobsAPI(t, jobs, sender)
	taken := `{"ok":true,"job_id":"` + jobID + `"}`
	body := `{"config_entry_id":"` + string(testID) + `","target_id":1,"message":"x","wait":false}`
	sameJSON(t, call(h, "POST", sendPath, body, "Idempotency-Key: k"), 202, taken)
	want := job.Call{Verb: message.SendMessages, Body: json.RawMessage(body), Key: "k"}
	if d := cmp.Diff([]job.Call{want}, jobs.took); d != "" || jobs.entry != string(testID) || len(sender.asked) != 0 {
		t.Errorf("entry %q, asked %v, took (-want +got):\n%s", jobs.entry, sender.asked, d)
	}
	// The same call is known by it, whether it came as JSON or as a form, and whether somebody waits.
	waited, _ := message.ParseSend(json.RawMessage(strings.Replace(body, "false", "true", 1)), message.Defaults{})
	if jobs.same != waited.Hash() {
		t.Error("the hash of the call depends on who waits")
	}
	form := formBody(t, part{name: "target_id", value: "1"}, part{name: "wait", value: "false"}, part{name: "idempotency_key", value: "f"}, part{name: "file", value: "bytes", filename: "a.jpg"})
	sameJSON(t, call(h, "POST", sendPath, string(form), "Content-Type: "+formType+"; boundary="+boundary), 202, taken)
	got := jobs.took[1]
	if d := cmp.Diff([]message.File{{Data: []byte("bytes"), Filename: "a.jpg"}}, got.Files); d != "" || got.Key != "f" {
		t.Errorf("key %q, files (-want +got):\n%s", got.Key, d)
	}
	empty(t, folder)

	// What is wrong with it is said at once, and what is only checked is checked at once.
	if w := call(h, "POST", sendPath, `{"message":"x","wait":false}`); w.Code != 400 || len(jobs.took) != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := call(h, "POST", sendPath, `{"target_id":1,"message":"x","wait":false,"dry_run":true}`); w.Code != 200 || len(jobs.took) != 2 || len(sender.asked) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	jobs.err = fault.At(fault.KeyReused, "idempotency_key", "Used.")
	sameJSON(t, call(h, "POST", sendPath, body), 422, `{"ok":false,"error":{"code":"idempotency_key_reused","message":"Used.","field":"idempotency_key"}}`)
	if w := call(SendMessages(sender, testSettings(io.Discard)), "POST", sendPath, body); w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"wait"`) {
		t.Errorf("without jobs: %d %s", w.Code, w.Body)
	}
}

func TestSendMessages_FilesThatCannotWait(t *testing.T) {
	t.Parallel()
	jobs := &scriptedJobs{}
	h, folder := jobsAPI(t, jobs, &scriptedSender{})
	large := strings.Repeat("A", job.MaxBytes)
	file := func(n int) string {
		return string(formBody(t, part{name: "target_id", value: "1"}, part{name: "wait", value: "false"}, part{name: "file", value: large[:n], filename: "a"}))
	}
	form := file(4_700_000)
	if w := call(h, "POST", sendPath, file(4_500_000), "Content-Type: "+formType+"; boundary="+boundary); w.Code != 202 {
		t.Errorf("4.5 MB: %d %s", w.Code, w.Body)
	}
	jobs.took = nil
	for contentType, body := range map[string]string{
		"application/json": `{"target_id":1,"wait":false,"file":{"data":"` + large + `"}}`, formType + "; boundary=" + boundary: form,
	} {
		w := call(h, "POST", sendPath, body, "Content-Type: "+contentType)
		if w.Code != 413 || !strings.Contains(w.Body.String(), "file_too_large") || !strings.Contains(w.Body.String(), "http(s) address") {
			t.Errorf("%s: %d %s", contentType, w.Code, w.Body)
		}
	}
	if len(jobs.took) != 0 {
		t.Error("it was taken")
	}
	empty(t, folder)
}

func TestJob_IsShown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		view   job.View
		err    error
		status int
		want   string
	}{
		"queued":  {job.View{State: job.Queued, Progress: job.Progress{Total: -1}}, nil, 200, `{"job_id":"` + jobID + `","state":"queued","bytes":0,"total":null,"status":null,"answer":null}`},
		"running": {job.View{State: job.Running, Progress: job.Progress{Bytes: 1048576, Total: 9000000}}, nil, 200, `{"job_id":"` + jobID + `","state":"running","bytes":1048576,"total":9000000,"status":null,"answer":null}`},
		"done": {job.View{State: job.Done, Progress: job.Progress{Bytes: 9, Total: 9}, Answer: &job.Answer{Status: 207, Body: json.RawMessage(`{"ok":false,"x":1234567890123456789}`)}}, nil, 200,
			`{"job_id":"` + jobID + `","state":"done","bytes":9,"total":9,"status":207,"answer":{"ok":false,"x":1234567890123456789}}`},
		"unknown": {job.View{}, job.Unknown(), 404, errorJSON("unknown_job", "There is no such job. Jobs are kept for a day.")},
		"away":    {job.View{}, fault.New(fault.StoreUnavailable, "Away."), 503, errorJSON("store_unavailable", "Away.")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := jobsAPI(t, &scriptedJobs{view: test.view, err: test.err}, &scriptedSender{})
			sameJSON(t, call(h, "GET", "/jobs/"+jobID, ""), test.status, test.want)
		})
	}
	h, _ := jobsAPI(t, &scriptedJobs{}, &scriptedSender{})
	for _, odd := range []string{"x", "j_", "j_ABCDEFGHIJKLMNOPQRSTUVWXYZ", jobID + "a", "j_abcdefghijklmnopqrstuvwxy%7D"} {
		if w := call(h, "GET", "/jobs/"+odd, ""); w.Code != 404 || !strings.Contains(w.Body.String(), "unknown_job") {
			t.Errorf("%s: %d %s", odd, w.Code, w.Body)
		}
	}
	if w := call(h, "GET", "/jobs/"+jobID, "", "Authorization: "); w.Code != 401 {
		t.Errorf("without a token: %d", w.Code)
	}
}

// What a job comes to is what whoever had waited would have got.
func TestCarry_AnswersAsTheRouteDoes(t *testing.T) {
	t.Parallel()
	blocked := service.Result{Target: peer.Target{ID: 1001}, Fault: fault.New(fault.UserIsBlocked, "This user has blocked the bot.")}
	good := service.Result{Target: peer.Target{ID: 1002}, ChatID: 1002, MessageIDs: []int{7}}
	tests := map[string]struct {
		answer *service.Answer
		err    error
		body   string
		code   fault.Code
	}{
		"all":      {&service.Answer{Entry: testID, Results: []service.Result{good}}, nil, sendBody, ""},
		"some":     {&service.Answer{Entry: testID, Results: []service.Result{good, blocked}}, nil, sendBody, ""},
		"none":     {&service.Answer{Entry: testID, Results: []service.Result{blocked}}, nil, sendBody, fault.UserIsBlocked},
		"busy":     {nil, fault.New(fault.InProgress, "Busy.").After(8 * time.Second), sendBody, fault.InProgress},
		"internal": {nil, errors.New("secret"), sendBody, fault.Internal},
		"wrong":    {nil, nil, `{"message":"x","no":1}`, fault.UnknownField},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			w := call(SendMessages(&scriptedSender{answer: test.answer, err: test.err}, testSettings(io.Discard)), "POST", sendPath, test.body, "Idempotency-Key: k")
			sender := &scriptedSender{answer: test.answer, err: test.err}
			got := Carry(sender, testSettings(&log))(t.Context(), job.Call{Verb: message.SendMessages, Body: json.RawMessage(test.body), Key: "k"})
			if got.Status != w.Code || string(got.Body) != strings.TrimSpace(w.Body.String()) {
				t.Errorf("%d %s, want %d %s", got.Status, got.Body, w.Code, w.Body)
			}
			if (got.Fault == nil) != (test.code == "") || got.Fault != nil && got.Fault.Code != test.code {
				t.Errorf("fault %v", got.Fault)
			}
			if len(sender.asked) > 0 && sender.asked[0].(message.Send).IdempotencyKey != "k" {
				t.Error("without its key")
			}
			line := log.last(t)
			if line["msg"] != "job" || line["status"] != float64(got.Status) || line["service"] != "send_messages" {
				t.Errorf("log %v", line)
			}
		})
	}
}

type panicking struct{ *scriptedSender }

func (panicking) SendMessages(context.Context, message.Send) (*service.Answer, error) {
	panic("at last")
}

func TestCarry_AnswersWhatGoesWrong(t *testing.T) {
	t.Parallel()
	var log logged
	c := job.Call{Verb: message.SendMessages, Body: json.RawMessage(sendBody), Key: "k"}
	got := Carry(panicking{}, testSettings(&log))(t.Context(), c)
	if got.Status != http.StatusInternalServerError || got.Fault == nil || !strings.Contains(log.String(), "jobs_test.go") {
		t.Errorf("%+v, log %s", got, log.String())
	}
	c.Verb = message.EditMessage
	if got := Carry(&scriptedSender{}, testSettings(io.Discard))(t.Context(), c); got.Status != http.StatusInternalServerError {
		t.Errorf("a verb without jobs: %+v", got)
	}
}

func TestCarry_HasTheTimeOfTheRoute(t *testing.T) {
	t.Parallel()
	settings := testSettings(io.Discard)
	settings.Deadlines = Deadlines{Text: time.Minute, Files: time.Hour}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	sender := &readingSender{scriptedSender: &scriptedSender{}}
	carry := Carry(sender, settings)
	carry(t.Context(), job.Call{Verb: message.SendMessages, Body: json.RawMessage(sendBody), Key: "k", Files: []message.File{{Spooled: dir + "/a"}}})
	if sender.left <= time.Minute {
		t.Errorf("files have %v", sender.left)
	}
	if carry(t.Context(), job.Call{Verb: message.SendMessages, Body: json.RawMessage(sendBody), Key: "k"}); sender.left > time.Minute {
		t.Errorf("a text has %v", sender.left)
	}
}
