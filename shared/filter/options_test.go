package filter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
)

const fresh = `{"events":{"new_message":true,"message_edited":true,"message_read":true,"message_deleted":true,"callback_query":true,"inline_query":true,"chat_action":true,"user_update":true},
 "new_message":{"incoming":true,"outgoing":true,"forwards":null,"blacklist_chats":false,"chats":"","from_users":"","pattern":null},
 "message_edited":{"incoming":true,"outgoing":true,"forwards":null,"blacklist_chats":false,"chats":"","from_users":"","pattern":null},
 "message_read":{"inbox":null,"blacklist_chats":false,"chats":""},"message_deleted":{"blacklist_chats":false,"chats":""},
 "callback_query":{"blacklist_chats":false,"chats":"","data":null,"pattern":null},"inline_query":{"blacklist_users":false,"users":"","pattern":null},
 "chat_action":{"blacklist_chats":false,"chats":""},"user_update":{"blacklist_chats":false,"chats":""},
 "bridge":{"export_service_messages":false,"answer_callbacks":true,"answer_callbacks_after":5}}`

func sameJSON(t *testing.T, want, got string) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Error(diff)
	}
}

func written(t *testing.T, o Options) string {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestOptions_ZeroIsAFreshEntry(t *testing.T) {
	t.Parallel()
	sameJSON(t, fresh, written(t, Options{}))
	for _, absent := range []string{`{}`, `null`, fresh, `{"events":null,"new_message":null,"bridge":{}}`} {
		o, faults := ParseOptions(json.RawMessage(absent))
		if len(faults) > 0 {
			t.Errorf("%s: %v", absent, faults)
		}
		sameJSON(t, fresh, written(t, o))
	}
	if faults := (&Options{}).Check(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestOptions_ReadBackAsWritten(t *testing.T) {
	t.Parallel()
	const all = `{"events":{"new_message":true,"message_edited":false,"message_read":true,"message_deleted":true,"callback_query":true,"inline_query":true,"chat_action":true,"user_update":false},
	 "new_message":{"incoming":true,"outgoing":false,"forwards":true,"blacklist_chats":true,"chats":"1, -5001","from_users":"@alice,1001","pattern":""},
	 "message_edited":{"incoming":false,"outgoing":true,"forwards":false,"blacklist_chats":false,"chats":"","from_users":"","pattern":"x"},
	 "message_read":{"inbox":false,"blacklist_chats":true,"chats":"1"},"message_deleted":{"blacklist_chats":true,"chats":"2"},
	 "callback_query":{"blacklist_chats":true,"chats":"3","data":"d","pattern":null},"inline_query":{"blacklist_users":true,"users":"4","pattern":"y"},
	 "chat_action":{"blacklist_chats":true,"chats":"5"},"user_update":{"blacklist_chats":true,"chats":"6"},
	 "bridge":{"export_service_messages":true,"answer_callbacks":false,"answer_callbacks_after":2.5}}`
	o, faults := ParseOptions(json.RawMessage(all))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	sameJSON(t, all, written(t, o))
	var stored Options
	if err := json.Unmarshal([]byte(written(t, o)), &stored); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, all, written(t, stored))
}

func TestOptions_OneDirectionDecidesTheOther(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]bool{
		`{}`: {true, true}, `{"incoming":true}`: {true, false}, `{"incoming":false}`: {false, true},
		`{"outgoing":true}`: {false, true}, `{"outgoing":false}`: {true, false}, `{"incoming":false,"outgoing":false}`: {false, false},
	} {
		o, _ := ParseOptions(json.RawMessage(`{"new_message":` + body + `}`))
		in, out := o.NewMessage.Directions()
		if got := [2]bool{in, out}; got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestOptions_ListsComeInAnyForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`"1, 2 ,,@a"`: {"1", "2", "@a"}, `[1,"2","@a"]`: {"1", "2", "@a"}, `1001`: {"1001"}, `-1001234567890`: {"-1001234567890"}, `""`: nil, `[]`: nil, `null`: nil, `[null]`: nil,
	} {
		o, faults := ParseOptions(json.RawMessage(`{"new_message":{"from_users":` + body + `}}`))
		if diff := cmp.Diff(want, o.NewMessage.FromUsers.Items()); diff != "" || len(faults) > 0 {
			t.Errorf("%s: %v %s", body, faults, diff)
		}
	}
}

func paths(faults []*fault.Fault) []string {
	var all []string
	for _, f := range faults {
		all = append(all, string(f.Code)+" "+f.Field)
	}
	return all
}

func TestParseOptions_NamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, faults := ParseOptions(json.RawMessage(`{"evens":{},"events":{"new_message":"yes","x":true},"new_message":{"chats":{},"pattern":1,"incomin":true},
		"user_update":[],"bridge":{"answer_callbacks_after":"5"}}`))
	if diff := cmp.Diff([]string{
		"invalid_field events.new_message", "unknown_field events.x", "invalid_field new_message.chats", "invalid_field new_message.pattern",
		"unknown_field new_message.incomin", "invalid_field user_update", "invalid_field bridge.answer_callbacks_after", "unknown_field evens",
	}, paths(faults)); diff != "" {
		t.Error(diff)
	}
	if _, faults := ParseOptions(json.RawMessage(`[]`)); len(faults) != 1 {
		t.Errorf("a list: %v", faults)
	}
}

func TestOptions_CheckNamesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"new_message":{"incoming":false,"outgoing":false}}`:                                   {"no_direction new_message.incoming"},
		`{"new_message":{"incoming":false,"outgoing":false,"forwards":false}}`:                  {"no_direction new_message.incoming"},
		`{"new_message":{"incoming":false,"outgoing":false,"forwards":true}}`:                   nil,
		`{"new_message":{"chats":"1,alice","pattern":"["}}`:                                     {"invalid_id new_message.chats", "invalid_pattern new_message.pattern"},
		`{"new_message":{"chats":"+5, 1_001 ,-7"}}`:                                             nil,
		`{"message_edited":{"chats":"1__0,+-5,5+,99999999999999999999"}}`:                       {"invalid_id message_edited.chats"},
		`{"new_message":{"from_users":"@alice,1001,-1001234567890,me,+1 (555) 10-01"}}`:         nil,
		`{"new_message":{"from_users":"a b,+x"}}`:                                               {"invalid_name new_message.from_users"},
		`{"message_read":{"chats":"x"},"message_deleted":{"chats":"x"}}`:                        {"invalid_id message_read.chats", "invalid_id message_deleted.chats"},
		`{"chat_action":{"chats":"x"},"user_update":{"chats":"x"}}`:                             {"invalid_id chat_action.chats", "invalid_id user_update.chats"},
		`{"callback_query":{"data":"a","pattern":"b","chats":"x"}}`:                             {"invalid_id callback_query.chats", "data_and_pattern callback_query.pattern"},
		`{"callback_query":{"data":"","pattern":"b"}}`:                                          nil,
		`{"inline_query":{"users":"x","pattern":"("}}`:                                          {"invalid_id inline_query.users", "invalid_pattern inline_query.pattern"},
		`{"new_message":{"pattern":"(\\w+\\s?)+$"},"message_edited":{"pattern":"(\\w+\\s?)+"}}`: {"invalid_pattern new_message.pattern"},
		`{"callback_query":{"pattern":"(a+)+$"}}`:                                               {"invalid_pattern callback_query.pattern"},
		`{"bridge":{"answer_callbacks_after":-1}}`:                                              {"invalid_number bridge.answer_callbacks_after"},
		`{"new_message":{"chats":"` + strings.Repeat("1,", MaxItems+1) + `"}}`:                  {"too_many new_message.chats"},
	} {
		o, faults := ParseOptions(json.RawMessage(body))
		if len(faults) > 0 {
			t.Errorf("%s: %v", body, faults)
		}
		got := o.Check()
		if diff := cmp.Diff(want, paths(got)); diff != "" {
			t.Errorf("%.80s: %s", body, diff)
		}
		for _, f := range got {
			if !strings.HasSuffix(f.Message, ".") {
				t.Errorf("no sentence: %q", f.Message)
			}
		}
	}
}
