package message

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

func TestParseSend_ReadsWhatTemplatesMake(t *testing.T) {
	t.Parallel()
	alice, bob, group := peer.Target{Username: "alice"}, peer.Target{ID: 1001}, peer.Target{ID: -1001234567890}
	for name, c := range map[string]struct {
		body string
		want Send
	}{
		"numbers": {`{"target_id":[1001,-1001234567890],"message":"Hi"}`, Send{Targets: []peer.Target{bob, group}, Parts: plain("Hi")}},
		"text with commas": {`{"target_id":"1001, -1001234567890,","message":"Hi"}`,
			Send{Targets: []peer.Target{bob, group}, Parts: plain("Hi")}},
		"list of text": {`{"target_id":["1001",-1001234567890],"message":"Hi"}`,
			Send{Targets: []peer.Target{bob, group}, Parts: plain("Hi")}},
		"calculated": {`{"target_id":1001.0,"message":12.50}`, Send{Targets: []peer.Target{bob}, Parts: plain("12.50")}},
		"usernames go first": {`{"target_id":1001,"target_username":"@alice","message":true}`,
			Send{Targets: []peer.Target{alice, bob}, Parts: plain("true")}},
		"me and links": {`{"target_username":["me","https://t.me/alice"],"message":"Hi"}`,
			Send{Targets: []peer.Target{{Self: true}, alice}, Parts: plain("Hi")}},
		"null is absent": {`{"target_id":null,"target_username":"alice","message":"Hi","reply_to":null,"silent":null,"file":null,"parse_mode":null}`,
			Send{Targets: []peer.Target{alice}, Parts: plain("Hi")}},
		"each once": {`{"target_id":"1001,1001","target_username":"alice,@Alice","message":"Hi"}`, Send{Targets: []peer.Target{alice, bob}, Parts: plain("Hi")}},
		"a phone number": {`{"target_id":"+1 555 1001","target_username":"+15551002","message":"Hi"}`,
			Send{Targets: []peer.Target{{Phone: "15551002"}, {Phone: "15551001"}}, Parts: plain("Hi")}},
		"html": {`{"target_id":1001,"message":"<b>Hi</b> you\r\n&#13;<i>x</i>","parse_mode":"HTML"}`, Send{Targets: []peer.Target{bob}, Parts: []textparse.Text{
			{Text: "Hi you\nx", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 2}, {Kind: textparse.Italic, Offset: 7, Length: 1}}}}}},
		"markdown": {`{"target_id":1001,"message":"**Hi**","parse_mode":" md"}`, Send{Targets: []peer.Target{bob}, Parts: []textparse.Text{
			{Text: "Hi", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 2}}}}}},
		"no mode": {`{"target_id":1001,"message":"**Hi**","parse_mode":""}`, Send{Targets: []peer.Target{bob}, Parts: plain("**Hi**")}},
		"everything": {`{"config_entry_id":"tg_x","target_id":"1001","message":" Hi\r\n there ","silent":"True","reply_to":"71","comment_to":5.0,"clear_draft":"on",
			"link_preview":"no","schedule":"PT5M","keyboard":"Yes","keyboard_resize":true,"keyboard_single_use":1,"dry_run":1,"idempotency_key":7}`,
			Send{EntryID: "tg_x", Targets: []peer.Target{bob}, Parts: plain("Hi\n there"), Silent: true, ReplyTo: 71, CommentTo: 5, ClearDraft: true, NoPreview: true,
				Schedule: Schedule{In: 5 * time.Minute}, Markup: Markup{Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Yes"}}}, Resize: true, SingleUse: true},
				DryRun: true, IdempotencyKey: "7"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults := ParseSend(json.RawMessage(c.body), Defaults{})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSend_NamesEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []string // code, blank, field
	}{
		"no object":         {`[1]`, []string{"invalid_json "}},
		"null":              {`null`, []string{"invalid_json "}},
		"no body":           {``, []string{"target_required ", "missing_field message"}},
		"nothing":           {`{}`, []string{"target_required ", "missing_field message"}},
		"nulls":             {`{"message":null,"target_id":null}`, []string{"target_required ", "missing_field message"}},
		"empty lists":       {`{"message":"x","target_id":[],"target_username":","}`, []string{"target_required "}},
		"unknown":           {`{"message":"x","target_id":1,"mesage":"y","a":1}`, []string{"unknown_field a", "unknown_field mesage"}},
		"mode":              {`{"message":"x","target_id":1,"parse_mode":"bbcode"}`, []string{"invalid_field parse_mode"}},
		"nothing is left":   {`{"message":"<b> </b>","target_id":1,"parse_mode":"html"}`, []string{"invalid_field message"}},
		"schedule":          {`{"message":"x","target_id":1,"schedule":"soon","comment_to":"x"}`, []string{"invalid_field comment_to", "schedule_invalid schedule"}},
		"list as message":   {`{"message":[1],"target_id":1}`, []string{"invalid_field message"}},
		"object as message": {`{"message":{},"target_id":1}`, []string{"invalid_field message"}},
		"white space":       {`{"message":" \n\t ","target_id":1}`, []string{"invalid_field message"}},
		"second id":         {`{"message":"x","target_id":[1,"x"]}`, []string{"invalid_field target_id[1]"}},
		"third of commas":   {`{"message":"x","target_id":"1,2,0"}`, []string{"invalid_field target_id[2]"}},
		"one id":            {`{"message":"x","target_id":1.5}`, []string{"invalid_field target_id"}},
		"huge id":           {`{"message":"x","target_id":99999999999999999999}`, []string{"invalid_field target_id"}},
		"object in list":    {`{"message":"x","target_id":[{}]}`, []string{"invalid_field target_id[0]"}},
		"username":          {`{"message":"x","target_username":"a b"}`, []string{"invalid_field target_username"}},
		"phone":             {`{"message":"x","target_username":["alice","+1555x"]}`, []string{"invalid_field target_username[1]"}},
		"flags and numbers": {`{"message":"x","target_id":1,"silent":"maybe","reply_to":0,"dry_run":[]}`,
			[]string{"invalid_field silent", "invalid_field reply_to", "invalid_field dry_run"}},
		"entry":    {`{"message":"x","target_id":1,"config_entry_id":["a"]}`, []string{"invalid_field config_entry_id"}},
		"key":      {`{"message":"x","target_id":1,"idempotency_key":""}`, []string{"invalid_field idempotency_key"}},
		"too long": {`{"message":"` + strings.Repeat("x", MaxText*MaxParts+1) + `","target_id":1}`, []string{"message_too_long message"}},
		"too many": {`{"message":"x","target_id":"` + numbers(MaxTargets+1) + `"}`, []string{"invalid_field target_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := ParseSend(json.RawMessage(c.body), Defaults{})
			if diff := cmp.Diff(c.want, said(faults)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func said(faults []*fault.Fault) []string {
	var all []string
	for _, f := range faults {
		all = append(all, string(f.Code)+" "+f.Field)
	}
	return all
}

func TestParseSend_KeyOfHeaderAndFieldAgree(t *testing.T) {
	t.Parallel()
	body := func(key string) json.RawMessage {
		return json.RawMessage(`{"message":"x","target_id":1` + key + `}`)
	}
	s, faults := ParseSend(body(``), Defaults{IdempotencyKey: "a"})
	if s.IdempotencyKey != "a" || faults != nil {
		t.Errorf("of the header: %q, %v", s.IdempotencyKey, faults)
	}
	if s, faults = ParseSend(body(`,"idempotency_key":"a"`), Defaults{IdempotencyKey: "a"}); s.IdempotencyKey != "a" || faults != nil {
		t.Errorf("of both: %q, %v", s.IdempotencyKey, faults)
	}
	_, faults = ParseSend(body(`,"idempotency_key":"b"`), Defaults{IdempotencyKey: "a"})
	if diff := cmp.Diff([]string{"invalid_field idempotency_key"}, said(faults)); diff != "" {
		t.Error(diff)
	}
}

func TestSend_HashIsOfWhatIsSent(t *testing.T) {
	t.Parallel()
	hash := func(body string) [32]byte {
		s, faults := ParseSend(json.RawMessage(body), Defaults{})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return s.Hash()
	}
	first := hash(`{"target_id":1001,"message":"Hi","idempotency_key":"a"}`)
	if first != hash(`{"message":"Hi ","target_id":"1001","silent":false}`) {
		t.Error("the same call, written differently, has another hash")
	}
	for _, other := range []string{
		`{"target_id":1002,"message":"Hi"}`, `{"target_id":1001,"message":"Ho"}`, `{"target_id":1001,"message":"Hi","silent":true}`,
		`{"target_id":1001,"message":"Hi","reply_to":1}`, `{"target_username":"me","message":"Hi"}`, `{"target_id":1001,"message":"Hi","schedule":"PT5M"}`,
		`{"target_id":1001,"message":"*Hi*","parse_mode":"html"}`, `{"target_id":1001,"message":"<b>Hi</b>","parse_mode":"html"}`, `{"target_id":1001,"message":"Hi","comment_to":1}`,
		`{"target_id":1001,"message":"Hi","keyboard":"a"}`, `{"target_id":1001,"message":"Hi","inline_keyboard":"a"}`, `{"target_id":1001,"message":"Hi","keyboard":[]}`,
		`{"target_id":1001,"message":"Hi","link_preview":false}`, `{"target_id":1001,"message":"Hi","clear_draft":true}`,
	} {
		if first == hash(other) {
			t.Errorf("%s has the same hash", other)
		}
	}
}

func TestSend_HashTellsPhoneNumbersApart(t *testing.T) {
	t.Parallel()
	a, b := Send{Targets: []peer.Target{{Phone: "15551001"}}}, Send{Targets: []peer.Target{{Phone: "15552001"}}}
	if a.Hash() == b.Hash() {
		t.Error("two phone numbers that end alike have one hash")
	}
}

func TestSend_PlanHasOneRequestForEachPart(t *testing.T) {
	t.Parallel()
	bold := []textparse.Entity{{Kind: textparse.Bold, Length: 1}}
	s := Send{Parts: []textparse.Text{{Text: "a", Entities: bold}, {Text: "b"}}, Silent: true, NoPreview: true, ClearDraft: true,
		Markup: Markup{Kind: InlineMarkup, Rows: [][]Button{{{Text: "x", Data: "y"}}}}}
	to := &tg.InputPeerUser{UserID: 1001, AccessHash: 5}
	at := time.Unix(1795339400, 0)
	got, err := s.Plan(Place{Peer: to, ReplyTo: 7, At: at}, []int64{11, 12})
	if err != nil {
		t.Fatal(err)
	}
	var want []*tg.MessagesSendMessageRequest
	for i, p := range s.Parts {
		r := &tg.MessagesSendMessageRequest{Peer: to, Message: p.Text, RandomID: int64(11 + i), Silent: true, NoWebpage: true, ClearDraft: true,
			ReplyTo: &tg.InputReplyToMessage{ReplyToMsgID: 7}, ScheduleDate: 1795339400}
		want = append(want, r)
	}
	want[0].Entities = []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 1}}
	want[1].ReplyMarkup = &tg.ReplyInlineMarkup{Rows: []tg.KeyboardInlineButtonRow{{Buttons: []tg.KeyboardInlineButton{{Text: "x", Type: &tg.InlineButtonTypeCallback{Data: []byte("y")}}}}}}
	for _, r := range want {
		r.SetFlags()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Plan(Place{Peer: to}, []int64{11}); err == nil {
		t.Error("a plan without enough random ids")
	}
}

// numbers returns the numbers from 1 to n with commas between.
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i+1)
	}
	return b.String()
}

// plain returns texts without entities.
func plain(texts ...string) []textparse.Text {
	all := make([]textparse.Text, len(texts))
	for i, s := range texts {
		all[i].Text = s
	}
	return all
}

func FuzzParseSend(f *testing.F) {
	for _, s := range []string{`{"target_id":[1,"2"],"message":"x"}`, `{"target_username":"me,@a_b","message":1}`, `{}`, `[`, `{"message":{"a":[]},"silent":"on","reply_to":"1e3"}`,
		`{"target_id":1,"message":"<b>x","parse_mode":"html","inline_keyboard":[["a",{"text":"b","data":1}],{"text":"c","url":"tg://x"}]}`, `{"target_id":1,"message":"x","schedule":{"minutes":"5"},"keyboard":[null,[]]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s, faults := ParseSend(json.RawMessage(body), Defaults{})
		if len(faults) == 0 && (len(s.Targets) == 0 || s.Each() == 0) {
			t.Fatalf("a call without faults that sends nothing: %+v", s)
		}
		for _, fl := range faults {
			if fl.Code == "" || fl.Message == "" {
				t.Fatalf("a fault that says nothing: %+v", fl)
			}
		}
	})
}
