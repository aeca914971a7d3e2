package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

func pressed(p tg.PeerClass, data []byte) *tg.UpdateBotCallbackQuery {
	u := &tg.UpdateBotCallbackQuery{QueryID: 1<<63 - 1, UserID: 1001, Peer: p, MsgID: 44, ChatInstance: -1 << 63}
	if data == nil {
		u.SetGameShortName("g")
	} else {
		u.SetData(data)
	}
	return u
}

func pressedInline(id tg.InputBotInlineMessageIDClass) *tg.UpdateInlineBotCallbackQuery {
	u := &tg.UpdateInlineBotCallbackQuery{QueryID: 2, UserID: 1001, MsgID: id, ChatInstance: 99}
	u.SetData([]byte("yes"))
	return u
}

func TestRead_CallbackQuery(t *testing.T) {
	t.Parallel()
	alice := map[string]string{
		"sender_id": "1001", "input_sender": `{"user_id":1001,"access_hash":-7}`, "id": "9223372036854775807", "chat_instance": "-9223372036854775808",
		"message_id": "44", "via_inline": "false", "data": `"yes"`, "data_match": "null", "pattern_match": "null",
		"query": `{"query_id":9223372036854775807,"user_id":1001,"peer":{"chat_id":5001},"msg_id":44,"chat_instance":-9223372036854775808,"game_short_name":null,"data":"yes"}`,
	}
	inline := map[string]string{"via_inline": "true", "message_id": "77", "sender_id": "1001", "data": `"yes"`}
	e := filter.CallbackQuery
	withPeer := func(high int32) *tg.InputBotInlineMessageID {
		return &tg.InputBotInlineMessageID{DCID: 2, ID: int64(high)<<32 | 77}
	}
	check(t, map[string]row{
		"in a group":   {pressed(groupTL, []byte("yes")), e, with(inChat, alice)},
		"in a channel": {pressed(newsTL, []byte("yes")), e, inNews},
		"a game": {pressed(aliceTL, nil), e, with(inAlice, map[string]string{"data": "null",
			"query": `{"query_id":9223372036854775807,"user_id":1001,"peer":{"user_id":1001},"msg_id":44,"chat_instance":-9223372036854775808,"data":null,"game_short_name":"g"}`})},
		"an empty payload": {pressed(aliceTL, []byte{}), e, with(inAlice, map[string]string{"data": `""`,
			"query": `{"query_id":9223372036854775807,"user_id":1001,"peer":{"user_id":1001},"msg_id":44,"chat_instance":-9223372036854775808,"game_short_name":null,"data":""}`})},
		"no text":               {pressed(aliceTL, []byte("a\xff\"")), e, with(inAlice, map[string]string{"data": `"a` + "\ufffd" + `\""`})},
		"characters cut off":    {pressed(aliceTL, []byte("\xe2\x82\xff\xfe")), e, map[string]string{"data": `"` + "\ufffd\ufffd\ufffd" + `"`}},
		"via inline to a user":  {pressedInline(withPeer(1001)), e, with(inAlice, inline)},
		"via inline elsewhere":  {pressedInline(withPeer(-1400000001)), e, with(inMeg, inline)},
		"via inline to nobody":  {pressedInline(withPeer(0)), e, with(nowhere, inline)},
		"via inline, longer id": {pressedInline(&tg.InputBotInlineMessageID64{DCID: 2, OwnerID: 1001, ID: 77}), e, with(nowhere, inline)},
		"via inline, in a channel, longer id": {pressedInline(&tg.InputBotInlineMessageID64{DCID: 2, OwnerID: -1001400000001, ID: -77}), e,
			with(nowhere, map[string]string{"message_id": "-77"})},
		"a payment":          {&tg.UpdateBotPrecheckoutQuery{QueryID: 1, UserID: 1001}, "", nil},
		"a business' button": {&tg.UpdateBusinessBotCallbackQuery{QueryID: 1, UserID: 1001}, "", nil},
	})
}

func TestRead_CallbacksSayWhatFiltersNeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		u    bin.Object
		want filter.Subject
	}{
		"a button":        {pressed(groupTL, []byte("a\xff")), filter.Subject{Event: filter.CallbackQuery, Chat: -5001, Sender: 1001, Data: []byte("a\xff"), Instance: -1 << 63}},
		"nothing on it":   {pressed(groupTL, []byte{}), filter.Subject{Event: filter.CallbackQuery, Chat: -5001, Sender: 1001, Data: []byte{}, Instance: -1 << 63}},
		"a game":          {pressed(groupTL, nil), filter.Subject{Event: filter.CallbackQuery, Chat: -5001, Sender: 1001, Instance: -1 << 63}},
		"via inline":      {pressedInline(&tg.InputBotInlineMessageID64{}), filter.Subject{Event: filter.CallbackQuery, Sender: 1001, Data: []byte("yes"), Instance: 99}},
		"an inline query": {&tg.UpdateBotInlineQuery{UserID: 1001, Query: "cats"}, filter.Subject{Event: filter.InlineQuery, Chat: 1001, Sender: 1001, Text: "cats"}},
		"their reading":   {&tg.UpdateReadHistoryOutbox{Peer: aliceTL}, filter.Subject{Event: filter.MessageRead, Chat: 1001, Outgoing: true}},
		"who types":       {&tg.UpdateChatUserTyping{ChatID: 5001, FromID: aliceTL}, filter.Subject{Event: filter.UserUpdate, Chat: -5001, Sender: 1001}},
		"who wrote":       {inMega(), filter.Subject{Event: filter.NewMessage, Chat: -1001400000001, Sender: 1001, Text: "hi"}},
	} {
		o := one(t, c.u, world())
		if diff := cmp.Diff(c.want, o.Subject()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAppendJSON_CallbackGroupsAreThereTwice(t *testing.T) {
	t.Parallel()
	text := "es"
	got := show(t, one(t, pressed(groupTL, []byte("yes")), world()), map[string]*string{"rest": &text, "no": nil})
	for _, key := range []string{"data_match", "pattern_match"} {
		if got[key] != `{"no":null,"rest":"es"}` {
			t.Errorf("%s is %s", key, got[key])
		}
	}
}

func TestRead_CallbacksPass(t *testing.T) {
	t.Parallel()
	o := one(t, pressed(megaTL, []byte("yes")), world())
	if o.Class != Passing || o.Kind != "" || o.Chat != peer.ID(-1001400000001) || o.Occurred.Unix() != now {
		t.Errorf("%+v", o)
	}
	again := pressed(megaTL, []byte("yes"))
	again.QueryID--
	other := one(t, again, world())
	same := one(t, pressed(groupTL, []byte("no")), world())
	if o.EventID(own) == other.EventID(own) || o.EventID(own) != same.EventID(own) {
		t.Error("queries are not told apart by their id alone")
	}
}
