package event

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

// show returns the members of an event.
func show(t testing.TB, o Occurrence, groups map[string]*string) map[string]string {
	t.Helper()
	raw := append(o.AppendJSON([]byte{'{'}, groups), '}')
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	shown := map[string]string{}
	for key, value := range members {
		shown[key] = string(value)
	}
	return shown
}

// A row is an update, the event it makes ("" for none), and some of the event's members.
type row struct {
	u     bin.Object
	event filter.Event
	want  map[string]string
}

func check(t *testing.T, rows map[string]row) {
	t.Helper()
	for name, r := range rows {
		all := Read(r.u, world())
		if r.event == "" {
			if len(all) > 0 {
				t.Errorf("%s: fires %s", name, all[0].Event)
			}
			continue
		}
		if len(all) != 1 || all[0].Event != r.event {
			t.Errorf("%s: %v, wants %s", name, all, r.event)
			continue
		}
		shown := show(t, all[0], nil)
		got := map[string]string{}
		for key := range r.want {
			got[key] = shown[key]
		}
		if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// with adds members to those of another row.
func with(of, more map[string]string) map[string]string {
	all := maps.Clone(of)
	maps.Copy(all, more)
	return all
}

var (
	inChat = map[string]string{"chat_id": "-5001", "input_chat": `{"chat_id":5001}`, "is_channel": "false", "is_group": "true", "is_private": "false"}
	inMeg  = map[string]string{"chat_id": "-1001400000001", "input_chat": `{"channel_id":1400000001,"access_hash":400}`,
		"is_channel": "true", "is_group": "true", "is_private": "false"}
	inNews = map[string]string{"chat_id": "-1001234567890", "input_chat": `{"channel_id":1234567890,"access_hash":-300}`,
		"is_channel": "true", "is_group": "false", "is_private": "false"}
	inStrange = map[string]string{"chat": "null", "chat_id": "-1001999999999", "input_chat": "null", "is_channel": "true", "is_group": "null", "is_private": "false"}
	inLost    = map[string]string{"chat_id": "-1001500000001", "input_chat": `{"channel_id":1500000001,"access_hash":5}`,
		"is_channel": "true", "is_group": "true", "is_private": "false"}
	inAlice = map[string]string{"chat_id": "1001", "input_chat": `{"user_id":1001,"access_hash":-7}`,
		"is_channel": "false", "is_group": "false", "is_private": "true"}
	nowhere = map[string]string{"chat": "null", "chat_id": "null", "input_chat": "null", "is_channel": "false", "is_group": "false", "is_private": "null"}
)

// Every key of an event is always there, whatever made it.
func TestAppendJSON_HasEveryKey(t *testing.T) {
	t.Parallel()
	chat := []string{"chat", "chat_id", "input_chat", "is_channel", "is_group", "is_private"}
	keys := map[filter.Event][]string{
		filter.NewMessage:     {"message", "pattern_match", "sender", "sender_id"},
		filter.MessageEdited:  {"message", "pattern_match", "sender", "sender_id"},
		filter.MessageRead:    {"contents", "inbox", "max_id", "message_ids", "outbox"},
		filter.MessageDeleted: {"deleted_id", "deleted_ids"},
		filter.CallbackQuery: {"chat_instance", "data", "data_match", "id", "input_sender", "message_id", "pattern_match", "query", "sender", "sender_id",
			"via_inline"},
		filter.InlineQuery: {"geo", "id", "input_sender", "offset", "pattern_match", "sender", "sender_id", "text"},
		filter.ChatAction: {"action_message", "added_by", "created", "input_user", "input_users", "kicked_by", "new_photo", "new_pin", "new_score", "new_title",
			"photo", "unpin", "user", "users", "user_added", "user_id", "user_ids", "user_joined", "user_kicked", "user_left"},
		filter.UserUpdate: {"action", "audio", "cancel", "contact", "document", "geo", "input_sender", "input_user", "last_seen", "online", "photo", "playing",
			"recently", "recording", "round", "sender", "sender_id", "status", "sticker", "typing", "until", "uploading", "user", "user_id", "video",
			"within_months", "within_weeks"},
	}
	seen := map[filter.Event]int{}
	for _, make := range tg.TypesConstructorMap() {
		for _, full := range []bool{false, true} {
			u := make()
			if full {
				fill(u)
			}
			for _, o := range Read(u, world()) {
				seen[o.Event]++
				want := append(slices.Clone(chat), keys[o.Event]...)
				slices.Sort(want)
				if diff := cmp.Diff(want, slices.Sorted(maps.Keys(show(t, o, nil)))); diff != "" {
					t.Errorf("%T: %s", u, diff)
				}
			}
		}
	}
	for e := range keys {
		if seen[e] == 0 && e != filter.NewMessage && e != filter.ChatAction { // those want a message inside
			t.Errorf("no update makes %s", e)
		}
	}
}
