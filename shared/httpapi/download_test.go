package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// A scriptedFile is a message's file that is given out.
type scriptedFile struct {
	scriptedSender
	file service.Downloaded
	body []byte // what is written of it
	err  error  // after that
}

func (s *scriptedFile) DownloadMedia(_ context.Context, m message.Download, receive service.Receiver) (*service.Downloaded, error) {
	s.asked = append(s.asked, m)
	if m.Keep || m.DryRun {
		return &s.file, s.err
	}
	w, err := receive(s.file)
	if err != nil {
		return nil, err
	}
	for b := s.body; len(b) > 0; {
		n := min(len(b), 100)
		if _, err := w.Write(b[:n]); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return &s.file, s.err
}

const downloadBody = `{"target_username":"alice","message_id":71}`

func TestDownload_AnswersWithTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file service.Downloaded
		body []byte
		want map[string]string
	}{
		"a picture": {service.Downloaded{Name: "door.jpg", MIME: "image/jpeg"}, []byte("\xff\xd8 picture"),
			map[string]string{"Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=door.jpg"}},
		"a name of other letters": {service.Downloaded{Name: `Tür "1".pdf`, MIME: "application/pdf"}, bytes.Repeat([]byte("x"), 1000),
			map[string]string{"Content-Type": "application/pdf", "Content-Disposition": "attachment; filename*=utf-8''T%C3%BCr%20%221%22.pdf"}},
		"a type that is none": {service.Downloaded{Name: "a", MIME: "text/html\r\nX-A: b"}, []byte("<script>"),
			map[string]string{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=a", "X-A": ""}},
		"a type with a line end": {service.Downloaded{Name: "a", MIME: " Text/Plain; charset=\"utf-8\"\r\n"}, []byte("x"), map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		"nothing in it":          {service.Downloaded{Name: "a", MIME: "text/plain"}, nil, map[string]string{"Content-Type": "text/plain"}},
	} {
		for _, limit := range []int64{0, LambdaAnswer} {
			c.file.Size = int64(len(c.body))
			s := &scriptedFile{file: c.file, body: c.body}
			settings := testSettings(io.Discard)
			settings.LargestAnswer = limit
			w := call(Chats(s, settings), "POST", servicePath(message.DownloadMedia), downloadBody)
			if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), c.body) {
				t.Errorf("%s: %d %q", name, w.Code, w.Body)
			}
			for header, want := range c.want {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s: %s is %q", name, header, got)
				}
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v", name, w.Header())
			}
			if d := cmp.Diff([]any{message.Download{Target: peer.Target{Username: "alice"}, MessageID: 71}}, s.asked); d != "" {
				t.Errorf("%s: asked (-want +got):\n%s", name, d)
			}
		}
	}
}

func TestDownload_SaysWhereTheFileIs(t *testing.T) {
	t.Parallel()
	file := service.Downloaded{Name: "door.jpg", MIME: "image/jpeg", Size: 7}
	kept := file
	kept.Path = "downloads/door (2).jpg"
	checked := file
	checked.DryRun = true
	for body, c := range map[string]struct {
		file service.Downloaded
		want string
	}{
		`{"target_username":"alice","message_id":71,"path":"."}`:     {kept, `{"ok":true,"path":"downloads/door (2).jpg","size":7,"mime_type":"image/jpeg","filename":"door.jpg"}`},
		`{"target_username":"alice","message_id":71,"dry_run":true}`: {checked, `{"ok":true,"dry_run":true,"path":null,"size":7,"mime_type":"image/jpeg","filename":"door.jpg"}`},
	} {
		sameJSON(t, call(Chats(&scriptedFile{file: c.file}, testSettings(io.Discard)), "POST", servicePath(message.DownloadMedia), body), 200, c.want)
	}
}

func TestDownload_FaultsBeforeTheFileBegins(t *testing.T) {
	t.Parallel()
	gone := fault.At(fault.NotFound, "message_id", "This message has no photo and no file.")
	for name, c := range map[string]struct {
		file   *scriptedFile
		limit  int64
		body   string
		status int
		want   string
	}{
		"no file":          {&scriptedFile{err: gone}, 0, `{"target_username":"alice","message_id":71,"path":"."}`, 404, `"code":"not_found","message":"This message has no photo and no file.","field":"message_id"`},
		"nothing came":     {&scriptedFile{file: service.Downloaded{Name: "a", Size: 5}, err: gone}, 0, downloadBody, 404, `"code":"not_found"`},
		"broken, buffered": {&scriptedFile{file: service.Downloaded{Name: "a", Size: 5}, body: []byte("abc"), err: gone}, LambdaAnswer, downloadBody, 404, `"code":"not_found"`},
		"larger than the answer": {&scriptedFile{file: service.Downloaded{Name: "a", Size: 7_260_000}}, LambdaAnswer, downloadBody, 413,
			`"code":"file_too_large","message":"This file has 7.2 MB. An answer of this bridge, which runs in a cloud, has room for 4.4 MB: only a bridge at home can fetch it."`},
		"a bad call": {&scriptedFile{}, 0, `{"message_id":0}`, 400, `"field":"message_id"`},
	} {
		settings := testSettings(io.Discard)
		settings.LargestAnswer = c.limit
		w := call(Chats(c.file, settings), "POST", servicePath(message.DownloadMedia), c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Whoever gets only some of the file must see that it is not all.
func TestDownload_BrokenOffLooksBroken(t *testing.T) {
	t.Parallel()
	s := &scriptedFile{file: service.Downloaded{Name: "a", MIME: "text/plain", Size: 9000}, body: bytes.Repeat([]byte("x"), 8000), err: errors.New("the connection broke")}
	server := httptest.NewServer(Chats(s, testSettings(io.Discard)))
	defer server.Close()
	r, err := http.NewRequest("POST", server.URL+servicePath(message.DownloadMedia), strings.NewReader(downloadBody))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	w, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if b, err := io.ReadAll(w.Body); err == nil || w.ContentLength != 9000 {
		t.Errorf("%d bytes of %d, and no error", len(b), w.ContentLength)
	}
}
