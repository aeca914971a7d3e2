package filter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/peer"
	"telegram-client/shared/pyregex"
)

func compiled(t testing.TB, options string) *Set {
	t.Helper()
	var o Options
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		t.Fatal(err)
	}
	s, problems := Compile(o, people{"me": 1})
	if len(problems) > 0 {
		t.Fatalf("%s: %v", options, problems[0].Fault)
	}
	return s
}

func TestSet_WantsWhatItsOptionsSay(t *testing.T) {
	t.Parallel()
	const channel = peer.ID(-1001400000001)
	for _, c := range []struct {
		options string
		subject Subject
		want    bool
	}{
		{`{"message_read":{}}`, Subject{Event: MessageRead, Chat: 5}, true},
		{`{"message_read":{}}`, Subject{Event: MessageRead, Chat: 5, Outgoing: true}, true},
		{`{"message_read":{"inbox":true}}`, Subject{Event: MessageRead, Chat: 5}, true},
		{`{"message_read":{"inbox":true}}`, Subject{Event: MessageRead, Chat: 5, Outgoing: true}, false},
		{`{"message_read":{"inbox":false}}`, Subject{Event: MessageRead, Chat: 5}, false},
		{`{"message_read":{"inbox":false}}`, Subject{Event: MessageRead, Chat: 5, Outgoing: true}, true},
		{`{"message_read":{"inbox":true,"chats":"5"}}`, Subject{Event: MessageRead}, false},
		{`{"message_read":{"inbox":true,"chats":"5","blacklist_chats":true}}`, Subject{Event: MessageRead}, true},

		{`{"message_deleted":{"chats":"1400000001"}}`, Subject{Event: MessageDeleted, Chat: channel}, true},
		{`{"message_deleted":{"chats":"-1400000001"}}`, Subject{Event: MessageDeleted, Chat: channel}, false},
		{`{"message_deleted":{"chats":"0"}}`, Subject{Event: MessageDeleted}, false},
		{`{"message_deleted":{"chats":["-1001400000001",7],"blacklist_chats":true}}`, Subject{Event: MessageDeleted, Chat: channel}, false},
		{`{"message_deleted":{"blacklist_chats":true}}`, Subject{Event: MessageDeleted, Chat: channel}, true},
		{`{"chat_action":{"chats":7}}`, Subject{Event: ChatAction, Chat: -7}, true},
		{`{"user_update":{"chats":"１００１, ١"}}`, Subject{Event: UserUpdate, Chat: 1001}, true},
		{`{"user_update":{"chats":"9223372036854775807"}}`, Subject{Event: UserUpdate, Chat: 1001}, false},
		{`{"user_update":{"chats":"9223372036854775807"}}`, Subject{Event: UserUpdate, Chat: -9223372036854775807}, true},

		{`{"inline_query":{"users":"1001","pattern":"ca"}}`, Subject{Event: InlineQuery, Chat: 1001, Text: "cat"}, true},
		{`{"inline_query":{"users":"1001","pattern":"at"}}`, Subject{Event: InlineQuery, Chat: 1001, Text: "cat"}, false},
		{`{"inline_query":{"users":"1001","blacklist_users":true}}`, Subject{Event: InlineQuery, Chat: 1001}, false},

		{`{"callback_query":{"data":"yes"}}`, Subject{Event: CallbackQuery, Data: []byte("yes")}, true},
		{`{"callback_query":{"data":"ye"}}`, Subject{Event: CallbackQuery, Data: []byte("yes")}, false},
		{`{"callback_query":{"data":"yes"}}`, Subject{Event: CallbackQuery}, false},
		{`{"callback_query":{"data":""}}`, Subject{Event: CallbackQuery}, true},
		{`{"callback_query":{"data":"","pattern":""}}`, Subject{Event: CallbackQuery, Data: []byte{}}, true},
		{`{"callback_query":{"data":"yes","pattern":""}}`, Subject{Event: CallbackQuery, Data: []byte("no")}, false},
		{`{"callback_query":{"pattern":""}}`, Subject{Event: CallbackQuery}, false},
		{`{"callback_query":{"pattern":"\\w"}}`, Subject{Event: CallbackQuery, Data: []byte("é")}, false},
		{`{"callback_query":{"chats":"5"}}`, Subject{Event: CallbackQuery, Chat: 5, Instance: 42}, true},
		{`{"callback_query":{"chats":"42"}}`, Subject{Event: CallbackQuery, Chat: 5, Instance: 42}, true},
		{`{"callback_query":{"chats":"-8123456789012345678"}}`, Subject{Event: CallbackQuery, Instance: -8123456789012345678}, true},
		{`{"callback_query":{"chats":"42","blacklist_chats":true}}`, Subject{Event: CallbackQuery, Chat: 5, Instance: 42}, false},
		{`{"callback_query":{"chats":"42","blacklist_chats":true}}`, Subject{Event: CallbackQuery, Instance: 43}, true},

		{`{"new_message":{"incoming":false,"outgoing":false,"forwards":true}}`, Subject{Event: NewMessage, Forwarded: true, Outgoing: true}, true},
		{`{"new_message":{"incoming":false,"outgoing":false,"forwards":true}}`, Subject{Event: NewMessage}, false},
		{`{"new_message":{"forwards":false}}`, Subject{Event: NewMessage, Forwarded: true}, false},
		{`{"new_message":{"incoming":true,"outgoing":false,"forwards":true}}`, Subject{Event: NewMessage, Forwarded: true, Outgoing: true}, false},
		{`{"message_edited":{"from_users":["me"],"pattern":"a"}}`, Subject{Event: MessageEdited, Sender: 1, Text: "ab"}, true},
		{`{"events":{"message_edited":false}}`, Subject{Event: MessageEdited}, false},
	} {
		if _, ok, err := compiled(t, c.options).Match(c.subject); ok != c.want || err != nil {
			t.Errorf("%s wants %+v: %t, %v", c.options, c.subject, ok, err)
		}
	}
}

func TestSet_GroupsOfCallbacksAreText(t *testing.T) {
	t.Parallel()
	groups, ok, err := compiled(t, `{"callback_query":{"pattern":"(?P<first>.)(?P<rest>.*)(?P<none>x)?"}}`).Match(Subject{Event: CallbackQuery, Data: []byte("éa\xff")})
	if diff := cmp.Diff(map[string]*string{"first": ptr("\ufffd"), "rest": ptr("\ufffda\ufffd"), "none": nil}, groups); !ok || err != nil || diff != "" {
		t.Errorf("passes: %t, %v %s", ok, err, diff)
	}
	if groups, _, _ := compiled(t, `{"callback_query":{"data":"a"}}`).Match(Subject{Event: CallbackQuery, Data: []byte("a")}); groups != nil {
		t.Errorf("data has groups %v", groups)
	}
}

// What the engine says of a match that it gave up quotes the text.
func TestSet_ErrorsDoNotQuoteMessages(t *testing.T) {
	t.Parallel()
	s := compiled(t, `{"inline_query":{"pattern":".*,.*,.*,.*,.*x"}}`)
	_, _, err := s.Match(Subject{Event: InlineQuery, Text: strings.Repeat("secret,", 600)})
	if !errors.Is(err, pyregex.ErrTimeout) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestOptions_OneThatCannotBeReadCostsItsEvent(t *testing.T) {
	t.Parallel()
	var o Options
	if err := json.Unmarshal([]byte(`{"future":1,"events":{"inline_query":"on"},"new_message":{"chats":{}},"message_edited":7,"bridge":{"answer_callbacks_after":"x"},
		"chat_action":{"chats":"5"}}`), &o); err != nil {
		t.Fatal(err)
	}
	s, problems := Compile(o, people{})
	var got []string
	for _, p := range problems {
		got = append(got, string(p.Event)+" "+p.Fault.Field)
	}
	if diff := cmp.Diff([]string{"new_message new_message.chats", "message_edited message_edited", "inline_query events.inline_query"}, got); diff != "" {
		t.Error(diff)
	}
	if _, ok, _ := s.Match(Subject{Event: ChatAction, Chat: 5}); !ok {
		t.Error("the others do not work")
	}
	want := []string{"invalid_field new_message.chats", "invalid_field message_edited", "invalid_field events.inline_query", "invalid_field bridge.answer_callbacks_after"}
	if diff := cmp.Diff(want, paths(o.Check())); diff != "" {
		t.Error(diff)
	}
}

// Deciding comes before any JSON is built, for every update of every chat.
func BenchmarkMatch(b *testing.B) {
	ids := strings.TrimSuffix(strings.Repeat("-1001400000001,5001,1001,", 100), ",")
	for name, c := range map[string]struct {
		options string
		subject Subject
	}{
		"fresh":     {`{}`, Subject{Event: NewMessage, Chat: 1001, Sender: 1001, Text: "turn on the light"}},
		"filtered":  {`{"new_message":{"incoming":true,"forwards":false,"from_users":"1001,1002","chats":"` + ids + `"}}`, Subject{Event: NewMessage, Chat: 1001, Sender: 1001, Text: "turn on the light"}},
		"blacklist": {`{"new_message":{"blacklist_chats":true,"chats":"` + ids + `"}}`, Subject{Event: NewMessage, Chat: -5001, Sender: 1001, Text: "turn on the light"}},
		"callback":  {`{"callback_query":{"data":"yes"}}`, Subject{Event: CallbackQuery, Chat: 1001, Sender: 1001, Data: []byte("yes"), Instance: 42}},
		"pattern":   {`{"new_message":{"pattern":"turn (?P<what>on|off)"}}`, Subject{Event: NewMessage, Chat: 1001, Sender: 1001, Text: "turn on the light"}},
	} {
		b.Run(name, func(b *testing.B) {
			s := compiled(b, c.options)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Match(c.subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What is checked can be compiled, is written and read as the same, and nothing makes it panic.
func FuzzOptions(f *testing.F) {
	for _, s := range []string{fresh, `{}`, `{"new_message":{"chats":[1,"-5001"],"from_users":"@a,me,+1","pattern":"(?P<a>x)"}}`,
		`{"callback_query":{"data":"a","pattern":"b","chats":"-8123456789012345678"}}`, `{"bridge":{"answer_callbacks_after":0}}`, `{"events":{"x":1}}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		o, faults := ParseOptions(raw)
		for _, problem := range append(faults, o.Check()...) {
			if problem.Field == "" && len(faults) == 0 || !strings.HasSuffix(problem.Message, ".") {
				t.Fatalf("%s: %v", raw, problem)
			}
		}
		s, problems := Compile(o, people{})
		if len(o.Check()) == 0 && len(problems) > 0 {
			t.Fatalf("%s: checked, but %v", raw, problems[0].Fault)
		}
		for _, e := range Events() {
			_, _, _ = s.Match(Subject{Event: e, Chat: 5, Sender: 5, Text: "a", Data: []byte("a")})
		}
		if len(faults) > 0 {
			return
		}
		written, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		again, faults := ParseOptions(written)
		if len(faults) > 0 {
			t.Fatalf("%s: written as %s: %v", raw, written, faults[0])
		}
		if rewritten, _ := json.Marshal(again); string(rewritten) != string(written) {
			t.Fatalf("%s: written as %s, then as %s", raw, written, rewritten)
		}
	})
}
