package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
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

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// addPerson logs Alice in, as a config flow does, and makes an entry that delivers to the target.
func (w *world) addPerson(target entry.Target) {
	w.t.Helper()
	app := entry.App{ID: 7, Hash: seal.NewText("hash")}
	key, salt, err := w.telegram.Wire().NewKey(w.alice.DC)
	w.must(err)
	session := authorization.Session{DC: w.alice.DC, Keys: map[int]authorization.Key{w.alice.DC: {Auth: key.Value, Salt: salt}}}
	phone := seal.NewText(strings.TrimPrefix(w.alice.Phone, "+"))
	var account entry.Account
	var state login.UpdateState
	ending, err := w.dialer.Connect(w.ctx(), authorization.App{App: app, Device: authorization.Listener.Device()}, session, nil, nil,
		func(ctx context.Context, line login.Line) error {
			sent, err := line.SendCode(ctx, phone)
			if err != nil {
				return err
			}
			if account, err = line.SignIn(ctx, phone, sent.Code, seal.NewText(w.telegram.LastCode(w.alice.Phone))); err != nil {
				return err
			}
			state, err = line.State(ctx)
			return err
		})
	w.must(err)
	w.id = entry.NewID(w.ring, account.ID)
	_, made, err := w.store.CreateEntry(w.ctx(), login.NewEntry{
		Entry:          entry.Entry{ID: w.id, Account: account, ClientType: entry.Client, App: app, Target: target, CreatedAt: time.Now().Add(-10 * time.Second).UTC()},
		Authorizations: []login.Made{{Name: authorization.Listener, Session: ending.Session, LoggedIn: true}}, State: fmtState(state),
	})
	if err != nil || !made {
		w.t.Fatalf("make the entry: %v, %v", made, err)
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

	w.must(w.telegram.Edit(alice, said.ID, "hello again"))
	w.fires(automation{"announce an edited message", "telegram_client_message_edited",
		map[string]any{"chat_id": float64(alice), "message": map[string]any{"message": "hello again"}},
		[]string{"message.from_id.user_id", "me.id", "message.id", "message.edit_date"}})

	seen := w.telegram.IDFor(bot, said.Number)
	w.must(w.telegram.Delete(alice, true, said.ID))
	w.fires(automation{"notice a deletion", "telegram_client_message_deleted",
		map[string]any{"deleted_id": float64(seen)}, nil})

	group := w.telegram.Group("Poker planning", alice, bot)
	w.fires(automation{"notice a new group", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "created": true, "new_title": "Poker planning"}, []string{"action_message.id", "chat.title"}})
	w.must(w.telegram.Join(group.ID, bob.ID, bob.ID))
	w.fires(automation{"greet who joins", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "user_joined": true, "user_id": float64(bob.ID)}, []string{"user.first_name", "input_chat.chat_id"}})
	w.must(w.telegram.Leave(group.ID, bob.ID, alice))
	w.fires(automation{"notice who is kicked", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "user_kicked": true, "kicked_by": map[string]any{"id": float64(alice)}}, []string{"user.id"}})

	w.must(w.telegram.SetTitle(alice, group.ID, "Poker"))
	w.fires(automation{"notice a new title", "telegram_client_chat_action",
		map[string]any{"chat_id": float64(group.ID), "new_title": "Poker", "user_id": float64(alice)}, []string{"chat.title", "user.first_name"}})

	asked, err := w.telegram.Post(telegramtest.Saying{From: bot, To: alice, Text: "Light?", Buttons: [][]telegramtest.Button{{{Text: "On", Data: "on"}}}})
	w.must(err)
	query, err := w.telegram.Press(telegramtest.Pressing{User: alice, Chat: bot, Message: w.telegram.IDFor(alice, asked.Number)})
	w.must(err)
	w.fires(automation{"respond to a button", "telegram_client_callback_query",
		map[string]any{"sender_id": float64(alice), "data": "on", "chat_id": float64(alice), "message_id": float64(asked.ID), "via_inline": false},
		[]string{"id", "sender.first_name", "query.data", "chat_instance"}})
	if query == 0 {
		t.Error("a query without an id")
	}
	for _, old := range []bool{true, false} {
		_, err = w.telegram.PressInline(alice, bot, fmt.Sprint("old ", old), old)
		w.must(err)
		w.fires(automation{"respond to a button elsewhere", "telegram_client_callback_query",
			map[string]any{"data": fmt.Sprint("old ", old), "via_inline": true, "message_id": 17.}, []string{"query.msg_id.access_hash"}})
	}
	_, err = w.telegram.Ask(telegramtest.Asking{User: alice, Bot: bot, Text: "light"})
	w.must(err)
	w.fires(automation{"answer as one types", "telegram_client_inline_query",
		map[string]any{"text": "light", "sender_id": float64(alice), "offset": "", "geo": nil}, []string{"id", "sender.first_name"}})

	pinned := w.telegram.Say(alice, bot, "keep this")
	for _, unpin := range []bool{false, true} {
		w.must(w.telegram.Pin(alice, bot, pinned.ID, unpin))
		w.fires(automation{"notice a pin", "telegram_client_chat_action",
			map[string]any{"chat_id": float64(alice), "new_pin": !unpin, "unpin": unpin, "user_id": nil}, nil})
	}
}

// What only people are told: who has read, who types, who is online.
func TestSupervisor_AutomationsOfAPersonFire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addPerson(w.webhook())
	w.start()
	alice, bob := w.alice.ID, w.telegram.User("bobby")
	w.must(w.telegram.AddContact(alice, bob.ID))
	first := w.telegram.Say(bob.ID, alice, "hello")
	w.fires(automation{"respond to a greeting", "telegram_client_new_message",
		map[string]any{"message": map[string]any{"from_id": map[string]any{"user_id": float64(bob.ID)}, "out": false}}, nil})

	answer := w.telegram.Say(alice, bob.ID, "from the phone")
	w.fires(automation{"notice what is written elsewhere", "telegram_client_new_message",
		map[string]any{"chat_id": float64(bob.ID), "sender_id": float64(alice), "message": map[string]any{"out": true, "from_id": map[string]any{"user_id": float64(alice)}}}, nil})

	w.must(w.telegram.ReadHistory(bob.ID, alice, 0))
	w.fires(automation{"delete what was read", "telegram_client_message_read",
		map[string]any{"chat_id": float64(bob.ID), "outbox": true, "inbox": false, "max_id": float64(answer.ID)}, nil})
	w.must(w.telegram.ReadHistory(alice, bob.ID, 0))
	seen := w.telegram.IDFor(alice, first.Number)
	w.fires(automation{"notice one's own reading", "telegram_client_message_read",
		map[string]any{"chat_id": float64(bob.ID), "outbox": false, "inbox": true, "max_id": float64(seen)}, nil})
	w.must(w.telegram.ReadContents(alice, bob.ID, seen))
	w.fires(automation{"notice what was listened to", "telegram_client_message_read",
		map[string]any{"contents": true, "message_ids": []any{float64(seen)}, "chat_id": nil}, nil})

	w.must(w.telegram.Type(bob.ID, alice, "typing", 0))
	w.fires(automation{"spy on who types", "telegram_client_user_update",
		map[string]any{"user_id": float64(bob.ID), "typing": true, "chat_id": float64(bob.ID), "is_private": true, "status": nil}, []string{"user.first_name"}})
	w.must(w.telegram.Type(bob.ID, alice, "upload_photo", 40))
	w.fires(automation{"notice an upload", "telegram_client_user_update",
		map[string]any{"user_id": float64(bob.ID), "photo": true, "uploading": true, "action": map[string]any{"progress": 40.}}, nil})
	w.must(w.telegram.SetStatus(bob.ID, telegramtest.Online, time.Now().Add(time.Minute)))
	w.fires(automation{"notice who comes online", "telegram_client_user_update",
		map[string]any{"user_id": float64(bob.ID), "online": true, "recently": true, "typing": nil}, []string{"until", "status.expires"}})
	w.must(w.telegram.SetStatus(bob.ID, telegramtest.Recently, time.Time{}))
	w.fires(automation{"notice who hides", "telegram_client_user_update",
		map[string]any{"user_id": float64(bob.ID), "online": false, "recently": true, "last_seen": nil, "until": nil}, nil})
}

// Supergroups and channels count their messages themselves.
func TestSupervisor_AutomationsOfChannelsFire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	alice, bot := w.alice.ID, w.bot.ID
	w.telegram.Say(alice, bot, "hello")
	w.fires(automation{"respond to a greeting", "telegram_client_new_message", nil, nil})

	mega, news := w.telegram.Supergroup("Mega", alice, bot), w.telegram.Broadcast("News", alice, bot)
	said := w.telegram.Say(alice, mega.ID, "in the supergroup")
	w.fires(automation{"respond in a supergroup", "telegram_client_new_message",
		map[string]any{"chat_id": float64(mega.ID), "is_group": true, "is_channel": true, "sender_id": float64(alice)}, []string{"chat.title", "sender.first_name"}})
	w.must(w.telegram.EditIn(alice, mega.ID, said.ID, "edited"))
	w.fires(automation{"announce an edit", "telegram_client_message_edited",
		map[string]any{"chat_id": float64(mega.ID), "message": map[string]any{"message": "edited", "id": float64(said.ID)}}, nil})
	w.must(w.telegram.DeleteIn(alice, mega.ID, true, said.ID))
	w.fires(automation{"notice a deletion", "telegram_client_message_deleted",
		map[string]any{"chat_id": float64(mega.ID), "deleted_ids": []any{float64(said.ID)}, "is_group": true}, []string{"chat.title"}})
	w.telegram.Say(alice, news.ID, "a post")
	w.fires(automation{"read the news", "telegram_client_new_message",
		map[string]any{"chat_id": float64(news.ID), "is_group": false, "sender_id": float64(news.ID), "message": map[string]any{"post": true, "from_id": nil}}, nil})
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
