package event

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

// A flag of a message that its short form does not have is not known, in this layer and in those to come.
func TestShortLacks_IsWhatShortFormsDoNotHave(t *testing.T) {
	t.Parallel()
	want := flags(&tg.Message{})
	for _, short := range []tdp.Object{&tg.UpdateShortMessage{}, &tg.UpdateShortChatMessage{}} {
		for name := range flags(short) {
			delete(want, name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(shortLacks))); diff != "" {
		t.Error(diff)
	}
}

// flags are the fields that are true or not there.
func flags(o tdp.Object) map[string]bool {
	found := map[string]bool{}
	for _, f := range o.TypeInfo().Fields {
		if field, _ := reflect.TypeOf(o).Elem().FieldByName(f.Name); field.Type.Kind() == reflect.Bool {
			found[f.SchemaName] = true
		}
	}
	return found
}

func TestRead_NewMessage(t *testing.T) {
	t.Parallel()
	e := filter.NewMessage
	message := func(change func(*tg.Message)) bin.Object {
		m := private("hi", false).Message.(*tg.Message)
		change(m)
		m.SetFlags()
		return &tg.UpdateNewMessage{Message: m}
	}
	forward := tg.MessageFwdHeader{Date: day}
	check(t, map[string]row{
		"from the other side": {message(func(*tg.Message) {}), e, with(inAlice, map[string]string{"sender_id": "1001"})},
		"to the other side":   {message(func(m *tg.Message) { m.Out = true }), e, with(inAlice, map[string]string{"sender_id": "2000001"})},
		"an own note":         {message(func(m *tg.Message) { m.PeerID = selfTL }), e, map[string]string{"chat_id": "2000001", "sender_id": "2000001", "is_private": "true"}},
		"a forwarded note":    {message(func(m *tg.Message) { m.PeerID, m.FwdFrom = selfTL, forward }), e, map[string]string{"chat_id": "2000001", "sender_id": "2000001"}},
		"in a group":          {message(func(m *tg.Message) { m.PeerID, m.FromID = groupTL, aliceTL }), e, with(inChat, map[string]string{"sender_id": "1001"})},
		"by a channel":        {message(func(m *tg.Message) { m.PeerID, m.FromID = megaTL, newsTL }), e, with(inMeg, map[string]string{"sender_id": "-1001234567890"})},
		"a post":              {message(func(m *tg.Message) { m.PeerID, m.Post = newsTL, true }), e, with(inNews, map[string]string{"sender_id": "-1001234567890"})},
		"by nobody":           {message(func(m *tg.Message) { m.PeerID = megaTL }), e, with(inMeg, map[string]string{"sender_id": "null", "sender": "null"})},
		"by a stranger": {message(func(m *tg.Message) { m.PeerID = &tg.PeerUser{UserID: 1009} }), e,
			map[string]string{"chat": "null", "input_chat": "null", "sender": "null", "sender_id": "1009"}},
		"short, in a group": {&tg.UpdateShortChatMessage{ID: 1, FromID: 1001, ChatID: 5001, Message: "hi"}, e, with(inChat, map[string]string{"sender_id": "1001"})},
		"short, ours":       {&tg.UpdateShortMessage{ID: 1, UserID: 1001, Out: true}, e, with(inAlice, map[string]string{"sender_id": "2000001"})},

		"an empty one":          {&tg.UpdateNewMessage{Message: &tg.MessageEmpty{ID: 1}}, "", nil},
		"a scheduled one":       {&tg.UpdateNewScheduledMessage{Message: &tg.Message{PeerID: aliceTL}}, "", nil},
		"of a business":         {&tg.UpdateBotNewBusinessMessage{Message: &tg.Message{PeerID: aliceTL}}, "", nil},
		"a quick reply":         {&tg.UpdateQuickReplyMessage{Message: &tg.Message{PeerID: aliceTL}}, "", nil},
		"a secret one":          {&tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessage{}}, "", nil},
		"what we sent just now": {&tg.UpdateShortSentMessage{ID: 1}, "", nil},
		"a reaction":            {&tg.UpdateMessageReactions{Peer: aliceTL, MsgID: 1}, "", nil},
	})
}
