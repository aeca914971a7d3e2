package httpapi

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/seal"
)

const (
	testID    = entry.ID("tg_k3vq7aaaaaaaaaaaaaaaaaaaaa")
	testEvent = "5b0e9a3c-2f0a-5c55-9d0c-0f5f0c2a7d11"
)

var testNow = time.Date(2026, 11, 22, 11, 32, 0, 0, time.UTC)

// entryStore keeps entries as a map would, and remembers what the listener was told.
type entryStore struct {
	order []entry.ID
	all   map[entry.ID]*entry.Overview
	told  []string
}

func newEntryStore(all ...entry.Overview) *entryStore {
	s := &entryStore{all: map[entry.ID]*entry.Overview{}}
	for _, o := range all {
		s.order = append(s.order, o.Entry.ID)
		s.all[o.Entry.ID] = &o
	}
	return s
}

func (s *entryStore) find(id entry.ID) (*entry.Overview, error) {
	if o, ok := s.all[id]; ok {
		return o, nil
	}
	return nil, fault.New(fault.UnknownEntry, "There is no such entry.")
}

func (s *entryStore) Overviews(context.Context) ([]entry.Overview, error) {
	var all []entry.Overview
	for _, id := range s.order {
		all = append(all, *s.all[id])
	}
	return all, nil
}

func (s *entryStore) Overview(_ context.Context, id entry.ID) (entry.Overview, error) {
	o, err := s.find(id)
	if err != nil {
		return entry.Overview{}, err
	}
	return *o, nil
}

func (s *entryStore) ChangeEntry(_ context.Context, id entry.ID, change func(*entry.Entry) error) (entry.Entry, error) {
	o, err := s.find(id)
	if err != nil {
		return entry.Entry{}, err
	}
	if o.Entry.Removing {
		return entry.Entry{}, fault.New(fault.RemovalInProgress, "This entry is being removed.")
	}
	e := o.Entry
	if err := change(&e); err != nil {
		return entry.Entry{}, err
	}
	o.Entry = e
	return e, s.SendCommand(context.Background(), id, entry.Command{Kind: entry.Reload})
}

func (s *entryStore) MarkRemoving(_ context.Context, id entry.ID) error {
	o, err := s.find(id)
	if err != nil {
		return err
	}
	o.Entry.Removing = true
	return s.SendCommand(context.Background(), id, entry.Command{Kind: entry.Remove})
}

func (s *entryStore) SendCommand(_ context.Context, id entry.ID, c entry.Command) error {
	if _, err := s.find(id); err != nil {
		return err
	}
	s.told = append(s.told, strings.TrimSpace(fmt.Sprint(c.Kind, " ", c.EventID)))
	return nil
}

func (s *entryStore) KnowsEvent(_ context.Context, id entry.ID, event uuid.UUID) (bool, error) {
	_, err := s.find(id)
	return event.String() == testEvent, err
}

// fullOverview is an entry with everything there can be to show.
func fullOverview() entry.Overview {
	created := time.UnixMilli(1795339380100)
	return entry.Overview{
		Entry: entry.Entry{
			ID: testID, Account: entry.Account{ID: 2000001, Username: "kitchen_bot", FirstName: "Kitchen"}, ClientType: entry.Bot,
			App: entry.App{ID: 12345, Hash: seal.NewText("SECRET-hash")}, BotToken: seal.NewText("SECRET-token"),
			Target: entry.Target{Type: entry.Webhook, URL: seal.NewText("http://192.168.1.5:8123/api/webhook/SECRET"), Secret: seal.NewText("whsec_SECRET"),
				Owner: "7d1c", TimeZone: "Europe/Warsaw", MaxAge: 24 * time.Hour, Generation: 3, Confirmed: true},
			CreatedAt: created, ModifiedAt: created,
		},
		Status: entry.Status{
			Connected: true, Since: time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC),
			Health: []health.Condition{
				{Code: health.HomeUnreachable, Since: time.Date(2026, 11, 22, 11, 31, 0, 0, time.UTC), Placeholders: map[string]string{"reason": "connection refused"}},
				{Code: health.FloodWait, Since: testNow.Add(-time.Second)}, // too short to be shown
			},
		},
		Sent:    entry.Sent{LastSent: 71},
		Queue:   entry.Queue{Waiting: 3, OldestAge: 12512 * time.Millisecond},
		Devices: []entry.Device{{Purpose: "listener", Name: "Home Assistant · listener", State: "ok"}, {Purpose: "sender", Name: "Home Assistant · sender 1", State: "ok"}},
	}
}

const targetAnswer = `{"type":"webhook","owner":"7d1c","time_zone":"Europe/Warsaw","confirm":false,"paused":false,"max_age":86400,"state":"usable"}`

const fullEntryJSON = `{"entry_id":"tg_k3vq7aaaaaaaaaaaaaaaaaaaaa","domain":"telegram_client","unique_id":"2000001","title":"Telegram bot (@kitchen_bot)","client_type":"bot","source":"user","state":"loaded","reason":null,
 "created_at":1795339380.1,"modified_at":1795339380.1,"supports_options":true,
 "sensors":{"id":2000001,"username":"kitchen_bot","first_name":"Kitchen","last_name":null,"phone":null,"restricted":false,"premium":false,"last_sent_message_id":71,"last_edited_message_id":null,"last_deleted_message_id":null},
 "connection":{"connected":true,"since":"2026-11-22T11:30:00+00:00"},
 "health":[{"code":"home_assistant_unreachable","severity":"error","since":"2026-11-22T11:31:00+00:00","until":null,"message":"Home Assistant has not answered since 11:31:00 UTC: connection refused. Check that it runs and that its address is right. Events wait.","placeholders":{"reason":"connection refused"}}],
 "outbox":{"waiting":3,"oldest_age":12.5,"dead":0,"dropped":0},
 "authorizations":[{"purpose":"listener","device":"Home Assistant · listener","state":"ok"},{"purpose":"sender","device":"Home Assistant · sender 1","state":"ok"}],
 "target":` + targetAnswer + `}`

func entriesAPI(store EntryStore) *API {
	return Entries(EntriesOptions{Store: store, Version: "0.1.0", Now: func() time.Time { return testNow }}, testSettings(io.Discard))
}

func fieldJSON(code, field, message string) string {
	return fmt.Sprintf(`{"ok":false,"error":{"code":%q,"message":%q,"field":%q}}`, code, message, field)
}

const unknownEntry = "There is no entry with this id. GET /config/entries lists them."

func TestEntries_Show(t *testing.T) {
	t.Parallel()
	fresh := entry.Overview{Entry: entry.Entry{ID: "tg_bbbbbbbbbbbbbbbbbbbbbbbbbb", Account: entry.Account{ID: 5}, ClientType: entry.Bot}}
	h := entriesAPI(newEntryStore(fullOverview(), fresh))
	freshJSON := `{"entry_id":"tg_bbbbbbbbbbbbbbbbbbbbbbbbbb","domain":"telegram_client","unique_id":"5","title":"Telegram bot (5)","client_type":"bot","source":"user","state":"setup_retry","reason":"connecting",
	 "created_at":0,"modified_at":0,"supports_options":true,
	 "sensors":{"id":5,"username":null,"first_name":null,"last_name":null,"phone":null,"restricted":false,"premium":false,"last_sent_message_id":null,"last_edited_message_id":null,"last_deleted_message_id":null},
	 "connection":{"connected":false,"since":null},"health":[],"outbox":{"waiting":0,"oldest_age":null,"dead":0,"dropped":0},"authorizations":[],"target":null}`
	sameJSON(t, call(h, "GET", "/config/entries", ""), 200, "["+fullEntryJSON+","+freshJSON+"]")
	w := call(h, "GET", "/config/entries/"+string(testID), "")
	sameJSON(t, w, 200, fullEntryJSON)
	if strings.Contains(w.Body.String(), "SECRET") {
		t.Errorf("a secret shows: %s", w.Body)
	}
	sameJSON(t, call(h, "GET", "/config/entries/tg_cccccccccccccccccccccccccc", ""), 404, errorJSON("unknown_entry", "There is no such entry."))
	sameJSON(t, call(h, "GET", "/config/entries/12", ""), 404, errorJSON("unknown_entry", unknownEntry))
	sameJSON(t, call(entriesAPI(newEntryStore()), "GET", "/config/entries", ""), 200, "[]")
}

func TestEntries_Remove(t *testing.T) {
	t.Parallel()
	store := newEntryStore(fullOverview())
	h := entriesAPI(store)
	want := `{"ok":true,"state":"removing","devices":["Home Assistant · listener","Home Assistant · sender 1"]}`
	sameJSON(t, call(h, "DELETE", "/config/entries/"+string(testID), ""), 202, want)
	sameJSON(t, call(h, "DELETE", "/config/entries/"+string(testID), ""), 202, want)
	if d := cmp.Diff([]string{"remove", "remove"}, store.told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	sameJSON(t, call(h, "PUT", "/config/entries/"+string(testID)+"/target", `{"type":"pull","owner":"7d1c"}`), 409, errorJSON("removal_in_progress", "This entry is being removed."))
	sameJSON(t, call(h, "DELETE", "/config/entries/tg_x", ""), 404, errorJSON("unknown_entry", unknownEntry))
}

func TestEntries_Config(t *testing.T) {
	t.Parallel()
	h := entriesAPI(newEntryStore())
	sameJSON(t, call(h, "GET", "http://h:8080/config", ""), 200,
		`{"version":"0.1.0","api":1,"functions":{"configflow":"http://h:8080","optionsflow":"http://h:8080","entries":"http://h:8080","events":"http://h:8080","chats":"http://h:8080","sendmessages":"http://h:8080","editmessage":"http://h:8080","deletemessages":"http://h:8080"}}`)
	sameJSON(t, call(h, "GET", "/config", "", "X-Forwarded-Proto: https"), 200,
		`{"version":"0.1.0","api":1,"functions":{"configflow":"https://example.com","optionsflow":"https://example.com","entries":"https://example.com","events":"https://example.com","chats":"https://example.com","sendmessages":"https://example.com","editmessage":"https://example.com","deletemessages":"https://example.com"}}`)
	h = Entries(EntriesOptions{Store: newEntryStore(), Version: "1", Functions: map[string]string{"configflow": "https://a.example", "sendmessages": "https://b.example"}}, testSettings(io.Discard))
	sameJSON(t, call(h, "GET", "https://c.example/config", ""), 200,
		`{"version":"1","api":1,"functions":{"configflow":"https://a.example","entries":"https://c.example","sendmessages":"https://b.example"}}`)
}

func TestEntries_WakeAndConfirm(t *testing.T) {
	t.Parallel()
	store := newEntryStore(fullOverview())
	h := entriesAPI(store)
	path := "/config/entries/" + string(testID) + "/target/"
	sameJSON(t, call(h, "POST", path+"wake", ""), 200, `{"ok":true}`)
	sameJSON(t, call(h, "POST", path+"wake", "{}"), 200, `{"ok":true}`)
	sameJSON(t, call(h, "POST", path+"wake", `{"a":1}`), 400, fieldJSON("unknown_field", "a", "There is no such field here: the object has to be empty."))
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":"`+testEvent+`"}`), 200, `{"ok":true,"event_id":"`+testEvent+`"}`)
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":"`+strings.ToUpper(testEvent)+`"}`), 200, `{"ok":true,"event_id":"`+testEvent+`"}`)
	handshake := entry.HandshakeID(testID, 3).String()
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":"`+handshake+`"}`), 200, `{"ok":true,"event_id":"`+handshake+`"}`)
	former := entry.HandshakeID(testID, 2)
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":"`+former.String()+`"}`), 404, fieldJSON("unknown_event", "event_id", "No event with this id waits to be confirmed."))
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":"`+uuid.Nil.String()+`"}`), 404, fieldJSON("unknown_event", "event_id", "No event with this id waits to be confirmed."))
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":""}`), 400, fieldJSON("missing_field", "event_id", "This is needed."))
	sameJSON(t, call(h, "POST", path+"confirm", `{"event_id":7}`), 404, fieldJSON("unknown_event", "event_id", "There is no event with this id. Send {{ trigger.json.event_id }}."))
	if d := cmp.Diff([]string{"wake", "wake", "confirmed " + testEvent, "confirmed " + testEvent, "confirmed " + handshake}, store.told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	sameJSON(t, call(h, "POST", "/config/entries/tg_cccccccccccccccccccccccccc/target/wake", ""), 404, errorJSON("unknown_entry", "There is no such entry."))
}
