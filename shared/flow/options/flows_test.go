package options_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/flow/options"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

// A world is a store with one entry, and the flows of it at a time that the test moves.
type world struct {
	*options.Flows
	t     *testing.T
	store *redisstore.Store
	id    entry.ID
	now   time.Time
}

// away is a store that fails to change entries for a while.
type away struct {
	*redisstore.Store
	fail error
}

func (a *away) ChangeEntry(ctx context.Context, id entry.ID, change func(*entry.Entry) error) (entry.Entry, error) {
	if a.fail != nil {
		return entry.Entry{}, a.fail
	}
	return a.Store.ChangeEntry(ctx, id, change)
}

func newWorld(t *testing.T, stored string) *world {
	t.Helper()
	ring, err := seal.ParseKeyring(seal.NewKey(), seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	client, err := redisstore.ParseURL(redistest.Start(t).URL(), 4)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: redisstore.New(client, ring, redisstore.Options{}), id: entry.NewID(ring, 2000001), now: time.Now()}
	t.Cleanup(func() { w.store.Close() })
	e := entry.Entry{ID: w.id, Account: entry.Account{ID: 2000001, Username: "kitchen_bot"}, ClientType: entry.Bot}
	if err := json.Unmarshal([]byte(stored), &e.Options); err != nil {
		t.Fatal(err)
	}
	made := []login.Made{{Name: authorization.Listener, LoggedIn: true}, {Name: authorization.Names(1)[1], LoggedIn: true}}
	if _, _, err := w.store.CreateEntry(t.Context(), login.NewEntry{Entry: e, Authorizations: made}); err != nil {
		t.Fatal(err)
	}
	w.Flows = options.New(options.Config{Store: w.store, Now: func() time.Time { return w.now }})
	return w
}

func (w *world) start() flow.Result {
	w.t.Helper()
	r, err := w.Start(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// answer answers and wants no fault.
func (w *world) answer(flowID, body string) flow.Result {
	w.t.Helper()
	r, err := w.Answer(w.t.Context(), w.id, flowID, input(w.t, body))
	if err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	return r
}

func input(t *testing.T, body string) flow.Input {
	t.Helper()
	var in flow.Input
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// stored returns the stored options as JSON.
func (w *world) stored() map[string]any {
	w.t.Helper()
	e, err := w.store.Entry(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return asMap(w.t, e.Options)
}

func asMap(t *testing.T, v any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) wantStored(options string) {
	w.t.Helper()
	o, faults := filter.ParseOptions([]byte(options))
	if len(faults) > 0 {
		w.t.Fatal(faults[0])
	}
	if diff := cmp.Diff(asMap(w.t, o), w.stored()); diff != "" {
		w.t.Error(diff)
	}
}

func wantStep(t *testing.T, r flow.Result, step string, last bool) {
	t.Helper()
	if r.Type != flow.Form || r.StepID != step || r.LastStep != last || len(r.Errors) > 0 {
		t.Fatalf("%s %q, last %t, %v; wants the form %q, last %t", r.Type, r.StepID, r.LastStep, r.Messages, step, last)
	}
}

func TestFlow_NineSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	r := w.start()
	id := r.FlowID
	wantStep(t, r, "init", false)
	bodies := map[string]string{
		"init": `{}`,
		"new_message": `{"incoming":true,"outgoing":false,"forwards":false,"blacklist_chats":true,"chats":[1001,"-5001"],"from_users":"@alice, +1 555 10","pattern":" (?P<a>x)",
			"export_service_messages":true}`,
		"message_edited": `{"incoming":"False","outgoing":false,"forwards":"true"}`,
		"message_read":   `{"inbox":true,"chats":1001}`, "message_deleted": `{"chats":"-1001400000001","blacklist_chats":true}`,
		"callback_query": `{"data":" yes","chats":"-8123456789012345678","answer_callbacks":false,"answer_callbacks_after":"2.5"}`,
		"inline_query":   `{"users":"5","pattern":"x"}`, "chat_action": `{"chats":null}`, "user_update": `{"chats":"6"}`,
	}
	steps := []string{"init"}
	for _, e := range filter.Events() {
		steps = append(steps, string(e))
	}
	for i, step := range steps {
		wantStep(t, r, step, i == len(steps)-1)
		if r.Handler != string(w.id) || r.FlowID != id || !r.ExpiresAt.Equal(w.now.Add(15*time.Minute)) {
			t.Errorf("%s: %+v", step, r)
		}
		if i > 0 {
			w.wantStored(`{}`) // nothing before the last
		}
		w.now = w.now.Add(10 * time.Minute)
		r = w.answer(id, bodies[step])
	}
	const all = `{"new_message":{"incoming":true,"outgoing":false,"forwards":false,"blacklist_chats":true,"chats":"1001,-5001","from_users":"@alice, +1 555 10","pattern":" (?P<a>x)"},
		"message_edited":{"incoming":false,"outgoing":false,"forwards":true},"message_read":{"inbox":true,"chats":"1001"},"message_deleted":{"chats":"-1001400000001","blacklist_chats":true},
		"callback_query":{"data":" yes","chats":"-8123456789012345678"},"inline_query":{"users":"5","pattern":"x"},"user_update":{"chats":"6"},
		"bridge":{"export_service_messages":true,"answer_callbacks":false,"answer_callbacks_after":2.5}}`
	for range 2 { // a repeated last step is no error
		if diff := cmp.Diff(flow.Result{Type: flow.CreateEntry, FlowID: id, Handler: string(w.id), EntryID: string(w.id)}, r); diff != "" {
			t.Fatal(diff)
		}
		w.wantStored(all)
		w.now = w.now.Add(time.Hour)
		r = w.answer(id, bodies["user_update"])
	}
	if _, err := w.Form(t.Context(), w.id, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("a form after the end: %v", err)
	}
	if err := w.GiveUp(t.Context(), w.id, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("given up after the end: %v", err)
	}
}

const some = `{"events":{"new_message":false,"inline_query":false},"new_message":{"chats":"1001","pattern":"x","forwards":true},
	"message_read":{"inbox":false,"chats":"7"},"callback_query":{"pattern":"a"},"bridge":{"answer_callbacks_after":7}}`

func TestFlow_EventsThatAreOffAreSkippedAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some)
	id := w.start().FlowID
	r := w.answer(id, `{"message_edited":false,"message_deleted":false,"chat_action":false,"user_update":false}`)
	wantStep(t, r, "message_read", false)
	r = w.answer(id, `{"inbox":"any","chats":""}`)
	wantStep(t, r, "callback_query", true)
	// Somebody else changes what is not asked here.
	if _, err := w.store.ChangeEntry(t.Context(), w.id, func(e *entry.Entry) error {
		e.Options.NewMessage.Chats = "1002"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if r = w.answer(id, `{"pattern":"b"}`); r.Type != flow.CreateEntry {
		t.Fatalf("%+v", r)
	}
	w.wantStored(`{"events":{"new_message":false,"inline_query":false,"message_edited":false,"message_deleted":false,"chat_action":false,"user_update":false},
		"new_message":{"chats":"1002","pattern":"x","forwards":true},"callback_query":{"pattern":"b"},"bridge":{"answer_callbacks_after":7}}`)

	id = w.start().FlowID
	all := map[string]bool{}
	for _, e := range filter.Events() {
		all[string(e)] = false
	}
	raw, _ := json.Marshal(all)
	if r = w.answer(id, string(raw)); r.Type != flow.CreateEntry {
		t.Errorf("without events there is nothing to ask: %+v", r)
	}
}

// presets are what a form begins with.
func presets(r flow.Result) map[string]any {
	m := map[string]any{}
	for _, f := range r.Fields {
		if f.Default != nil {
			m[f.Name] = f.Default
		} else if v, ok := f.Description["suggested_value"]; ok {
			m[f.Name] = v
		}
	}
	return m
}

func TestFlow_FormsArePresetWithWhatIsStoredOrWasWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, some)
	r := w.start()
	if diff := cmp.Diff(map[string]any{"new_message": false, "message_edited": true, "message_read": true, "message_deleted": true,
		"callback_query": true, "inline_query": false, "chat_action": true, "user_update": true}, presets(r)); diff != "" {
		t.Error(diff)
	}
	r = w.answer(r.FlowID, `{"new_message":true,"message_edited":false}`)
	want := map[string]any{"incoming": true, "outgoing": true, "forwards": "true", "blacklist_chats": false, "chats": "1001", "pattern": "x", "export_service_messages": false}
	if diff := cmp.Diff(want, presets(r)); diff != "" {
		t.Error(diff)
	}
	wrong := w.answer(r.FlowID, `{"incoming":false,"chats":"alice","from_users":["@bob"],"pattern":"["}`)
	if diff := cmp.Diff(map[string]string{"chats": "invalid_id", "pattern": "invalid_pattern"}, wrong.Errors); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"incoming": false, "outgoing": true, "forwards": "any", "blacklist_chats": false, "chats": "alice", "from_users": "@bob", "pattern": "[",
		"export_service_messages": false}, presets(wrong)); diff != "" {
		t.Error(diff)
	}
	shown, err := w.Form(t.Context(), w.id, r.FlowID)
	if diff := cmp.Diff(want, presets(shown)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	r = w.answer(r.FlowID, `{}`) // what can be emptied was emptied
	if diff := cmp.Diff(map[string]any{"inbox": "false", "blacklist_chats": false, "chats": "7"}, presets(r)); diff != "" || r.StepID != "message_read" {
		t.Errorf("%s %s", r.StepID, diff)
	}
	for _, f := range r.Fields {
		if f.Required || !f.Optional || f.Type == "" && f.Selector == nil {
			t.Errorf("%+v", f)
		}
	}
}

func TestFlow_ErrorsAreAtTheirFields(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat("1,", filter.MaxItems+1), ",")
	for step, bodies := range map[string]map[string]map[string]string{
		"init": {
			`{"new_message":"yes"}`: {"new_message": "invalid_field"}, `{"new_massage":true}`: {"base": "unknown_field"}, `{"new_message":[]}`: {"new_message": "invalid_field"},
		},
		"new_message": {
			`{"incoming":false,"outgoing":false}`:                    {"incoming": "no_direction"},
			`{"incoming":false,"outgoing":false,"forwards":"false"}`: {"incoming": "no_direction"},
			`{"forwards":"maybe","incoming":7}`:                      {"forwards": "invalid_field", "incoming": "invalid_field"},
			`{"chats":"1,x","from_users":"a b","pattern":"a**"}`:     {"chats": "invalid_id", "from_users": "invalid_name", "pattern": "invalid_pattern"},
			`{"chats":{"a":1},"pattern":7}`:                          {"chats": "invalid_field", "pattern": "invalid_field"},
			`{"chats":[true]}`:                                       {"chats": "invalid_field"},
			`{"chats":"` + many + `","from_users":"` + many + `"}`:   {"chats": "too_many", "from_users": "too_many"},
		},
		"message_read":   {`{"inbox":"both"}`: {"inbox": "invalid_field"}, `{"chats":"1.5"}`: {"chats": "invalid_id"}},
		"callback_query": {`{"data":"a","pattern":"b"}`: {"pattern": "data_and_pattern"}, `{"answer_callbacks_after":0}`: {"answer_callbacks_after": "invalid_number"}, `{"answer_callbacks_after":"soon"}`: {"answer_callbacks_after": "invalid_number"}},
		"inline_query":   {`{"users":"@alice","pattern":"("}`: {"users": "invalid_id", "pattern": "invalid_pattern"}},
		"user_update":    {`{"chats":"1","users":"1"}`: {"base": "unknown_field"}},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, `{}`)
			id := w.start().FlowID
			if step != "init" {
				on := map[string]bool{}
				for _, e := range filter.Events() {
					on[string(e)] = string(e) == step
				}
				raw, _ := json.Marshal(on)
				w.answer(id, string(raw))
			}
			for body, want := range bodies {
				r := w.answer(id, body)
				if diff := cmp.Diff(want, r.Errors); r.StepID != step || diff != "" {
					t.Errorf("%.100s: %s %s", body, r.StepID, diff)
				}
				for field, message := range r.Messages {
					if !strings.HasSuffix(message, ".") || len(message) < 20 {
						t.Errorf("%.100s: %s: no sentence: %s", body, field, message)
					}
				}
				if len(r.Messages) != len(r.Errors) {
					t.Errorf("%.100s: %v for %v", body, r.Messages, r.Errors)
				}
			}
			w.wantStored(`{}`)
		})
	}
}

func TestFlow_EndsWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	for name, end := range map[string]func(id string) entry.ID{
		"time":          func(string) entry.ID { w.now = w.now.Add(15 * time.Minute); return w.id },
		"given up":      func(id string) entry.ID { noError(t, w.GiveUp(t.Context(), w.id, id)); return w.id },
		"another entry": func(string) entry.ID { return "tg_aaaaaaaaaaaaaaaaaaaaaaaaaa" },
	} {
		id := w.start().FlowID
		of := end(id)
		if _, err := w.Form(t.Context(), of, id); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("%s: form: %v", name, err)
		}
		if _, err := w.Answer(t.Context(), of, id, nil); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("%s: answer: %v", name, err)
		}
		if err := w.GiveUp(t.Context(), of, id); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("%s: give up: %v", name, err)
		}
	}
	if _, err := w.Start(t.Context(), "tg_aaaaaaaaaaaaaaaaaaaaaaaaaa"); !fault.Is(err, fault.UnknownEntry) {
		t.Errorf("no entry: %v", err)
	}
	noError(t, w.store.MarkRemoving(t.Context(), w.id))
	if _, err := w.Start(t.Context(), w.id); !fault.Is(err, fault.RemovalInProgress) {
		t.Errorf("a tombstone: %v", err)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// One whose process died, or whose store was away, while it saved is saved by whoever asks again.
func TestFlow_SavingIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	store := &away{Store: w.store, fail: fault.New(fault.StoreUnavailable, "Away.")}
	w.Flows = options.New(options.Config{Store: store, Now: func() time.Time { return w.now }})
	id := w.start().FlowID
	off := `{"new_message":false,"message_edited":false,"message_read":false,"message_deleted":false,"callback_query":false,"inline_query":false,"chat_action":false}`
	w.answer(id, off)
	if _, err := w.Answer(t.Context(), w.id, id, input(t, `{"chats":"5"}`)); !fault.Is(err, fault.StoreUnavailable) {
		t.Fatal(err)
	}
	w.wantStored(`{}`)
	store.fail = nil
	if r := w.answer(id, `{"chats":"5"}`); r.Type != flow.CreateEntry {
		t.Errorf("%+v", r)
	}
	w.wantStored(`{"events":` + off + `,"user_update":{"chats":"5"}}`)
}

// Of several that answer the same form one is heard.
func TestFlow_OneAnswerCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	for range 10 {
		id := w.start().FlowID
		w.answer(id, `{"new_message":true}`)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.Answer(t.Context(), w.id, id, flow.Input{"pattern": json.RawMessage(fmt.Sprintf(`"%d"`, i))})
			})
		}
		wg.Wait()
		for _, err := range errs {
			// One that came later was taken for an answer to the next form.
			if err != nil && !fault.Is(err, fault.FlowBusy) {
				t.Error(err)
			}
		}
		if err := errors.Join(errs...); err != nil && len(errs) == strings.Count(err.Error(), string(fault.FlowBusy)) {
			t.Error("none was heard")
		}
	}
}
