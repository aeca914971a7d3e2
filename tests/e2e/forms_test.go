package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"telegram-client/tests/story"
)

// form posts a call as a form.
func form(ctx context.Context, t *testing.T, b *story.Bridge, fields map[string]string, files ...[]byte) (int, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for i, data := range files {
		part, err := w.CreateFormFile("file", fmt.Sprintf("%d.bin", i))
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, "POST", b.Address("sendmessages")+sendPath, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.Token)
	r.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// A built function takes a form with as much as fits into a request of Lambda, whether somebody waits or not, and says what to
// do about more.
func TestFunction_TakesForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, b := w.function(t, "sendmessages", append(short, "FILE_DEADLINE=20s")...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	file := func(n int) []byte { return bytes.Repeat([]byte("\x00\x01\xfe\xff"), n/4) }

	status, answer := form(ctx, t, b, map[string]string{"target_username": "@alice", "message": "two"}, file(4_000_000), []byte("\xffsmall"))
	if status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	status, answer = form(ctx, t, b, map[string]string{"target_username": "@alice", "message": "later", "wait": "false"}, file(4_000_000))
	_, rest, _ := strings.Cut(answer, `"job_id":"`)
	id, _, ok := strings.Cut(rest, `"`)
	if status != 202 || !ok {
		t.Fatalf("%d %s", status, answer)
	}
	job := done(ctx, t, b, "/jobs/"+id)
	if job.Get("status") != "200" || job.Get("bytes") != "4000000" || job.Get("total") != "4000000" {
		t.Errorf("%s", job.Body)
	}
	files := w.telegram.Files(w.alice.ID)
	if len(files) != 3 || !bytes.Equal(files[0].Data, file(4_000_000)) || string(files[1].Data) != "\xffsmall" || !bytes.Equal(files[2].Data, file(4_000_000)) ||
		files[0].Caption != "two" || files[2].Caption != "later" || files[2].Name != "0.bin" {
		t.Errorf("%d files arrived", len(files))
	}
	if status, answer = form(ctx, t, b, map[string]string{"target_username": "@alice"}, file(4_600_000)); status != 413 || !strings.Contains(answer, "http(s) address in file") {
		t.Errorf("%d %s", status, answer)
	}
}

// A call's job tells its progress while its file is on the way.
func TestFunction_AJobTellsItsProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, b := w.function(t, "sendmessages", append(short, "FILE_DEADLINE=20s")...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	arrived, release := w.telegram.Faults().HoldAnswer("messages.uploadMedia")
	defer release()
	path := take(ctx, t, b, map[string]any{"target_username": "alice", "file": map[string]any{"data": strings.Repeat("AAAA", 100_000), "filename": "a.bin"}})
	select {
	case <-arrived:
	case <-ctx.Done():
		t.Fatal("nothing is sent")
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := b.Call(ctx, "sendmessages", "GET", path, nil)
		if err != nil || a.Status != 200 || a.Get("state") != "running" {
			t.Fatalf("%v %d %s", err, a.Status, a.Body)
		}
		if a.Get("bytes") == "300000" && a.Get("total") == "300000" {
			break
		}
		<-tick.C
	}
	release()
	if a := done(ctx, t, b, path); a.Get("status") != "200" {
		t.Errorf("%s", a.Body)
	}
}
