package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/listener/updates"
	"telegram-client/shared/entry"
	"telegram-client/shared/event"
	"telegram-client/shared/filter"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// Each of the eight events goes the whole way, with what storage and delivery must know of it.
func TestAccount_EveryEventIsCommitted(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	from := &tg.PeerUser{UserID: alice}
	mine := says(70, alice, "mine", start)
	mine.SetOut(true)
	edit := says(70, alice, "ours", start)
	edit.SetOut(true)
	edit.SetEditDate(int(start.Unix()))
	callback := &tg.UpdateBotCallbackQuery{QueryID: 5, UserID: alice, Peer: from, MsgID: 70}
	callback.SetData([]byte("yes"))
	pin := &tg.MessageService{ID: 72, PeerID: from, Out: true, Date: int(start.Unix()), Action: &tg.MessageActionPinMessage{}}
	pin.SetReplyTo(&tg.MessageReplyHeader{ReplyToMsgID: 70})
	names := w.names
	lane := names.Chat(alice)
	day := entry.DefaultMaxAge
	own := func(kind outbox.Kind, text string, ids ...int) *outbox.Own {
		o := &outbox.Own{Kind: kind, Text: text, MessageIDs: ids}
		for _, id := range ids {
			o.Marks = append(o.Marks, names.Mark(0, id))
		}
		return o
	}
	edited := own(outbox.Edit, names.Text(outbox.Edit, alice, "ours"), 70)
	edited.Version = start.Unix()
	pts := 100
	next := func() int { pts++; return pts }
	for _, e := range []struct {
		u     tg.UpdateClass
		event filter.Event
		class outbox.Class
		life  time.Duration
		own   *outbox.Own
	}{
		{newMessage(next(), says(69, alice, "hello", start)), filter.NewMessage, outbox.Durable, day, nil},
		{newMessage(next(), mine), filter.NewMessage, outbox.Durable, day, own(outbox.Send, names.Text(outbox.Send, alice, "mine"), 70)},
		{&tg.UpdateEditMessage{Message: edit, Pts: next(), PtsCount: 1}, filter.MessageEdited, outbox.Durable, day, edited},
		{&tg.UpdateReadHistoryInbox{Peer: from, MaxID: 69, Pts: next(), PtsCount: 1}, filter.MessageRead, outbox.Durable, day,
			own(outbox.Read, names.Messages(outbox.Read, 0, []int{69}), 69)},
		{&tg.UpdateReadHistoryOutbox{Peer: from, MaxID: 70, Pts: next(), PtsCount: 1}, filter.MessageRead, outbox.Durable, day, nil},
		{&tg.UpdateReadMessagesContents{Messages: []int{69, 70}, Pts: next(), PtsCount: 1}, filter.MessageRead, outbox.Durable, day,
			own(outbox.Read, names.Messages(outbox.Read, 0, []int{69, 70}), 69, 70)},
		{&tg.UpdateNewMessage{Message: pin, Pts: next(), PtsCount: 1}, filter.ChatAction, outbox.Durable, day,
			own(outbox.Pin, names.Messages(outbox.Pin, 0, []int{70}), 72)},
		{&tg.UpdatePinnedMessages{Peer: from, Messages: []int{70}, Pts: next(), PtsCount: 1}, filter.ChatAction, outbox.Durable, day,
			own(outbox.Pin, names.Messages(outbox.Pin, 0, []int{70}), 70)},
		{&tg.UpdateDeleteMessages{Messages: []int{69}, Pts: next(), PtsCount: 1}, filter.MessageDeleted, outbox.Durable, day,
			own(outbox.Delete, names.Messages(outbox.Delete, 0, []int{69}), 69)},
		{callback, filter.CallbackQuery, outbox.Passing, 5 * time.Minute, nil},
		{&tg.UpdateBotInlineQuery{QueryID: 6, UserID: alice, Query: "cats"}, filter.InlineQuery, outbox.Passing, 30 * time.Second, nil},
		{&tg.UpdateUserTyping{UserID: alice, Action: &tg.SendMessageTypingAction{}}, filter.UserUpdate, outbox.Passing, time.Minute, nil},
		{&tg.UpdateUserStatus{UserID: alice, Status: &tg.UserStatusOnline{}}, filter.UserUpdate, outbox.Passing, time.Minute, nil},
	} {
		c.push(e.u)
		it := w.item("")
		if it.Type != "telegram_client_"+string(e.event) || it.Class != e.class || it.ExpiresAt.Sub(it.OccurredAt) != e.life || it.Lane != lane || it.Replayed {
			t.Errorf("%T: %+v", e.u, it)
		}
		if diff := cmp.Diff(e.own, it.Own); diff != "" {
			t.Errorf("%T: %s", e.u, diff)
		}
		if (it.Latest != "") != (e.event == filter.UserUpdate) || strings.Contains(it.Latest, fmt.Sprint(alice)) {
			t.Errorf("%T is the latest word on %q", e.u, it.Latest)
		}
		if !strings.Contains(string(it.Body), `"config_entry_id":"tg_a"`) {
			t.Errorf("%T: %s", e.u, it.Body)
		}
	}
}

// What Telegram tells by numbers alone goes where the message was; what is in several chats, or was never seen, into the
// account's own lane.
func TestAccount_DeletionsFollowTheirChat(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.push(newMessage(101, says(71, alice, "a", start)), newMessage(102, says(72, bot, "b", start)))
	w.item(messageEvent)
	w.item(messageEvent)
	for i, e := range []struct {
		ids  []int
		lane string
	}{{[]int{71}, w.names.Chat(alice)}, {[]int{72}, w.names.Chat(bot)}, {[]int{71, 72}, ""}, {[]int{73}, ""}, {[]int{71, 73}, ""}, {nil, ""}} {
		c.push(&tg.UpdateDeleteMessages{Messages: e.ids, Pts: 103 + i, PtsCount: 1})
		if it := w.item("telegram_client_message_deleted"); it.Lane != e.lane {
			t.Errorf("%v: lane %q, wants %q", e.ids, it.Lane, e.lane)
		}
	}
}

func TestWhereabouts_ForgetsTheOldest(t *testing.T) {
	t.Parallel()
	var w whereabouts
	for id := 1; id <= remembered+5; id++ {
		o := event.Occurrence{Class: event.Durable, Chat: 7, MessageIDs: []int{id}}
		w.note(&o)
		w.note(&o)
	}
	if len(w.chats) != remembered || w.chat(0, []int{5}) != 0 || w.chat(0, []int{6, remembered + 5}) != 7 {
		t.Errorf("%d remembered, %d, %d", len(w.chats), w.chat(0, []int{5}), w.chat(0, []int{6}))
	}
	if w.chat(-1000000000005, []int{5}) != -1000000000005 {
		t.Error("a channel's message is not in the channel")
	}
}

// Of a change in a group that a bot is an admin of it is told twice.
func TestTellings_TellsAChangeOnce(t *testing.T) {
	t.Parallel()
	at := func(second int, service bool, how event.Change, users ...peer.ID) event.Occurrence {
		return event.Occurrence{Chat: -5, Occurred: start.Add(time.Duration(second) * time.Second), Service: service, Change: how, Users: users}
	}
	for name, c := range map[string]struct {
		told []event.Occurrence
		want []bool // told before
	}{
		"message first":             {[]event.Occurrence{at(0, true, event.Came, 1), at(1, false, event.Came, 1)}, []bool{false, true}},
		"participant first":         {[]event.Occurrence{at(0, false, event.Came, 1), at(1, true, event.Came, 1)}, []bool{false, true}},
		"too late":                  {[]event.Occurrence{at(0, true, event.Came, 1), at(61, false, event.Came, 1)}, []bool{false, false}},
		"in the same way":           {[]event.Occurrence{at(0, true, event.Came, 1), at(1, true, event.Came, 1)}, []bool{false, false}},
		"somebody else":             {[]event.Occurrence{at(0, true, event.Came, 1), at(1, false, event.Came, 2)}, []bool{false, false}},
		"came and went":             {[]event.Occurrence{at(0, true, event.Came, 1), at(1, false, event.Went, 1)}, []bool{false, false}},
		"each has one that repeats": {[]event.Occurrence{at(0, true, event.Went, 1), at(1, false, event.Went, 1), at(2, false, event.Went, 1)}, []bool{false, true, false}},
		"several at once":           {[]event.Occurrence{at(0, true, event.Came, 1, 2), at(1, false, event.Came, 1), at(1, false, event.Came, 2)}, []bool{false, true, true}},
		"several after one":         {[]event.Occurrence{at(0, false, event.Came, 1), at(1, true, event.Came, 1, 2), at(2, false, event.Came, 2)}, []bool{false, false, true}},
		"no change":                 {[]event.Occurrence{at(0, true, ""), at(0, false, "")}, []bool{false, false}},
	} {
		told := tellings{}
		var got []bool
		for i := range c.told {
			got = append(got, told.twice(&c.told[i]))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, wants %v", name, got, c.want)
		}
	}
}

func TestAccount_JoinIsToldOnce(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	joined := &tg.MessageService{ID: 71, PeerID: &tg.PeerChat{ChatID: 5}, FromID: &tg.PeerUser{UserID: alice}, Date: int(start.Unix()),
		Action: &tg.MessageActionChatJoinedByLink{InviterID: bot}}
	joined.SetFlags()
	c.push(&tg.UpdateNewMessage{Message: joined, Pts: 101, PtsCount: 1},
		&tg.UpdateChatParticipantAdd{ChatID: 5, UserID: alice, Date: int(start.Unix()), Version: 1},
		newMessage(102, says(72, alice, "end", start)))
	var types []string
	for range 2 {
		types = append(types, w.item("").Type)
	}
	if diff := cmp.Diff([]string{"telegram_client_chat_action", messageEvent}, types); diff != "" {
		t.Error(diff)
	}
}

// The listener is started anew between the two tellings of a change.
func TestAccount_JoinIsToldOnceAcrossARestart(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.push(&tg.UpdateChatParticipantAdd{ChatID: 5, UserID: alice, InviterID: alice, Date: int(start.Unix()), Version: 1})
	var last outbox.Commit
	for len(last.Items) == 0 {
		last = <-w.store.commits
	}
	w.stop()
	joined := &tg.MessageService{ID: 71, PeerID: &tg.PeerChat{ChatID: 5}, FromID: &tg.PeerUser{UserID: alice}, Date: int(start.Unix()) + 1,
		Action: &tg.MessageActionChatAddUser{Users: []int64{alice}}}
	joined.SetFlags()
	next := w.again(last.State)
	c = next.connected()
	next.reported("the connection", func(r Report) bool { return r.Connected })
	c.push(&tg.UpdateNewMessage{Message: joined, Pts: 101, PtsCount: 1}, newMessage(102, says(72, alice, "end", start)))
	if it := next.item(""); it.Type != messageEvent {
		t.Errorf("told again: %s", it.Type)
	}
}

func TestTellings_Remember(t *testing.T) {
	t.Parallel()
	told := tellings{}
	for i := range 3 * mostTold {
		told[change{-5, peer.ID(i), event.Came}] = telling{start.Add(time.Duration(i) * time.Second), i%2 == 0}
	}
	state := updates.State{Pts: 5, Qts: 2, Seq: 3, Date: 4, Channels: map[int64]int{7: 8}}
	b := told.remember(state, start)
	got, err := updates.ParseState(b)
	if diff := cmp.Diff(state, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	back, err := recall(b)
	if err != nil || len(back) != mostTold {
		t.Errorf("%d remembered, %v", len(back), err)
	}
	for c, was := range back {
		if was != told[c] || int(c.user) < 2*mostTold {
			t.Errorf("%v: %v, was %v", c, was, told[c])
		}
	}
	if back, err := recall(told.remember(state, start.Add(48*time.Hour))); err != nil || len(back) != 0 {
		t.Errorf("two days later: %d, %v", len(back), err)
	}
	if back, err := recall(state.Marshal()); err != nil || len(back) != 0 {
		t.Errorf("a state of the login: %d, %v", len(back), err)
	}
}

// An edit that was missed tells when the text was edited; one that tells of nothing new happened since.
func TestAccount_MissedEditsAreAsOldAsCanBe(t *testing.T) {
	t.Parallel()
	edit := func(id int, at time.Time) tg.UpdateClass {
		m := says(id, alice, fmt.Sprint(id), at)
		m.SetEditDate(int(at.Unix()))
		return &tg.UpdateEditMessage{Message: m, Pts: 90 + id, PtsCount: 1}
	}
	missed := start.Add(time.Minute)
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(r *tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			if r.Pts != 100 {
				return &tg.UpdatesDifferenceEmpty{Date: r.Date, Seq: 1}, nil
			}
			return &tg.UpdatesDifference{OtherUpdates: []tg.UpdateClass{edit(11, missed), edit(12, start.Add(-30*time.Minute))},
				Users: []tg.UserClass{user(alice)}, State: tg.UpdatesState{Pts: 102, Qts: 1, Date: int(missed.Unix()) + 60, Seq: 1}}, nil
		}
	})
	w.connected()
	for _, want := range []time.Time{missed, start} {
		if it := w.item("telegram_client_message_edited"); !it.OccurredAt.Equal(want) || !it.Replayed {
			t.Errorf("%v replayed=%t, wants %v", it.OccurredAt, it.Replayed, want)
		}
	}
}
