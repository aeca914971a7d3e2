package httpapi

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/pull"
)

// eventStore has the dead letters of testID.
type eventStore struct {
	letters  []outbox.DeadLetter
	replayed []uuid.UUID
}

func (s *eventStore) DeadLetters(_ context.Context, id entry.ID) ([]outbox.DeadLetter, error) {
	if id != testID {
		return nil, fault.New(fault.UnknownEntry, "There is no such entry.")
	}
	return s.letters, nil
}

func (s *eventStore) take(event uuid.UUID) error {
	for i, l := range s.letters {
		if l.Item.EventID == event {
			s.letters = append(s.letters[:i:i], s.letters[i+1:]...)
			return nil
		}
	}
	return fault.New(fault.UnknownEvent, "No dead letter.")
}

func (s *eventStore) Replay(_ context.Context, _ entry.ID, event uuid.UUID) error {
	if err := s.take(event); err != nil {
		return err
	}
	s.replayed = append(s.replayed, event)
	return nil
}

func (s *eventStore) DropLetter(_ context.Context, _ entry.ID, event uuid.UUID) error {
	return s.take(event)
}

// puller gives out one batch and remembers what it was asked.
type puller struct {
	batch pull.Batch
	err   error
	asked []pull.Request
}

func (p *puller) Read(_ context.Context, r pull.Request) (pull.Batch, error) {
	p.asked = append(p.asked, r)
	return p.batch, p.err
}

func TestEvents_Pull(t *testing.T) {
	t.Parallel()
	p := &puller{}
	h := Events(&eventStore{}, p, testSettings(io.Discard))
	get := func(query string) *httptest.ResponseRecorder { return call(h, "GET", "/events"+query, "") }
	p.batch = pull.Batch{Cursor: "b_1"}
	sameJSON(t, get("?owner=7d1c&reader=x"), 200, `{"events":[],"cursor":"b_1","more":false}`)
	p.batch = pull.Batch{Cursor: "b_2", More: true, Items: []outbox.Item{
		{EventID: uuid.MustParse(testEvent), Type: "telegram_client_new_message", OccurredAt: testNow, Attempts: 2, Replayed: true, Body: []byte(`"chat_id":7`)},
		{EventID: uuid.MustParse(testEvent), Type: "telegram_client_me", OccurredAt: testNow, Attempts: 1},
	}}
	sameJSON(t, get("?owner=7d1c&reader=x&after=b_1&wait=20"), 200, `{"cursor":"b_2","more":true,"events":[
		{"event_type":"telegram_client_new_message","event_id":"`+testEvent+`","occurred_at":"2026-11-22T11:32:00+00:00","replayed":true,"attempt":2,"chat_id":7},
		{"event_type":"telegram_client_me","event_id":"`+testEvent+`","occurred_at":"2026-11-22T11:32:00+00:00","replayed":false,"attempt":1}]}`)
	if diff := cmp.Diff([]pull.Request{{Owner: "7d1c", Reader: "x"}, {Owner: "7d1c", Reader: "x", After: "b_1", Wait: 20 * time.Second}}, p.asked); diff != "" {
		t.Errorf("asked:\n%s", diff)
	}
	for query, field := range map[string]string{
		"": "owner", "?reader=x": "owner", "?owner=7d1c": "reader", "?owner=7d1c&reader=x&wait=21": "wait", "?owner=7d1c&reader=x&wait=-1": "wait", "?owner=7d1c&reader=x&wait=long": "wait",
		"?owner=7d1c&reader=" + strings.Repeat("x", 256): "reader", "?reader=x&owner=" + strings.Repeat("x", 256): "owner",
	} {
		if w := get(query); w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if len(p.asked) != 2 {
		t.Errorf("asked: %+v", p.asked)
	}
	for code, status := range map[fault.Code]int{fault.CursorUnknown: 409, fault.ReaderReplaced: 409, fault.NoEntry: 404} {
		p.err = fault.New(code, "No.")
		sameJSON(t, get("?owner=7d1c&reader=x"), status, errorJSON(string(code), "No."))
	}
}

func TestEvents_DeadLetters(t *testing.T) {
	t.Parallel()
	const other = "5b0e9a3c-2f0a-5c55-9d0c-0f5f0c2a7d12"
	letter := func(event string) outbox.DeadLetter {
		return outbox.DeadLetter{Attempts: 3, Reason: "413 Payload Too Large", At: testNow, Item: outbox.Item{EventID: uuid.MustParse(event),
			Type: "telegram_client_new_message", OccurredAt: testNow.Add(-time.Minute), Body: []byte(`"chat_id":7`)}}
	}
	s := &eventStore{letters: []outbox.DeadLetter{letter(testEvent), letter(other)}}
	h := Events(s, nil, testSettings(io.Discard))
	const base = "/config/entries/" + string(testID) + "/dead-letters"
	sameJSON(t, call(h, "GET", base, ""), 200, `{"dead_letters":[
		{"event_id":"`+testEvent+`","event_type":"telegram_client_new_message","occurred_at":"2026-11-22T11:31:00+00:00","attempts":3,"reason":"413 Payload Too Large",
		 "event":{"event_type":"telegram_client_new_message","event_id":"`+testEvent+`","occurred_at":"2026-11-22T11:31:00+00:00","replayed":false,"attempt":3,"chat_id":7}},
		{"event_id":"`+other+`","event_type":"telegram_client_new_message","occurred_at":"2026-11-22T11:31:00+00:00","attempts":3,"reason":"413 Payload Too Large",
		 "event":{"event_type":"telegram_client_new_message","event_id":"`+other+`","occurred_at":"2026-11-22T11:31:00+00:00","replayed":false,"attempt":3,"chat_id":7}}]}`)
	const noID = "This is no event id. GET …/dead-letters lists the dead letters with theirs."
	sameJSON(t, call(h, "POST", base+"/x/replay", ""), 404, errorJSON("unknown_event", noID))
	sameJSON(t, call(h, "DELETE", base+"/x", ""), 404, errorJSON("unknown_event", noID))
	sameJSON(t, call(h, "POST", base+"/"+testEvent+"/replay", `{"now":true}`), 400, `{"ok":false,"error":{"code":"unknown_field","field":"now","message":"There is no such field here: the object has to be empty."}}`)
	sameJSON(t, call(h, "POST", base+"/"+testEvent+"/replay", "{}"), 200, `{"ok":true}`)
	sameJSON(t, call(h, "POST", base+"/"+testEvent+"/replay", ""), 404, errorJSON("unknown_event", "No dead letter."))
	sameJSON(t, call(h, "DELETE", base+"/"+other, ""), 200, `{"ok":true}`)
	sameJSON(t, call(h, "DELETE", base+"/"+other, ""), 404, errorJSON("unknown_event", "No dead letter."))
	sameJSON(t, call(h, "GET", base, ""), 200, `{"dead_letters":[]}`)
	sameJSON(t, call(h, "GET", "/config/entries/tg_aaaaaaaaaaaaaaaaaaaaaaaaaa/dead-letters", ""), 404, errorJSON("unknown_entry", "There is no such entry."))
	if len(s.replayed) != 1 || s.replayed[0].String() != testEvent {
		t.Errorf("replayed %v", s.replayed)
	}
}
