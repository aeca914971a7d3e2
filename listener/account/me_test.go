package account

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
)

// me is the event telegram_client_me as far as it matters here.
type me struct {
	Changed []string
	Old, Me struct {
		Username  *string `json:"username"`
		FirstName *string `json:"first_name"`
		LastName  *string `json:"last_name"`
		Phone     *string `json:"phone"`
	}
}

func (w *world) me() me {
	w.t.Helper()
	it := w.item(meEvent)
	var e me
	if err := json.Unmarshal([]byte("{"+string(it.Body)+"}"), &e); err != nil {
		w.t.Fatal(err)
	}
	return e
}

// What Telegram says about the account itself is kept and told, whichever way it is said.
func TestAccount_MeIsKeptCurrent(t *testing.T) {
	t.Parallel()
	former := entry.Account{ID: bot, FirstName: "user 7100000001", Username: "user7100000001"}
	described := user(bot)
	described.FirstName = "Kitchen"
	renamed, called, listed := former, former, former
	renamed.FirstName, renamed.LastName, renamed.Username = "Kitchen", "Light", "kitchen_bot"
	called.Phone = "15550001"
	listed.Username = "second"
	named := former
	named.FirstName = "Kitchen"
	for name, c := range map[string]struct {
		u       *tg.Updates
		changed []string
		kept    entry.Account
	}{
		"described":             {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUser{UserID: bot}}, Users: []tg.UserClass{described}}, []string{"first_name"}, named},
		"named alone":           {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUserName{UserID: bot, FirstName: "Kitchen", LastName: "Light", Usernames: []tg.Username{{Editable: true, Active: true, Username: "kitchen_bot"}}}}}, []string{"username", "last_name", "first_name"}, renamed},
		"of several names":      {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUserName{UserID: bot, FirstName: former.FirstName, Usernames: []tg.Username{{Username: "first"}, {Active: true, Username: "second"}}}}}, []string{"username"}, listed},
		"a number":              {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUserPhone{UserID: bot, Phone: "15550001"}}}, []string{"phone"}, called},
		"told to ask for it":    {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUser{UserID: bot}}}, []string{"first_name"}, named},
		"somebody else's first": {&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUserName{UserID: alice, FirstName: "A"}, &tg.UpdateUser{UserID: alice}, &tg.UpdateUserPhone{UserID: bot, Phone: "15550001"}}}, []string{"phone"}, called},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t)
			connection := w.connected()
			w.reported("the connection", func(r Report) bool { return r.Connected })
			w.telegram.mu.Lock()
			w.telegram.self = described // as from now on
			w.telegram.mu.Unlock()
			connection.updates(c.u)
			e := w.me()
			if diff := cmp.Diff(c.changed, e.Changed); diff != "" {
				t.Error(diff)
			}
			if *e.Old.FirstName != former.FirstName || *e.Old.Username != former.Username || *e.Me.FirstName != c.kept.FirstName {
				t.Errorf("%+v", e)
			}
			if diff := cmp.Diff(c.kept, <-w.store.accounts); diff != "" {
				t.Error(diff)
			}
			// From here on events say so.
			connection.push(newMessage(101, says(71, alice, "hello", start)))
			var after struct {
				Me struct{ Phone, Username *string }
			}
			if err := json.Unmarshal([]byte("{"+string(w.item(messageEvent).Body)+"}"), &after); err != nil {
				t.Fatal(err)
			}
			if after.Me.Username == nil || *after.Me.Username != c.kept.Username || (after.Me.Phone == nil) != (c.kept.Phone == "") {
				t.Errorf("%+v", after.Me)
			}
		})
	}
}

// Who cannot keep it now keeps it later, and tells it once.
func TestAccount_MeIsKeptWhenTheStoreIsBack(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) { w.store.forgets = []error{errors.New("away"), errors.New("away")} })
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.push(&tg.UpdateUserPhone{UserID: bot, Phone: "15550001"})
	w.me()
	former := w.o.Claim.Entry // what the store has still
	w.Reload(t.Context(), former)
	c.push(newMessage(101, says(71, alice, "hello", start)))
	w.item(messageEvent)
	c.push(newMessage(102, says(72, alice, "hello", start)))
	w.item(messageEvent)
	if a := <-w.store.accounts; a.Phone != "15550001" {
		t.Errorf("kept %+v", a)
	}
	for _, it := range w.queue {
		if it.Type == meEvent {
			t.Error("told twice")
		}
	}
}
