package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
)

// scriptedOptionsFlows answer as a test says, and remember what they were asked.
type scriptedOptionsFlows struct{ scriptedFlows }

func (s *scriptedOptionsFlows) Start(_ context.Context, id entry.ID) (flow.Result, error) {
	return s.ask("start %s", id)
}
func (s *scriptedOptionsFlows) Form(_ context.Context, id entry.ID, f string) (flow.Result, error) {
	return s.ask("form %s %s", id, f)
}
func (s *scriptedOptionsFlows) GiveUp(_ context.Context, id entry.ID, f string) error {
	_, err := s.ask("give up %s %s", id, f)
	return err
}
func (s *scriptedOptionsFlows) Answer(_ context.Context, id entry.ID, f string, in flow.Input) (flow.Result, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return flow.Result{}, err
	}
	return s.ask("answer %s %s %s", id, f, b)
}

func (s *entryStore) Entry(_ context.Context, id entry.ID) (entry.Entry, error) {
	o, err := s.find(id)
	if err != nil {
		return entry.Entry{}, err
	}
	return o.Entry, nil
}

func optionsFlowAPI(f OptionsFlows, store *entryStore) *API {
	return OptionsFlow(f, store, testSettings(io.Discard))
}

const freshOptions = `{"events":{"new_message":true,"message_edited":true,"message_read":true,"message_deleted":true,"callback_query":true,"inline_query":true,"chat_action":true,"user_update":true},
 "new_message":{"incoming":true,"outgoing":true,"forwards":null,"blacklist_chats":false,"chats":"","from_users":"","pattern":null},
 "message_edited":{"incoming":true,"outgoing":true,"forwards":null,"blacklist_chats":false,"chats":"","from_users":"","pattern":null},
 "message_read":{"inbox":null,"blacklist_chats":false,"chats":""},"message_deleted":{"blacklist_chats":false,"chats":""},
 "callback_query":{"blacklist_chats":false,"chats":"","data":null,"pattern":null},"inline_query":{"blacklist_users":false,"users":"","pattern":null},
 "chat_action":{"blacklist_chats":false,"chats":""},"user_update":{"blacklist_chats":false,"chats":""},
 "bridge":{"export_service_messages":false,"answer_callbacks":true,"answer_callbacks_after":5}}`

func TestOptionsFlow_Options(t *testing.T) {
	t.Parallel()
	store := newEntryStore(fullOverview())
	h := optionsFlowAPI(&scriptedOptionsFlows{}, store)
	at := "/config/entries/" + string(testID) + "/options"
	sameJSON(t, call(h, "GET", at, ""), 200, freshOptions)
	changed := strings.NewReplacer(`"user_update":true`, `"user_update":false`, `"callback_query":{"blacklist_chats":false,"chats":""`, `"callback_query":{"blacklist_chats":true,"chats":"-8123456789012345678,5"`,
		`"data":null`, `"data":"yes"`, `"inbox":null`, `"inbox":true`, `"answer_callbacks_after":5`, `"answer_callbacks_after":2.5`).Replace(freshOptions)
	const few = `{"events":{"user_update":false,"chat_action":null},"callback_query":{"blacklist_chats":true,"chats":[-8123456789012345678,"5"],"data":"yes"},"message_read":{"inbox":true},"bridge":{"answer_callbacks_after":2.5}}`
	for _, body := range []string{few, changed} { // what is read can be written
		sameJSON(t, call(h, "PUT", at, body), 200, changed)
		sameJSON(t, call(h, "GET", at, ""), 200, changed)
	}
	if d := cmp.Diff([]string{"reload", "reload"}, told(store)); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	sameJSON(t, call(h, "PUT", at, `{}`), 200, freshOptions)
}

// told returns what the listener was told, by kind.
func told(s *entryStore) []string {
	var kinds []string
	for _, what := range s.told {
		kinds = append(kinds, strings.Fields(strings.TrimPrefix(what, string(testID)+" "))[0])
	}
	return kinds
}

func TestOptionsFlow_EverythingWrongIsSaidAndNothingSaved(t *testing.T) {
	t.Parallel()
	store := newEntryStore(fullOverview())
	h := optionsFlowAPI(&scriptedOptionsFlows{}, store)
	at := "/config/entries/" + string(testID) + "/options"
	for body, want := range map[string][]string{
		`{"new_message":{"pattern":"["}}`: {"new_message.pattern invalid_pattern"},
		`{"evens":{},"new_message":{"pattern":"[","chats":"x, y","from_users":"a b","colour":1,"incoming":false,"outgoing":false},"callback_query":{"data":"a","pattern":"b"},"message_read":{"inbox":"both"},"user_update":[],"events":{"chat_action":1,"call":true},"bridge":{"answer_callbacks_after":0}}`: {
			"events.chat_action invalid_field", "events.call unknown_field", "new_message.colour unknown_field", "message_read.inbox invalid_field", "user_update invalid_field",
			"bridge.answer_callbacks_after invalid_number", "evens unknown_field", "new_message.incoming no_direction", "new_message.chats invalid_id", "new_message.from_users invalid_name",
			"new_message.pattern invalid_pattern", "callback_query.pattern data_and_pattern"},
		`{"chat_action":{"chats":[` + strings.TrimSuffix(strings.Repeat("5,", 1001), ",") + `]}}`: {"chat_action.chats too_many"},
	} {
		w := call(h, "PUT", at, body)
		var got struct {
			OK    bool
			Error struct {
				Code           fault.Code
				Message, Field string
			}
			Errors []struct{ Field, Code, Message string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 400 || got.OK || got.Error.Code != fault.InvalidOptions {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		var said []string
		for _, e := range got.Errors {
			said = append(said, e.Field+" "+e.Code)
			if !strings.HasSuffix(e.Message, ".") {
				t.Errorf("no sentence: %q", e.Message)
			}
		}
		if d := cmp.Diff(want, said); d != "" {
			t.Errorf("%.60s (-want +got):\n%s", body, d)
		}
		message := fmt.Sprintf("%d options are wrong.", len(want))
		if len(want) == 1 {
			message = "1 option is wrong."
		}
		if got.Error.Message != message || got.Error.Field != got.Errors[0].Field {
			t.Errorf("%+v", got.Error)
		}
	}
	if len(store.told) > 0 {
		t.Errorf("the listener was told: %v", store.told)
	}
	sameJSON(t, call(h, "GET", at, ""), 200, freshOptions)
	sameJSON(t, call(h, "PUT", at, `{"new_message":{"pattern":"["}}`), 400, `{"ok":false,"error":{"code":"invalid_options","message":"1 option is wrong.","field":"new_message.pattern"},
		"errors":[{"field":"new_message.pattern","code":"invalid_pattern","message":"This is not a valid pattern: unterminated character set at 0."}]}`)
	sameJSON(t, call(h, "PUT", at, `[]`), 400, errorJSON("invalid_json", "The body has to be a JSON object."))
	sameJSON(t, call(h, "PUT", "/config/entries/tg_bbbbbbbbbbbbbbbbbbbbbbbbbb/options", `{}`), 404, errorJSON("unknown_entry", "There is no such entry."))
	sameJSON(t, call(h, "GET", "/config/entries/5/options", ``), 404, errorJSON("unknown_entry", unknownEntry))
}

func TestOptionsFlow_Routes(t *testing.T) {
	t.Parallel()
	id := string(testID)
	flows := "/config/entries/" + id + "/options/flows"
	initForm := flow.Result{Type: flow.Form, FlowID: "f", Handler: id, StepID: "init", Fields: []flow.Field{{Name: "new_message", Type: "boolean", Optional: true, Default: false},
		{Name: "chats", Optional: true, Description: map[string]any{"suggested_value": "5"}}}}
	initJSON := `{"type":"form","flow_id":"f","handler":"` + id + `","step_id":"init","data_schema":[{"name":"new_message","type":"boolean","required":false,"optional":true,"default":false},
		{"name":"chats","required":false,"optional":true,"description":{"suggested_value":"5"}}],"errors":{},"messages":{},"description_placeholders":{},"last_step":false,"expires_at":null}`
	tests := map[string]struct {
		method, path, body string
		asked              string // "": nothing
		status             int
		want               string
	}{
		"start":               {"POST", flows, `{}`, "start " + id, 200, initJSON},
		"start, no body":      {"POST", flows, ``, "start " + id, 200, initJSON},
		"start, handler":      {"POST", flows, `{"handler":"` + id + `"}`, "start " + id, 200, initJSON},
		"start, another":      {"POST", flows, `{"handler":"x"}`, "", 400, fieldJSON("invalid_field", "handler", "This has to be the entry's id, or left out.")},
		"start, unknown":      {"POST", flows, `{"x":1}`, "", 400, fieldJSON("unknown_field", "x", "There is no such field here. The fields are handler.")},
		"form":                {"GET", flows + "/f", ``, "form " + id + " f", 200, initJSON},
		"answer":              {"POST", flows + "/f", `{"a":[1]}`, "answer " + id + ` f {"a":[1]}`, 200, initJSON},
		"answer, no object":   {"POST", flows + "/f", `5`, "", 400, errorJSON("invalid_json", "The body has to be a JSON object.")},
		"give up":             {"DELETE", flows + "/f", ``, "give up " + id + " f", 200, `{"ok":true}`},
		"of no entry":         {"POST", "/config/entries/5/options/flows/f", `{}`, "", 404, errorJSON("unknown_entry", unknownEntry)},
		"start, of no entry":  {"POST", "/config/entries/5/options/flows", `{}`, "", 404, errorJSON("unknown_entry", unknownEntry)},
		"form of no entry":    {"GET", "/config/entries/5/options/flows/f", ``, "", 404, errorJSON("unknown_entry", unknownEntry)},
		"give up of no entry": {"DELETE", "/config/entries/5/options/flows/f", ``, "", 404, errorJSON("unknown_entry", unknownEntry)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flows := &scriptedOptionsFlows{scriptedFlows{result: initForm}}
			sameJSON(t, call(optionsFlowAPI(flows, newEntryStore()), test.method, test.path, test.body), test.status, test.want)
			var want []string
			if test.asked != "" {
				want = []string{test.asked}
			}
			if d := cmp.Diff(want, flows.asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
		})
	}
	end := &scriptedOptionsFlows{scriptedFlows{result: flow.Result{Type: flow.CreateEntry, FlowID: "f", Handler: id, EntryID: id}}}
	sameJSON(t, call(optionsFlowAPI(end, newEntryStore()), "POST", flows+"/f", `{}`), 200, `{"type":"create_entry","flow_id":"f","handler":"`+id+`","title":"","result":true}`)
	busy := &scriptedOptionsFlows{scriptedFlows{err: fault.New(fault.FlowBusy, "Somebody answers it.")}}
	sameJSON(t, call(optionsFlowAPI(busy, newEntryStore()), "POST", flows+"/f", `{}`), 409, errorJSON("flow_busy", "Somebody answers it."))
}

// Whatever is sent as options is answered with 200 and can then be read, or with 400 and changes nothing.
func FuzzOptionsBody(f *testing.F) {
	for _, s := range []string{freshOptions, `{}`, `{"new_message":{"chats":[1,[2]]}}`, `{"callback_query":{"data":"a","pattern":"(?P<a>x)"}}`, `{"a":`, `{"events":{"new_message":true,"new_message":1}}`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		store := newEntryStore(fullOverview())
		h := optionsFlowAPI(&scriptedOptionsFlows{}, store)
		at := "/config/entries/" + string(testID) + "/options"
		w := call(h, "PUT", at, body)
		after := call(h, "GET", at, "").Body.String()
		switch w.Code {
		case 200:
			if w.Body.String() != after {
				t.Fatalf("%q answered %s, then %s", body, w.Body, after)
			}
			if o, faults := filter.ParseOptions([]byte(after)); len(faults) > 0 || len(o.Check()) > 0 {
				t.Fatalf("%q is kept as %s", body, after)
			}
		case 400:
			if len(store.told) > 0 {
				t.Fatalf("%q: %d, but the listener was told", body, w.Code)
			}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
