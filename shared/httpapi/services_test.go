package httpapi

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
	"telegram-client/shared/textparse"
)

// services is the API of all verbs.
func services(s *scriptedSender) *API {
	settings := testSettings(io.Discard)
	return Join(SendMessages(s, settings), EditMessage(s, settings), DeleteMessages(s, settings), Chats(s, settings))
}

func TestServices_ReadTheCallAndAnswer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)
	alice, group := peer.Target{Username: "alice"}, peer.Target{ID: -1001234567890}
	entryJSON := `"config_entry_id":"` + string(testID) + `"`
	text := textparse.Text{Text: "x"}
	gone := fault.New(fault.ChatWriteForbid, "Not allowed.")
	tests := []struct {
		verb   message.Verb
		body   string
		sender scriptedSender
		asked  any
		status int
		want   string
	}{
		{message.EditMessage, `{"message":71,"text":"x","target_username":"alice"}`, scriptedSender{edited: &service.EditAnswer{Entry: testID, ChatID: 1001, MessageID: 71, Date: at, Modified: true}},
			message.Edit{Target: alice, MessageID: 71, Text: &text}, 200,
			`{"ok":true,` + entryJSON + `,"chat_id":1001,"message_id":71,"date":"2026-11-22T11:30:00+00:00","modified":true}`},
		{message.EditMessage, `{"message":71,"text":"x"}`, scriptedSender{edited: &service.EditAnswer{Entry: testID, ChatID: 1001, MessageID: 71}},
			message.Edit{MessageID: 71, Text: &text}, 200, `{"ok":true,` + entryJSON + `,"chat_id":1001,"message_id":71,"date":null,"modified":false}`},
		{message.EditMessage, `{"message":71,"text":"x","dry_run":true}`, scriptedSender{edited: &service.EditAnswer{Entry: testID, DryRun: true, MessageID: 71, Scheduled: at}},
			message.Edit{MessageID: 71, Text: &text, DryRun: true}, 200,
			`{"ok":true,"dry_run":true,` + entryJSON + `,"chat_id":null,"message_id":71,"date":null,"modified":false,"scheduled":"2026-11-22T11:30:00+00:00"}`},
		{message.DeleteMessages, `{"message_ids":[71,72],"target_username":"alice","target_id":-1001234567890}`,
			scriptedSender{answer: &service.Answer{Entry: testID, Results: []service.Result{{Target: alice, ChatID: 1001, MessageIDs: []int{71, 72}}, {Target: group, MessageIDs: []int{71}, Fault: gone}}}},
			message.Delete{Targets: []peer.Target{alice, group}, IDs: []int{71, 72}, Revoke: true}, 207,
			`{"ok":false,` + entryJSON + `,"results":[{"target":"@alice","ok":true,"chat_id":1001,"message_ids":[71,72]},
			  {"target":-1001234567890,"ok":false,"error":{"code":"chat_write_forbidden","message":"Not allowed."},"message_ids":[71]}]}`},
		{message.DeleteMessages, `{"message_ids":"71"}`, scriptedSender{answer: &service.Answer{Entry: testID, Results: []service.Result{{MessageIDs: []int{71}}}}},
			message.Delete{IDs: []int{71}, Revoke: true}, 200, `{"ok":true,` + entryJSON + `,"results":[{"target":null,"ok":true,"chat_id":null,"message_ids":[71]}]}`},
		{message.ForwardMessages, `{"message_ids":"71","from_username":"alice","target_id":-1001234567890}`, scriptedSender{answer: &service.Answer{Entry: testID, Results: []service.Result{{Target: group, ChatID: -1001234567890, MessageIDs: []int{5}, Date: at}}}},
			message.Forward{From: alice, Targets: []peer.Target{group}, IDs: []int{71}}, 200,
			`{"ok":true,` + entryJSON + `,"results":[{"target":-1001234567890,"ok":true,"chat_id":-1001234567890,"message_ids":[5],"date":"2026-11-22T11:30:00+00:00","scheduled":null}]}`},
		{message.SendReaction, `{"message_id":71,"target_username":"alice","reaction":"👍"}`, scriptedSender{}, message.Reaction{Target: alice, MessageID: 71, Reactions: []string{"👍"}}, 200, `{"ok":true}`},
		{message.PinMessage, `{"message_id":71,"target_username":"alice"}`, scriptedSender{}, message.Pin{Target: alice, MessageID: 71}, 200, `{"ok":true}`},
		{message.UnpinMessage, `{"target_username":"alice","dry_run":true}`, scriptedSender{}, message.Pin{Target: alice, Unpin: true, DryRun: true}, 200, `{"ok":true,"dry_run":true}`},
		{message.SendChatAction, `{"target_username":"alice","action":"typing"}`, scriptedSender{}, message.ChatAction{Target: alice, Action: "typing"}, 200, `{"ok":true}`},
		{message.MarkRead, `{"target_username":"alice"}`, scriptedSender{}, message.Read{Target: alice}, 200, `{"ok":true}`},
		{message.AnswerCallbackQuery, `{"id":1,"text":"Done","alert":false}`, scriptedSender{}, message.CallbackAnswer{QueryID: 1, Text: "Done"}, 200, `{"ok":true}`},
		{message.AnswerCallbackQuery, `{"id":1}`, scriptedSender{err: fault.New(fault.ListenerAway, "Away.")}, message.CallbackAnswer{QueryID: 1}, 504, errorJSON("listener_away", "Away.")},
		{message.GetChats, `{"limit":2}`, scriptedSender{chats: &service.Chats{Next: "b.5", Chats: []service.Chat{{ID: -1001234567890, Kind: "supergroup", Title: "Family"}, {ID: 5, Kind: "user", Title: "A", Username: "alice"}}}},
			message.Chats{Limit: 2}, 200, `{"ok":true,"chats":[{"chat_id":-1001234567890,"kind":"supergroup","title":"Family","username":null},{"chat_id":5,"kind":"user","title":"A","username":"alice"}],"next":"b.5"}`},
		{message.GetMessages, `{"target_username":"alice","message_ids":[5]}`, scriptedSender{read: &service.Messages{Messages: []json.RawMessage{json.RawMessage(`{"id":5}`)}}},
			message.Messages{Target: alice, IDs: []int{5}, Limit: 20}, 200, `{"ok":true,"messages":[{"id":5}],"next":null}`},
	}
	for _, test := range tests {
		t.Run(string(test.verb)+" "+test.body, func(t *testing.T) {
			t.Parallel()
			sender := test.sender
			sameJSON(t, call(services(&sender), "POST", servicePath(test.verb), test.body), test.status, test.want)
			if d := cmp.Diff([]any{test.asked}, sender.asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
		})
	}
}

func TestServices_EveryVerbRefusesAFieldItDoesNotHave(t *testing.T) {
	t.Parallel()
	for _, v := range message.Verbs() {
		sender := &scriptedSender{}
		w := call(services(sender), "POST", servicePath(v), `{"no_such_field":1}`)
		if w.Code != 400 || sender.asked != nil {
			t.Errorf("%s: %d %s", v, w.Code, w.Body)
		}
	}
}
