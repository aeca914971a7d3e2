package story

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

func textOf(a homeassistanttest.Accepted) string {
	var event struct {
		Message struct {
			Message string `json:"message"`
		} `json:"message"`
	}
	if json.Unmarshal(a.Body, &event) != nil {
		return ""
	}
	return event.Message.Message
}

// hello is the automation's part: it answers the event by a stateless function.
func (t *teller) hello(ctx context.Context, trigger homeassistanttest.Trigger) error {
	_, err := t.send(ctx, map[string]any{
		"config_entry_id": trigger.JSON["config_entry_id"], "target_id": trigger.JSON["chat_id"], "message": "Hello, Alice!", "reply_to": nil,
	})
	return err
}

func (t *teller) send(ctx context.Context, call map[string]any) (Answer, error) {
	return t.Bridge.Want(ctx, 200, "sendmessages", "POST", "/services/telegram_client/send_messages", call)
}

// answerFriend: a message comes in, the automation answers, the friend reads it, and the answer is no event.
func (t *teller) answerFriend(ctx context.Context) error {
	before := t.sender()
	t.Telegram.Say(t.cast.Friend.ID, t.cast.Bot.ID, "hello")
	t.Say("   %s writes: hello", t.cast.Friend.FirstName)
	select {
	case err := <-t.answer:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return fmt.Errorf("expected the event of %q at the webhook, got %q: %w", "hello", messageEvents(t.Home.Accepted()), ctx.Err())
	}
	if err := t.reads(ctx, "Hello, Alice!", 1); err != nil {
		return err
	}
	after := t.sender()
	t.Say("   the event came to the webhook, the automation called send_messages, and %s reads: Hello, Alice!", t.cast.Friend.FirstName)
	t.Say("   that took one connection, %d request and %d round trips to Telegram", after.Requests-before.Requests, after.RoundTrips-before.RoundTrips)
	if after.Requests-before.Requests != 1 || after.Connections-before.Connections != 1 {
		return fmt.Errorf("expected 1 request over 1 connection, got %d over %d", after.Requests-before.Requests, after.Connections-before.Connections)
	}
	t.Telegram.Say(t.cast.Friend.ID, t.cast.Bot.ID, "and good night")
	if err := t.arrives(ctx, "hello", "and good night"); err != nil {
		return err
	}
	t.Say("   our own answer did not come back as an event")
	return nil
}

// sender returns the counts of the bot's sender.
func (t *teller) sender() telegramtest.AuthorizationStats {
	for _, a := range alive(t.Telegram, t.cast.Bot.ID) {
		if strings.Contains(a.Device, "sender") {
			if s, err := t.Telegram.Stats(a.ID); err == nil {
				return s
			}
		}
	}
	return telegramtest.AuthorizationStats{}
}

// reads waits until the friend has got a text so often, and not once more.
func (t *teller) reads(ctx context.Context, text string, times int) error {
	count := func() int {
		n := 0
		for _, m := range t.Telegram.Read(t.cast.Friend.ID, t.cast.Bot.ID) {
			if !m.Out && m.Text == text {
				n++
			}
		}
		return n
	}
	if err := t.Telegram.Until(ctx, func() bool { return count() >= times }); err != nil {
		return fmt.Errorf("expected %q %d times, got it %d times: %w", text, times, count(), err)
	}
	if n := count(); n != times {
		return fmt.Errorf("expected %q %d times, got it %d times", text, times, n)
	}
	return nil
}

// arrives waits until exactly these texts have arrived at Home Assistant, in this order.
func (t *teller) arrives(ctx context.Context, texts ...string) error {
	err := t.Home.Wait(ctx, func(accepted []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		return len(messageEvents(accepted)) >= len(texts) // it holds the home's lock
	})
	if got := messageEvents(t.Home.Accepted()); !slices.Equal(got, texts) {
		return fmt.Errorf("expected the events %q, got %q (%v)", texts, got, err)
	}
	return nil
}

// away: what is written while Home Assistant is down arrives when it is back, in order.
func (t *teller) away(ctx context.Context) error {
	if err := t.Home.Refuse(true); err != nil {
		return err
	}
	texts := []string{"hello", "and good night"}
	for n := 1; n <= 5; n++ {
		texts = append(texts, fmt.Sprintf("while you were away %d", n))
		t.Telegram.Say(t.cast.Friend.ID, t.cast.Bot.ID, texts[len(texts)-1])
	}
	entry := "/config/entries/" + t.cast.EntryID
	if err := t.until(ctx, "five waiting events", func() (bool, error) {
		a, err := t.Bridge.Want(ctx, 200, "entries", "GET", entry, nil)
		return a.Get("outbox", "waiting") == "5", err
	}); err != nil {
		return err
	}
	t.Say("   Home Assistant is down; five messages wait in the outbox")
	if err := t.Home.Refuse(false); err != nil {
		return err
	}
	if _, err := t.Bridge.Want(ctx, 200, "entries", "POST", entry+"/target/wake", map[string]any{}); err != nil {
		return err
	}
	if err := t.arrives(ctx, texts...); err != nil {
		return err
	}
	t.Say("   it is back, and all five arrived in order")
	return nil
}

// repeat: the same call with the same key sends once and answers the same.
func (t *teller) repeat(ctx context.Context) error {
	call := map[string]any{"target_username": "@" + t.cast.Friend.Username, "message": "Only once", "idempotency_key": "story-1"}
	first, err := t.send(ctx, call)
	if err != nil {
		return err
	}
	second, err := t.send(ctx, call)
	if err != nil {
		return err
	}
	if string(first.Body) != string(second.Body) {
		return fmt.Errorf("expected the same answer twice, got %s and %s", first.Body, second.Body)
	}
	if err := t.reads(ctx, "Only once", 1); err != nil {
		return err
	}
	t.Say("   send_messages was called twice with one idempotency key: one message, one answer")
	call["message"] = "Something else"
	a, err := t.Bridge.Want(ctx, 422, "sendmessages", "POST", "/services/telegram_client/send_messages", call)
	if err != nil {
		return err
	}
	t.Say("   the same key with another text: %s", a.Get("error", "message"))
	return nil
}

// eventBus: the target becomes Home Assistant's event bus, and the next message is an event there.
func (t *teller) eventBus(ctx context.Context) error {
	heard := make(chan homeassistanttest.Trigger, 1)
	t.Home.Listen("telegram_client_new_message", func(trigger homeassistanttest.Trigger) {
		select {
		case heard <- trigger:
		default: // the first one is what the chapter waits for
		}
	})
	entry := "/config/entries/" + t.cast.EntryID
	a, err := t.Bridge.Want(ctx, 200, "entries", "PUT", entry+"/target", map[string]any{
		"type": "event", "url": t.Home.URL(), "token": t.Home.Token(), "owner": owner, "time_zone": "Europe/Warsaw",
	})
	if err != nil {
		return err
	}
	t.Say("   the target is the event bus now: %s", a.Get("state"))
	// What is written before the listener has taken the change up may still go to the webhook.
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for arrived := false; !arrived; {
		t.Telegram.Say(t.cast.Friend.ID, t.cast.Bot.ID, "over the bus")
		select {
		case trigger := <-heard:
			message, _ := trigger.JSON["message"].(map[string]any)
			if message["message"] != "over the bus" || trigger.JSON["config_entry_id"] != t.cast.EntryID {
				return fmt.Errorf("expected the event of %q, got %v", "over the bus", trigger.JSON)
			}
			arrived = true
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("expected the event of %q on the bus: %w", "over the bus", ctx.Err())
		}
	}
	t.Say("   %s writes: over the bus, and telegram_client_new_message is fired", t.cast.Friend.FirstName)
	if err := t.until(ctx, "a healthy entry", func() (bool, error) {
		a, err := t.Bridge.Want(ctx, 200, "entries", "GET", entry, nil)
		return a.Get("health") == "[]" && a.Get("outbox", "waiting") == "0" && a.Get("target", "type") == "event", err
	}); err != nil {
		return err
	}
	t.Say("   and back to the webhook, which has to prove itself again")
	return t.webhook(ctx)
}

// mistakes: each is answered by a status, a code, the field, and a sentence.
func (t *teller) mistakes(ctx context.Context) error {
	for _, m := range []struct {
		what, function, method, path string
		body                         any
		status                       int
		code, field                  string
	}{
		{"an unknown entry", "entries", "GET", "/config/entries/tg_aaaaaaaaaaaaaaaaaaaaaaaaaa", nil, 404, "unknown_entry", ""},
		{"nobody to send to", "sendmessages", "POST", "/services/telegram_client/send_messages", map[string]any{"message": "x"}, 400, "target_required", ""},
		{"a field nobody knows", "sendmessages", "POST", "/services/telegram_client/send_messages", map[string]any{"message": "x", "target_id": 1, "mesage": "y"}, 400, "unknown_field", "mesage"},
		{"a username nobody has", "sendmessages", "POST", "/services/telegram_client/send_messages", map[string]any{"message": "x", "target_username": "nobody_has_this"}, 400, "target_not_found", ""},
		{"a flow that has expired", "configflow", "GET", "/config/flows/no-such-flow", nil, 404, "unknown_flow", ""},
	} {
		a, err := t.Bridge.Want(ctx, m.status, m.function, m.method, m.path, m.body)
		if err != nil {
			return err
		}
		if a.Get("error", "code") != m.code || m.field != "" && a.Get("error", "field") != m.field {
			return fmt.Errorf("%s: expected %s %s, got %s", m.what, m.code, m.field, a.Body)
		}
		t.Say("   %s: %d %s. %s", m.what, a.Status, m.code, a.Get("error", "message"))
	}
	wrong := *t.Bridge
	wrong.Token = "not-the-token"
	if _, err := wrong.Want(ctx, 401, "entries", "GET", "/config/entries", nil); err != nil {
		return err
	}
	t.Say("   a wrong token: 401")
	return nil
}
