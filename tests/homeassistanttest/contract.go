package homeassistanttest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A Case is one line of the contract: what a running Home Assistant of version 2026.11.0 answers.
type Case struct {
	Name         string
	Method, Path string // {known} and {unknown} stand for webhook ids
	Body         string
	WithoutToken bool
	Status       int
	Answer       string // exactly
	Contains     string // or in part
	Runs         bool   // the automation on {known}, or the listener of event contract_test, gets it
}

// Cases returns the contract.
func Cases() []Case {
	return []Case{
		{Name: "POST to a registered webhook", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, Status: 200, Runs: true},
		{Name: "POST to an unknown webhook", Method: "POST", Path: "/api/webhook/{unknown}", Body: `{"event_type":"a"}`, Status: 200},
		{Name: "PUT to an unknown webhook", Method: "PUT", Path: "/api/webhook/{unknown}", Body: `{}`, Status: 200},
		{Name: "malformed JSON to a registered webhook", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":`, Status: 200},
		{Name: "GET to a registered webhook", Method: "GET", Path: "/api/webhook/{known}", Status: 405},
		{Name: "PUT to a registered webhook", Method: "PUT", Path: "/api/webhook/{known}", Body: `{}`, Status: 405},
		{Name: "GET to an unknown webhook", Method: "GET", Path: "/api/webhook/{unknown}", Status: 200},
		{Name: "HEAD to a registered webhook", Method: "HEAD", Path: "/api/webhook/{known}", Status: 200},
		{Name: "HEAD to an unknown webhook", Method: "HEAD", Path: "/api/webhook/{unknown}", Status: 200},
		{Name: "fire an event", Method: "POST", Path: "/api/events/contract_test", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_test fired."}`, Runs: true},
		{Name: "fire an event that nobody hears", Method: "POST", Path: "/api/events/contract_unheard", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_unheard fired."}`},
		{Name: "fire an event with an array", Method: "POST", Path: "/api/events/contract_test", Body: `[1]`, Status: 400},
		{Name: "fire an event with malformed JSON", Method: "POST", Path: "/api/events/contract_test", Body: `{"a":`, Status: 400},
		{Name: "fire an event without a token", Method: "POST", Path: "/api/events/contract_test", Body: `{}`, WithoutToken: true, Status: 401},
		{Name: "fire an event with a type that is too long", Method: "POST", Path: "/api/events/" + strings.Repeat("e", 65), Body: `{}`, Status: 500},
		{Name: "the state", Method: "GET", Path: "/api/core/state", Status: 200, Contains: `"state":"RUNNING"`},
		{Name: "the configuration", Method: "GET", Path: "/api/config", Status: 200, Contains: `"state":"RUNNING"`},
		{Name: "the state without a token", Method: "GET", Path: "/api/core/state", WithoutToken: true, Status: 401},
	}
}

// Check makes a case's request and compares the answer. Whether something ran is for the caller to see.
func (c Case) Check(ctx context.Context, base, token, known string) error {
	path := strings.NewReplacer("{known}", known, "{unknown}", known+"x").Replace(c.Path)
	r, err := http.NewRequestWithContext(ctx, c.Method, base+path, strings.NewReader(c.Body))
	if err != nil {
		return err
	}
	if c.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if !c.WithoutToken {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	webhook := strings.HasPrefix(c.Path, "/api/webhook/")
	switch body := string(b); {
	case resp.StatusCode != c.Status:
		return fmt.Errorf("status %d, want %d", resp.StatusCode, c.Status)
	case webhook && body != "":
		return fmt.Errorf("answer %q, want none", body)
	case c.Answer != "" && strings.TrimSpace(body) != c.Answer:
		return fmt.Errorf("answer %q, want %q", body, c.Answer)
	case !strings.Contains(body, c.Contains):
		return fmt.Errorf("answer %q, want %q in it", body, c.Contains)
	}
	return nil
}
