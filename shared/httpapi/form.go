package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

const formType = "multipart/form-data"

// mostParts is how many parts a form may have: a hundred targets, a hundred files, and the rows of a keyboard are less.
const mostParts = 1000

// An arrival is what came with a call: its fields as one JSON object, and the files beside them.
type arrival struct {
	body  json.RawMessage
	files []message.File
}

// discard removes the files that were written down. A file that is not there any more is no matter.
func (a *arrival) discard() {
	for _, f := range a.files {
		if f.Spooled != "" {
			os.Remove(f.Spooled)
		}
	}
}

// A form reads the body of a call as multipart/form-data (RFC 7578): a part for each value of a field, and parts named
// file, with a filename, that are files.
type form struct {
	verb   message.Verb
	u      Uploads
	values map[string][]string
	order  []string // of the names, as they came
	left   int      // bytes that values and names may still have
	files  []message.File
	// expected is how many bytes are still to come, at most; -1: that is not known.
	expected int64
}

// readForm reads a body. What it has written down is removed again if it fails.
func readForm(r *http.Request, v message.Verb, u Uploads) (_ *arrival, err error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, fault.New(fault.UnsupportedMedia, "The header Content-Type names no boundary between the parts of the form.")
	}
	f := form{verb: v, u: u, values: map[string][]string{}, left: int(u.Body), expected: r.ContentLength}
	a := &arrival{}
	defer func() {
		if a.files = f.files; err != nil {
			a.discard()
		}
	}()
	reader := multipart.NewReader(r.Body, params["boundary"])
	for n := 1; ; n++ {
		part, err := reader.NextPart()
		if err == io.EOF { // and nothing that wraps it: that is a form without its end
			break
		}
		if n > mostParts {
			return nil, fault.New(fault.InvalidField, "The form has more than %d parts; no call needs as many.", mostParts)
		}
		if err != nil {
			return nil, f.broken(err, "The form cannot be read: its part %d is not as multipart/form-data has to be, or the end is missing.", n)
		}
		if err := f.take(part, n); err != nil {
			return nil, err
		}
	}
	a.body, err = f.object()
	return a, err
}

// broken is the fault of a form that cannot be read on.
func (f *form) broken(err error, format string, args ...any) error {
	large := new(http.MaxBytesError)
	switch {
	case errors.As(err, &large):
		return bodyTooLarge(large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return notRead(err)
	}
	return fault.New(fault.InvalidField, format, args...).Because(err)
}

// take reads one part.
func (f *form) take(p *multipart.Part, n int) error {
	name := p.FormName()
	if f.left -= len(name) + len(p.FileName()); f.left < 0 {
		return f.fieldsTooLarge(name)
	}
	if name == "" {
		return fault.New(fault.InvalidField, "Part %d of the form has no name. Name it as the field it is, or file.", n)
	}
	switch strings.ToLower(p.Header.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
	default:
		return fault.At(fault.InvalidField, shown(name), "This part is encoded. Send it as it is.")
	}
	if isFile(p) {
		return f.takeFile(p, name)
	}
	text, err := io.ReadAll(io.LimitReader(p, int64(f.left)+1))
	if err != nil {
		return f.broken(err, "The form ends in the middle of its part %d.", n)
	}
	if f.left -= len(text); f.left < 0 {
		return f.fieldsTooLarge(name)
	}
	if !utf8.Valid(text) {
		return fault.At(fault.InvalidField, shown(name), "This is not UTF-8. A file has to be a part named file, with a filename.")
	}
	if _, there := f.values[name]; !there {
		f.order = append(f.order, name)
	}
	f.values[name] = append(f.values[name], string(text))
	return nil
}

// fieldsTooLarge is the fault of a form whose fields have no room in memory any more.
func (f *form) fieldsTooLarge(name string) error {
	return fault.At(fault.BodyTooLarge, shown(name), "The fields of the form are larger than %s in all, without its files.", size(f.u.Body))
}

// isFile reports whether a part is a file: it has a filename, or else a type that is no text's.
func isFile(p *multipart.Part) bool {
	if _, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition")); err == nil {
		if _, named := params["filename"]; named {
			return true
		}
	}
	kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	return kind != "" && !strings.HasPrefix(kind, "text/") && kind != "application/json" && kind != "application/x-www-form-urlencoded"
}

// takeFile keeps a file, in memory or in the folder.
func (f *form) takeFile(p *multipart.Part, name string) error {
	if name != "file" {
		return fault.At(fault.UnknownField, shown(name), "Files have to be parts named file.")
	}
	field := "file"
	if len(f.files) > 0 {
		field = fmt.Sprintf("file[%d]", len(f.files))
	}
	if len(f.files) == message.MaxFiles {
		return fault.At(fault.InvalidField, "file", "These are more than %d files; one call takes no more.", message.MaxFiles)
	}
	file := message.File{Filename: p.FileName()}
	var n int64
	var err error
	if f.u.Folder == "" {
		file.Data, err = io.ReadAll(p)
		n = int64(len(file.Data))
	} else {
		file.Spooled, file.Sum, n, err = spool(f.u.room, f.u.Folder, p, f.expected)
		f.expected = max(-1, f.expected-n)
	}
	if file.Spooled != "" || err == nil {
		f.files = append(f.files, file) // also half a one, to be removed
	}
	large, disk := new(http.MaxBytesError), diskError{}
	switch {
	case errors.As(err, &disk):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return fault.At(fault.FileTooLarge, field, "The bridge has no room for this file on its disk, of which it leaves some for its store. %s", byAddress).Because(err)
		}
		return fmt.Errorf("write a file of a form down: %w", err)
	case errors.As(err, &large):
		return fileTooLarge(field, f.u.Form)
	case errors.Is(err, errFileTooLarge):
		return fileTooLarge(field, largestFile)
	case err != nil:
		return f.broken(err, "The form ends in the middle of a file.")
	}
	if n == 0 && file.Filename == "" { // a browser's form in which no file was chosen
		f.files = f.files[:len(f.files)-1]
		if file.Spooled != "" {
			os.Remove(file.Spooled)
		}
	}
	return nil
}

// object returns the fields as JSON.
func (f *form) object() (json.RawMessage, error) {
	kinds := map[string]message.Kind{}
	for _, field := range message.FieldsOf(f.verb) {
		kinds[field.Name] = field.Kind
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range f.order {
		value, err := formValue(name, kinds[name], f.values[name])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quoted(name))
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	if err := checkObject(b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// several are the kinds of fields that take more than one value.
var several = []message.Kind{message.IDs, message.Names, message.Keyboard, message.Files}

// formValue returns the values of a field as JSON. A text is taken as it is; of the others what is JSON is, and what is
// not is a text: 71, [1,2] and @alice. One that is empty is none: forms send all the fields they have.
func formValue(name string, kind message.Kind, values []string) (json.RawMessage, error) {
	if len(values) > 1 && !slices.Contains(several, kind) {
		return nil, fault.At(fault.InvalidField, shown(name), "This field is there %d times. It takes one value.", len(values))
	}
	var list []json.RawMessage
	for _, v := range values {
		switch plain := strings.TrimSpace(v); {
		case kind == message.Text, kind == message.Choice, kind == 0:
			list = append(list, quoted(v))
		case plain == "":
		case !json.Valid([]byte(plain)):
			list = append(list, quoted(v))
		case len(values) > 1 && plain[0] == '[' && kind != message.Keyboard: // of a keyboard it is a row
			var inner []json.RawMessage
			if err := json.Unmarshal([]byte(plain), &inner); err != nil {
				return nil, fault.At(fault.InvalidField, shown(name), "This list cannot be read.")
			}
			list = append(list, inner...)
		default:
			list = append(list, json.RawMessage(plain))
		}
	}
	switch len(list) {
	case 0:
		return json.RawMessage("null"), nil
	case 1:
		return list[0], nil
	}
	return json.Marshal(list)
}

// quoted is a text as JSON.
func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text always has a JSON form
	}
	return b
}
