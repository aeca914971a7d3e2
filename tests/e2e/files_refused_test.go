package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telegram-client/shared/message"
	"telegram-client/tests/telegramtest"
)

// bomb is a small image that says of itself to be huge.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	binary.BigEndian.PutUint32(raw[16:], 60000)
	binary.BigEndian.PutUint32(raw[20:], 60000)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

// A file that cannot be sent is named, and nothing of the call is sent.
func TestFiles_AreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.put("folder/a.txt", []byte("a"))
	good := d.put("good.jpg", telegramtest.Picture(20, 20, 1))
	d.put("secrets.yaml", []byte("password: x"))
	d.put(".storage/auth", []byte("x"))
	d.put("empty", nil)
	d.put("bomb.png", bomb(t))
	if err := os.Symlink("/etc/passwd", filepath.Join(d.root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(d.root, d.put("huge", []byte("x"))), 3<<30); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/html":
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<html>log in</html>"))
		case "/nothing":
		case "/less":
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte("less"))
		case "/nothing-streamed":
			w.(http.Flusher).Flush()
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		file        any
		code, field string
	}{
		"missing":           {"none", "file_not_found", "file"},
		"outside":           {"../x", "file_refused", "file"},
		"outside, absolute": {"/etc/passwd", "file_refused", "file"},
		"a link out":        {"link", "file_refused", "file"},
		"a folder":          {"folder", "file_refused", "file"},
		"empty":             {"empty", "file_refused", "file"},
		"secrets":           {"secrets.yaml", "file_refused", "file"},
		"logins":            {".storage/auth", "file_refused", "file"},
		"too large":         {"huge", "file_too_large", "file"},
		"a bomb":            {"bomb.png", "file_refused", "file"},
		"not there":         {server.URL + "/404", "file_not_found", "file"},
		"a web page":        {server.URL + "/html", "file_refused", "file"},
		"nothing":           {server.URL + "/nothing", "file_refused", "file"},
		"nothing comes":     {server.URL + "/nothing-streamed", "file_refused", "file"},
		"less than it said": {server.URL + "/less", "file_refused", "file"},
		"metadata":          {"http://169.254.169.254/latest", "address_refused", "file"},
		"a private address": {"http://192.168.255.255/x", "address_refused", "file"},
		"the second":        {[]any{good, "none"}, "file_not_found", "file[1]"},
		"the last":          {[]any{good, good, server.URL + "/404"}, "file_not_found", "file[2]"},
		"a bomb in data":    {[]any{fields{"data": base64.StdEncoding.EncodeToString(bomb(t))}}, "file_refused", "file[0]"},
	} {
		status := map[string]int{"file_too_large": 413, "address_refused": 403}[c.code]
		if status == 0 {
			status = 400
		}
		o := d.call(message.SendMessages, status, fields{"target_username": "alice", "file": c.file, "message": name})
		if o.Error.Code != c.code || o.Error.Field != c.field || len(o.Results) > 0 {
			t.Errorf("%s: %s", name, o.Body)
		}
		for _, secret := range []string{server.URL, d.root, "169.254"} {
			if strings.Contains(string(o.Body), secret) {
				t.Errorf("%s: the answer names %s: %s", name, secret, o.Body)
			}
		}
		// A check finds the same, as far as it can without sending.
		if name == "less than it said" {
			continue
		}
		if o := d.call(message.SendMessages, status, fields{"target_username": "alice", "file": c.file, "dry_run": true}); o.Error.Code != c.code || o.Error.Field != c.field {
			t.Errorf("%s, checked: %s", name, o.Body)
		}
	}
	if n := len(d.files()); n != 0 {
		t.Errorf("%d files were sent", n)
	}
	// With force_document nobody looks into an image.
	d.send(fields{"target_username": "alice", "file": "bomb.png", "force_document": true})
	before := d.requests("upload.saveFilePart")
	if o := d.call(message.SendMessages, 200, fields{"target_username": "alice", "file": good, "dry_run": true}); !o.DryRun || d.requests("upload.saveFilePart") != before || len(d.files()) != 1 {
		t.Errorf("%s", o.Body)
	}
}

// Nothing is uploaded for nobody.
func TestFiles_AreNotUploadedIfNoTargetIsFound(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	o := d.call(message.SendMessages, 400, fields{"target_username": []string{"nobody_is_this", "nobody_is_that"}, "file": d.put("a.txt", []byte("a"))})
	if len(o.Results) != 2 || o.Error.Code != "target_not_found" || d.requests("upload.saveFilePart") != 0 || d.requests("contacts.resolveUsername") != 2 {
		t.Errorf("%d parts, %d questions: %s", d.requests("upload.saveFilePart"), d.requests("contacts.resolveUsername"), o.Body)
	}
}

// What Telegram does not take for a photo it gets as a document.
func TestFiles_RefusedPhotosGoAsDocuments(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	picture := telegramtest.Picture(40, 30, 1)
	name := d.put("a.jpg", picture)
	for _, code := range []string{"PHOTO_INVALID_DIMENSIONS", "PHOTO_SAVE_FILE_INVALID", "IMAGE_PROCESS_FAILED"} {
		d.telegram.Faults().Fail("messages.uploadMedia", 400, code, 1)
		d.send(fields{"target_username": "alice", "file": name})
		all := d.files()
		if f := all[len(all)-1]; f.Kind != "document" || !bytes.Equal(f.Data, picture) || f.MIME != "image/jpeg" {
			t.Errorf("%s: %s %s of %d bytes", code, f.Kind, f.MIME, len(f.Data))
		}
	}
	d.telegram.Faults().Fail("messages.uploadMedia", 400, "MEDIA_INVALID", 1)
	if o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "file": name}); o.Error.Code != "file_refused" || o.Error.Field != "file" {
		t.Errorf("%s", o.Body)
	}
}

// Telegram forgets what nobody has sent for long: it is brought once more.
func TestFiles_ForgottenOnesAreBroughtAgain(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	one, two := d.put("a.txt", []byte("a")), d.put("b.txt", []byte("b"))
	d.telegram.Faults().Fail("messages.sendMedia", 400, "FILE_REFERENCE_EXPIRED", 1)
	d.telegram.Faults().Fail("messages.sendMultiMedia", 400, "FILE_REFERENCE_1_EXPIRED", 1)
	d.send(fields{"target_username": "alice", "file": one})
	d.call(message.SendMessages, 200, fields{"target_username": "alice", "file": []string{one, two}})
	if all := d.files(); len(all) != 3 || d.requests("messages.uploadMedia") != 6 {
		t.Errorf("%d files, %d uploads", len(all), d.requests("messages.uploadMedia"))
	}
	// What was sent is yet to become no event, so nothing is brought after it: the rest is for a repeat.
	call := fields{"target_username": "alice", "idempotency_key": "k"}
	var eleven []string
	for range 11 {
		eleven = append(eleven, one)
	}
	call["file"] = eleven
	d.telegram.Faults().Fail("messages.sendMedia", 400, "FILE_REFERENCE_EXPIRED", 1)
	o := d.call(message.SendMessages, 502, call)
	if d.requests("messages.uploadMedia") != 6+11 || len(o.Results) != 1 || len(o.Results[0].MessageIDs) != 10 || !strings.Contains(o.Results[0].Error.Message, "repeat the call") {
		t.Errorf("%d uploads, %s", d.requests("messages.uploadMedia"), o.Body)
	}
	if o := d.call(message.SendMessages, 200, call); len(d.files()) != 3+11 {
		t.Errorf("%d files: %s", len(d.files()), o.Body)
	}
}
