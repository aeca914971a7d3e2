package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// The built function chats, as Lambda runs it, gives out what fits into an answer of Lambda, byte for byte, and says of
// what does not that it does not. Where it has a folder it keeps files; of one that was under way when its process was killed
// nobody sees anything.
func TestFunction_DownloadsFitAnAnswerAndSurviveKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := t.TempDir()
	f, b := w.function(t, "chats", "FILES_ROOT="+root, "FILE_DEADLINE=6s", "CALL_DEADLINE=5s", "SENDER_WAIT=3s", "LEASE_MARGIN=200ms", "QUARANTINE=100ms", "RESET_REST=50ms",
		"LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	brings := func(data []byte) int {
		return w.telegram.IDFor(w.bot.ID, w.telegram.SayFile(w.alice.ID, w.bot.ID, "", telegramtest.File{Name: "a.bin", MIME: "text/plain", Data: data}).Number)
	}
	download := func(id int, path any) (story.Answer, error) {
		return b.Call(ctx, "", "POST", "/services/telegram_client/download_media", fields{"config_entry_id": w.entryID, "target_username": "alice", "message_id": id, "path": path})
	}
	for _, data := range [][]byte{noise(4_400_000), bytes.Repeat([]byte("<&\x00"), 1_400_000)} {
		if a, err := download(brings(data), nil); err != nil || a.Status != 200 || !bytes.Equal(a.Body, data) {
			t.Errorf("%v, %d, %d bytes of %d", err, a.Status, len(a.Body), len(data))
		}
	}
	large := brings(noise(4_400_001))
	before := w.telegram.Count(func(e telegramtest.Event) bool { return strings.EqualFold(e.Method, "upload.getFile") })
	if a, err := download(large, nil); err != nil || a.Status != 413 || a.Get("error", "code") != "file_too_large" {
		t.Errorf("%v, %d %.300s", err, a.Status, a.Body)
	}
	if w.telegram.Count(func(e telegramtest.Event) bool { return strings.EqualFold(e.Method, "upload.getFile") }) != before {
		t.Error("what does not fit was fetched nevertheless")
	}

	arrived, release := w.telegram.Faults().HoldAnswer("upload.getFile")
	defer release()
	answered := make(chan story.Answer, 1)
	go func() { // ends with the process, at the latest with ctx
		a, _ := download(large, "door/a.bin")
		answered <- a
	}()
	select {
	case <-arrived:
	case a := <-answered:
		t.Fatalf("answered before Telegram did: %d %s", a.Status, a.Body)
	}
	for _, pid := range f.Processes() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if a := <-answered; a.Status != 502 {
		t.Errorf("the killed call was answered with %d %s", a.Status, a.Body)
	}
	release()
	if seen, err := filepath.Glob(filepath.Join(root, "downloads", "door", "[^.]*")); err != nil || len(seen) != 0 {
		t.Errorf("of the killed download there is %v, %v", seen, err)
	}
	// The dead call's lease has to end first.
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	a, err := download(large, "door/a.bin")
	for ; err == nil && a.Status == 429; a, err = download(large, "door/a.bin") {
		<-again.C
	}
	if err != nil || a.Status != 200 || a.Get("path") != "downloads/door/a.bin" {
		t.Fatalf("%v, %d %s", err, a.Status, a.Body)
	}
	if got, err := os.ReadFile(filepath.Join(root, a.Get("path"))); err != nil || !bytes.Equal(got, noise(4_400_001)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
