package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// A Bridge is the bridge as its users reach it: over HTTP.
type Bridge struct {
	// Address returns the base address of a function: the same for all where one process serves them.
	Address func(function string) string
	Token   string
	Client  *http.Client // nil is the default one
}

// An Answer is what the bridge said.
type Answer struct {
	Status int
	Body   []byte
	JSON   map[string]any // nil if the body is no object
}

// Call asks a function. A nil body sends none.
func (b *Bridge) Call(ctx context.Context, function, method, path string, body any) (Answer, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
		}
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, b.Address(function)+path, reader)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Authorization", "Bearer "+b.Token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := b.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	a := Answer{Status: resp.StatusCode, Body: text}
	if json.Unmarshal(text, &a.JSON) != nil {
		a.JSON = nil
	}
	return a, nil
}

// Want asks a function and expects a status.
func (b *Bridge) Want(ctx context.Context, status int, function, method, path string, body any) (Answer, error) {
	a, err := b.Call(ctx, function, method, path, body)
	if err == nil && a.Status != status {
		err = fmt.Errorf("%s %s: expected status %d, got %d: %s", method, path, status, a.Status, a.Body)
	}
	return a, err
}

// Get returns what stands in the answer at a path of keys, as text; "" if nothing does.
func (a Answer) Get(keys ...string) string {
	var v any = a.JSON
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[k]
	}
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
