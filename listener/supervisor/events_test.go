package supervisor

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"telegram-client/shared/entry"
	"telegram-client/tests/homeassistanttest"
)

// An automation waits for an event of which some members have certain values, as Home Assistant compares event_data.
type automation struct {
	name      string
	eventType string
	data      map[string]any
	// templates are what the automation's condition and actions read of the event: they must be there.
	templates []string
}

// subset reports whether all of want is in got: objects by their members, anything else as it is.
func subset(want, got any) bool {
	members, ok := want.(map[string]any)
	if !ok {
		return reflect.DeepEqual(want, got)
	}
	of, ok := got.(map[string]any)
	for key, value := range members {
		ok = ok && subset(value, of[key])
	}
	return ok
}

// at returns a member of a member: "message.from_id.user_id".
func at(e map[string]any, path string) any {
	var of any = e
	for _, key := range strings.Split(path, ".") {
		members, _ := of.(map[string]any)
		of = members[key]
	}
	return of
}

// fires waits until the home has accepted an event that triggers the automation.
func (w *world) fires(a automation) {
	w.t.Helper()
	var event map[string]any
	err := w.home.Wait(w.ctx(), func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		for _, x := range all {
			var e map[string]any
			if x.Type == a.eventType && json.Unmarshal(x.Body, &e) == nil && subset(a.data, e) {
				event = e
				return true
			}
		}
		return false
	})
	if err != nil {
		var seen []string
		for _, x := range w.home.Accepted() {
			seen = append(seen, x.Type)
		}
		w.t.Fatalf("%s: %v; accepted %q", a.name, err, seen)
	}
	for _, path := range a.templates {
		if at(event, path) == nil {
			w.t.Errorf("%s: %s is not there", a.name, path)
		}
	}
}

// The automations of the document, and what else telegramtest lets happen, fire from what really goes over the wire.
func TestSupervisor_AutomationsFire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	alice, bot := w.alice.ID, w.bot.ID
	bob := w.telegram.User("bobby")

	said := w.telegram.Say(alice, bot, "hello")
	w.fires(automation{"respond to a greeting", "telegram_client_new_message",
		map[string]any{"message": map[string]any{"from_id": map[string]any{"user_id": float64(alice)}}},
		[]string{"config_entry_id", "message.message", "message.from_id.user_id", "sender.first_name", "me.id"}})

	if err := w.telegram.Edit(alice, said.ID, "hello again"); err != nil {
		t.Fatal(err)
	}
	w.fires(automation{"announce an edited message", "telegram_client_message_edited",
		map[string]any{"chat_id": float64(alice), "message": map[string]any{"message": "hello again"}},
		[]string{"message.from_id.user_id", "me.id", "message.id", "message.edit_date"}})

	seen := w.telegram.IDFor(bot, said.Number)
	if err := w.telegram.Delete(alice, true, said.ID); err != nil {
		t.Fatal(err)
	}
	w.fires(automation{"notice a deletion", "telegram_client_message_deleted",
		map[string]any{"deleted_id": float64(seen)}, nil})

	group := w.telegram.Group("Poker planning", alice, bot)
	w.fires(automation{"notice a new group", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "created": true, "new_title": "Poker planning"}, []string{"action_message.id", "chat.title"}})
	if err := w.telegram.Join(group.ID, bob.ID, bob.ID); err != nil {
		t.Fatal(err)
	}
	w.fires(automation{"greet who joins", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "user_joined": true, "user_id": float64(bob.ID)}, []string{"user.first_name", "input_chat.chat_id"}})
	if err := w.telegram.Leave(group.ID, bob.ID, alice); err != nil {
		t.Fatal(err)
	}
	w.fires(automation{"notice who is kicked", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "user_kicked": true, "kicked_by": map[string]any{"id": float64(alice)}}, []string{"user.id"}})
}

// What Telegram says about the account when the connection stands is kept, and an event tells what changed.
func TestSupervisor_SensorsAreRefreshedAtConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	var now entry.Account
	if _, err := w.store.ChangeEntry(w.ctx(), w.id, func(e *entry.Entry) error {
		now = e.Account
		e.Account.FirstName, e.Account.Premium = "Former", true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.fires(automation{"notice a new name", "telegram_client_me", map[string]any{
		"changed": []any{"premium", "first_name"}, "old": map[string]any{"first_name": "Former", "premium": true},
		"me": map[string]any{"first_name": now.FirstName, "premium": false},
	}, nil})
	w.until("the record says so", func() bool {
		o, err := w.store.Overview(w.ctx(), w.id)
		return err == nil && o.Entry.Account == now
	})
}
