package httpapi

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
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

func TestEvents_DeadLetters(t *testing.T) {
	t.Parallel()
	const other = "5b0e9a3c-2f0a-5c55-9d0c-0f5f0c2a7d12"
	letter := func(event string) outbox.DeadLetter {
		return outbox.DeadLetter{Attempts: 3, Reason: "413 Payload Too Large", At: testNow, Item: outbox.Item{EventID: uuid.MustParse(event),
			Type: "telegram_client_new_message", OccurredAt: testNow.Add(-time.Minute), Body: []byte(`"chat_id":7`)}}
	}
	s := &eventStore{letters: []outbox.DeadLetter{letter(testEvent), letter(other)}}
	h := Events(s, testSettings(io.Discard))
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
