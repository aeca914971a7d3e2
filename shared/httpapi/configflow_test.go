package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// scriptedFlows answer as a test says, and remember what they were asked.
type scriptedFlows struct {
	result flow.Result
	err    error
	asked  []string
}

func (s *scriptedFlows) ask(format string, args ...any) (flow.Result, error) {
	s.asked = append(s.asked, fmt.Sprintf(format, args...))
	return s.result, s.err
}

func (s *scriptedFlows) Start(context.Context) (flow.Result, error) { return s.ask("start") }
func (s *scriptedFlows) Reauth(_ context.Context, id entry.ID) (flow.Result, error) {
	return s.ask("reauth %s", id)
}
func (s *scriptedFlows) Form(_ context.Context, id string) (flow.Result, error) {
	return s.ask("form %s", id)
}
func (s *scriptedFlows) GiveUp(_ context.Context, id string) error {
	_, err := s.ask("give up %s", id)
	return err
}
func (s *scriptedFlows) Answer(_ context.Context, id string, in flow.Input) (flow.Result, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return flow.Result{}, err
	}
	return s.ask("answer %s %s", id, b)
}

func configFlowAPI(f Flows, store *entryStore) *API {
	return ConfigFlow(f, store, func() time.Time { return testNow }, testSettings(io.Discard))
}

var userForm = flow.Result{
	Type: flow.Form, FlowID: "9f0c", Handler: flow.Handler, StepID: "user",
	Fields: []flow.Field{
		{Name: "api_id", Type: "integer", Required: true},
		{Name: "api_hash", Required: true, Selector: map[string]any{"text": map[string]string{"type": "password"}}},
		{Name: "client_type", Required: true, Default: "client", Selector: map[string]any{"select": map[string]any{"options": []string{"client", "qr", "bot"}, "translation_key": "client_type"}}},
	},
	Placeholders: map[string]string{"devices": "2", "device_names": "Home Assistant · listener, Home Assistant · sender 1"},
	ExpiresAt:    time.Date(2026, 11, 22, 11, 45, 0, 123, time.UTC),
}

const userFormJSON = `{"type":"form","flow_id":"9f0c","handler":"telegram_client","step_id":"user","data_schema":[
  {"name":"api_id","type":"integer","required":true},
  {"name":"api_hash","required":true,"selector":{"text":{"type":"password"}}},
  {"name":"client_type","required":true,"default":"client","selector":{"select":{"options":["client","qr","bot"],"translation_key":"client_type"}}}],
 "errors":{},"messages":{},"description_placeholders":{"devices":"2","device_names":"Home Assistant · listener, Home Assistant · sender 1"},"last_step":false,"expires_at":"2026-11-22T11:45:00+00:00"}`

func TestConfigFlow_WritesResultsAsHomeAssistantDoes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		result flow.Result
		want   string
	}{
		"form": {userForm, userFormJSON},
		"form with errors": {
			flow.Result{Type: flow.Form, FlowID: "9f0c", Handler: flow.Handler, StepID: "token", Fields: []flow.Field{{Name: "token", Required: true}},
				Errors: map[string]string{"token": "invalid_token"}, Messages: map[string]string{"token": "Telegram does not know this token."}, LastStep: true},
			`{"type":"form","flow_id":"9f0c","handler":"telegram_client","step_id":"token","data_schema":[{"name":"token","required":true}],"errors":{"token":"invalid_token"},
			  "messages":{"token":"Telegram does not know this token."},"description_placeholders":{},"last_step":true,"expires_at":null}`,
		},
		"form without fields": {flow.Result{Type: flow.Form, FlowID: "f", Handler: flow.Handler, StepID: "finish"},
			`{"type":"form","flow_id":"f","handler":"telegram_client","step_id":"finish","data_schema":[],"errors":{},"messages":{},"description_placeholders":{},"last_step":false,"expires_at":null}`},
		"entry": {flow.Result{Type: flow.CreateEntry, FlowID: "9f0c", Handler: flow.Handler, Title: "Telegram bot (@kitchen_bot)", EntryID: string(testID), Next: &[2]string{"options_flow", "77aa"}},
			`{"type":"create_entry","flow_id":"9f0c","handler":"telegram_client","version":1,"title":"Telegram bot (@kitchen_bot)","result":` + fullEntryJSON + `,"next_flow":["options_flow","77aa"]}`},
		"abort": {flow.Result{Type: flow.Abort, FlowID: "9f0c", Handler: flow.Handler, Reason: "already_configured", Message: "This account is already set up as …"},
			`{"type":"abort","flow_id":"9f0c","handler":"telegram_client","reason":"already_configured","description_placeholders":{},"message":"This account is already set up as …"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flows := &scriptedFlows{result: test.result}
			h := configFlowAPI(flows, newEntryStore(fullOverview()))
			sameJSON(t, call(h, "POST", "/config/flows/9f0c", `{"api_id":12345678901234567890,"x":{"y":null}}`), 200, test.want)
			if d := cmp.Diff([]string{`answer 9f0c {"api_id":12345678901234567890,"x":{"y":null}}`}, flows.asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
		})
	}
}

func TestConfigFlow_Routes(t *testing.T) {
	t.Parallel()
	id := string(testID)
	tests := map[string]struct {
		method, path, body string
		asked              string // "": nothing
		status             int
		want               string
	}{
		"start":            {"POST", "/config/flows", `{"source":"user"}`, "start", 200, userFormJSON},
		"start, defaults":  {"POST", "/config/flows", `{}`, "start", 200, userFormJSON},
		"start, handler":   {"POST", "/config/flows", `{"handler":"telegram_client"}`, "start", 200, userFormJSON},
		"start, no body":   {"POST", "/config/flows", ``, "", 400, errorJSON("invalid_json", "The body is empty. Send a JSON object.")},
		"start, not user":  {"POST", "/config/flows", `{"source":"dhcp"}`, "", 400, fieldJSON("invalid_field", "source", "A flow begins with the source user. To log an entry in again, POST /config/entries/{id}/reauth.")},
		"start, unknown":   {"POST", "/config/flows", `{"token":"1:x"}`, "", 400, fieldJSON("unknown_field", "token", "There is no such field here. The fields are source, handler.")},
		"form":             {"GET", "/config/flows/9f0c", ``, "form 9f0c", 200, userFormJSON},
		"answer":           {"POST", "/config/flows/9f0c", `{}`, "answer 9f0c {}", 200, userFormJSON},
		"answer, list":     {"POST", "/config/flows/9f0c", `[]`, "", 400, errorJSON("invalid_json", "The body has to be a JSON object.")},
		"give up":          {"DELETE", "/config/flows/9f0c", ``, "give up 9f0c", 200, `{"ok":true}`},
		"re-login":         {"POST", "/config/entries/" + id + "/reauth", ``, "reauth " + id, 200, userFormJSON},
		"re-login, body":   {"POST", "/config/entries/" + id + "/reauth", `{}`, "reauth " + id, 200, userFormJSON},
		"re-login, fields": {"POST", "/config/entries/" + id + "/reauth", `{"a":1}`, "", 400, fieldJSON("unknown_field", "a", "There is no such field here: the object has to be empty.")},
		"re-login, no id":  {"POST", "/config/entries/5/reauth", ``, "", 404, errorJSON("unknown_entry", "There is no entry with this id. GET /config/entries lists them.")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flows := &scriptedFlows{result: userForm}
			sameJSON(t, call(configFlowAPI(flows, newEntryStore()), test.method, test.path, test.body), test.status, test.want)
			var want []string
			if test.asked != "" {
				want = []string{test.asked}
			}
			if d := cmp.Diff(want, flows.asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
		})
	}
}

func TestConfigFlow_Faults(t *testing.T) {
	t.Parallel()
	flows := &scriptedFlows{err: fmt.Errorf("answer: %w", fault.New(fault.FlowBusy, "Somebody answers it."))}
	h := configFlowAPI(flows, newEntryStore())
	for _, c := range [][3]string{{"POST", "/config/flows", "{}"}, {"GET", "/config/flows/x"}, {"POST", "/config/flows/x", "{}"}, {"DELETE", "/config/flows/x"}} {
		sameJSON(t, call(h, c[0], c[1], c[2]), 409, errorJSON("flow_busy", "Somebody answers it."))
	}
	// The entry was made, but cannot be shown now.
	h = configFlowAPI(&scriptedFlows{result: flow.Result{Type: flow.CreateEntry, EntryID: string(testID)}}, newEntryStore())
	sameJSON(t, call(h, "POST", "/config/flows/x", "{}"), 404, errorJSON("unknown_entry", "There is no such entry."))
}
