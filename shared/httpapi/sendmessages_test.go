package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
	"telegram-client/shared/textparse"
)

// scriptedSender answers as a test says, and remembers what it was asked.
type scriptedSender struct {
	answer *service.Answer
	edited *service.EditAnswer
	chats  *service.Chats
	read   *service.Messages
	err    error
	asked  []any
}

func (s *scriptedSender) ask(m any) { s.asked = append(s.asked, m) }

func (s *scriptedSender) done(m any) (*service.Done, error) {
	s.ask(m)
	return &service.Done{Entry: testID, DryRun: strings.Contains(fmt.Sprintf("%+v", m), "DryRun:true")}, s.err
}

func (s *scriptedSender) SendMessages(_ context.Context, m message.Send) (*service.Answer, error) {
	s.ask(m)
	return s.answer, s.err
}

func (s *scriptedSender) ForwardMessages(_ context.Context, m message.Forward) (*service.Answer, error) {
	s.ask(m)
	return s.answer, s.err
}

func (s *scriptedSender) DeleteMessages(_ context.Context, m message.Delete) (*service.Answer, error) {
	s.ask(m)
	return s.answer, s.err
}

func (s *scriptedSender) EditMessage(_ context.Context, m message.Edit) (*service.EditAnswer, error) {
	s.ask(m)
	return s.edited, s.err
}

func (s *scriptedSender) SendReaction(_ context.Context, m message.Reaction) (*service.Done, error) {
	return s.done(m)
}

func (s *scriptedSender) PinMessage(_ context.Context, m message.Pin) (*service.Done, error) {
	return s.done(m)
}

func (s *scriptedSender) SendChatAction(_ context.Context, m message.ChatAction) (*service.Done, error) {
	return s.done(m)
}

func (s *scriptedSender) MarkRead(_ context.Context, m message.Read) (*service.Done, error) {
	return s.done(m)
}

func (s *scriptedSender) AnswerCallbackQuery(_ context.Context, m message.CallbackAnswer) (*service.Done, error) {
	return s.done(m)
}

func (s *scriptedSender) GetChats(_ context.Context, m message.Chats) (*service.Chats, error) {
	s.ask(m)
	return s.chats, s.err
}

func (s *scriptedSender) GetMessages(_ context.Context, m message.Messages) (*service.Messages, error) {
	s.ask(m)
	return s.read, s.err
}

func (s *scriptedSender) DownloadMedia(_ context.Context, m message.Download, _ service.Receiver) (*service.Downloaded, error) {
	s.ask(m)
	return nil, s.err
}

const (
	sendPath = "/services/telegram_client/send_messages"
	sendBody = `{"config_entry_id":"tg_k3vq7aaaaaaaaaaaaaaaaaaaaa","target_id":[1001,-1001234567890],"target_username":"@alice","message":"Hi","silent":true,"reply_to":"7"}`
)

func TestSendMessages_AnswersPerTarget(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)
	alice := service.Result{Target: peer.Target{Username: "alice"}, ChatID: 1002, MessageIDs: []int{71, 72}, Date: at}
	blocked := service.Result{Target: peer.Target{ID: 1001}, Fault: fault.New(fault.UserIsBlocked, "This user has blocked the bot.")}
	half := service.Result{Target: peer.Target{ID: 1001}, MessageIDs: []int{73}, Fault: fault.New(fault.ChatWriteForbid, "No right to write here.")}
	wait := fault.New(fault.FloodWait, "Telegram asks to wait 31 seconds.").After(31 * time.Second)
	const (
		aliceJSON   = `{"target":"@alice","ok":true,"chat_id":1002,"message_ids":[71,72],"date":"2026-11-22T11:30:00+00:00","scheduled":null}`
		blockedJSON = `{"target":1001,"ok":false,"error":{"code":"user_is_blocked","message":"This user has blocked the bot."}}`
		entryJSON   = `"config_entry_id":"tg_k3vq7aaaaaaaaaaaaaaaaaaaaa"`
	)
	tests := map[string]struct {
		answer *service.Answer
		err    error
		status int
		want   string
		retry  string
	}{
		"all":  {&service.Answer{Entry: testID, Results: []service.Result{alice}}, nil, 200, `{"ok":true,` + entryJSON + `,"results":[` + aliceJSON + `]}`, ""},
		"some": {&service.Answer{Entry: testID, Results: []service.Result{alice, blocked}}, nil, 207, `{"ok":false,` + entryJSON + `,"results":[` + aliceJSON + `,` + blockedJSON + `]}`, ""},
		"none": {&service.Answer{Entry: testID, Results: []service.Result{blocked}}, nil, 403,
			`{"ok":false,"error":{"code":"user_is_blocked","message":"This user has blocked the bot."},` + entryJSON + `,"results":[` + blockedJSON + `]}`, ""},
		"half a text": {&service.Answer{Entry: testID, Results: []service.Result{half}}, nil, 403,
			`{"ok":false,"error":{"code":"chat_write_forbidden","message":"No right to write here."},` + entryJSON + `,"results":[
			  {"target":1001,"ok":false,"error":{"code":"chat_write_forbidden","message":"No right to write here."},"message_ids":[73]}]}`, ""},
		"ended early": {&service.Answer{Entry: testID, Results: []service.Result{alice}, Fault: wait}, nil, 429,
			`{"ok":false,"error":{"code":"flood_wait","message":"Telegram asks to wait 31 seconds.","retry_after":31},` + entryJSON + `,"results":[` + aliceJSON + `]}`, "31"},
		"ended at once": {&service.Answer{Entry: testID, Fault: wait}, nil, 429,
			`{"ok":false,"error":{"code":"flood_wait","message":"Telegram asks to wait 31 seconds.","retry_after":31},` + entryJSON + `,"results":[]}`, "31"},
		"dry run": {&service.Answer{Entry: testID, DryRun: true, Results: []service.Result{{Target: peer.Target{Self: true}, ChatID: 5}}}, nil, 200,
			`{"ok":true,"dry_run":true,` + entryJSON + `,"results":[{"target":"me","ok":true,"chat_id":5,"message_ids":[],"date":null,"scheduled":null}]}`, ""},
		"scheduled": {&service.Answer{Entry: testID, Results: []service.Result{{Target: peer.Target{Username: "alice"}, ChatID: 1002, MessageIDs: []int{5}, Date: at,
			Scheduled: at.In(time.FixedZone("", 3600))}}}, nil, 200, `{"ok":true,` + entryJSON + `,"results":[
			  {"target":"@alice","ok":true,"chat_id":1002,"message_ids":[5],"date":"2026-11-22T11:30:00+00:00","scheduled":"2026-11-22T12:30:00+01:00"}]}`, ""},
		"busy":     {nil, fault.New(fault.SenderBusy, "Busy.").After(8 * time.Second), 429, `{"ok":false,"error":{"code":"sender_busy","message":"Busy.","retry_after":8}}`, "8"},
		"internal": {nil, errors.New("secret"), 500, errorJSON("internal", "Something went wrong inside the bridge. Its log says what."), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := call(SendMessages(&scriptedSender{answer: test.answer, err: test.err}, testSettings(io.Discard)), "POST", sendPath, sendBody)
			sameJSON(t, w, test.status, test.want)
			if got := w.Header().Get("Retry-After"); got != test.retry {
				t.Errorf("Retry-After %q, want %q", got, test.retry)
			}
		})
	}
}

func TestSendMessages_ReadsTheCall(t *testing.T) {
	t.Parallel()
	sender := &scriptedSender{answer: &service.Answer{Entry: testID}}
	h := SendMessages(sender, testSettings(io.Discard))
	call(h, "POST", sendPath, sendBody, "Idempotency-Key: b1")
	want := []any{message.Send{EntryID: string(testID), Targets: []peer.Target{{Username: "alice"}, {ID: 1001}, {ID: -1001234567890}}, Parts: []textparse.Text{{Text: "Hi"}}, Silent: true, ReplyTo: 7, IdempotencyKey: "b1"}}
	if d := cmp.Diff(want, sender.asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
}

func TestSendMessages_SaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	var log logged
	sender := &scriptedSender{}
	h := SendMessages(sender, testSettings(&log))
	sameJSON(t, call(h, "POST", sendPath, `{"message":"Hi","target_id":"x"}`), 400,
		fieldJSON("invalid_field", "target_id", "This is not an id: ids are whole numbers. Usernames belong into target_username."))
	sameJSON(t, call(h, "POST", sendPath, `{"message":[1],"target_id":"x"}`), 400, `{"ok":false,
	  "error":{"code":"invalid_field","message":"This is not an id: ids are whole numbers. Usernames belong into target_username.","field":"target_id"},
	  "errors":[{"code":"invalid_field","message":"This is not an id: ids are whole numbers. Usernames belong into target_username.","field":"target_id"},
	   {"code":"invalid_field","message":"This must be text, not a list or an object. A template whose result looks like a list or an object becomes one: put a word in front of it.","field":"message"}]}`)
	if got := log.last(t)["error_code"]; got != "invalid_field" {
		t.Errorf("logged code %v", got)
	}
	if sender.asked != nil {
		t.Errorf("asked %v", sender.asked)
	}
}
