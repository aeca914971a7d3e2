package e2e

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/message"
	"telegram-client/shared/redisstore"
	"telegram-client/tests/telegramtest"
)

// What the other side sees of each field.

func TestFields_FormattedTextArrives(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	for _, c := range []struct {
		mode, text, want string
		entities         []tg.MessageEntityClass
	}{
		{"html", "<b>Hi</b> <a href=\"https://e.org\">x</a> AT&T", "Hi x AT&T", []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 2}, &tg.MessageEntityTextURL{Offset: 3, Length: 1, URL: "https://e.org"}}},
		{"markdown", "😀 **Hi** `c`", "😀 Hi c", []tg.MessageEntityClass{&tg.MessageEntityBold{Offset: 3, Length: 2}, &tg.MessageEntityCode{Offset: 6, Length: 1}}},
		{"", "**Hi** <b>", "**Hi** <b>", nil},
	} {
		d.send(fields{"target_username": "alice", "message": c.text, "parse_mode": c.mode})
		m := d.arrived()
		if diff := cmp.Diff(c.want, m.Message) + cmp.Diff(c.entities, m.Entities); diff != "" {
			t.Errorf("%s %q: %s", c.mode, c.text, diff)
		}
	}
}

func TestFields_MentionsAreResolvedAndUnknownOnesStayText(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	robert := d.telegram.User("robert")
	d.send(fields{"target_username": "alice", "message": "learns whom to mention"})
	d.send(fields{"target_username": "alice", "parse_mode": "html",
		"message": `<a href="@robert">R</a> <a href="tg://user?id=` + itoa(d.alice.ID) + `">A</a> <a href="@nobody_is_this">N</a> <a href="tg://user?id=77">U</a>`})
	m := d.arrived()
	// The server shows a mention by the user's id.
	want := []tg.MessageEntityClass{&tg.MessageEntityMentionName{Length: 1, UserID: robert.ID}, &tg.MessageEntityMentionName{Offset: 2, Length: 1, UserID: d.alice.ID}}
	if diff := cmp.Diff("R A N U", m.Message) + cmp.Diff(want, m.Entities); diff != "" {
		t.Error(diff)
	}
}

func TestFields_LongTextBecomesSeveralMessages(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	word := "<b>0123456789</b>\n"
	long := ""
	for range 500 {
		long += word
	}
	d.meet()
	o := d.call(message.SendMessages, 200, fields{"target_username": "alice", "message": long, "parse_mode": "html", "reply_to": d.telegram.Read(d.bot.ID, d.alice.ID)[0].ID, "inline_keyboard": "Go"})
	if n := len(o.Results[0].MessageIDs); n != 2 {
		t.Fatalf("%d messages", n)
	}
	letters, bold := 0, 0
	for i, m := range d.telegram.Read(d.alice.ID, d.bot.ID)[1:] {
		full := d.show(d.alice.ID, d.bot.ID, m.ID)
		for _, e := range full.Entities {
			bold += e.GetLength()
		}
		letters += len(full.Message)
		if m.ReplyTo == 0 {
			t.Errorf("part %d replies to nothing", i)
		}
		if has := full.ReplyMarkup != nil; has != (i == 1) {
			t.Errorf("part %d has a keyboard: %t", i, has)
		}
	}
	if letters != 500*11-2 || bold != 5000 {
		t.Errorf("%d letters, %d of them bold", letters, bold)
	}
}

func TestFields_Keyboards(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	button := func(text string) tg.KeyboardButton {
		return tg.KeyboardButton{Text: text, Type: &tg.ButtonTypeDefault{}}
	}
	callback := func(text, data string) tg.KeyboardInlineButton {
		return tg.KeyboardInlineButton{Text: text, Type: &tg.InlineButtonTypeCallback{Data: []byte(data)}}
	}
	for name, c := range map[string]struct {
		body fields
		want tg.ReplyMarkupClass
	}{
		"reply": {fields{"keyboard": [][]string{{"Like", "Dislike"}, {"Share"}}, "keyboard_resize": true, "keyboard_single_use": true},
			&tg.ReplyKeyboardMarkup{Resize: true, SingleUse: true, Rows: []tg.KeyboardButtonRow{{Buttons: []tg.KeyboardButton{button("Like"), button("Dislike")}}, {Buttons: []tg.KeyboardButton{button("Share")}}}}},
		"one":    {fields{"keyboard": "Accept"}, &tg.ReplyKeyboardMarkup{Rows: []tg.KeyboardButtonRow{{Buttons: []tg.KeyboardButton{button("Accept")}}}}},
		"remove": {fields{"keyboard": []string{}}, &tg.ReplyKeyboardHide{}},
		"inline": {fields{"inline_keyboard": []any{"a", []any{fields{"text": "b", "data": "c"}, fields{"text": "d", "url": "https://e.org"}}}},
			&tg.ReplyInlineMarkup{Rows: []tg.KeyboardInlineButtonRow{{Buttons: []tg.KeyboardInlineButton{callback("a", "a")}},
				{Buttons: []tg.KeyboardInlineButton{callback("b", "c"), {Text: "d", Type: &tg.InlineButtonTypeURL{URL: "https://e.org"}}}}}}},
	} {
		c.body["target_username"], c.body["message"] = "alice", name
		d.send(c.body)
		if diff := cmp.Diff(c.want, d.arrived().ReplyMarkup, ignoreFlags); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFields_SilentPreviewReply(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	hello := d.telegram.Read(d.bot.ID, d.alice.ID)[0]
	d.send(fields{"target_id": itoa(d.alice.ID), "message": "https://e.org", "silent": "yes", "link_preview": false, "reply_to": hello.ID})
	all := d.telegram.Read(d.alice.ID, d.bot.ID)
	m := all[len(all)-1]
	if !m.Silent || !m.NoPreview || m.ReplyTo != all[0].ID {
		t.Errorf("%+v", m)
	}
	d.send(fields{"target_id": d.alice.ID, "message": "https://e.org", "link_preview": true})
	all = d.telegram.Read(d.alice.ID, d.bot.ID)
	if m := all[len(all)-1]; m.Silent || m.NoPreview || m.ReplyTo != 0 {
		t.Errorf("%+v", m)
	}
	o := d.call(message.SendMessages, 400, fields{"target_id": d.alice.ID, "message": "x", "reply_to": 999999})
	if o.Results[0].Error.Code != "message_id_invalid" {
		t.Errorf("%s", o.Body)
	}
}

func TestFields_TargetsInEveryForm(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	robert := d.telegram.User("robert")
	group := d.telegram.Group("Family", d.me.ID, robert.ID)
	super := d.telegram.Supergroup("Neighbours", d.me.ID, robert.ID)
	d.call(message.GetChats, 200, fields{}) // learns the groups
	o := d.call(message.SendMessages, 200, fields{
		"target_username": "me, https://t.me/alice, +" + robert.Phone,
		"target_id":       []any{group.ID, itoa(super.ID)}, "message": "hi",
	})
	var chats []int64
	var targets []any
	for _, r := range o.Results {
		chats, targets = append(chats, *r.ChatID), append(targets, r.Target)
	}
	if diff := cmp.Diff([]int64{d.me.ID, d.alice.ID, robert.ID, group.ID, super.ID}, chats); diff != "" {
		t.Error(diff)
	}
	masked := "+…" + robert.Phone[len(robert.Phone)-2:]
	if diff := cmp.Diff([]any{"me", "@alice", masked, float64(group.ID), float64(super.ID)}, targets); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ account, chat int64 }{{d.me.ID, d.me.ID}, {d.alice.ID, d.me.ID}, {robert.ID, d.me.ID}, {robert.ID, group.ID}, {robert.ID, super.ID}} {
		all := d.telegram.Read(c.account, c.chat)
		if len(all) == 0 || all[len(all)-1].Text != "hi" {
			t.Errorf("%d has no message in %d", c.account, c.chat)
		}
	}
	// Bare ids of groups that are known; and nobody.
	d.send(fields{"target_id": -super.ID - 1_000_000_000_000, "message": "bare"})
	o = d.call(message.SendMessages, 207, fields{"target_username": "alice,nobody_is_this", "target_id": 77, "message": "some"})
	if !o.Results[0].OK || o.Results[1].Error.Code != "target_not_found" || o.Results[2].Error.Code != "target_not_found" {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.SendMessages, 400, fields{"target_username": "+15550000001", "message": "x"})
	if o.Results[0].Error.Code != "target_not_found" {
		t.Errorf("%s", o.Body)
	}
}

func TestFields_ScheduledMessages(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	d.zone("Europe/Warsaw")
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(2 * time.Hour).Truncate(time.Second).In(warsaw)
	const iso = "2006-01-02T15:04:05-07:00"
	for _, written := range []any{at.Format(iso), at.UTC().Format(time.RFC3339), at.Format("2006-01-02 15:04:05"), at.Unix(), float64(at.Unix())} {
		o := d.call(message.SendMessages, 200, fields{"target_username": "alice", "message": "later", "schedule": written})
		if r := o.Results[0]; r.Scheduled == nil || *r.Scheduled != at.Format(iso) {
			t.Errorf("%v: %s", written, o.Body)
		}
	}
	for _, written := range []any{"02:00:00", "PT2H", fields{"hours": 2}} {
		before := time.Now()
		o := d.call(message.SendMessages, 200, fields{"target_username": "alice", "message": "later", "schedule": written})
		got, err := time.Parse(time.RFC3339, *o.Results[0].Scheduled)
		if err != nil || got.Before(before.Add(2*time.Hour).Truncate(time.Second)) || got.After(time.Now().Add(2*time.Hour+2*time.Second)) {
			t.Errorf("%v: %s", written, o.Body)
		}
	}
	waiting := d.telegram.Scheduled(d.me.ID)
	if len(waiting) != 8 || waiting[0].Message != "later" || waiting[0].Date != int(at.Unix()) {
		t.Fatalf("%d wait: %+v", len(waiting), waiting)
	}
	if got := d.telegram.Read(d.alice.ID, d.me.ID); len(got) != 0 {
		t.Errorf("alice has %+v", got)
	}
	// One is edited, and moved; then its time comes.
	moved := at.Add(time.Hour)
	o := d.call(message.EditMessage, 200, fields{"target_username": "alice", "message": waiting[0].ID, "text": "**much** later", "parse_mode": "markdown", "schedule": moved.Unix()})
	if !o.Modified || o.Schedule == nil || *o.Schedule != moved.Format(iso) {
		t.Errorf("%s", o.Body)
	}
	if m := d.telegram.Scheduled(d.me.ID)[0]; m.Message != "much later" || m.Date != int(moved.Unix()) || len(m.Entities) != 1 {
		t.Errorf("%+v", m)
	}
	if _, err := d.telegram.SendScheduled(d.me.ID, waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	if m := d.arrived(); m.Message != "much later" {
		t.Errorf("%+v", m)
	}
	if o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "message": "x", "schedule": "2020-01-01 00:00:00"}); o.Error.Code != "schedule_invalid" || o.Error.Field != "schedule" {
		t.Errorf("%s", o.Body)
	}
}

func TestFields_BotsCannotSchedule(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	before := d.requests("messages.sendMessage")
	o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "message": "x", "schedule": "PT5M"})
	if o.Error.Code != "bot_cannot_schedule" || o.Error.Field != "schedule" || d.requests("messages.sendMessage") != before {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.EditMessage, 400, fields{"target_username": "alice", "message": 1, "text": "x", "schedule": "PT5M"})
	if o.Error.Code != "bot_cannot_schedule" {
		t.Errorf("%s", o.Body)
	}
}

func TestFields_UsersSendNoKeyboards(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	for _, field := range []string{"keyboard", "inline_keyboard"} {
		if o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "message": "x", field: "a"}); o.Error.Code != "invalid_field" || o.Error.Field != field {
			t.Errorf("%s", o.Body)
		}
	}
	if n := d.requests("messages.sendMessage"); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

func TestFields_TopicsAndComments(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	forum := d.telegram.Supergroup("Forum", d.me.ID, d.alice.ID)
	topic, err := d.telegram.AddTopic(forum.ID, "Garden")
	if err != nil {
		t.Fatal(err)
	}
	channel, group := d.telegram.Broadcast("News", d.me.ID, d.alice.ID), d.telegram.Supergroup("Talk", d.me.ID, d.alice.ID)
	if err := d.telegram.Link(channel.ID, group.ID); err != nil {
		t.Fatal(err)
	}
	d.call(message.GetChats, 200, fields{})

	first := d.send(fields{"target_id": forum.ID, "message": "in the garden", "reply_to": topic})
	h, _ := d.show(d.alice.ID, forum.ID, first).ReplyTo.(*tg.MessageReplyHeader)
	if h == nil || !h.ForumTopic || h.ReplyToMsgID != topic {
		t.Errorf("%+v", h)
	}
	second := d.send(fields{"target_id": forum.ID, "message": "an answer", "reply_to": first})
	if h, _ = d.show(d.alice.ID, forum.ID, second).ReplyTo.(*tg.MessageReplyHeader); h == nil || h.ReplyToMsgID != first || h.ReplyToTopID != topic {
		t.Errorf("%+v", h)
	}

	post := d.send(fields{"target_id": channel.ID, "message": "news"})
	o := d.call(message.SendMessages, 200, fields{"target_id": channel.ID, "message": "a comment", "comment_to": post, "reply_to": 12345})
	r := o.Results[0]
	if *r.ChatID != group.ID || r.Target != float64(channel.ID) {
		t.Errorf("%s", o.Body)
	}
	comment := d.show(d.alice.ID, group.ID, r.MessageIDs[0])
	h, _ = comment.ReplyTo.(*tg.MessageReplyHeader)
	if h == nil || d.show(d.alice.ID, group.ID, h.ReplyToMsgID).Message != "news" {
		t.Errorf("%+v", comment)
	}
	for _, id := range []int{99999, first} {
		o = d.call(message.SendMessages, 400, fields{"target_id": channel.ID, "message": "x", "comment_to": id + 5000})
		if e := o.Results[0].Error; e.Code != "message_id_invalid" || e.Field != "comment_to" {
			t.Errorf("%s", o.Body)
		}
	}
}

func TestFields_ClearDraft(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	if err := d.telegram.SetDraft(d.me.ID, d.alice.ID, "half a"); err != nil {
		t.Fatal(err)
	}
	d.send(fields{"target_username": "alice", "message": "x"})
	if got := d.telegram.Draft(d.me.ID, d.alice.ID); got != "half a" {
		t.Errorf("draft %q", got)
	}
	d.send(fields{"target_username": "alice", "message": "x", "clear_draft": true})
	if got := d.telegram.Draft(d.me.ID, d.alice.ID); got != "" {
		t.Errorf("draft %q", got)
	}
}

// A member of a group in slow mode waits if it fits the deadline, else says how long to.
func TestFields_SlowModeIsWaitedForOrTold(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	group := d.telegram.Supergroup("Slow", d.alice.ID, d.me.ID)
	d.telegram.Say(d.alice.ID, group.ID, "welcome")
	if err := d.telegram.SetSlowMode(group.ID, 2); err != nil {
		t.Fatal(err)
	}
	d.call(message.GetChats, 200, fields{})
	for _, text := range []string{"one", "two"} {
		d.send(fields{"target_id": group.ID, "message": text})
	}
	if err := d.telegram.SetSlowMode(group.ID, 3600); err != nil {
		t.Fatal(err)
	}
	o := d.call(message.SendMessages, 207, fields{"target_username": "alice", "target_id": group.ID, "message": "three"})
	if e := o.Results[1].Error; !o.Results[0].OK || e.Code != "slow_mode" || e.RetryAfter < 3500 {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.SendMessages, 429, fields{"target_id": group.ID, "message": "four"})
	if o.Error.Code != "slow_mode" || o.Error.RetryAfter < 3500 {
		t.Errorf("%s", o.Body)
	}
}

func TestFields_FloodWaitTellsWhatWasSent(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	robert := d.telegram.User("robert")
	d.send(fields{"target_username": "alice", "message": "learns"})
	d.send(fields{"target_username": "robert", "message": "learns"})
	d.telegram.Faults().Fail("messages.sendMessage", 420, "FLOOD_WAIT_600", 1)
	o := d.call(message.SendMessages, 429, fields{"target_id": []int64{d.alice.ID, robert.ID}, "message": "x"})
	if o.Error.Code != "flood_wait" || o.Error.RetryAfter != 600 || len(o.Results) != 0 {
		t.Errorf("%s", o.Body)
	}
}

// The book's access hash has gone stale: the target is looked up anew, once.
func TestSend_StaleAccessHashIsAskedAnew(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	d.send(fields{"target_username": "alice", "message": "learns"})
	d.telegram.Faults().Fail("messages.sendMessage", 400, "PEER_ID_INVALID", 1)
	before := d.requests("contacts.resolveUsername")
	d.send(fields{"target_username": "alice", "message": "anew"})
	if n := d.requests("contacts.resolveUsername") - before; n != 1 {
		t.Errorf("looked up %d times", n)
	}
	d.telegram.Faults().Fail("messages.sendMessage", 400, "PEER_ID_INVALID", 2)
	o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "message": "never"})
	if o.Results[0].Error.Code != "target_not_found" {
		t.Errorf("%s", o.Body)
	}
}

// A user's repeated call finds the id in the history when Telegram only says that the message was sent.
func TestSend_RepeatOfAUserFindsTheIDInTheHistory(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]fields{"now": {}, "later": {"schedule": "PT1H"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := userDesk(t)
			d.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = telegramtest.Always })
			d.store = d.newStore(t, redisstore.Numbers{Rest: 50 * time.Millisecond, Quarantine: 50 * time.Millisecond, Margin: 100 * time.Millisecond})
			long, short := d.world.desk(t, d.me, 25*time.Second), d.world.desk(t, d.me, 3*time.Second)
			long.send(fields{"target_username": "alice", "message": "learns"})
			call := fields{"target_id": d.alice.ID, "message": "once", "idempotency_key": "k"}
			for k, v := range body {
				call[k] = v
			}
			d.telegram.Wire().Faults().DropAnswers(1)
			if a, err := short.bridge.Call(d.ctx, "", "POST", sendPath, withEntry(call, d.entryID)); err != nil || a.Status == 200 {
				t.Fatalf("%v %d %s", err, a.Status, a.Body)
			}
			if name == "later" {
				id := long.send(call)
				if all := d.telegram.Scheduled(d.me.ID); len(all) != 1 || all[0].ID != id {
					t.Errorf("id %d of %+v", id, all)
				}
				return
			}
			id := long.send(call)
			all := d.telegram.Read(d.me.ID, d.alice.ID)
			if len(all) != 2 || all[1].ID != id || all[1].Text != "once" {
				t.Errorf("id %d of %+v", id, all)
			}
		})
	}
}

func withEntry(body fields, id string) fields {
	body["config_entry_id"] = id
	return body
}
