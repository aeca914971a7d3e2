package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	services "telegram-client/shared/service"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// summary says what the home accepted, one word or two an event.
func (w *world) summary() []string {
	var all []string
	for _, a := range w.home.Accepted() {
		var e struct {
			Message struct {
				Message string `json:"message"`
			} `json:"message"`
			NewPin bool `json:"new_pin"`
			Unpin  bool `json:"unpin"`
		}
		if err := json.Unmarshal(a.Body, &e); err != nil {
			w.t.Fatal(err)
		}
		text := a.Type[len("telegram_client_"):]
		switch {
		case e.Message.Message != "":
			text += " " + e.Message.Message
		case e.NewPin:
			text += " pin"
		case e.Unpin:
			text += " unpin"
		}
		all = append(all, text)
	}
	return all
}

// What our services did is no event; what the same account does on another device is. In the meantime and afterwards.
func TestSupervisor_OwnActionsOfAllKindsAreNoEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	s := services.New(services.Options{Pool: authorization.NewPool(w.store, w.dialer, clock.System, w.log()), Store: w.store, Ring: w.ring,
		Clock: clock.System, Deadline: patience, Wait: patience})
	alice, bot := w.alice.ID, w.bot.ID
	w.telegram.Say(alice, bot, "hello")
	w.accepted(1)
	mega, err := w.telegram.AddChannel(telegramtest.Channel{Title: "Mega", Creator: alice, Members: []int64{bot}, Admins: []int64{bot}})
	w.must(err)
	w.telegram.Say(alice, mega.ID, "hello all")
	w.accepted(2)

	for _, chat := range []int64{alice, mega.ID} {
		begin := len(w.summary())
		sent := call(w, parseSend, s.SendMessages, `{"target_id":%d,"message":"ours"}`, chat)
		if len(sent.Results) != 1 || len(sent.Results[0].MessageIDs) != 1 {
			t.Fatalf("%+v", sent)
		}
		id := sent.Results[0].MessageIDs[0]
		call(w, parseEdit, s.EditMessage, `{"target_id":%d,"message":%d,"text":"ours, edited"}`, chat, id)
		call(w, message.ParsePin, s.PinMessage, `{"target_id":%d,"message_id":%d}`, chat, id)
		call(w, message.ParseUnpin, s.PinMessage, `{"target_id":%d,"message_id":%d}`, chat, id)
		call(w, message.ParseDelete, s.DeleteMessages, `{"target_id":%d,"message_ids":[%d]}`, chat, id)

		other := w.telegram.Say(bot, chat, "by hand")
		w.must(w.telegram.EditIn(bot, chat, other.ID, "by hand, edited"))
		w.must(w.telegram.Pin(bot, chat, other.ID, false))
		w.must(w.telegram.Pin(bot, chat, other.ID, true))
		w.must(w.telegram.DeleteIn(bot, chat, true, other.ID))
		to := chat
		if chat == alice {
			to = bot
		}
		w.telegram.Say(alice, to, "the end")
		want := []string{"new_message by hand", "message_edited by hand, edited", "chat_action pin", "chat_action unpin", "message_deleted", "new_message the end"}
		w.until("the end is accepted", func() bool {
			all := w.summary()
			return len(all) > begin && all[len(all)-1] == "new_message the end"
		})
		if diff := cmp.Diff(want, w.summary()[begin:]); diff != "" {
			t.Errorf("chat %d: %s", chat, diff)
		}
	}
}

func parseSend(body json.RawMessage) (message.Send, []*fault.Fault) {
	return message.ParseSend(body, message.Defaults{})
}

func parseEdit(body json.RawMessage) (message.Edit, []*fault.Fault) {
	return message.ParseEdit(body, message.Defaults{})
}

// call carries out a service call.
func call[M, A any](w *world, parse func(json.RawMessage) (M, []*fault.Fault), carryOut func(context.Context, M) (A, error), format string, args ...any) A {
	w.t.Helper()
	m, faults := parse(json.RawMessage(fmt.Sprintf(format, args...)))
	if len(faults) > 0 {
		w.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), faults[0])
	}
	a, err := carryOut(w.ctx(), m)
	if err != nil {
		w.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	return a
}
