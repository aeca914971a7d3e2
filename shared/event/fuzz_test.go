package event

import (
	"encoding/json"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

// Whatever Telegram sends, each of the builders makes whole events of it, or none.
func FuzzRead(f *testing.F) {
	for _, u := range []bin.Encoder{
		private("hi", false), inMega(), edited(nil), &tg.UpdateReadHistoryInbox{Peer: aliceTL, MaxID: 5}, &tg.UpdateDeleteMessages{Messages: []int{1, 2}},
		pressed(groupTL, []byte("a\xff")), pressedInline(&tg.InputBotInlineMessageID{ID: -1}), &tg.UpdateBotInlineQuery{UserID: 1001, Query: "x"},
		&tg.UpdateNewMessage{Message: service(groupTL, aliceTL, &tg.MessageActionChatAddUser{Users: []int64{1001, own}})},
		&tg.UpdateChannelUserTyping{ChannelID: 1400000001, FromID: megaTL, Action: &tg.SendMessageUploadPhotoAction{}},
		&tg.UpdateUserStatus{UserID: 1001, Status: &tg.UserStatusOffline{WasOnline: day}},
		&tg.UpdatePinnedMessages{Peer: aliceTL, Messages: []int{5}},
	} {
		var b bin.Buffer
		if err := u.Encode(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Buf)
	}
	short := bin.Buffer{}
	if err := (&tg.UpdateShortMessage{ID: 71, UserID: 1001, Message: "hi", Date: day}).Encode(&short); err != nil {
		f.Fatal(err)
	}
	f.Add(short.Buf)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var u bin.Object
		if container, err := tg.DecodeUpdates(&bin.Buffer{Buf: raw}); err == nil {
			u = container
		} else if update, err := tg.DecodeUpdate(&bin.Buffer{Buf: raw}); err == nil {
			u = update
		} else {
			return
		}
		text := "group"
		for _, o := range Read(u, world()) {
			for _, groups := range []map[string]*string{nil, {"a": nil, "b": &text}} {
				written := append(o.AppendJSON([]byte{'{'}, groups), '}')
				var members map[string]json.RawMessage
				if err := json.Unmarshal(written, &members); err != nil {
					t.Fatalf("%v: %s", err, written)
				}
				for _, key := range []string{"chat", "chat_id", "input_chat", "is_channel", "is_group", "is_private"} {
					if _, ok := members[key]; !ok {
						t.Fatalf("no %s: %s", key, written)
					}
				}
			}
			o.EventID(own)
			o.Subject()
		}
	})
}
