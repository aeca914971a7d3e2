package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/service"
)

// A part of a form: a file if it has a filename or a type.
type part struct {
	name, value    string
	filename, kind string
	header         string // one more, "Name: value"
}

const boundary = "the-boundary-of-the-test"

func formBody(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := "form-data"
		if p.name != "" {
			disposition += `; name=` + strconv.Quote(p.name)
		}
		if p.filename != "" {
			disposition += `; filename=` + strconv.Quote(strings.TrimPrefix(p.filename, "-")) // "-": one that is there and empty
		}
		h.Set("Content-Disposition", disposition)
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		if name, value, ok := strings.Cut(p.header, ": "); ok {
			h.Set(name, value)
		}
		one, err := w.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(one, p.value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func formRequest(body io.Reader) *http.Request {
	r := httptest.NewRequest("POST", sendPath, body)
	r.Header.Set("Content-Type", formType+"; boundary="+boundary)
	return r
}

func TestReadForm_FieldsBecomeJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parts []part
		want  string
	}{
		"text stays text": {[]part{{name: "message", value: "[1]"}, {name: "config_entry_id", value: "null"}, {name: "parse_mode", value: "html"}},
			`{"message":"[1]","config_entry_id":"null","parse_mode":"html"}`},
		"text with lines": {[]part{{name: "message", value: " a\r\nb "}}, `{"message":" a\r\nb "}`},
		"numbers":         {[]part{{name: "target_id", value: "-1001234567890123456"}, {name: "reply_to", value: " 7 "}}, `{"target_id":-1001234567890123456,"reply_to":7}`},
		"commas":          {[]part{{name: "target_id", value: "1,2"}}, `{"target_id":"1,2"}`},
		"repeated":        {[]part{{name: "target_id", value: "1"}, {name: "message", value: "x"}, {name: "target_id", value: "2"}}, `{"target_id":[1,2],"message":"x"}`},
		"lists repeated":  {[]part{{name: "target_id", value: "[1,2]"}, {name: "target_id", value: "3"}}, `{"target_id":[1,2,3]}`},
		"names":           {[]part{{name: "target_username", value: "@alice"}, {name: "target_username", value: "bob"}}, `{"target_username":["@alice","bob"]}`},
		"flag":            {[]part{{name: "silent", value: "on"}, {name: "wait", value: "false"}}, `{"silent":"on","wait":false}`},
		"a moment":        {[]part{{name: "schedule", value: `{"minutes":5}`}}, `{"schedule":{"minutes":5}}`},
		"a keyboard":      {[]part{{name: "keyboard", value: `["a","b"]`}}, `{"keyboard":["a","b"]}`},
		"rows":            {[]part{{name: "keyboard", value: `["a","b"]`}, {name: "keyboard", value: "c"}}, `{"keyboard":[["a","b"],"c"]}`},
		"empty ones":      {[]part{{name: "message", value: ""}, {name: "target_id", value: " "}, {name: "silent", value: ""}}, `{"message":"","target_id":null,"silent":null}`},
		"a file by name":  {[]part{{name: "file", value: "www/door.jpg"}, {name: "file", value: `{"data":"AAAA"}`}}, `{"file":["www/door.jpg",{"data":"AAAA"}]}`},
		"unknown":         {[]part{{name: "no_such_field", value: "5"}}, `{"no_such_field":"5"}`},
		"types of text":   {[]part{{name: "message", value: "x", kind: "text/plain; charset=utf-8"}, {name: "keyboard", value: `["a"]`, kind: "application/json"}}, `{"message":"x","keyboard":["a"]}`},
		"nothing":         {nil, `{}`},
		"no file chosen":  {[]part{{name: "file", filename: "-", kind: "application/octet-stream"}, {name: "message", value: "x"}}, `{"message":"x"}`},
		"quoted names":    {[]part{{name: `a"\b`, value: "x"}}, `{"a\"\\b":"x"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, folder := range []string{"", t.TempDir()} {
				got, err := readForm(formRequest(bytes.NewReader(formBody(t, test.parts...))), message.SendMessages, Uploads{Folder: folder}.withDefaults())
				if err != nil {
					t.Fatal(err)
				}
				var want, have any
				if err := json.Unmarshal([]byte(test.want), &want); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(got.body, &have); err != nil {
					t.Errorf("%s: %v", got.body, err)
				}
				if d := cmp.Diff(want, have); d != "" || len(got.files) != 0 {
					t.Errorf("%d files, fields (-want +got):\n%s", len(got.files), d)
				}
				empty(t, folder)
			}
		})
	}
}

// empty checks that nothing was left in a folder.
func empty(t *testing.T, folder string) {
	t.Helper()
	if folder == "" {
		return
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestReadForm_FilesInTheirOrder(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x00\xff\r\n--"+boundary[:5], 100_000)
	parts := []part{
		{name: "file", value: long, filename: "../../etc/a.jpg", kind: "image/jpeg"}, {name: "target_id", value: "1"},
		{name: "file", value: "b", kind: "application/octet-stream"}, {name: "file", value: "{}", filename: "c.json", kind: "application/json"},
	}
	folder := t.TempDir()
	for _, folder := range []string{"", folder} {
		got, err := readForm(formRequest(bytes.NewReader(formBody(t, parts...))), message.SendMessages, Uploads{Folder: folder}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		if string(got.body) != `{"target_id":1}` {
			t.Errorf("fields %s", got.body)
		}
		type file struct{ name, data string }
		var have []file
		for _, f := range got.files {
			data := f.Data
			if folder != "" {
				if data, err = os.ReadFile(f.Spooled); err != nil {
					t.Fatal(err)
				}
				if st, err := os.Stat(f.Spooled); err != nil || st.Mode().Perm() != 0o600 {
					t.Errorf("others can read it: %v, %v", st.Mode(), err)
				}
				if f.Sum != sha256.Sum256(data) || f.Data != nil {
					t.Errorf("the sum of %s is wrong, or it is in memory too", f.Filename)
				}
			}
			have = append(have, file{f.Filename, string(data)})
		}
		if d := cmp.Diff([]file{{"a.jpg", long}, {"", "b"}, {"c.json", "{}"}}, have, cmp.AllowUnexported(file{})); d != "" {
			t.Errorf("files (-want +got):\n%.400s", d)
		}
		got.discard()
		got.discard()
	}
	empty(t, folder)
}

func TestReadForm_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	whole := formBody(t, part{name: "file", value: "0123456789", filename: "a"}, part{name: "message", value: "x"})
	tests := map[string]struct {
		body  []byte
		code  fault.Code
		field string
		want  string
	}{
		"no name":           {formBody(t, part{name: "message", value: "x"}, part{value: "y"}), fault.InvalidField, "", "Part 2 of the form has no name."},
		"scalar twice":      {formBody(t, part{name: "message", value: "x"}, part{name: "message", value: "y"}), fault.InvalidField, "message", "This field is there 2 times. It takes one value."},
		"flag twice":        {formBody(t, part{name: "silent", value: "true"}, part{name: "silent", value: "true"}), fault.InvalidField, "silent", "takes one value"},
		"unknown twice":     {formBody(t, part{name: "x", value: "1"}, part{name: "x", value: "1"}), fault.InvalidField, "x", "takes one value"},
		"file of a field":   {formBody(t, part{name: "message", value: "x", filename: "a.txt"}), fault.UnknownField, "message", "parts named file"},
		"not UTF-8":         {formBody(t, part{name: "message", value: "\xff"}), fault.InvalidField, "message", "not UTF-8"},
		"file, no filename": {formBody(t, part{name: "file", value: "\xff\xd8"}), fault.InvalidField, "file", "with a filename"},
		"encoded":           {formBody(t, part{name: "file", value: "AAAA", filename: "a", header: "Content-Transfer-Encoding: base64"}), fault.InvalidField, "file", "encoded"},
		"key twice":         {formBody(t, part{name: "schedule", value: `{"hours":1,"hours":2}`}), fault.InvalidJSON, "schedule.hours", "twice"},
		"deep":              {formBody(t, part{name: "keyboard", value: strings.Repeat("[", 40) + strings.Repeat("]", 40)}), fault.InvalidJSON, "keyboard" + strings.Repeat("[0]", 30) + "[0…", "nested"},
		"long fields":       {formBody(t, part{name: "message", value: strings.Repeat("x", bodyLimit-12)}, part{name: "target_username", value: "@alice"}), fault.BodyTooLarge, "target_username", "The fields of the form are larger than 1 MB"},
		"cut in a file":     {whole[:bytes.Index(whole, []byte("789"))], fault.InvalidField, "", "ends in the middle of a file"},
		"cut in a field":    {whole[:len(whole)-len(boundary)-7], fault.InvalidField, "", "middle of its part 2"},
		"no end":            {whole[:len(whole)-4], fault.InvalidField, "", "part 3"},
		"no form":           {[]byte(`{"message":"x"}`), fault.InvalidField, "", "part 1"},
		"empty":             {nil, fault.InvalidField, "", "part 1"},
		"other boundary":    {bytes.ReplaceAll(whole, []byte(boundary), []byte("another")), fault.InvalidField, "", "part 1"},
		"odd header":        {[]byte("--" + boundary + "\r\nno header\r\n\r\nx\r\n--" + boundary + "--"), fault.InvalidField, "", "part 1"},
		"many parts":        {formBody(t, slicesRepeat(part{name: "target_id", value: "1"}, mostParts+1)...), fault.InvalidField, "", "more than 1000 parts"},
		"many empty files":  {formBody(t, slicesRepeat(part{name: "file", filename: "-"}, mostParts+1)...), fault.InvalidField, "", "more than 1000 parts"},
		"101 files":         {formBody(t, slicesRepeat(part{name: "file", value: "x", filename: "a"}, message.MaxFiles+1)...), fault.InvalidField, "file", "more than 100 files"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for _, folder := range []string{"", folder} {
				_, err := readForm(formRequest(bytes.NewReader(test.body)), message.SendMessages, Uploads{Folder: folder}.withDefaults())
				f := fault.Of(err)
				if f == nil || f.Code != test.code || f.Field != test.field || !strings.Contains(f.Message, test.want) {
					t.Errorf("%v", err)
				}
			}
			empty(t, folder)
		})
	}
	r := formRequest(bytes.NewReader(whole))
	r.Header.Set("Content-Type", formType)
	if _, err := readForm(r, message.SendMessages, Uploads{}.withDefaults()); !fault.Is(err, fault.UnsupportedMedia) {
		t.Errorf("no boundary: %v", err)
	}
}

func slicesRepeat(p part, n int) []part {
	all := make([]part, n)
	for i := range all {
		all[i] = p
	}
	return all
}

func TestSendMessages_TakesForms(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	settings := testSettings(io.Discard)
	settings.Uploads = Uploads{JSON: 2_000_000, Form: 3_000_000, Folder: folder}
	h := SendMessages(&scriptedSender{}, settings)
	form := "Content-Type: " + formType + "; boundary=" + boundary
	body := func(n int) string {
		return string(formBody(t, part{name: "file", value: strings.Repeat("x", n), filename: "a"}))
	}
	tests := map[string]struct {
		body, header string
		status       int
		want         string
	}{
		"no target":      {body(1), form, 400, `"target_required"`},
		"JSON is long":   {`{"message":"` + strings.Repeat("x", 2_000_000) + `"}`, "X-Other: 1", 413, `"body_too_large","message":"The body is larger than 2 MB`},
		"a form is long": {body(3_000_000), form, 413, `"body_too_large","message":"The body is larger than 3 MB`},
		"neither":        {"a=1", "Content-Type: application/x-www-form-urlencoded", 415, "application/json or multipart/form-data"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := call(h, "POST", sendPath, test.body, test.header)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if test.status == 413 && !strings.Contains(w.Body.String(), "http(s) address in file") {
				t.Errorf("it does not say what to do: %s", w.Body)
			}
		})
	}
	// Its length is not told: it is found out while it comes.
	r := formRequest(io.MultiReader(strings.NewReader(body(3_000_000))))
	r.ContentLength = -1
	r.Header.Set("Authorization", "Bearer "+bearer)
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 413 || !strings.Contains(w.Body.String(), `"file_too_large"`) || !strings.Contains(w.Body.String(), `"field":"file"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	empty(t, folder)
	if w := call(h, "POST", "/services/telegram_client/mark_read", body(1), form); w.Code != 415 {
		t.Errorf("a form for a verb without files: %d %s", w.Code, w.Body)
	}
}

// A readingSender reads the files of a call while it is carried out.
type readingSender struct {
	*scriptedSender
	got  []string
	left time.Duration // until the deadline
}

func (s *readingSender) SendMessages(ctx context.Context, m message.Send) (*service.Answer, error) {
	for _, f := range m.Files {
		data, err := os.ReadFile(f.Spooled)
		if err != nil {
			return nil, err
		}
		s.got = append(s.got, f.At+" "+f.Filename+" "+string(data))
	}
	end, _ := ctx.Deadline()
	s.left = time.Until(end)
	return &service.Answer{Entry: testID}, nil
}

func TestSendMessages_FilesAreThereForTheCall(t *testing.T) {
	t.Parallel()
	settings := testSettings(io.Discard)
	settings.Uploads.Folder = t.TempDir()
	settings.Deadlines = Deadlines{Text: time.Minute, Files: time.Hour}
	sender := &readingSender{scriptedSender: &scriptedSender{}}
	h := SendMessages(sender, settings)
	body := formBody(t, part{name: "file", value: "A", filename: "a.txt"}, part{name: "target_id", value: "1"}, part{name: "file", value: "B", filename: "b.txt"})
	if w := call(h, "POST", sendPath, string(body), "Content-Type: "+formType+"; boundary="+boundary); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if d := cmp.Diff([]string{"file[0] a.txt A", "file[1] b.txt B"}, sender.got); d != "" || sender.left <= time.Minute {
		t.Errorf("%v left; files (-want +got):\n%s", sender.left, d)
	}
	empty(t, settings.Uploads.Folder)
	if call(h, "POST", sendPath, `{"target_id":1,"message":"x"}`); sender.left > time.Minute {
		t.Errorf("a text has %v", sender.left)
	}
}

// A deadlined is an answer over a connection whose deadlines can be looked at.
type deadlined struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlined) SetReadDeadline(t time.Time) error  { d.read = append(d.read, t); return nil }
func (d *deadlined) SetWriteDeadline(t time.Time) error { d.write = append(d.write, t); return nil }

// A body may take as long as it keeps coming: each look at it moves the deadline, up to that of the route.
func TestSteadyBody_MovesTheDeadline(t *testing.T) {
	t.Parallel()
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	begin := time.Now()
	b := &steadyBody{io.NopCloser(strings.NewReader("abc")), http.NewResponseController(w), begin.Add(time.Hour)}
	io.ReadFull(b, make([]byte, 3))
	b.end = begin.Add(time.Second)
	io.ReadAll(b)
	if len(w.read) != 2 || w.read[0].Before(begin.Add(bodyStall)) || w.read[0].After(begin.Add(time.Hour)) || !w.read[1].Equal(begin.Add(time.Second)) {
		t.Errorf("deadlines %v, begun %v", w.read, begin)
	}
	ctx, cancel := context.WithDeadline(t.Context(), begin.Add(15*time.Minute))
	defer cancel()
	stayOpen(ctx, w)
	if end := begin.Add(15 * time.Minute); len(w.read) != 3 || w.read[2].Before(end) {
		t.Errorf("deadlines %v, end %v", w.read, end)
	}
}

func TestClearFolder_RemovesWhatWasLeft(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() + "/uploads"
	for range 2 {
		if err := ClearFolder(folder); err != nil {
			t.Fatal(err)
		}
		empty(t, folder)
		if err := os.WriteFile(folder+"/upload-1", []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := os.Stat(folder); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", st.Mode(), err)
	}
}

// Whatever comes, there is a fault or fields that are JSON, and nothing is left behind.
func FuzzReadForm(f *testing.F) {
	f.Add(formBody(f, part{name: "message", value: "x"}, part{name: "target_id", value: "[1,2]"}, part{name: "target_id", value: "3"}))
	f.Add(formBody(f, part{name: "file", value: "0123", filename: "a"}, part{name: "file", value: "{}"}))
	f.Add(formBody(f, part{name: "keyboard", value: `[["a"],{"text":"b"}]`}, part{name: "schedule", value: `{"hours":1}`}))
	f.Add([]byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--" + boundary + "--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		folder := t.TempDir()
		got, err := readForm(formRequest(bytes.NewReader(body)), message.SendMessages, Uploads{Folder: folder}.withDefaults())
		if err != nil {
			if fault.Of(err).Code == fault.Internal {
				t.Errorf("%v", err)
			}
		} else {
			var members map[string]json.RawMessage
			if err := json.Unmarshal(got.body, &members); err != nil {
				t.Errorf("%s: %v", got.body, err)
			}
			for _, file := range got.files {
				if _, err := os.Stat(file.Spooled); err != nil {
					t.Error(err)
				}
			}
			got.discard()
		}
		empty(t, folder)
	})
}
