package httpapi

import (
	"bytes"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"telegram-client/shared/disk"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// What the bridge's own disk refuses is no fault of the caller, and the operator is told.
func TestSpool_AFolderThatIsGoneIsNoFaultOfTheCaller(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := testSettings(&log)
	s.Uploads.Folder = filepath.Join(t.TempDir(), "gone")
	r := formRequest(bytes.NewReader(formBody(t, part{name: "target_id", value: "1"}, part{name: "file", filename: "a.jpg", value: "x"})))
	r.Header.Set("Authorization", "Bearer "+bearer)
	w := httptest.NewRecorder()
	SendMessages(&scriptedSender{}, s).ServeHTTP(w, r)
	sameJSON(t, w, 500, errorJSON("internal", "Something went wrong inside the bridge. Its log says what."))
	if !strings.Contains(log.String(), `"level":"ERROR"`) || !strings.Contains(log.String(), "no such file") {
		t.Errorf("log: %s", log.String())
	}
}

// A disk of 100 GB of which some is left, less with each look.
func shrinking(free ...int64) disk.Room {
	return func(string) (int64, int64, bool) {
		now := free[0]
		if len(free) > 1 {
			free = free[1:]
		}
		return 100 << 30, now, true
	}
}

// Some of the disk is left for the store that may be beside: a store that cannot write ends.
func TestSpool_LeavesSomeOfTheDisk(t *testing.T) {
	t.Parallel()
	const file = 3 * disk.UntilLook
	body := formBody(t, part{name: "file", value: strings.Repeat("x", file), filename: "a"}, part{name: "file", value: "b", filename: "b"})
	small := func(free int64) disk.Room { return func(string) (int64, int64, bool) { return 1 << 30, free, true } }
	for name, test := range map[string]struct {
		room  disk.Room
		told  bool // how long the body is
		field string
	}{
		"enough":                    {shrinking(disk.Reserve + int64(len(body))), true, ""},
		"not known":                 {func(string) (int64, int64, bool) { return 0, 0, false }, true, ""},
		"a small disk":              {small(1<<30/10 + int64(len(body))), true, ""},
		"a small disk, too full":    {small(1<<30/10 + file/2), true, "file"},
		"too little from the start": {shrinking(disk.Reserve + file/2), true, "file"},
		"found out while writing":   {shrinking(disk.Reserve+disk.UntilLook, disk.Reserve+disk.UntilLook, disk.Reserve+disk.UntilLook-1), false, "file"},
		"the second has no room":    {shrinking(disk.Reserve+disk.UntilLook, disk.Reserve+disk.UntilLook, disk.Reserve+disk.UntilLook, disk.Reserve+disk.UntilLook, disk.Reserve-1), false, "file[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			r := formRequest(io.MultiReader(bytes.NewReader(body)))
			if r.ContentLength = -1; test.told {
				r.ContentLength = int64(len(body))
			}
			a, err := readForm(r, message.SendMessages, Uploads{Folder: folder, room: test.room}.withDefaults())
			switch f := fault.Of(err); {
			case test.field == "" && err != nil:
				t.Error(err)
			case test.field == "":
				a.discard()
			case f == nil || f.Code != fault.FileTooLarge || f.Field != test.field || !strings.Contains(f.Message, "no room for this file"):
				t.Errorf("%v", err)
			}
			empty(t, folder)
		})
	}
}
