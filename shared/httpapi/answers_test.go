package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/message"
	"telegram-client/shared/service"
)

// Every answer arrives, however long its body took: the server's own time for it, which begins with the header, is over.
func TestAnswers_ArriveAfterASlowUpload(t *testing.T) {
	t.Parallel()
	target, file := part{name: "target_id", value: "1"}, part{name: "file", filename: "a.bin", value: strings.Repeat("x", 10_000)}
	for name, test := range map[string]struct {
		parts  []part
		length int64 // -1: not told
		status int
	}{
		"text":          {[]part{target, {name: "message", value: "x"}}, 0, 200},
		"a file":        {[]part{target, file}, 0, 200},
		"later":         {[]part{target, file, {name: "wait", value: "false"}}, 0, 202},
		"a wrong field": {[]part{target, {name: "no_such_field", value: "x"}, file}, 0, 400},
		"too large":     {[]part{target, file, file}, -1, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSettings(io.Discard)
			s.Uploads = Uploads{Form: 20_000, Folder: t.TempDir()}
			s.Jobs = &scriptedJobs{}
			server := httptest.NewUnstartedServer(SendMessages(&scriptedSender{answer: &service.Answer{Entry: testID}}, s))
			server.Config.WriteTimeout = time.Nanosecond
			server.Start()
			defer server.Close()
			form := formBody(t, test.parts...)
			r, err := http.NewRequest("POST", server.URL+sendPath, bytes.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			if test.length != 0 {
				r.ContentLength = test.length
			}
			r.Header.Set("Authorization", "Bearer "+bearer)
			r.Header.Set("Content-Type", formType+"; boundary="+boundary)
			w, err := server.Client().Do(r)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer w.Body.Close()
			if body, err := io.ReadAll(w.Body); w.StatusCode != test.status || err != nil {
				t.Errorf("%d %s %v", w.StatusCode, body, err)
			}
		})
	}
}

// The server's own time for reading a request does not end the work that follows.
func TestAnswers_MayTakeAsLongAsTheirCall(t *testing.T) {
	t.Parallel()
	s := testSettings(io.Discard)
	s.Deadlines = Deadlines{Text: 10 * time.Minute, Files: 20 * time.Minute}
	s.Jobs = &scriptedJobs{}
	for name, body := range map[string]string{
		sendPath:                              `{"target_id":1,"message":"x"}`,
		"/services/telegram_client/mark_read": `{"target_id":1}`,
	} {
		for _, body := range []string{body, strings.Replace(body, `"message"`, `"wait":false,"message"`, 1)} {
			w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
			r := httptest.NewRequest("POST", name, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+bearer)
			r.Header.Set("Content-Type", "application/json")
			begin := time.Now()
			SendMessages(&scriptedSender{answer: &service.Answer{Entry: testID}}, s).ServeHTTP(w, r)
			if w.Code >= 300 || len(w.read) == 0 || w.read[len(w.read)-1].Before(begin.Add(s.Deadlines.Text)) {
				t.Errorf("%s: %d %s, deadlines %v, begun %v", name, w.Code, w.Body, w.read, begin)
			}
		}
	}
}

// A file is passed on as long as it is taken, each piece with a time of its own, and never beyond the call's end.
func TestFileAnswer_MovesTheDeadline(t *testing.T) {
	t.Parallel()
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	begin := time.Now()
	a := &fileAnswer{w: w, end: begin.Add(time.Hour), file: service.Downloaded{Name: "a", Size: 3 * piece}}
	if n, err := a.Write(make([]byte, 2*piece+1)); n != 2*piece+1 || err != nil || w.Body.Len() != n {
		t.Errorf("%d bytes, %v", n, err)
	}
	if len(w.write) != 3 {
		t.Fatalf("deadlines %v", w.write)
	}
	for i, until := range w.write {
		if until.Before(begin.Add(toAnswer)) || until.After(time.Now().Add(toAnswer)) {
			t.Errorf("deadline %d is %v, begun %v", i, until, begin)
		}
	}
	a.end = begin.Add(time.Second)
	a.Write([]byte("x"))
	if len(w.write) != 4 || !w.write[3].Equal(a.end) {
		t.Errorf("deadlines %v, end %v", w.write, a.end)
	}
}

// An endlessFile gives out a file that never ends, and says how it was left.
type endlessFile struct {
	scriptedSender
	left chan error
}

// leaseAfter is how much longer than a call the lease of its sender lasts, at the least: authorization.Request.
const leaseAfter = 15 * time.Second

func (e *endlessFile) DownloadMedia(ctx context.Context, _ message.Download, receive service.Receiver) (*service.Downloaded, error) {
	end, _ := ctx.Deadline()
	lease, cancel := context.WithDeadline(context.WithoutCancel(ctx), end.Add(leaseAfter))
	defer cancel()
	w, err := receive(service.Downloaded{Name: "a", MIME: "video/mp4", Size: 1 << 40})
	for b := make([]byte, 1<<20); err == nil; {
		_, err = w.Write(b)
	}
	if lease.Err() != nil {
		err = fmt.Errorf("the sender's lease is over: %w", lease.Err())
	}
	e.left <- err
	return nil, err
}

// Whoever fetches a file and stops reading it, a laptop that sleeps, does not keep the account's sender.
func TestDownload_AReaderThatStopsLetsTheSenderGo(t *testing.T) {
	t.Parallel()
	s := testSettings(io.Discard)
	s.Deadlines.Files = time.Second
	e := &endlessFile{left: make(chan error, 1)}
	server := httptest.NewServer(Chats(e, s))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		servicePath(message.DownloadMedia), bearer, len(downloadBody), downloadBody)
	if err := <-e.left; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
