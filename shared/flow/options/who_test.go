package options_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/flow"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

func user(id int64, name, username string) *tg.User {
	u := &tg.User{ID: id, AccessHash: id, FirstName: name, Username: username}
	u.SetFlags()
	return u
}

// meet lets the listener learn of users.
func (w *world) meet(users ...tg.UserClass) {
	w.t.Helper()
	book := peer.NewBook(2000001)
	book.Learn(users, []tg.ChatClass{&tg.Chat{ID: 5001, Title: "Family", Photo: &tg.ChatPhotoEmpty{}}})
	claim, err := w.store.ClaimEntry(w.t.Context(), w.id, "", false, time.Minute)
	if err != nil || claim == nil {
		w.t.Fatalf("%v %v", claim, err)
	}
	if err := w.store.Commit(w.t.Context(), w.id, claim.Lease, outbox.Commit{State: []byte("{}"), Learnt: book.Changed()}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) who(login string) flow.Result {
	w.t.Helper()
	id, err := w.StartWho(w.t.Context(), w.id, login)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := w.Form(w.t.Context(), w.id, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestWho_OffersThoseWhoWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	r := w.who("login")
	wantStep(t, r, "who", true)
	self, bot := user(2000001, "Kitchen", "kitchen_bot"), user(3, "Bot", "other_bot")
	self.Self, bot.Bot = true, true
	for _, u := range []*tg.User{self, bot} {
		u.SetFlags()
	}
	w.meet(user(1002, "bob", ""), user(1001, "Alice", "alice"), user(777000, "Telegram", ""), user(1003, "", ""), self, bot)
	again := w.who("login")
	want := []map[string]any{{"label": "1003", "value": "1003"}, {"label": "Alice (@alice)", "value": "1001"}, {"label": "bob", "value": "1002"}}
	got := asMap(t, again.Fields[0])
	if diff := cmp.Diff(map[string]any{"name": "from_users", "required": false, "optional": true, "selector": map[string]any{
		"select": map[string]any{"options": []any{want[0], want[1], want[2]}, "multiple": true, "custom_value": true}}}, got); diff != "" {
		t.Error(diff)
	}
	if again.FlowID != r.FlowID {
		t.Error("the same login has two flows")
	}
}

func TestWho_IsStoredAsFilters(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"from_users":["1001","1002"]}`:    `{"new_message":{"from_users":"1001,1002"},"message_edited":{"from_users":"1001,1002"},"inline_query":{"users":"1001,1002"}}`,
		`{"from_users":[1001]}`:             `{"new_message":{"from_users":"1001"},"message_edited":{"from_users":"1001"},"inline_query":{"users":"1001"}}`,
		`{"from_users":["1001","@robert"]}`: `{"new_message":{"from_users":"1001,@robert"},"message_edited":{"from_users":"1001,@robert"}}`,
		`{"from_users":[]}`:                 `{}`,
		`{}`:                                `{}`,
	} {
		w := newWorld(t, `{}`)
		r := w.who("login")
		wrong := w.answer(r.FlowID, `{"from_users":["a b"]}`)
		if diff := cmp.Diff(map[string]string{"from_users": "invalid_name"}, wrong.Errors); diff != "" {
			t.Error(diff)
		}
		if r = w.answer(r.FlowID, body); r.Type != flow.CreateEntry {
			t.Errorf("%s: %+v", body, r)
		}
		w.wantStored(want)
		if id, err := w.StartWho(t.Context(), w.id, "login"); err != nil || id != r.FlowID {
			t.Errorf("begun again after its end: %s, %v", id, err)
		}
	}
}
