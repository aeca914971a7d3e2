package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// A button the whole way: a function sends it, a friend presses it, the listener tells Home Assistant, whose automation
// answers by a function, which asks the listener, and the friend sees the answer. What nobody answers stops waiting.
func TestButtons_AreAnswered(t *testing.T) {
	t.Parallel()
	ctx, stage := setUp(t, bridge.Options{})
	cast, err := story.Tell(ctx, stage.Parts)
	if err != nil {
		t.Fatal(err)
	}
	want := func(method, path string, body any) {
		t.Helper()
		if _, err := stage.Bridge.Want(ctx, 200, "", method, path, body); err != nil {
			t.Fatal(err)
		}
	}
	want("PUT", "/config/entries/"+cast.EntryID+"/options", map[string]any{"bridge": map[string]any{"answer_callbacks_after": 0.2}})
	want("POST", "/services/telegram_client/send_messages", map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID,
		"message": "The garage", "inline_keyboard": []string{"Open", "Close"}})
	all := stage.Telegram.Read(cast.Friend.ID, cast.Bot.ID)
	press := func(button string) (query int64) {
		t.Helper()
		query, err := stage.Telegram.Press(telegramtest.Pressing{User: cast.Friend.ID, Chat: cast.Bot.ID, Message: all[len(all)-1].ID, Button: button})
		if err != nil {
			t.Fatal(err)
		}
		err = stage.Home.Wait(ctx, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
			for _, a := range all {
				var e struct {
					ID   int64
					Data string
				}
				if a.Type == "telegram_client_callback_query" && json.Unmarshal(a.Body, &e) == nil && e.ID == query && e.Data == button {
					return true
				}
			}
			return false
		})
		if err != nil {
			t.Fatalf("%s: %v", button, err)
		}
		return query
	}
	sees := func(query int64, answer telegramtest.CallbackAnswer) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			got, err := stage.Telegram.CallbackAnswer(query)
			if err != nil {
				t.Fatal(err)
			}
			if got.Answered {
				if answer.Query = query; answer != got {
					t.Errorf("%+v, want %+v", got, answer)
				}
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatal("nobody has answered")
			}
		}
	}
	query := press("Close")
	sees(query, telegramtest.CallbackAnswer{Answered: true}) // by nobody
	want("PUT", "/config/entries/"+cast.EntryID+"/options", map[string]any{"bridge": map[string]any{"answer_callbacks_after": 60}})
	query = press("Open")
	want("POST", "/services/telegram_client/answer_callback_query", map[string]any{"config_entry_id": cast.EntryID, "id": query, "text": "It opens", "alert": true})
	sees(query, telegramtest.CallbackAnswer{Answered: true, Text: "It opens", Alert: true})
	ofNobody := func() {
		t.Helper()
		if a, err := stage.Bridge.Call(ctx, "", "POST", "/services/telegram_client/answer_callback_query",
			map[string]any{"config_entry_id": cast.EntryID, "id": query + 1, "text": "of nobody"}); err != nil || a.Status != 404 || a.Get("error", "field") != "id" {
			t.Errorf("of a query that is not there: %d %s, %v", a.Status, a.Body, err)
		}
	}
	ofNobody()

	// The same where events are fetched: what stops waiting is what the reader has acknowledged.
	want("PUT", "/config/entries/"+cast.EntryID+"/options", map[string]any{"bridge": map[string]any{"answer_callbacks_after": 0.2}})
	want("PUT", "/config/entries/"+cast.EntryID+"/target", map[string]any{"type": "pull", "owner": "fetcher", "take_over": true})
	ofNobody() // the listener has heard of the new target when it has answered this,
	ofNobody() // and taken it up when it hears this
	query, err = stage.Telegram.Press(telegramtest.Pressing{User: cast.Friend.ID, Chat: cast.Bot.ID, Message: all[len(all)-1].ID, Button: "Close"})
	if err != nil {
		t.Fatal(err)
	}
	cursor, seen := "", false
	for acknowledged := false; !acknowledged; {
		acknowledged = seen
		a, err := stage.Bridge.Want(ctx, 200, "events", "GET", "/events?owner=fetcher&reader=1&wait=1&after="+cursor, nil)
		if err != nil {
			t.Fatal(err)
		}
		cursor = a.Get("cursor")
		seen = seen || strings.Contains(string(a.Body), fmt.Sprintf(`"id":%d`, query))
	}
	sees(query, telegramtest.CallbackAnswer{Answered: true})
}
