package homeassistanttest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A Case is one line of the contract: what a Home Assistant of version 2026.11.0 answers.
type Case struct {
	Name         string
	State        State  // in which it holds; empty: Running
	Method, Path string // {known} and {unknown} stand for webhook ids
	Body         string
	ContentType  string // empty: application/json
	Token        Token
	Status       int
	Answer       string // exactly; a webhook never answers anything
	Contains     string // or in part
	Runs         bool   // the automation on {known}, or the listener of event contract_test, gets it
	Logs         bool   // it writes an error into its log
}

// Token says with which token a case asks.
type Token int

// The tokens.
const (
	RightToken Token = iota
	WrongToken
	NoToken
)

// Cases returns the contract.
func Cases() []Case {
	return []Case{
		{Name: "POST to a registered webhook", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, Status: 200, Runs: true},
		{Name: "POST without a token", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, Token: NoToken, Status: 200, Runs: true},
		{Name: "POST of another kind of JSON", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, ContentType: "application/cloudevents+json", Status: 200, Runs: true},
		{Name: "POST of an array", Method: "POST", Path: "/api/webhook/{known}", Body: `[1]`, Status: 200, Runs: true},
		{Name: "POST of nothing", Method: "POST", Path: "/api/webhook/{known}", Status: 200, Runs: true},
		{Name: "POST of a form", Method: "POST", Path: "/api/webhook/{known}", Body: `a=1`, ContentType: "application/x-www-form-urlencoded", Status: 200, Runs: true},
		{Name: "POST to an unknown webhook", Method: "POST", Path: "/api/webhook/{unknown}", Body: `{"event_type":"a"}`, Status: 200},
		{Name: "PUT to an unknown webhook", Method: "PUT", Path: "/api/webhook/{unknown}", Body: `{}`, Status: 200},
		{Name: "malformed JSON to a registered webhook", Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":`, Status: 200, Logs: true},
		{Name: "GET to a registered webhook", Method: "GET", Path: "/api/webhook/{known}", Status: 405},
		{Name: "PUT to a registered webhook", Method: "PUT", Path: "/api/webhook/{known}", Body: `{}`, Status: 405},
		{Name: "GET to an unknown webhook", Method: "GET", Path: "/api/webhook/{unknown}", Status: 200},
		{Name: "HEAD to a registered webhook", Method: "HEAD", Path: "/api/webhook/{known}", Status: 200},
		{Name: "HEAD to an unknown webhook", Method: "HEAD", Path: "/api/webhook/{unknown}", Status: 200},
		{Name: "DELETE to a registered webhook", Method: "DELETE", Path: "/api/webhook/{known}", Status: 405, Answer: "405: Method Not Allowed"},
		{Name: "DELETE to an unknown webhook", Method: "DELETE", Path: "/api/webhook/{unknown}", Status: 405, Answer: "405: Method Not Allowed"},
		{Name: "fire an event", Method: "POST", Path: "/api/events/contract_test", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_test fired."}`, Runs: true},
		{Name: "fire an event without data", Method: "POST", Path: "/api/events/contract_test", Status: 200, Answer: `{"message":"Event contract_test fired."}`, Runs: true},
		{Name: "fire an event that nobody hears", Method: "POST", Path: "/api/events/contract_unheard", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_unheard fired."}`},
		{Name: "fire an event with an array", Method: "POST", Path: "/api/events/contract_test", Body: `[1]`, Status: 400, Answer: `{"message":"Event data should be a JSON object"}`},
		{Name: "fire an event with malformed JSON", Method: "POST", Path: "/api/events/contract_test", Body: `{"a":`, Status: 400, Answer: `{"message":"Event data should be valid JSON."}`},
		{Name: "fire an event with null", Method: "POST", Path: "/api/events/contract_test", Body: `null`, Status: 200, Answer: `{"message":"Event contract_test fired."}`, Runs: true},
		{Name: "fire an event without a token", Method: "POST", Path: "/api/events/contract_test", Body: `{}`, Token: NoToken, Status: 401, Answer: "401: Unauthorized"},
		{Name: "fire an event with a wrong token", Method: "POST", Path: "/api/events/contract_test", Body: `{}`, Token: WrongToken, Status: 401, Answer: "401: Unauthorized"},
		{Name: "fire an event with a type of 64 characters", Method: "POST", Path: "/api/events/" + strings.Repeat("e", 64), Body: `{}`, Status: 200, Contains: "fired."},
		{Name: "fire an event with a type that is too long", Method: "POST", Path: "/api/events/" + strings.Repeat("e", 65), Body: `{}`, Status: 500, Logs: true},
		{Name: "the state", Method: "GET", Path: "/api/core/state", Status: 200, Contains: `"state":"RUNNING"`},
		{Name: "the configuration", Method: "GET", Path: "/api/config", Status: 200, Contains: `"state":"RUNNING"`},
		{Name: "whether it is in recovery mode", Method: "GET", Path: "/api/config", Status: 200, Contains: `"recovery_mode":false`},
		{Name: "the state without a token", Method: "GET", Path: "/api/core/state", Token: NoToken, Status: 401, Answer: "401: Unauthorized"},
		{Name: "POST to the state", Method: "POST", Path: "/api/core/state", Body: `{}`, Status: 405, Answer: "405: Method Not Allowed"},
		{Name: "a path nobody knows", Method: "GET", Path: "/api/no/such/path", Status: 404, Answer: "404: Not Found"},
		{Name: "a path nobody knows, without a token", Method: "GET", Path: "/api/no/such/path", Token: NoToken, Status: 404, Answer: "404: Not Found"},

		{Name: "not running: POST to a webhook", State: NotRunning, Method: "POST", Path: "/api/webhook/{known}", Body: `{"event_type":"a"}`, Status: 200},
		{Name: "not running: GET to a webhook", State: NotRunning, Method: "GET", Path: "/api/webhook/{known}", Status: 200},
		{Name: "not running: fire an event", State: NotRunning, Method: "POST", Path: "/api/events/contract_test", Body: `{"a":1}`, Status: 200, Answer: `{"message":"Event contract_test fired."}`},
		{Name: "not running: the state", State: NotRunning, Method: "GET", Path: "/api/core/state", Status: 200, Contains: `"state":"NOT_RUNNING"`},
		{Name: "not running: the configuration", State: NotRunning, Method: "GET", Path: "/api/config", Status: 200, Contains: `"state":"NOT_RUNNING"`},
		{Name: "not running: the state without a token", State: NotRunning, Method: "GET", Path: "/api/core/state", Token: NoToken, Status: 401, Answer: "401: Unauthorized"},
	}
}

// Check makes a case's request and compares the answer. Whether something ran is for the caller to see.
func (c Case) Check(ctx context.Context, base, token, known string) error {
	path := strings.NewReplacer("{known}", known, "{unknown}", known+"x").Replace(c.Path)
	r, err := http.NewRequestWithContext(ctx, c.Method, base+path, strings.NewReader(c.Body))
	if err != nil {
		return err
	}
	if c.Method == http.MethodPost || c.Method == http.MethodPut {
		r.Header.Set("Content-Type", cmp.Or(c.ContentType, "application/json"))
	}
	switch c.Token {
	case RightToken:
		r.Header.Set("Authorization", "Bearer "+token)
	case WrongToken:
		r.Header.Set("Authorization", "Bearer "+token+"x")
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
	body := strings.TrimSpace(string(b))
	silent := strings.HasPrefix(c.Path, "/api/webhook/")
	switch {
	case resp.StatusCode != c.Status:
		return fmt.Errorf("status %d and %q, want %d", resp.StatusCode, body, c.Status)
	case (c.Answer != "" || silent) && body != c.Answer:
		return fmt.Errorf("answer %q, want %q", body, c.Answer)
	case !strings.Contains(body, c.Contains):
		return fmt.Errorf("answer %q, want %q in it", body, c.Contains)
	}
	return nil
}
