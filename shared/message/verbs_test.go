package message

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// parsers read a call of each verb.
var parsers = map[Verb]func(json.RawMessage) (any, []*fault.Fault){
	SendMessages:        func(b json.RawMessage) (any, []*fault.Fault) { return ParseSend(b, Defaults{}) },
	ForwardMessages:     func(b json.RawMessage) (any, []*fault.Fault) { return ParseForward(b, Defaults{}) },
	EditMessage:         func(b json.RawMessage) (any, []*fault.Fault) { return ParseEdit(b, Defaults{}) },
	DeleteMessages:      parser(ParseDelete),
	SendReaction:        parser(ParseReaction),
	PinMessage:          parser(ParsePin),
	UnpinMessage:        parser(ParseUnpin),
	SendChatAction:      parser(ParseChatAction),
	MarkRead:            parser(ParseRead),
	AnswerCallbackQuery: parser(ParseCallbackAnswer),
	GetChats:            parser(ParseChats),
	GetMessages:         parser(ParseMessages),
	DownloadMedia:       parser(ParseDownload),
}

func parser[T any](parse func(json.RawMessage) (T, []*fault.Fault)) func(json.RawMessage) (any, []*fault.Fault) {
	return func(b json.RawMessage) (any, []*fault.Fault) { return parse(b) }
}

func TestParse_ReadsTheOtherVerbs(t *testing.T) {
	t.Parallel()
	alice, group := peer.Target{Username: "alice"}, peer.Target{ID: -1001234567890}
	bold := textparse.Text{Text: "x", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 1}}}
	empty := textparse.Text{}
	for _, c := range []struct {
		verb Verb
		body string
		want any
	}{
		{EditMessage, `{"message":"71","text":"<b>x</b>","parse_mode":"html","link_preview":false,"target_username":["alice"],"schedule":{"hours":1},"config_entry_id":"tg_x","dry_run":true}`,
			Edit{EntryID: "tg_x", Target: alice, MessageID: 71, Text: &bold, NoPreview: true, Schedule: Schedule{In: time.Hour}, DryRun: true}},
		{EditMessage, `{"message":71,"text":""}`, Edit{MessageID: 71, Text: &empty}},
		{EditMessage, `{"message":71,"inline_keyboard":[]}`, Edit{MessageID: 71, Markup: Markup{Kind: RemoveMarkup}}},
		{EditMessage, `{"message":71,"text":null,"inline_keyboard":"a"}`, Edit{MessageID: 71, Markup: Markup{Kind: InlineMarkup, Rows: [][]Button{{{Text: "a", Data: "a"}}}}}},
		{DeleteMessages, `{"message_ids":"71, 72,71"}`, Delete{IDs: []int{71, 72}, Revoke: true}},
		{DeleteMessages, `{"message_ids":[71,"72"],"revoke":false,"target_id":-1001234567890,"target_username":"alice","dry_run":1}`,
			Delete{Targets: []peer.Target{alice, group}, IDs: []int{71, 72}, DryRun: true}},
		{ForwardMessages, `{"from_id":-1001234567890,"target_username":"alice","message_ids":71,"silent":true,"drop_author":true,"drop_captions":true,"topic":5,"schedule":"PT1H","idempotency_key":"k"}`,
			Forward{From: group, Targets: []peer.Target{alice}, IDs: []int{71}, Silent: true, DropAuthor: true, DropCaptions: true, Topic: 5, Schedule: Schedule{In: time.Hour}, IdempotencyKey: "k"}},
		{SendReaction, `{"target_username":"alice","message_id":71,"reaction":"👍, 5368","big":true}`,
			Reaction{Target: alice, MessageID: 71, Reactions: []string{"👍", "5368"}, Big: true}},
		{SendReaction, `{"target_username":"alice","message_id":71,"reaction":[]}`, Reaction{Target: alice, MessageID: 71}},
		{PinMessage, `{"target_username":"alice","message_id":71,"silent":true,"both_sides":false}`, Pin{Target: alice, MessageID: 71, Silent: true, OneSide: true}},
		{UnpinMessage, `{"target_username":"alice"}`, Pin{Target: alice, Unpin: true}},
		{SendChatAction, `{"target_username":"alice"}`, ChatAction{Target: alice}},
		{SendChatAction, `{"target_username":"alice","action":"Record_Video","topic":7}`, ChatAction{Target: alice, Action: "record_video", Topic: 7}},
		{MarkRead, `{"target_id":"-1001234567890","message_id":71}`, Read{Target: group, UpTo: 71}},
		{AnswerCallbackQuery, `{"id":"4382938293829382","text":" Done ","alert":"yes","url":"https://t.me/x"}`, CallbackAnswer{QueryID: 4382938293829382, Text: "Done", Alert: true, URL: "https://t.me/x"}},
		{AnswerCallbackQuery, `{"id":-9007199254740993}`, CallbackAnswer{QueryID: -9007199254740993}},
		{GetChats, `{}`, Chats{Limit: 100}},
		{GetChats, `{"limit":"200","cursor":"c"}`, Chats{Limit: 200, Cursor: "c"}},
		{GetMessages, `{"target_username":"alice"}`, Messages{Target: alice, Limit: 20}},
		{GetMessages, `{"target_username":"alice","message_ids":[5,6],"limit":3,"cursor":"71"}`, Messages{Target: alice, IDs: []int{5, 6}, Limit: 3, Before: 71}},
		{DownloadMedia, `{"target_username":"alice","message_id":"71"}`, Download{Target: alice, MessageID: 71}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":null,"dry_run":true,"config_entry_id":"tg_x"}`, Download{EntryID: "tg_x", Target: alice, MessageID: 71, DryRun: true}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":"door.jpg"}`, Download{Target: alice, MessageID: 71, Keep: true, Path: "door.jpg"}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":" ./a//b.jpg "}`, Download{Target: alice, MessageID: 71, Keep: true, Path: "a/b.jpg"}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":"door/"}`, Download{Target: alice, MessageID: 71, Keep: true, Path: "door", Folder: true}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":"."}`, Download{Target: alice, MessageID: 71, Keep: true, Path: ".", Folder: true}},
		{DownloadMedia, `{"target_username":"alice","message_id":71,"path":2026}`, Download{Target: alice, MessageID: 71, Keep: true, Path: "2026"}},
	} {
		got, faults := parsers[c.verb](json.RawMessage(c.body))
		if diff := cmp.Diff(c.want, got); diff != "" || len(faults) > 0 {
			t.Errorf("%s %s: %v\n%s", c.verb, c.body, faults, diff)
		}
	}
}

func TestParse_NamesWhatIsWrongWithTheOtherVerbs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb Verb
		body string
		want []string
	}{
		{EditMessage, `{}`, []string{"missing_field message", "missing_field text"}},
		{EditMessage, `{"message":null,"text":null}`, []string{"missing_field message", "missing_field text"}},
		{EditMessage, `{"message":"x","text":["a"]}`, []string{"invalid_field message", "invalid_field text"}},
		{EditMessage, `{"message":1,"text":"x","target_id":[1,2]}`, []string{"invalid_field target_id"}},
		{EditMessage, `{"message":1,"text":"x","target_id":1,"target_username":"alice"}`, []string{"invalid_field target_id"}},
		{EditMessage, `{"message":1,"text":"x","target_username":"alice,robert"}`, []string{"invalid_field target_username"}},
		{EditMessage, `{"message":1,"text":"` + longText() + `"}`, []string{"message_too_long text"}},
		{EditMessage, `{"message":1,"text":"x","silent":true}`, []string{"unknown_field silent"}},
		{DeleteMessages, `{}`, []string{"missing_field message_ids"}},
		{DeleteMessages, `{"message_ids":[]}`, []string{"invalid_field message_ids"}},
		{DeleteMessages, `{"message_ids":[1,"x",2147483648]}`, []string{"invalid_field message_ids[1]", "invalid_field message_ids[2]"}},
		{DeleteMessages, `{"message_ids":[1],"target_id":"y","revoke":[]}`, []string{"invalid_field target_id", "invalid_field revoke"}},
		{ForwardMessages, `{"message_ids":1}`, []string{"target_required ", "target_required "}},
		{ForwardMessages, `{"message_ids":1,"from_id":1,"target_id":2,"drop_captions":true}`, []string{"invalid_field drop_captions"}},
		{SendReaction, `{"target_id":1}`, []string{"missing_field message_id"}},
		{SendReaction, `{"target_id":1,"message_id":1,"reaction":["a","b","c","d"]}`, []string{"invalid_field reaction"}},
		{SendReaction, `{"target_id":1,"message_id":1,"reaction":"this is not an emoji"}`, nil},
		{SendReaction, `{"target_id":1,"message_id":1,"reaction":["👍","this is certainly no emoji"]}`, []string{"invalid_field reaction[1]"}},
		{PinMessage, `{"message_id":1}`, []string{"target_required "}},
		{SendChatAction, `{"target_id":1,"action":"sleeping"}`, []string{"invalid_field action"}},
		{MarkRead, `{"target_id":[1,2]}`, []string{"invalid_field target_id"}},
		{AnswerCallbackQuery, `{"id":"x","url":"javascript:x"}`, []string{"invalid_field id", "invalid_field url"}},
		{AnswerCallbackQuery, `{}`, []string{"missing_field id"}},
		{GetChats, `{"limit":201}`, []string{"invalid_field limit"}},
		{DownloadMedia, `{}`, []string{"missing_field message_id", "target_required "}},
		{DownloadMedia, `{"target_id":"1001,1002","message_id":0,"path":""}`, []string{"invalid_field target_id", "invalid_field message_id", "invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":"/config/x.jpg"}`, []string{"invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":"~/x.jpg"}`, []string{"invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":"a/../../x.jpg"}`, []string{"invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":"a\\b"}`, []string{"invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":"a\u0000b"}`, []string{"invalid_field path"}},
		{DownloadMedia, `{"target_id":1001,"message_id":1,"path":["a"]}`, []string{"invalid_field path"}},
		{GetMessages, `{"limit":0,"cursor":"x"}`, []string{"target_required ", "invalid_field limit", "invalid_field cursor"}},
	} {
		_, faults := parsers[c.verb](json.RawMessage(c.body))
		if diff := cmp.Diff(c.want, said(faults)); diff != "" {
			t.Errorf("%s %s: %s", c.verb, c.body, diff)
		}
	}
	for v, parse := range parsers {
		if _, faults := parse(json.RawMessage(`[1]`)); !cmp.Equal([]string{"invalid_json "}, said(faults)) {
			t.Errorf("%s takes a list: %v", v, faults)
		}
	}
}

func longText() string {
	b := make([]byte, MaxText+1)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestPlan_OfTheOtherVerbs(t *testing.T) {
	t.Parallel()
	to := &tg.InputPeerUser{UserID: 1001, AccessHash: 5}
	at := time.Unix(1795339400, 0)
	edit := func(e Edit, at time.Time, m tg.ReplyMarkupClass) *tg.MessagesEditMessageRequest {
		return e.Plan(to, at, nil, m, nil)
	}
	text := textparse.Text{Text: "x", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 1}}}
	for name, c := range map[string]struct {
		got, want interface{ SetFlags() }
	}{
		"edit": {edit(Edit{MessageID: 71, Text: &text, NoPreview: true}, at, &tg.ReplyInlineMarkup{}),
			&tg.MessagesEditMessageRequest{Peer: to, ID: 71, Message: "x", NoWebpage: true, ScheduleDate: 1795339400, ReplyMarkup: &tg.ReplyInlineMarkup{},
				Entities: []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 1}}}},
		"edit of the keyboard": {edit(Edit{MessageID: 71}, time.Time{}, nil), &tg.MessagesEditMessageRequest{Peer: to, ID: 71}},
		"pin":                  {(&Pin{MessageID: 71, Silent: true, OneSide: true}).Plan(to), &tg.MessagesUpdatePinnedMessageRequest{Peer: to, ID: 71, Silent: true, PmOneside: true}},
		"unpin":                {(&Pin{MessageID: 71, Unpin: true}).Plan(to), &tg.MessagesUpdatePinnedMessageRequest{Peer: to, ID: 71, Unpin: true}},
		"typing":               {(&ChatAction{}).Plan(to), &tg.MessagesSetTypingRequest{Peer: to, Action: &tg.SendMessageTypingAction{}}},
		"cancel in a topic":    {(&ChatAction{Action: "cancel", Topic: 7}).Plan(to), &tg.MessagesSetTypingRequest{Peer: to, Action: &tg.SendMessageCancelAction{}, TopMsgID: 7}},
		"forward": {(&Forward{Silent: true, DropAuthor: true, DropCaptions: true, Topic: 9}).Plan(to, Place{Peer: to, At: at}, []int{1, 2}, []int64{3, 4}),
			&tg.MessagesForwardMessagesRequest{FromPeer: to, ToPeer: to, ID: []int{1, 2}, RandomID: []int64{3, 4}, Silent: true, DropAuthor: true, DropMediaCaptions: true, TopMsgID: 9, ScheduleDate: 1795339400}},
		"reaction": {(&Reaction{MessageID: 71, Reactions: []string{"👍", "5368"}, Big: true}).Plan(to),
			&tg.MessagesSendReactionRequest{Peer: to, MsgID: 71, Big: true, Reaction: []tg.ReactionClass{&tg.ReactionEmoji{Emoticon: "👍"}, &tg.ReactionCustomEmoji{DocumentID: 5368}}}},
	} {
		c.want.SetFlags()
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// What is empty and yet there.
	if r := edit(Edit{MessageID: 71, Text: &textparse.Text{}}, time.Time{}, nil); !r.Flags.Has(11) {
		t.Error("an edit to no text does not say so")
	}
	if r := (&Reaction{MessageID: 71}).Plan(to); !r.Flags.Has(0) {
		t.Error("a reaction that is taken back does not say so")
	}
}

func TestEntities_MentionsAreResolved(t *testing.T) {
	t.Parallel()
	entities := []textparse.Entity{
		{Kind: textparse.Link, Length: 1, URL: "@alice"}, {Kind: textparse.Link, Offset: 1, Length: 1, URL: "tg://user?id=1001"},
		{Kind: textparse.Link, Offset: 2, Length: 1, URL: "@b"}, {Kind: textparse.Link, Offset: 3, Length: 1, URL: "https://e"},
	}
	user := &tg.InputUser{UserID: 1001, AccessHash: 5}
	got := Entities(entities, func(t peer.Target) (tg.InputUserClass, bool) { return user, t.Username == "alice" })
	want := []tg.MessageEntityClass{&tg.InputMessageEntityMentionName{Length: 1, UserID: user}, &tg.MessageEntityTextURL{Offset: 3, Length: 1, URL: "https://e"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]peer.Target{{Username: "alice"}, {ID: 1001}}, Mentions([]textparse.Text{{Entities: entities}, {Entities: entities[:1]}})); diff != "" {
		t.Error(diff)
	}
}

func TestKept_BringsEntitiesBackAsRequestsHaveThem(t *testing.T) {
	t.Parallel()
	user := &tg.InputUser{UserID: 1001, AccessHash: 5}
	got := Kept([]tg.MessageEntityClass{
		&tg.MessageEntityBold{Length: 1}, &tg.MessageEntityMentionName{Offset: 1, Length: 2, UserID: 1001}, &tg.MessageEntityMentionName{Offset: 3, Length: 2, UserID: 7},
		&tg.MessageEntityUnknown{Length: 1}, &tg.MessageEntityTextURL{Offset: 5, Length: 1, URL: "https://e"},
	}, func(id int64) (tg.InputUserClass, bool) { return user, id == 1001 })
	want := []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 1}, &tg.InputMessageEntityMentionName{Offset: 1, Length: 2, UserID: user}, &tg.MessageEntityTextURL{Offset: 5, Length: 1, URL: "https://e"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFields_SayAllThatGeneratorsNeed(t *testing.T) {
	t.Parallel()
	for _, v := range Verbs() {
		if parsers[v] == nil {
			t.Errorf("nobody reads %s", v)
		}
		seen := map[string]bool{}
		for _, f := range FieldsOf(v) {
			if seen[f.Name] {
				t.Errorf("%s has two fields %s", v, f.Name)
			}
			seen[f.Name] = true
			if f.Kind == 0 || f.Title == "" || f.Text == "" || !json.Valid([]byte(f.Selector)) || !json.Valid([]byte(f.Example)) || (f.Kind == Choice) != (len(f.Choices) > 0) {
				t.Errorf("%s.%s: %+v", v, f.Name, f)
			}
		}
		if !seen["config_entry_id"] || !seen["dry_run"] {
			t.Errorf("%s lacks what all have", v)
		}
	}
}
