package account

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
)

func TestAccount_MessageBecomesAnEvent(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	c.push(newMessage(101, says(71, alice, "hello", start)))
	it := w.item("")
	if it.Type != messageEvent || it.Replayed || it.Lane == "" || !it.OccurredAt.Equal(start) || it.Class != outbox.Durable ||
		!it.ExpiresAt.Equal(start.Add(entry.DefaultMaxAge)) || it.Own != nil {
		t.Errorf("%+v", it)
	}
	if !strings.HasPrefix(string(it.Body), `"config_entry_id":"tg_a","me":{"id":7100000001,`) {
		t.Errorf("%s", it.Body)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte("{"+string(it.Body)+"}"), &body); err != nil || body["chat_id"] != float64(alice) {
		t.Errorf("%v %v", body["chat_id"], err)
	}
}

// The automation hears that the connection is gone, once that has lasted, and that it is back.
func TestAccount_ConnectionEvents(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.TelegramAway, "Telegram cannot be reached.")
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	w.telegram.mu.Lock()
	w.telegram.refuse = []error{gone, gone, gone, gone, gone, gone}
	w.telegram.mu.Unlock()
	c.broken <- gone
	w.connectedAfter(500 * time.Millisecond)
	var events []map[string]any
	for range 2 {
		it := w.item(connectionEvent)
		var e map[string]any
		if err := json.Unmarshal([]byte("{"+string(it.Body)+"}"), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if events[0]["connected"] != false || events[0]["code"] != "connecting" || events[1]["connected"] != true || events[1]["code"] != nil {
		t.Errorf("%v", events)
	}
}

func TestAccount_DroppedEventsAreTold(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.connected()
	w.Dropped(t.Context(), []outbox.Dropped{
		{Type: messageEvent, Reason: "max_age", Count: 2, First: start.Add(-time.Hour), Last: start},
		{Type: "telegram_client_message_edited", Reason: "max_age", Count: 1, First: start.Add(-2 * time.Hour), Last: start},
		{Type: droppedEvent, Reason: "max_age", Count: 1},
	})
	it := w.item(droppedEvent)
	body := string(it.Body[strings.Index(string(it.Body), `"count"`):])
	want := `"count":3,"reason":"max_age","first_occurred_at":"2026-11-22T09:30:00+00:00","last_occurred_at":"2026-11-22T11:30:00+00:00",` +
		`"events":{"message_edited":1,"new_message":2}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestAccount_GapIsTold(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(r *tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			if r.Pts == 100 {
				return &tg.UpdatesDifferenceTooLong{Pts: 5000}, nil
			}
			return &tg.UpdatesDifferenceEmpty{Date: r.Date, Seq: 1}, nil
		}
	})
	w.connected()
	if it := w.item(droppedEvent); !strings.Contains(string(it.Body), `"count":4900,"reason":"gap"`) {
		t.Errorf("%s", it.Body)
	}
}
