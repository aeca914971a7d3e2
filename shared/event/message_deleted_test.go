package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

func TestRead_MessageDeleted(t *testing.T) {
	t.Parallel()
	some := map[string]string{"deleted_id": "4", "deleted_ids": "[4,2,9]"}
	check(t, map[string]row{
		"in the common box":         {&tg.UpdateDeleteMessages{Messages: []int{4, 2, 9}}, filter.MessageDeleted, with(nowhere, some)},
		"in a supergroup":           {&tg.UpdateDeleteChannelMessages{ChannelID: 1400000001, Messages: []int{4, 2, 9}}, filter.MessageDeleted, with(inMeg, some)},
		"in a channel":              {&tg.UpdateDeleteChannelMessages{ChannelID: 1234567890, Messages: []int{4, 2, 9}}, filter.MessageDeleted, with(inNews, some)},
		"where nobody has been":     {&tg.UpdateDeleteChannelMessages{ChannelID: 1999999999, Messages: []int{4, 2, 9}}, filter.MessageDeleted, with(inStrange, some)},
		"none":                      {&tg.UpdateDeleteMessages{}, filter.MessageDeleted, map[string]string{"deleted_id": "null", "deleted_ids": "[]"}},
		"what was yet to be sent":   {&tg.UpdateDeleteScheduledMessages{Peer: aliceTL, Messages: []int{4}}, "", nil},
		"quick replies":             {&tg.UpdateDeleteQuickReplyMessages{ShortcutID: 1, Messages: []int{4}}, "", nil},
		"of a business' customers":  {&tg.UpdateBotDeleteBusinessMessage{Peer: aliceTL, Messages: []int{4}}, "", nil},
		"of all that was in a chat": {&tg.UpdateChannelAvailableMessages{ChannelID: 1400000001, AvailableMinID: 5}, "", nil},
	})
}

func TestRead_DeletionsSayWhatStorageNeeds(t *testing.T) {
	t.Parallel()
	o := one(t, &tg.UpdateDeleteMessages{Messages: []int{4, 2, 9}}, world())
	if o.Kind != Delete || o.Box != 0 || o.Chat != 0 || o.Class != Durable {
		t.Errorf("%+v", o)
	}
	if diff := cmp.Diff([]int{4, 2, 9}, o.MessageIDs); diff != "" {
		t.Error(diff)
	}
	other := one(t, &tg.UpdateDeleteMessages{Messages: []int{9, 4, 2}}, world())
	if o.EventID(own) != other.EventID(own) {
		t.Error("the order of ids makes another id")
	}
	there := one(t, &tg.UpdateDeleteChannelMessages{ChannelID: 1400000001, Messages: []int{4, 2, 9}}, world())
	if there.Box != -1001400000001 || there.EventID(own) == o.EventID(own) {
		t.Errorf("%+v", there)
	}
}
