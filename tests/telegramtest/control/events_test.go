package control_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/tests/telegramtest"
)

func TestControl_EverythingHappens(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	var alice, bob, bot telegramtest.Account
	r.must("POST", "/accounts", fields{"username": "alice"}, &alice)
	r.must("POST", "/accounts", fields{"username": "bobby"}, &bob)
	r.must("POST", "/accounts", fields{"username": "helper_bot", "bot": true}, &bot)
	var club telegramtest.Channel
	r.must("POST", "/channels", fields{"title": "Club", "creator": bob.ID, "members": []int64{alice.ID}, "username": "the_club"}, &club)
	path := fmt.Sprintf("/channels/%d", club.ID)
	group := fmt.Sprintf("/groups/%d", club.ID)
	r.must("POST", path+"/promote", fields{"account": alice.ID, "by": bob.ID, "admin": true}, nil)
	r.must("POST", path+"/quiet", fields{"quiet": true}, nil)
	r.must("POST", path+"/too-long", nil, nil)
	r.must("POST", group+"/title", fields{"by": bob.ID, "title": "Pub"}, nil)
	r.must("POST", group+"/photo", fields{"by": bob.ID, "has": true}, nil)
	r.must("POST", group+"/join", fields{"account": bot.ID, "by": bob.ID}, nil)
	r.must("POST", group+"/leave", fields{"account": bot.ID, "by": bob.ID}, nil)
	r.must("POST", group+"/leave", fields{"account": alice.ID, "by": alice.ID}, nil)
	r.must("POST", group+"/join", fields{"account": alice.ID, "link": true}, nil)
	var m telegramtest.Message
	r.must("POST", "/say", fields{"from": bob.ID, "to": club.ID, "text": "hello"}, &m)
	r.must("POST", "/edit", fields{"as": bob.ID, "chat": club.ID, "id": m.ID, "text": "hello!"}, nil)
	r.must("POST", "/edit", fields{"as": alice.ID, "chat": club.ID, "id": m.ID, "hidden": true}, nil)
	r.must("POST", "/pin", fields{"as": bob.ID, "chat": club.ID, "id": m.ID}, nil)
	r.must("POST", "/read", fields{"as": alice.ID, "chat": club.ID, "up_to": m.ID}, nil)
	r.must("POST", "/read", fields{"as": alice.ID, "chat": club.ID, "contents": []int{m.ID}}, nil)
	r.must("POST", "/type", fields{"from": bob.ID, "to": club.ID, "action": "upload_photo", "progress": 5}, nil)
	r.must("POST", "/status", fields{"account": bob.ID, "status": "online", "at": 1800000000}, nil)
	r.must("POST", "/delete", fields{"as": bob.ID, "chat": club.ID, "ids": []int{m.ID}}, nil)
	var all []telegramtest.Channel
	r.must("GET", "/channels", nil, &all)
	want := []telegramtest.Channel{{ID: club.ID, Title: "Pub", Username: "the_club", Creator: bob.ID, Members: []int64{bob.ID, alice.ID}, Admins: []int64{bob.ID}}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	var said []string
	for _, m := range s.Read(alice.ID, club.ID) {
		said = append(said, m.Text+m.Action)
	}
	if diff := cmp.Diff([]string{
		"messageActionChannelCreate", "messageActionChatEditTitle", "messageActionChatEditPhoto", "messageActionChatAddUser",
		"messageActionChatDeleteUser", "messageActionChatDeleteUser", "messageActionChatJoinedByLink", "messageActionPinMessage",
	}, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

func TestControl_QueriesAreAsked(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	var m telegramtest.Message
	r.must("POST", "/say", fields{"from": bot.ID, "to": alice.ID, "text": "well?", "buttons": []any{
		[]any{fields{"text": "Yes", "data": "yes"}, fields{"text": "Play", "game": true}},
	}}, &m)
	theirs := s.IDFor(alice.ID, m.Number)
	var pressed, inline, asked struct{ Query int64 }
	r.must("POST", "/press", fields{"user": alice.ID, "chat": bot.ID, "message": theirs, "button": "Yes"}, &pressed)
	r.must("POST", "/press", fields{"user": alice.ID, "bot": bot.ID, "data": "x", "old": true}, &inline)
	r.must("POST", "/ask", fields{"user": alice.ID, "bot": bot.ID, "text": "cats"}, &asked)
	r.must("POST", "/score", fields{"user": alice.ID, "chat": bot.ID, "game": theirs, "score": 3}, nil)
	for path, query := range map[string]int64{"callback": pressed.Query, "inline": asked.Query} {
		var answer struct {
			Query    int64
			Answered bool
		}
		r.must("GET", fmt.Sprintf("/queries/%d/%s", query, path), nil, &answer)
		if answer.Query != query || answer.Answered {
			t.Errorf("%s: %+v", path, answer)
		}
	}
	for path, body := range map[string]any{
		"/press":  fields{"user": alice.ID, "chat": bot.ID, "message": theirs, "button": "Never"},
		"/ask":    fields{"user": bot.ID, "bot": alice.ID},
		"/score":  fields{"user": alice.ID, "chat": bot.ID, "game": 1},
		"/type":   fields{"from": alice.ID, "to": bot.ID, "action": "juggle"},
		"/status": fields{"account": alice.ID, "status": "asleep"},
		"/pin":    fields{"as": alice.ID, "chat": bot.ID, "id": 5000000},
		"/read":   fields{"as": 5, "chat": bot.ID},
	} {
		if got := r.do("POST", path, body, nil); got != http.StatusBadRequest {
			t.Errorf("%s: %d", path, got)
		}
	}
	if got := r.do("GET", "/queries/5/callback", nil, nil); got != http.StatusBadRequest {
		t.Errorf("an unknown query: %d", got)
	}
}
