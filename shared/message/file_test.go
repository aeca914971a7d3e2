package message

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/textparse"
)

// withFile is a call of send_messages with that value of file.
func withFile(file string) json.RawMessage {
	return json.RawMessage(`{"target_id":1001,"file":` + file + `}`)
}

func TestParseSend_ReadsFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want []File
	}{
		"absent":               {`null`, nil},
		"a path":               {`"www/door.jpg"`, []File{{Path: "www/door.jpg", At: "file"}}},
		"a path with commas":   {`" a, b.jpg "`, []File{{Path: "a, b.jpg", At: "file"}}},
		"an absolute path":     {`"/config/a://b"`, []File{{Path: "/config/a://b", At: "file"}}},
		"a number":             {`7`, []File{{Path: "7", At: "file"}}},
		"an address":           {`"HTTPS://u:p@camera/door.jpg?x=1"`, []File{{URL: "HTTPS://u:p@camera/door.jpg?x=1", At: "file"}}},
		"data":                 {`{"data":"AP-_","filename":" a.jpg "}`, []File{{Data: []byte{0, 0xff, 0xbf}, Filename: "a.jpg", At: "file"}}},
		"data without padding": {`{"data":"eHg","filename":null}`, []File{{Data: []byte("xx"), At: "file"}}},
		"data on two lines":    {`{"data":"eH\r\n h4eA==\n"}`, []File{{Data: []byte("xxxx"), At: "file"}}},
		"a list": {`["a",null,"http://h/b",{"data":"eA=="}]`,
			[]File{{Path: "a", At: "file[0]"}, {URL: "http://h/b", At: "file[2]"}, {Data: []byte("x"), At: "file[3]"}}},
		"a list of one": {`["a"]`, []File{{Path: "a", At: "file[0]"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `{"target_id":1001,"message":"Hi","file":` + c.file + `}`
			got, faults := ParseSend(json.RawMessage(body), Defaults{})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			if diff := cmp.Diff(c.want, got.Files); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(plain("Hi"), got.Parts); diff != "" || got.HasFiles() != (c.want != nil) || got.Messages() != max(1, len(c.want)) {
				t.Errorf("%d messages, %s", got.Messages(), diff)
			}
		})
	}
}

func TestParseSend_NamesWhatIsWrongWithFiles(t *testing.T) {
	t.Parallel()
	hundred := `["a"` + strings.Repeat(`,"a"`, MaxFiles-1)
	for name, c := range map[string]struct {
		body json.RawMessage
		want []string
	}{
		"nothing":             {withFile(`""`), []string{"invalid_field file"}},
		"blanks in a list":    {withFile(`["a"," "]`), []string{"invalid_field file[1]"}},
		"no list":             {withFile(`[]`), []string{"missing_field message"}},
		"a list of nulls":     {withFile(`[null]`), []string{"missing_field message"}},
		"a list in a list":    {withFile(`["a",["b"]]`), []string{"invalid_field file[1]"}},
		"a scheme":            {withFile(`"ftp://h/a"`), []string{"invalid_field file"}},
		"a path as a URL":     {withFile(`"file:///config/a"`), []string{"invalid_field file"}},
		"a data URL":          {withFile(`"data:text/plain,x"`), []string{"invalid_field file"}},
		"no host":             {withFile(`["https://"]`), []string{"invalid_field file[0]"}},
		"no host either":      {withFile(`"http:///a"`), []string{"invalid_field file"}},
		"blanks":              {withFile(`"http://h/a b"`), []string{"invalid_field file"}},
		"a zero byte":         {withFile(`"a\u0000b"`), []string{"invalid_field file"}},
		"no data":             {withFile(`{"filename":"a"}`), []string{"missing_field file.data"}},
		"null for data":       {withFile(`[{"data":null}]`), []string{"missing_field file[0].data"}},
		"nothing in data":     {withFile(`{"data":" "}`), []string{"invalid_field file.data"}},
		"broken data":         {withFile(`["a",{"data":"e*"}]`), []string{"invalid_field file[1].data"}},
		"a cut end":           {withFile(`{"data":"eHh4e"}`), []string{"invalid_field file.data"}},
		"data is a list":      {withFile(`{"data":["eA=="]}`), []string{"invalid_field file.data"}},
		"name is a list":      {withFile(`{"data":"eA==","filename":[1]}`), []string{"invalid_field file.filename"}},
		"an unknown member":   {withFile(`{"data":"eA==","url":"x"}`), []string{"unknown_field file.url"}},
		"two are wrong":       {withFile(`["ftp://h/a",{"data":"*"}]`), []string{"invalid_field file[0]", "invalid_field file[1].data"}},
		"too many":            {withFile(hundred + `,"a"]`), []string{"invalid_field file"}},
		"a long caption":      {json.RawMessage(`{"target_id":1,"file":"a","message":"` + longText() + `"}`), []string{"message_too_long message"}},
		"keyboard of several": {json.RawMessage(`{"target_id":1,"file":["a","b"],"keyboard":"x"}`), []string{"invalid_field keyboard"}},
		"inline keyboard of several": {json.RawMessage(`{"target_id":1,"file":["a","b"],"inline_keyboard":"x"}`),
			[]string{"invalid_field inline_keyboard"}},
		"removal of several": {json.RawMessage(`{"target_id":1,"file":["a","b"],"keyboard":[]}`), []string{"invalid_field keyboard"}},
		"flags": {json.RawMessage(`{"target_id":1,"file":"a","force_document":"x","supports_streaming":2,"nosound_video":[],"wait":"no way"}`),
			[]string{"invalid_field force_document", "invalid_field supports_streaming", "invalid_field nosound_video", "invalid_field wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := ParseSend(c.body, Defaults{})
			if diff := cmp.Diff(c.want, said(faults)); diff != "" {
				t.Error(diff)
			}
			for _, f := range faults {
				if strings.Contains(f.Message, "%!") {
					t.Error(f.Message)
				}
			}
		})
	}
	if s, faults := ParseSend(withFile(hundred+`]`), Defaults{}); len(faults) > 0 || len(s.Files) != MaxFiles {
		t.Errorf("%d files: %v", len(s.Files), faults)
	}
}

func TestParseSend_FilesComeWithOrWithoutCaption(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message, mode string
		want          []textparse.Text
	}{
		"none":       {`null`, "", nil},
		"empty":      {`""`, "html", nil},
		"blanks":     {`" \n"`, "", nil},
		"text":       {`" Hi "`, "", plain("Hi")},
		"formatted":  {`"<b>Hi</b>"`, "html", []textparse.Text{{Text: "Hi", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 2}}}}},
		"as long as": {`"` + longText()[1:] + ` "`, "", plain(longText()[1:])},
	} {
		body := `{"target_id":1,"file":"a","force_document":true,"supports_streaming":"on","nosound_video":1,"wait":false,"inline_keyboard":"x","message":` + c.message + `,"parse_mode":"` + c.mode + `"}`
		s, faults := ParseSend(json.RawMessage(body), Defaults{})
		if diff := cmp.Diff(c.want, s.Parts); len(faults) > 0 || diff != "" {
			t.Errorf("%s: %v %s", name, faults, diff)
		}
		if !s.ForceDocument || !s.SupportsStreaming || !s.NoSoundVideo || !s.NoWait || s.Markup.Kind != InlineMarkup {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestParse_FilesOfAFormFollowThoseOfTheField(t *testing.T) {
	t.Parallel()
	part := File{Spooled: "spooled", Filename: "a.jpg", Sum: sha256.Sum256([]byte("x"))}
	at := func(f File, path string) File { f.At = path; return f }
	d := Defaults{Files: []File{part}}
	for _, c := range []struct {
		field string
		want  []File
	}{
		{`null`, []File{at(part, "file")}},
		{`"b"`, []File{{Path: "b", At: "file"}, at(part, "file[1]")}},
		{`["b","c"]`, []File{{Path: "b", At: "file[0]"}, {Path: "c", At: "file[1]"}, at(part, "file[2]")}},
	} {
		s, faults := ParseSend(withFile(c.field), d)
		if diff := cmp.Diff(c.want, s.Files); diff != "" || len(faults) > 0 {
			t.Errorf("%s: %v %s", c.field, faults, diff)
		}
	}
	e, faults := ParseEdit(json.RawMessage(`{"message":1}`), d)
	want := at(part, "file")
	if diff := cmp.Diff(&want, e.File); diff != "" || len(faults) > 0 {
		t.Errorf("%v %s", faults, diff)
	}
}

func TestParseEdit_TakesOneFile(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Edit{
		`{"message":71,"file":"a","force_document":true,"supports_streaming":true}`: {MessageID: 71, File: &File{Path: "a", At: "file"}, ForceDocument: true, SupportsStreaming: true},
		`{"message":71,"file":["http://h/a"],"text":""}`:                            {MessageID: 71, File: &File{URL: "http://h/a", At: "file[0]"}, Text: &textparse.Text{}},
		`{"message":71,"file":[],"text":"x"}`:                                       {MessageID: 71, Text: &textparse.Text{Text: "x"}},
	} {
		got, faults := ParseEdit(json.RawMessage(body), Defaults{})
		if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 || got.HasFiles() != (want.File != nil) {
			t.Errorf("%s: %v\n%s", body, faults, diff)
		}
	}
	for body, want := range map[string][]string{
		`{"message":71,"file":["a","b"]}`:              {"invalid_field file"},
		`{"message":71,"file":[]}`:                     {"missing_field text"},
		`{"message":71,"file":{"data":"*"}}`:           {"invalid_field file.data"},
		`{"message":71,"file":"a","nosound_video":1}`:  {"unknown_field nosound_video"},
		`{"message":71,"file":"a","force_document":3}`: {"invalid_field force_document"},
	} {
		_, faults := ParseEdit(json.RawMessage(body), Defaults{})
		if diff := cmp.Diff(want, said(faults)); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestSend_HashIsOfFilesToo(t *testing.T) {
	t.Parallel()
	hash := func(rest string, d Defaults) [32]byte {
		s, faults := ParseSend(json.RawMessage(`{"target_id":1,`+rest+`}`), d)
		if len(faults) > 0 {
			t.Fatal(rest, faults)
		}
		return s.Hash()
	}
	data := func(s string) string { return `{"data":"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"}` }
	spooled := func(where, content string) Defaults {
		return Defaults{Files: []File{{Spooled: where, Sum: sha256.Sum256([]byte(content))}}}
	}
	if hash(`"file":"a"`, Defaults{}) != hash(`"file":[null,"a"],"wait":false,"message":" "`, Defaults{}) {
		t.Error("the same call, written differently, has another hash")
	}
	if hash(`"silent":false`, spooled("one", "x")) != hash(`"silent":false`, spooled("two", "x")) {
		t.Error("where a file was spooled is part of the hash")
	}
	if hash(`"file":`+data("x"), Defaults{}) != hash(`"silent":false`, spooled("one", "x")) {
		t.Error("how a file was brought along is part of the hash")
	}
	seen := map[[32]byte]string{}
	for _, c := range []struct {
		rest string
		d    Defaults
	}{
		{`"file":"a"`, Defaults{}}, {`"file":"b"`, Defaults{}}, {`"file":"http://h/a"`, Defaults{}}, {`"file":["a","b"]`, Defaults{}}, {`"file":["b","a"]`, Defaults{}},
		{`"file":` + data("x"), Defaults{}}, {`"file":` + data("y"), Defaults{}}, {`"file":{"data":"eA==","filename":"a"}`, Defaults{}}, {`"silent":false`, spooled("one", "z")},
		{`"file":"a","message":"x"`, Defaults{}}, {`"file":"a","force_document":true`, Defaults{}}, {`"file":"a","supports_streaming":true`, Defaults{}},
		{`"file":"a","nosound_video":true`, Defaults{}}, {`"message":"x"`, Defaults{}},
	} {
		h := hash(c.rest, c.d)
		if other := seen[h]; other != "" {
			t.Errorf("%s and %s have one hash", other, c.rest)
		}
		seen[h] = c.rest
	}
}

func FuzzParseSend_File(f *testing.F) {
	for _, s := range []string{`"a"`, `["a",{"data":"eA==","filename":"b"}]`, `{"data":"e","x":[]}`, `"http://u:p@h:1/%zz"`, `[[]]`, `[null]`, `"data:x"`, `"\u0000"`, `"x://"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		s, faults := ParseSend(withFile(file), Defaults{})
		if len(faults) == 0 && !s.HasFiles() {
			t.Fatal("a call without faults that sends nothing")
		}
		for _, one := range s.Files {
			ways := 0
			for _, is := range []bool{one.Path != "", one.URL != "", len(one.Data) > 0} {
				if is {
					ways++
				}
			}
			if ways != 1 || one.Spooled != "" || !strings.HasPrefix(one.At, "file") {
				t.Fatalf("%+v", one)
			}
		}
		for _, fl := range faults {
			if fl.Code == "" || fl.Message == "" || strings.Contains(fl.Message, "%!") {
				t.Fatalf("a fault that says nothing: %+v", fl)
			}
		}
	})
}
