package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/message"
	"telegram-client/tests/telegramtest"
)

func TestEdit_TextEntitiesAndPreview(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	id := d.send(fields{"target_username": "alice", "message": "before"})
	// Without a target: a message of a private chat is found by its id.
	o := d.call(message.EditMessage, 200, fields{"message": itoa(int64(id)), "text": "<i>after</i>", "parse_mode": "html", "link_preview": false})
	if !o.Modified || o.Message != id || *o.ChatID != d.alice.ID || o.Date == nil {
		t.Errorf("%s", o.Body)
	}
	m := d.arrived()
	if diff := cmp.Diff("after", m.Message) + cmp.Diff([]tg.MessageEntityClass{&tg.MessageEntityItalic{Length: 5}}, m.Entities); diff != "" {
		t.Error(diff)
	}
	// Repeated it is a success that says that nothing changed.
	o = d.call(message.EditMessage, 200, fields{"message": id, "text": "<i>after</i>", "parse_mode": "html", "target_id": d.alice.ID})
	if o.Modified || *o.ChatID != d.alice.ID {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.EditMessage, 200, fields{"message": id, "text": "never", "dry_run": true})
	if o.Modified || !o.DryRun || d.arrived().Message != "after" {
		t.Errorf("%s", o.Body)
	}
	for _, c := range []struct {
		body        fields
		code, field string
	}{
		{fields{"message": 999999, "text": "x"}, "target_required", ""},
		{fields{"message": 999999, "text": "x", "target_username": "alice"}, "message_id_invalid", "message"},
		{fields{"message": d.theirs(), "text": "x", "target_username": "alice"}, "message_id_invalid", "message"},
		{fields{"message": id, "text": "", "target_username": "alice"}, "invalid_field", ""},
	} {
		if o := d.call(message.EditMessage, 400, c.body); o.Error.Code != c.code || o.Error.Field != c.field {
			t.Errorf("%v: %s", c.body, o.Body)
		}
	}
}

// theirs returns the id of a message that alice wrote.
func (d *desk) theirs() int {
	d.telegram.Say(d.alice.ID, d.me.ID, "hers")
	all := d.telegram.Read(d.me.ID, d.alice.ID)
	return all[len(all)-1].ID
}

func TestEdit_KeepsRemovesAndChangesKeyboards(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	markup := func() string {
		m, _ := d.arrived().ReplyMarkup.(*tg.ReplyInlineMarkup)
		if m == nil {
			return ""
		}
		return m.Rows[0].Buttons[0].Text
	}
	id := d.send(fields{"target_username": "alice", "message": "<b>one</b>", "parse_mode": "html", "inline_keyboard": "Go"})
	d.call(message.EditMessage, 200, fields{"message": id, "target_username": "alice", "text": "two"})
	if got := markup(); got != "Go" {
		t.Errorf("kept %q", got)
	}
	d.call(message.EditMessage, 200, fields{"message": id, "text": "<b>three</b>", "parse_mode": "html"}) // nor with no target
	if got := markup(); got != "Go" {
		t.Errorf("kept %q", got)
	}
	o := d.call(message.EditMessage, 200, fields{"message": id, "target_username": "alice", "inline_keyboard": "Stop"})
	if m := d.arrived(); markup() != "Stop" || m.Message != "three" || len(m.Entities) != 1 || !o.Modified {
		t.Errorf("%+v", m)
	}
	d.call(message.EditMessage, 200, fields{"message": id, "target_username": "alice", "text": "four", "inline_keyboard": []string{}})
	if m := d.arrived(); m.ReplyMarkup != nil || m.Message != "four" {
		t.Errorf("%+v", m)
	}
	// Telegram lets edits show inline keyboards only.
	if o := d.call(message.EditMessage, 400, fields{"message": id, "target_username": "alice", "text": "five", "keyboard": "Yes"}); o.Error.Field != "keyboard" {
		t.Errorf("%s", o.Body)
	}
}

func TestEdit_InChannels(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	channel := d.telegram.Broadcast("News", d.me.ID, d.alice.ID)
	d.call(message.GetChats, 200, fields{})
	id := d.send(fields{"target_id": channel.ID, "message": "old news"})
	o := d.call(message.EditMessage, 200, fields{"target_id": channel.ID, "message": id, "text": "news"})
	if m := d.show(d.alice.ID, channel.ID, id); m.Message != "news" || *o.ChatID != channel.ID || !o.Modified {
		t.Errorf("%s %+v", o.Body, m)
	}
}

func TestDelete_WithAndWithoutATarget(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	channel := d.telegram.Broadcast("News", d.me.ID, d.alice.ID)
	d.call(message.GetChats, 200, fields{})
	texts := func(viewer, chat int64) (all []string) {
		for _, m := range d.telegram.Read(viewer, chat) {
			if m.Action == "" {
				all = append(all, m.Text)
			}
		}
		return all
	}
	var ids, posts []int
	for i := range 6 {
		ids = append(ids, d.send(fields{"target_username": "alice", "message": fmt.Sprint(i)}))
	}
	for i := range 2 {
		posts = append(posts, d.send(fields{"target_id": channel.ID, "message": fmt.Sprint(i)}))
	}
	o := d.call(message.DeleteMessages, 200, fields{"message_ids": fmt.Sprintf("%d,%d", ids[0], ids[1])})
	r := o.Results[0]
	if r.Target != nil || r.ChatID != nil || !slices.Equal(r.MessageIDs, ids[:2]) {
		t.Errorf("%s", o.Body)
	}
	d.call(message.DeleteMessages, 200, fields{"message_ids": ids[2], "target_username": "alice"})
	d.call(message.DeleteMessages, 200, fields{"message_ids": ids[3], "revoke": "off"})
	d.call(message.DeleteMessages, 200, fields{"message_ids": ids[4], "dry_run": true})
	d.call(message.DeleteMessages, 200, fields{"message_ids": ids[0]}) // once more: no harm
	if diff := cmp.Diff([]string{"4", "5"}, texts(d.me.ID, d.alice.ID)) + cmp.Diff([]string{"3", "4", "5"}, texts(d.alice.ID, d.me.ID)); diff != "" {
		t.Error(diff)
	}
	o = d.call(message.DeleteMessages, 207, fields{"message_ids": posts[0], "target_id": channel.ID, "target_username": "nobody_is_this"})
	if o.Results[0].OK || !o.Results[1].OK || *o.Results[1].ChatID != channel.ID {
		t.Errorf("%s", o.Body)
	}
	if diff := cmp.Diff([]string{"1"}, texts(d.alice.ID, channel.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestDelete_TakesAHundredAtOnce(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	var ids []int
	for range 250 {
		d.telegram.Say(d.me.ID, d.alice.ID, "x")
	}
	for _, m := range d.telegram.Read(d.me.ID, d.alice.ID) {
		ids = append(ids, m.ID)
	}
	o := d.call(message.DeleteMessages, 200, fields{"message_ids": ids})
	if n := d.requests("messages.deleteMessages"); n != 3 || len(o.Results[0].MessageIDs) != 250 || len(d.telegram.Read(d.alice.ID, d.me.ID)) != 0 {
		t.Errorf("%d requests: %.200s", n, o.Body)
	}
}

// What was deleted before a flood wait is told.
func TestDelete_FloodWaitTellsWhatWasDeleted(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	d.send(fields{"target_username": "alice", "message": "learns"})
	robert := d.telegram.User("robert")
	d.telegram.Say(d.me.ID, robert.ID, "x")
	own := d.telegram.Read(d.me.ID, 0)
	arrived, release := d.telegram.Faults().Hold("messages.deleteMessages")
	go func() { // ends when the first request is there, or with the test's server
		<-arrived
		d.telegram.Faults().Fail("channels.deleteMessages", 420, "FLOOD_WAIT_600", 1)
		release()
	}()
	channel := d.telegram.Broadcast("News", d.me.ID, d.alice.ID)
	d.call(message.GetChats, 200, fields{})
	o := d.call(message.DeleteMessages, 429, fields{"message_ids": own[0].ID, "target_username": "alice", "target_id": channel.ID})
	if o.Error.Code != "flood_wait" || o.Error.RetryAfter != 600 || len(o.Results) != 1 || !o.Results[0].OK {
		t.Errorf("%s", o.Body)
	}
}

func TestForward_SaysOfWhomOrNot(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	channel := d.telegram.Broadcast("News", d.alice.ID, d.me.ID)
	forum := d.telegram.Supergroup("Forum", d.me.ID, d.alice.ID)
	topic, err := d.telegram.AddTopic(forum.ID, "Garden")
	if err != nil {
		t.Fatal(err)
	}
	first, second := d.telegram.Say(d.alice.ID, channel.ID, "one"), d.telegram.Say(d.alice.ID, channel.ID, "two")
	d.call(message.GetChats, 200, fields{})
	o := d.call(message.ForwardMessages, 200, fields{"from_id": channel.ID, "message_ids": []int{first.ID, second.ID, 99999}, "target_username": "alice,me"})
	for _, r := range o.Results {
		if len(r.MessageIDs) != 2 {
			t.Errorf("%s", o.Body)
		}
	}
	if m := d.arrived(); m.Message != "two" || m.FwdFrom.ChannelPost != second.ID || m.Silent {
		t.Errorf("%+v", m)
	}
	o = d.call(message.ForwardMessages, 200, fields{"from_id": channel.ID, "message_ids": first.ID, "target_id": forum.ID, "topic": topic, "silent": true, "drop_author": true})
	m := d.show(d.alice.ID, forum.ID, o.Results[0].MessageIDs[0])
	if _, forwarded := m.GetFwdFrom(); forwarded || !m.Silent || m.ReplyTo == nil {
		t.Errorf("%+v", m)
	}
	o = d.call(message.ForwardMessages, 200, fields{"from_id": channel.ID, "message_ids": first.ID, "target_username": "alice", "schedule": "PT1H"})
	if o.Results[0].Scheduled == nil || len(d.telegram.Scheduled(d.me.ID)) != 1 {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.ForwardMessages, 400, fields{"from_id": channel.ID, "message_ids": 99999, "target_username": "alice"})
	if e := o.Results[0].Error; e.Code != "message_id_invalid" || e.Field != "message_ids" {
		t.Errorf("%s", o.Body)
	}
	if err := d.telegram.Protect(channel.ID, true); err != nil {
		t.Fatal(err)
	}
	if o = d.call(message.ForwardMessages, 403, fields{"from_id": channel.ID, "message_ids": first.ID, "target_username": "alice"}); o.Results[0].Error.Code != "chat_write_forbidden" {
		t.Errorf("%s", o.Body)
	}
}

func TestReaction_IsPutAndTakenBack(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	theirs := d.theirs()
	reactions := func() (all []string) {
		for _, r := range d.show(d.me.ID, d.alice.ID, theirs).Reactions.Results {
			all = append(all, r.Reaction.(*tg.ReactionEmoji).Emoticon)
		}
		return all
	}
	for range 2 { // twice is no harm
		d.call(message.SendReaction, 200, fields{"target_username": "alice", "message_id": theirs, "reaction": "👍", "big": true})
	}
	if got := reactions(); !slices.Equal(got, []string{"👍"}) {
		t.Errorf("%q", got)
	}
	if o := d.call(message.SendReaction, 400, fields{"target_username": "alice", "message_id": theirs, "reaction": "🛸"}); o.Error.Code != "invalid_field" || o.Error.Field != "reaction" {
		t.Errorf("%s", o.Body)
	}
	for range 2 {
		d.call(message.SendReaction, 200, fields{"target_username": "alice", "message_id": theirs})
	}
	if got := reactions(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	if o := d.call(message.SendReaction, 400, fields{"target_username": "alice", "message_id": 99999, "reaction": "👍"}); o.Error.Field != "message_id" {
		t.Errorf("%s", o.Body)
	}
}

func TestPin_AndUnpin(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	ids := []int{d.theirs(), d.theirs(), d.theirs()}
	pinned := func() (n int) {
		for _, id := range ids {
			if d.show(d.me.ID, d.alice.ID, id).Pinned {
				n++
			}
		}
		return n
	}
	for _, id := range append(ids, ids[0]) { // once more is no harm
		d.call(message.PinMessage, 200, fields{"target_username": "alice", "message_id": id})
	}
	if n := pinned(); n != 3 {
		t.Errorf("%d are pinned", n)
	}
	d.call(message.UnpinMessage, 200, fields{"target_username": "alice", "message_id": ids[0]})
	if n := pinned(); n != 2 {
		t.Errorf("%d are pinned", n)
	}
	d.call(message.UnpinMessage, 200, fields{"target_username": "alice"})
	if n := pinned(); n != 0 {
		t.Errorf("%d are pinned", n)
	}
	d.call(message.PinMessage, 200, fields{"target_username": "alice", "message_id": ids[1], "both_sides": false, "silent": true})
	hers := d.telegram.Read(d.alice.ID, d.me.ID)
	if n := pinned(); n != 1 || slices.ContainsFunc(hers, func(m telegramtest.Message) bool {
		full := d.telegram.Show(d.alice.ID, d.me.ID, m.ID)
		return full != nil && full.Pinned
	}) {
		t.Errorf("%d are pinned, or for the other side too", n)
	}
}

func TestMarkRead_UpToAMessageOrAll(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	first := d.theirs()
	d.theirs()
	read := func() int {
		return d.telegram.Count(func(e telegramtest.Event) bool { return e.Kind == telegramtest.WasRead && e.Account == d.me.ID })
	}
	d.call(message.MarkRead, 200, fields{"target_username": "alice", "message_id": first})
	if n := read(); n != 1 {
		t.Errorf("%d reads", n)
	}
	d.call(message.MarkRead, 200, fields{"target_username": "alice"})
	if n := read(); n != 2 {
		t.Errorf("%d reads", n)
	}
	bot := botDesk(t)
	if o := bot.call(message.MarkRead, 403, fields{"target_username": "alice"}); o.Error.Code != "chat_write_forbidden" {
		t.Errorf("%s", o.Body)
	}
}

func TestChatAction_IsShown(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.call(message.SendChatAction, 200, fields{"target_username": "alice", "action": "record_voice"})
	if n := d.requests("messages.setTyping"); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestGetChats_PagesOfAUserAndWhomABotHasMet(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	robert := d.telegram.User("robert")
	bot := d.telegram.Bot("kitchen_bot")
	group := d.telegram.Group("Family", d.me.ID, robert.ID)
	channel, super := d.telegram.Broadcast("News", d.me.ID), d.telegram.Supergroup("Talk", d.me.ID)
	d.telegram.Say(bot.ID, d.me.ID, "hi")
	want := map[int64]string{group.ID: "group Family", channel.ID: "channel News", super.ID: "supergroup Talk", bot.ID: "bot Kitchen Bot"}
	got := map[int64]string{}
	body := fields{"limit": 3}
	for page := 0; page < 5; page++ {
		o := d.call(message.GetChats, 200, body)
		for _, c := range o.Chats {
			if want[c.ID] != "" {
				got[c.ID] = c.Kind + " " + c.Title
			}
		}
		if o.Next == nil {
			break
		}
		body = fields{"limit": 3, "cursor": *o.Next}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if o := d.call(message.GetChats, 400, fields{"cursor": "b.5"}); o.Error.Field != "cursor" {
		t.Errorf("%s", o.Body)
	}

	b := botDesk(t)
	b.telegram.User("robert")
	for _, name := range []string{"alice", "robert"} {
		b.call(message.SendMessages, 200, fields{"target_username": name, "message": "hi"})
	}
	o := b.call(message.GetChats, 200, fields{"limit": 1})
	if len(o.Chats) != 1 || o.Next == nil {
		t.Fatalf("%s", o.Body)
	}
	met := []string{o.Chats[0].Title}
	for o.Next != nil {
		o = b.call(message.GetChats, 200, fields{"limit": 1, "cursor": *o.Next})
		for _, c := range o.Chats {
			met = append(met, c.Title)
		}
	}
	slices.Sort(met)
	if i, found := slices.BinarySearch(met, "Alice"); !found || !slices.Contains(met[i:], "Robert") {
		t.Errorf("met %q", met)
	}
}

func TestGetMessages_LatestPagesAndByID(t *testing.T) {
	t.Parallel()
	d := userDesk(t)
	var ids []int
	for i := range 5 {
		ids = append(ids, d.send(fields{"target_username": "alice", "message": fmt.Sprintf("**%d**", i), "parse_mode": "md"}))
	}
	o := d.call(message.GetMessages, 200, fields{"target_username": "alice", "limit": 3})
	if len(o.Messages) != 3 || o.Messages[0]["message"] != "4" || o.Next == nil || *o.Next != fmt.Sprint(ids[2]) {
		t.Fatalf("%s", o.Body)
	}
	// As events have them: from_id is filled in, dates are ISO 8601, entities have no constructor.
	m := o.Messages[0]
	if diff := cmp.Diff(fields{"user_id": float64(d.me.ID)}, m["from_id"]) + cmp.Diff([]any{fields{"offset": 0., "length": 1.}}, m["entities"]); diff != "" {
		t.Error(diff)
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(m["date"])); err != nil {
		t.Error(err)
	}
	o = d.call(message.GetMessages, 200, fields{"target_username": "alice", "limit": 3, "cursor": *o.Next})
	if len(o.Messages) != 2 || o.Next != nil {
		t.Errorf("%s", o.Body)
	}
	o = d.call(message.GetMessages, 200, fields{"target_username": "alice", "message_ids": []int{ids[1], 99999}})
	if len(o.Messages) != 1 || o.Messages[0]["message"] != "1" {
		t.Errorf("%s", o.Body)
	}
	b := botDesk(t)
	if o := b.call(message.GetMessages, 400, fields{"target_username": "alice"}); o.Error.Field != "message_ids" {
		t.Errorf("%s", o.Body)
	}
	id := b.send(fields{"target_username": "alice", "message": "x"})
	if o := b.call(message.GetMessages, 200, fields{"target_username": "alice", "message_ids": id}); len(o.Messages) != 1 {
		t.Errorf("%s", o.Body)
	}
}

// Only the listener can answer a button: without one that is said.
func TestAnswerCallbackQuery_AsksTheListener(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	if o := d.call(message.AnswerCallbackQuery, 504, fields{"id": 5, "text": "Done"}); o.Error.Code != "listener_away" {
		t.Errorf("%s", o.Body)
	}
	claim, err := d.store.ClaimEntry(d.ctx, entry.ID(d.entryID), "test", false, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan entry.Command, 1)
	go func() { // ends with the answer, or with the test's context
		after := claim.Commands
		for d.ctx.Err() == nil {
			all, err := d.store.Commands(d.ctx, entry.ID(d.entryID), after, time.Second)
			if err != nil {
				return
			}
			for _, c := range all {
				after = c.ID
				if c.Kind == entry.AnswerCallback && c.Callback.QueryID == -9007199254740993 {
					answered <- c
					_ = d.store.Answer(d.ctx, entry.ID(d.entryID), claim.Lease, c, nil)
					return
				}
			}
		}
	}()
	d.call(message.AnswerCallbackQuery, 200, fields{"id": "-9007199254740993", "text": "Done", "alert": true, "url": "https://t.me/x"})
	want := &entry.CallbackAnswer{QueryID: -9007199254740993, Text: "Done", Alert: true, URL: "https://t.me/x"}
	if diff := cmp.Diff(want, (<-answered).Callback); diff != "" {
		t.Error(diff)
	}
}
