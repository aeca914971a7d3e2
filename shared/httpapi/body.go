package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"telegram-client/shared/fault"
)

// deepest is how many objects and lists may stand in each other; the deepest thing the API knows has five levels.
const deepest = 32

// readObject reads the body, which has to be one JSON object: its bytes, and its members by name, each still raw so
// that numbers stay exact.
func readObject(r *http.Request) (json.RawMessage, map[string]json.RawMessage, error) {
	body, err := readJSON(r, "JSON")
	if err != nil {
		return nil, nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, nil, fault.New(fault.InvalidJSON, "The body is not valid JSON.").Because(err)
	}
	return body, members, nil
}

// readJSON reads the body, which has to be one JSON object. wanted says what a body may be here.
func readJSON(r *http.Request, wanted string) (json.RawMessage, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if large := new(http.MaxBytesError); errors.As(err, &large) {
			return nil, err
		}
		return nil, notRead(err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, fault.New(fault.InvalidJSON, "The body is empty. Send a JSON object.")
	}
	if err := checkContentType(r, wanted); err != nil {
		return nil, err
	}
	return body, checkObject(body)
}

// checkContentType takes JSON in UTF-8 only.
func checkContentType(r *http.Request, wanted string) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return fault.New(fault.UnsupportedMedia, "The body has to be %s. Send the header Content-Type: application/json.", wanted)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.UnsupportedMedia, "The body has to be JSON in UTF-8.")
	}
	return nil
}

// checkObject refuses what is no JSON object, and what encoding/json lets pass: text that is not UTF-8, and a key that
// appears twice, of which it would take one silently.
func checkObject(body []byte) error {
	if !utf8.Valid(body) {
		return fault.New(fault.InvalidJSON, "The body is not UTF-8.")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		at := int64(len(body))
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			at = syntax.Offset
		}
		return fault.New(fault.InvalidJSON, "The body is not valid JSON: byte %d of %d is not what should stand there.", at, len(body)).Because(err)
	}
	if bytes.TrimSpace(body)[0] != '{' {
		return fault.New(fault.InvalidJSON, "The body has to be a JSON object.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return checkValue(d, nil, 0)
}

// A place is where a value stands in a body: below key of the object, or at index of the list, that stands at outer. It is
// written out only for a fault: whoever sends it decides how long it is, and how much stands there.
type place struct {
	outer *place // nil: the whole body
	key   string
	index int // -1: it has a key
}

// String is the path of the place, such as keyboard[0].text.
func (p *place) String() string {
	var up []*place
	for ; p != nil; p = p.outer {
		up = append(up, p)
	}
	var b strings.Builder
	for _, p := range slices.Backward(up) {
		switch {
		case p.index >= 0:
			fmt.Fprintf(&b, "[%d]", p.index)
		case b.Len() > 0:
			b.WriteString("." + p.key)
		default:
			b.WriteString(p.key)
		}
	}
	return b.String()
}

// checkValue reads one value of valid JSON.
func checkValue(d *json.Decoder, at *place, depth int) error {
	if depth > deepest {
		return fault.At(fault.InvalidJSON, shown(at.String()), "This is nested more than %d levels deep.", deepest)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			token, err := d.Token()
			if err != nil {
				return err
			}
			key, _ := token.(string)
			inside := place{outer: at, key: key, index: -1}
			if seen[key] {
				return fault.At(fault.InvalidJSON, shown(inside.String()), "This key appears twice.")
			}
			seen[key] = true
			if err := checkValue(d, &inside, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := checkValue(d, &place{outer: at, index: i}, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

// shown shortens a path made of what a caller sent.
func shown(path string) string {
	const longest = 100
	if len(path) > longest {
		path = strings.ToValidUTF8(path[:longest], "") + "…"
	}
	return path
}

// readNothing takes an empty body or an empty object.
func readNothing(r *http.Request) (map[string]json.RawMessage, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	_, members, err := readObject(r)
	if err != nil {
		return nil, err
	}
	return members, newFields(members).end()
}
