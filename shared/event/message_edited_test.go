package event

import (
	"testing"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

func edited(change func(m *tg.Message)) *tg.UpdateEditMessage {
	m := private("hi", false).Message.(*tg.Message)
	m.SetEditDate(day + 60)
	if change != nil {
		change(m)
	}
	m.SetFlags()
	return &tg.UpdateEditMessage{Message: m, Pts: 900, PtsCount: 1}
}

func service(p tg.PeerClass, from tg.PeerClass, action tg.MessageActionClass) *tg.MessageService {
	m := &tg.MessageService{ID: 80, PeerID: p, FromID: from, Date: day, Action: action}
	m.SetFlags()
	return m
}

var (
	aliceTL = &tg.PeerUser{UserID: 1001}
	selfTL  = &tg.PeerUser{UserID: own}
	groupTL = &tg.PeerChat{ChatID: 5001}
	megaTL  = &tg.PeerChannel{ChannelID: 1400000001}
	newsTL  = &tg.PeerChannel{ChannelID: 1234567890}
)

func TestRead_MessageEdited(t *testing.T) {
	t.Parallel()
	notes := service(selfTL, nil, &tg.MessageActionScreenshotTaken{})
	check(t, map[string]row{
		"a text":                {edited(nil), filter.MessageEdited, with(inAlice, map[string]string{"sender_id": "1001"})},
		"nothing that one sees": {edited(func(m *tg.Message) { m.EditHide = true }), filter.MessageEdited, with(inAlice, map[string]string{"sender_id": "1001"})},
		"an empty message without a chat": {&tg.UpdateEditMessage{Message: &tg.MessageEmpty{ID: 9}}, filter.MessageEdited,
			with(nowhere, map[string]string{"message": `{"id":9,"peer_id":null}`, "sender_id": "null"})},
		"a service message in a private chat": {&tg.UpdateEditMessage{Message: service(aliceTL, nil, &tg.MessageActionPinMessage{})}, filter.MessageEdited,
			with(inAlice, map[string]string{"sender_id": "1001"})},
		"a service message among own notes": {&tg.UpdateEditMessage{Message: notes}, filter.MessageEdited, map[string]string{"chat_id": "2000001", "sender_id": "2000001"}},
		"a post": {&tg.UpdateEditChannelMessage{Message: &tg.Message{ID: 1, PeerID: newsTL, Post: true}}, filter.MessageEdited,
			with(inNews, map[string]string{"sender_id": "-1001234567890"})},
		"in a channel nobody has described": {&tg.UpdateEditChannelMessage{Message: &tg.Message{ID: 1, PeerID: &tg.PeerChannel{ChannelID: 1999999999}}}, filter.MessageEdited,
			with(inStrange, map[string]string{"is_group": "true", "sender": "null", "sender_id": "null"})},
	})
}

func TestRead_EditsSayWhatStorageNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		u        *tg.UpdateEditMessage
		occurred int64
		version  int64
		kind     Kind
	}{
		"when the text was edited":      {edited(nil), day + 60, day + 60, ""},
		"pts where no date is given":    {edited(func(m *tg.Message) { m.EditDate = 0 }), now, 900, ""},
		"an own text":                   {edited(func(m *tg.Message) { m.Out = true }), day + 60, day + 60, Edit},
		"no earlier than it can be":     {edited(func(m *tg.Message) { m.EditDate = day - 5000 }), day, day - 5000, ""},
		"a post, which any admin edits": {edited(func(m *tg.Message) { m.Post, m.PeerID = true, newsTL }), day + 60, day + 60, Edit},
	} {
		at := world()
		at.After = time.Unix(day, 0).UTC()
		o := one(t, c.u, at)
		if o.Occurred.Unix() != c.occurred || o.Version != c.version || o.Kind != c.kind {
			t.Errorf("%s: %v %d %q", name, o.Occurred, o.Version, o.Kind)
		}
	}
}

func TestOccurrence_EventIDTellsEditsApart(t *testing.T) {
	t.Parallel()
	id := func(u *tg.UpdateEditMessage) string {
		o := one(t, u, world())
		return o.EventID(own).String()
	}
	first := id(edited(nil))
	later := edited(nil)
	later.Pts += 7
	if id(later) != first {
		t.Error("the same edit fetched with a difference has another id")
	}
	reference := func(r string) *tg.UpdateEditMessage {
		return edited(func(m *tg.Message) {
			m.Media = &tg.MessageMediaPhoto{Photo: &tg.Photo{ID: 5, FileReference: []byte(r)}}
		})
	}
	if id(reference("one")) != id(reference("two")) {
		t.Error("a file that is referred to anew makes another edit")
	}
	for name, u := range map[string]*tg.UpdateEditMessage{
		"date":     edited(func(m *tg.Message) { m.EditDate++ }),
		"text":     edited(func(m *tg.Message) { m.Message = "ho" }),
		"reaction": edited(func(m *tg.Message) { m.Reactions = tg.MessageReactions{CanSeeList: true} }),
		"message":  edited(func(m *tg.Message) { m.ID++ }),
		"box":      edited(func(m *tg.Message) { m.PeerID = megaTL }),
	} {
		if id(u) == first {
			t.Errorf("another %s has the same id", name)
		}
	}
}
