package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

const (
	own = 2000001
	day = 1726050030 // 2024-09-11T10:20:30
	now = 1726056000 // 2024-09-11T12:00:00
)

func world() Context {
	me := &tg.User{ID: own, Self: true, Bot: true, AccessHash: 1, FirstName: "Kitchen", Username: "kitchen_bot"}
	me.SetFlags()
	alice := &tg.User{ID: 1001, AccessHash: -7, FirstName: "Alice", Username: "alice"}
	alice.SetFlags()
	bob := &tg.User{ID: 1002, Min: true, AccessHash: 99, FirstName: "Bob"}
	bob.SetFlags()
	group := &tg.Chat{ID: 5001, Title: "Small group", Photo: &tg.ChatPhotoEmpty{}}
	mega := &tg.Channel{ID: 1400000001, AccessHash: 400, Title: "Mega", Megagroup: true, Photo: &tg.ChatPhotoEmpty{}}
	mega.SetFlags()
	news := &tg.Channel{ID: 1234567890, AccessHash: -300, Title: "News", Broadcast: true, Photo: &tg.ChatPhotoEmpty{}}
	news.SetFlags()
	lost := &tg.ChannelForbidden{ID: 1500000001, AccessHash: 5, Title: "Lost", Megagroup: true}
	lost.SetFlags()
	book := peer.NewBook(own)
	book.Learn([]tg.UserClass{me, alice, bob}, []tg.ChatClass{group, mega, news, lost})
	return Context{Me: me, Book: book, Now: time.Unix(now, 0).UTC()}
}

func private(text string, out bool) *tg.UpdateNewMessage {
	m := &tg.Message{ID: 71, PeerID: &tg.PeerUser{UserID: 1001}, Date: day, Message: text, Out: out}
	m.SetFlags()
	return &tg.UpdateNewMessage{Message: m, Pts: 5, PtsCount: 1}
}

func inMega() *tg.UpdateNewChannelMessage {
	m := &tg.Message{ID: 71, PeerID: &tg.PeerChannel{ChannelID: 1400000001}, FromID: &tg.PeerUser{UserID: 1001}, Date: day, Message: "hi"}
	m.SetFlags()
	return &tg.UpdateNewChannelMessage{Message: m, Pts: 5, PtsCount: 1}
}

func one(t testing.TB, u bin.Object, c Context) Occurrence {
	t.Helper()
	all := Read(u, c)
	if len(all) != 1 {
		t.Fatalf("%d occurrences", len(all))
	}
	return all[0]
}

func TestRead_SaysWhatStorageAndDeliveryNeed(t *testing.T) {
	t.Parallel()
	c := world()
	at := time.Date(2024, 9, 11, 10, 20, 30, 0, time.UTC)
	for name, want := range map[string]struct {
		u bin.Object
		o Occurrence
	}{
		"incoming": {private("hi", false), Occurrence{Event: filter.NewMessage, Chat: 1001, Sender: 1001, Occurred: at, Class: Durable, MessageIDs: []int{71}, Text: "hi"}},
		"outgoing": {private("hi", true), Occurrence{Event: filter.NewMessage, Chat: 1001, Occurred: at, Class: Durable, Outgoing: true, Kind: Send, MessageIDs: []int{71}, Text: "hi"}},
		"in a channel": {inMega(), Occurrence{Event: filter.NewMessage, Chat: -1001400000001, Sender: 1001, Occurred: at, Class: Durable,
			Box: -1001400000001, MessageIDs: []int{71}, Text: "hi"}},
		"short": {&tg.UpdateShortMessage{ID: 71, UserID: 1001, Message: "hi", Date: day}, Occurrence{Event: filter.NewMessage, Chat: 1001, Sender: 1001,
			Occurred: at, Class: Durable, MessageIDs: []int{71}, Text: "hi"}},
		"short in a group": {&tg.UpdateShortChatMessage{ID: 71, FromID: 1001, ChatID: 5001, Message: "hi", Date: day}, Occurrence{Event: filter.NewMessage, Chat: -5001,
			Sender: 1001, Occurred: at, Class: Durable, MessageIDs: []int{71}, Text: "hi"}},
	} {
		if diff := cmp.Diff(want.o, one(t, want.u, c), cmpopts.IgnoreUnexported(Occurrence{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRead_MakesNothingOfTheRest(t *testing.T) {
	t.Parallel()
	c := world()
	for _, u := range []bin.Object{
		&tg.UpdateNewMessage{Message: &tg.MessageEmpty{ID: 1}},
		&tg.UpdateNewMessage{Message: &tg.MessageService{ID: 1, PeerID: &tg.PeerUser{UserID: 1001}, Action: &tg.MessageActionHistoryClear{}}},
		&tg.UpdateNewScheduledMessage{Message: &tg.Message{ID: 1, PeerID: &tg.PeerUser{UserID: 1001}}},
		&tg.UpdateShortSentMessage{ID: 1}, &tg.UpdateUserName{UserID: 1001}, &tg.UpdateConfig{},
	} {
		if all := Read(u, c); len(all) > 0 {
			t.Errorf("%T: %v", u, all)
		}
	}
}

func TestRead_LeavesTheUpdateAlone(t *testing.T) {
	t.Parallel()
	u, same := private("hi", true), private("hi", true)
	same.Message.(*tg.Message).Media, u.Message.(*tg.Message).Media = &tg.MessageMediaEmpty{}, &tg.MessageMediaEmpty{}
	o := one(t, u, world())
	o.AppendJSON(nil, nil)
	if diff := cmp.Diff(same, u); diff != "" {
		t.Error(diff)
	}
}

// Receivers drop what they have seen by these ids: they must never change.
func TestOccurrence_EventIDStays(t *testing.T) {
	t.Parallel()
	c := world()
	for want, u := range map[string]bin.Object{
		"be00268d-56ae-54cd-aad6-b96819a0a93b": private("hi", false),
		"c4563ad7-a270-599c-a20f-e758f76afc60": inMega(),
	} {
		o := one(t, u, c)
		if got := o.EventID(own).String(); got != want {
			t.Errorf("%T: %s, wants %s", u, got, want)
		}
	}
}

func TestOccurrence_EventIDIsOfWhatHappened(t *testing.T) {
	t.Parallel()
	c := world()
	id := func(u bin.Object, account int64) string {
		o := one(t, u, c)
		return o.EventID(account).String()
	}
	first := id(private("hi", false), own)
	if first != id(&tg.UpdateShortMessage{ID: 71, UserID: 1001, Message: "hi", Date: day}, own) {
		t.Error("the short form of the same message has another id")
	}
	other := private("hi", false)
	other.Message.(*tg.Message).ID++
	for name, got := range map[string]string{"account": id(private("hi", false), own+1), "message": id(other, own), "box": id(inMega(), own)} {
		if got == first {
			t.Errorf("another %s has the same id", name)
		}
	}
}

func TestAppendStored_IsTheInsideOfAnObject(t *testing.T) {
	t.Parallel()
	c := world()
	o := one(t, private("hi", false), c)
	text := "x"
	raw := string(AppendStored(nil, "tg_x", MeOf(c.Me), &o, map[string]*string{"b": &text, "a": nil}))
	const begin = `"config_entry_id":"tg_x","me":{"id":2000001,"username":"kitchen_bot","restricted":false,"premium":false,"last_name":null,"first_name":"Kitchen","phone":null},"chat":{`
	if !strings.HasPrefix(raw, begin) {
		t.Errorf("begins with %.200s", raw)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+raw+"}"), &members); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"chat_id": "1001", "sender_id": "1001", "is_private": "true", "is_group": "false", "is_channel": "false",
		"input_chat": `{"user_id":1001,"access_hash":-7}`, "pattern_match": `{"a":null,"b":"x"}`,
	} {
		if got := string(members[key]); got != want {
			t.Errorf("%s is %s, wants %s", key, got, want)
		}
	}
	if o.Type() != "telegram_client_new_message" {
		t.Error(o.Type())
	}
}
