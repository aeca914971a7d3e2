package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/filter"
	"telegram-client/shared/process"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// What services do does not come back as events; the same done on the account's phone does (D25).
func TestOwnActions_AreNoEvents(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.jpg"), telegramtest.Picture(30, 20, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stage := setUp(t, bridge.Options{Files: process.Files{Root: root}})
	p := &phoneAndServices{Stage: stage, t: t, ctx: ctx, me: stage.Telegram.User("owner_of_all"), alice: stage.Telegram.User("alice")}
	for _, e := range filter.Events() {
		stage.Home.Listen("telegram_client_"+string(e), func(homeassistanttest.Trigger) {})
	}
	p.login(p.eventBus())

	theirs := p.say(p.alice, "hers") // an event
	id := p.service("send_messages", map[string]any{"target_username": "alice", "message": "by service"})
	p.service("edit_message", map[string]any{"message": id, "text": "edited by service"})
	later := p.service("send_messages", map[string]any{"target_username": "alice", "message": "scheduled by service", "schedule": "PT1H"})
	const picture = "a.jpg"
	shown := p.service("send_messages", map[string]any{"target_username": "alice", "message": "photo by service", "file": picture})
	p.service("send_messages", map[string]any{"target_username": "alice", "file": []any{picture, picture, map[string]any{"data": "eA=="}}})
	p.service("edit_message", map[string]any{"message": shown, "file": map[string]any{"data": "eHg="}})
	laterShown := p.service("send_messages", map[string]any{"target_username": "alice", "file": picture, "schedule": "PT1H"})
	p.service("forward_messages", map[string]any{"from_username": "alice", "message_ids": theirs, "target_username": "alice"})
	p.service("pin_message", map[string]any{"target_username": "alice", "message_id": theirs})
	p.service("unpin_message", map[string]any{"target_username": "alice", "message_id": theirs})
	p.service("pin_message", map[string]any{"target_username": "alice", "message_id": theirs})
	p.service("unpin_message", map[string]any{"target_username": "alice"})
	p.service("mark_read", map[string]any{"target_username": "alice"})
	p.service("send_reaction", map[string]any{"target_username": "alice", "message_id": theirs, "reaction": "👍"})
	p.service("delete_messages", map[string]any{"message_ids": id})
	for _, id := range []int{later, laterShown} {
		if _, err := stage.Telegram.SendScheduled(p.me.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	// The same on the phone.
	stage.Telegram.SayFile(p.me.ID, p.alice.ID, "photo by phone", telegramtest.File{Kind: telegramtest.KindPhoto, Data: telegramtest.Picture(30, 20, 2)})
	phone := p.say(p.me, "by phone")
	if err := stage.Telegram.Edit(p.me.ID, phone, "edited by phone"); err != nil {
		t.Fatal(err)
	}
	if err := stage.Telegram.Pin(p.me.ID, p.alice.ID, theirs, false); err != nil {
		t.Fatal(err)
	}
	if err := stage.Telegram.Delete(p.me.ID, true, phone); err != nil {
		t.Fatal(err)
	}
	p.say(p.alice, "the end")

	want := []string{
		"chat_action pinned", "message_deleted", "message_edited edited by phone", "new_message by phone", "new_message hers", "new_message photo by phone", "new_message the end",
	}
	var got []string
	err := stage.Home.Wait(ctx, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		got = nil
		for _, a := range all {
			if told := tell(a); told != "" {
				got = append(got, told)
			}
		}
		slices.Sort(got)
		return slices.Contains(got, "new_message the end") && slices.Contains(got, "chat_action pinned") && slices.Contains(got, "message_deleted")
	})
	if err != nil {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// tell says what an event is about; nothing of those that the bridge tells of itself.
func tell(a homeassistanttest.Accepted) string {
	var e struct {
		Message *struct{ Message string }
		NewPin  bool `json:"new_pin"`
		Unpin   bool
	}
	if json.Unmarshal(a.Body, &e) != nil {
		return "unreadable " + a.Type
	}
	name := a.Type[len("telegram_client_"):]
	switch {
	case name == "connection" || name == "me" || name == "user_update":
		return ""
	case e.Message != nil:
		return name + " " + e.Message.Message
	case e.NewPin:
		return name + " pinned"
	case e.Unpin:
		return name + " unpinned"
	}
	return name
}

// phoneAndServices is an account that is used on a phone and by services of a whole bridge.
type phoneAndServices struct {
	*story.Stage
	t         *testing.T
	ctx       context.Context
	me, alice telegramtest.Account
	entry     string
}

func (p *phoneAndServices) post(method, path string, body any) story.Answer {
	p.t.Helper()
	a, err := p.Bridge.Want(p.ctx, 200, "", method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// eventBus is the target of Home Assistant's event bus.
func (p *phoneAndServices) eventBus() map[string]any {
	return map[string]any{"type": "event", "url": p.Home.URL(), "token": p.Home.Token(), "owner": "home"}
}

func (p *phoneAndServices) login(target map[string]any) {
	p.t.Helper()
	a := p.post("POST", "/config/flows", map[string]any{"source": "user"})
	flow := "/config/flows/" + a.Get("flow_id")
	p.post("POST", flow, map[string]any{"api_id": 1, "api_hash": apiHash, "client_type": "client"})
	p.post("POST", flow, map[string]any{"phone": p.me.Phone})
	p.entry = p.post("POST", flow, map[string]any{"code": p.Telegram.LastCode(p.me.Phone)}).Get("result", "entry_id")
	p.post("PUT", "/config/entries/"+p.entry+"/target", target)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for a = p.post("GET", "/config/entries/"+p.entry, nil); a.Get("state") != "loaded" || a.Get("target", "state") != "usable"; a = p.post("GET", "/config/entries/"+p.entry, nil) {
		select {
		case <-look.C:
		case <-p.ctx.Done():
			p.t.Fatalf("%s", a.Body)
		}
	}
}

// say lets somebody write on a phone, and returns the id that the message has for the account.
func (p *phoneAndServices) say(who telegramtest.Account, text string) int {
	p.t.Helper()
	to := p.alice.ID
	if who.ID == to {
		to = p.me.ID
	}
	m, err := p.Telegram.Post(telegramtest.Saying{From: who.ID, To: to, Text: text})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Telegram.IDFor(p.me.ID, m.Number)
}

// service calls a service and returns the id of the message that it made, if it did.
func (p *phoneAndServices) service(verb string, body map[string]any) int {
	p.t.Helper()
	a := p.post("POST", "/services/telegram_client/"+verb, body)
	var made struct {
		Results []struct {
			IDs []int `json:"message_ids"`
		}
	}
	if err := json.Unmarshal(a.Body, &made); err != nil {
		p.t.Fatal(err)
	}
	if len(made.Results) == 1 && len(made.Results[0].IDs) == 1 {
		return made.Results[0].IDs[0]
	}
	return 0
}
