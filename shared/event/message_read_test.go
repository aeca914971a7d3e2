package event

import (
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

func TestRead_MessageRead(t *testing.T) {
	t.Parallel()
	inbox := map[string]string{"contents": "false", "inbox": "true", "outbox": "false", "max_id": "5", "message_ids": "[]"}
	outbox := with(inbox, map[string]string{"inbox": "false", "outbox": "true"})
	contents := with(inbox, map[string]string{"contents": "true", "max_id": "9", "message_ids": "[5,9,7]"})
	ids := []int{5, 9, 7}
	e := filter.MessageRead
	check(t, map[string]row{
		"own reading in a private chat":   {&tg.UpdateReadHistoryInbox{Peer: aliceTL, MaxID: 5}, e, with(inAlice, inbox)},
		"own reading in a group":          {&tg.UpdateReadHistoryInbox{Peer: groupTL, MaxID: 5}, e, with(inChat, inbox)},
		"their reading in a group":        {&tg.UpdateReadHistoryOutbox{Peer: groupTL, MaxID: 5}, e, with(inChat, outbox)},
		"own notes":                       {&tg.UpdateReadHistoryOutbox{Peer: selfTL, MaxID: 5}, e, with(outbox, map[string]string{"chat_id": "2000001"})},
		"own reading in a channel":        {&tg.UpdateReadChannelInbox{ChannelID: 1234567890, MaxID: 5}, e, with(inNews, inbox)},
		"their reading in a supergroup":   {&tg.UpdateReadChannelOutbox{ChannelID: 1400000001, MaxID: 5}, e, with(inMeg, outbox)},
		"in a channel nobody described":   {&tg.UpdateReadChannelInbox{ChannelID: 1999999999, MaxID: 5}, e, with(inStrange, inbox)},
		"in a channel we were put out of": {&tg.UpdateReadChannelInbox{ChannelID: 1500000001, MaxID: 5}, e, with(inLost, inbox)},
		"nothing":                         {&tg.UpdateReadHistoryInbox{Peer: aliceTL}, e, with(inbox, map[string]string{"max_id": "null"})},
		"contents":                        {&tg.UpdateReadMessagesContents{Messages: ids}, e, with(nowhere, contents)},
		"contents in a channel":           {&tg.UpdateChannelReadMessagesContents{ChannelID: 1400000001, Messages: ids}, e, with(inMeg, contents)},
		"contents of nothing":             {&tg.UpdateReadMessagesContents{}, e, with(contents, map[string]string{"max_id": "null", "message_ids": "[]"})},
		"a discussion":                    {&tg.UpdateReadChannelDiscussionInbox{ChannelID: 1400000001}, "", nil},
		"a discussion of ours":            {&tg.UpdateReadChannelDiscussionOutbox{ChannelID: 1400000001}, "", nil},
		"stories":                         {&tg.UpdateReadStories{Peer: aliceTL}, "", nil},
	})
}

func TestRead_ReadsSayWhatStorageNeeds(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	for name, c := range map[string]struct {
		u    bin.Object
		kind Kind
	}{
		"inbox":             {&tg.UpdateReadHistoryInbox{Peer: aliceTL, MaxID: 5}, Seen},
		"further":           {&tg.UpdateReadHistoryInbox{Peer: aliceTL, MaxID: 6}, Seen},
		"outbox":            {&tg.UpdateReadHistoryOutbox{Peer: aliceTL, MaxID: 5}, ""},
		"group":             {&tg.UpdateReadHistoryInbox{Peer: groupTL, MaxID: 5}, Seen},
		"channel":           {&tg.UpdateReadChannelInbox{ChannelID: 1400000001, MaxID: 5}, Seen},
		"contents":          {&tg.UpdateReadMessagesContents{Messages: []int{5}}, Seen},
		"channel's content": {&tg.UpdateChannelReadMessagesContents{ChannelID: 1400000001, Messages: []int{5}}, Seen},
	} {
		o := one(t, c.u, world())
		if o.Kind != c.kind || o.Outgoing != (c.kind == "") || o.Class != Durable || o.Occurred.Unix() != now {
			t.Errorf("%s: %+v", name, o)
		}
		id := o.EventID(own).String()
		if other, ok := ids[id]; ok {
			t.Errorf("%s and %s have the same id", name, other)
		}
		ids[id] = name
	}
	contents := func(ids ...int) string {
		o := one(t, &tg.UpdateReadMessagesContents{Messages: ids}, world())
		return o.EventID(own).String()
	}
	if contents(5, 9) != contents(9, 5) {
		t.Error("the order of ids makes another id")
	}
}
