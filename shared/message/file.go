package message

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"telegram-client/shared/fault"
)

// MaxFiles is how many files one call sends to each target.
const MaxFiles = 100

// A File is one file of a call: exactly one of Path, URL, Data and Spooled says where it is.
type File struct {
	Path string
	// URL is an http or https address. It may hold credentials and is never shown.
	URL      string
	Data     []byte
	Filename string // of Data and Spooled; empty: it has no name
	// Spooled is a temporary file that the bridge itself has written, of a call that brought it along. No call can name
	// one. Sum is the SHA-256 of what is in it.
	Spooled string
	Sum     [32]byte
	// At is the path of the field that names the file, such as "file[2]".
	At string
}

// HasFiles reports whether the call sends files, which takes longer than sending text.
func (s *Send) HasFiles() bool { return len(s.Files) > 0 }

// HasFiles reports whether the edit brings a file, which takes longer than editing text.
func (e *Edit) HasFiles() bool { return e.File != nil }

// identities are files as a hash of the call knows them: where they are, or the sum of what is in them.
func identities(files []File) []File {
	var all []File
	for _, f := range files {
		if f.Data != nil {
			f.Sum, f.Data = sha256.Sum256(f.Data), nil
		}
		f.Spooled, f.At = "", ""
		all = append(all, f)
	}
	return all
}

// files reads the files of a call: those that a field names, then those that came beside it, which have that name too.
func (r *reader) files(field string, beside []File) []File {
	var all []File
	add := func(path string, raw json.RawMessage) {
		before := len(r.faults)
		if f := r.file(path, raw); len(r.faults) == before {
			f.At = path
			all = append(all, f)
		}
	}
	switch raw := r.fields[field]; {
	case raw == nil:
	case raw[0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			r.fail(field, "This list cannot be read.")
			return nil
		}
		for i, one := range list {
			switch path := fmt.Sprintf("%s[%d]", field, i); {
			case isNull(one): // as if it were not in the list
			case one[0] == '[':
				r.fail(path, "This must be a file; lists of files do not stand in lists.")
			default:
				add(path, one)
			}
		}
	default:
		add(field, raw)
	}
	for _, f := range beside {
		f.At = field
		if len(all)+len(beside) > 1 {
			f.At = fmt.Sprintf("%s[%d]", field, len(all))
		}
		all = append(all, f)
	}
	if len(all) > MaxFiles {
		r.fail(field, "These are %d files; one call takes at most %d.", len(all), MaxFiles)
	}
	return all
}

// file reads one file: a path, an address, or an object with what is in it.
func (r *reader) file(path string, raw json.RawMessage) File {
	if raw[0] == '{' {
		return r.inline(path, raw)
	}
	before := len(r.faults)
	where := strings.TrimSpace(r.plain(path, raw))
	scheme, rest, isURL := strings.Cut(where, "://")
	switch {
	case len(r.faults) > before:
	case where == "":
		r.fail(path, "This names no file. Give a path or an http(s) address, or leave the field out.")
	case strings.ContainsRune(where, 0):
		r.fail(path, "A path has no zero bytes in it.")
	case len(where) >= len("data:") && strings.EqualFold(where[:len("data:")], "data:"):
		r.fail(path, `What is in a file is given as {"data": "<base64>", "filename": "a.jpg"}, not as an address that begins with data:.`)
	case !isURL || !isScheme(scheme):
		return File{Path: where}
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		r.fail(path, "Addresses of files begin with http:// or https://. A file on the disk is named by its path alone.")
	default:
		host, _, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if host == "" || rest[0] == '/' || strings.ContainsFunc(where, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
			r.fail(path, "This address cannot be read. Blanks in an address have to be written as %%20.")
		}
		return File{URL: where}
	}
	return File{}
}

// isScheme reports whether a word can be what an address begins with: RFC 3986, 3.1.
func isScheme(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')
	})
}

// inline reads a file that is in the call.
func (r *reader) inline(path string, raw json.RawMessage) File {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		r.fail(path, "This file cannot be read.")
		return File{}
	}
	var f File
	given := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at, raw := path+"."+shown(name), object[name]
		switch {
		case name != "data" && name != "filename":
			r.faults = append(r.faults, fault.At(fault.UnknownField, at, "A file here has only data, filename."))
		case isNull(raw):
		case name == "filename":
			f.Filename = strings.TrimSpace(r.plain(at, raw))
		case raw[0] != '"':
			given = true
			r.fail(at, "This must be text: what is in the file, in base64.")
		default:
			given = true
			f.Data = r.base64(at, raw)
		}
	}
	if !given {
		r.faults = append(r.faults, fault.At(fault.MissingField, path+".data", "data is required: what is in the file, in base64."))
	}
	return f
}

// base64 reads bytes that are text: with the characters of either alphabet, with or without padding and line ends.
func (r *reader) base64(path string, raw json.RawMessage) []byte {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		r.fail(path, "This text cannot be read.")
		return nil
	}
	s = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\t', '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return c
	}, s)
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	switch {
	case err != nil:
		r.fail(path, "This is not base64, or some of it is missing.")
	case len(data) == 0:
		r.fail(path, "There is nothing in this file.")
	}
	return data
}
