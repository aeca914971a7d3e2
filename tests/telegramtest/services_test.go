package telegramtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// What messages can do besides being text: the answers that clients have to reckon with.

func TestSchedule_WaitsInAListOfItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := silent(full, at(newSteps()))
	alice, robert, bot := s.User("alice"), s.User("robert"), s.Bot("helper_bot")
	l, b := enterUser(t, s, alice, "phone"), logIn(t, s, bot, "phone")
	send := func(l *login, from Account, id int64, in int) (tg.UpdatesClass, error) {
		return l.MessagesSendMessage(ctx, &tg.MessagesSendMessageRequest{Peer: s.peer(from, robert), Message: "later", RandomID: id, ScheduleDate: s.now() + in})
	}
	_, err := send(b, bot, 1, 60)
	refused(t, err, 400, "SCHEDULE_BOT_NOT_ALLOWED")
	_, err = send(l, alice, 2, latest+60)
	refused(t, err, 400, "SCHEDULE_DATE_TOO_LATE")
	if _, err := send(l, alice, 3, 5); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Read(robert.ID, alice.ID)); n != 1 {
		t.Errorf("%d messages of what is due in five seconds", n)
	}
	answer, err := send(l, alice, 4, 60)
	if err != nil {
		t.Fatal(err)
	}
	updates := answer.(*tg.Updates).Updates
	waits, ok := updates[len(updates)-1].(*tg.UpdateNewScheduledMessage)
	if !ok || !waits.Message.(*tg.Message).FromScheduled {
		t.Fatalf("answered %v", answer)
	}
	id := waits.Message.GetID()
	list, err := l.MessagesGetScheduledHistory(ctx, &tg.MessagesGetScheduledHistoryRequest{Peer: s.peer(alice, robert)})
	if err != nil || len(list.(*tg.MessagesMessages).Messages) != 1 || len(s.Scheduled(alice.ID)) != 1 {
		t.Errorf("%v %v", list, err)
	}
	sent, err := s.SendScheduled(alice.ID, id)
	if err != nil || len(s.Scheduled(alice.ID)) != 0 {
		t.Fatal(err)
	}
	if m := s.Show(alice.ID, robert.ID, sent.ID); m == nil || !m.FromScheduled || m.Message != "later" {
		t.Errorf("%+v", m)
	}
	if _, err := s.SendScheduled(alice.ID, id); err == nil {
		t.Error("it was sent twice")
	}
}

func TestForward_DiscussionTopicAndSlowMode(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := silent(full, at(newSteps()))
	alice, robert, bot := s.User("alice"), s.User("robert"), s.Bot("helper_bot")
	channel, talk := s.Broadcast("News", alice.ID, robert.ID, bot.ID), s.Supergroup("Talk", alice.ID, robert.ID, bot.ID)
	if err := s.Link(channel.ID, talk.ID); err != nil {
		t.Fatal(err)
	}
	post := s.Say(alice.ID, channel.ID, "news")
	l, b := enterUser(t, s, robert, "phone"), logIn(t, s, bot, "phone")
	in := func(c Channel) *tg.InputPeerChannel {
		return &tg.InputPeerChannel{ChannelID: channelMark - c.ID, AccessHash: s.ChannelHashFor(robert.ID, c.ID)}
	}
	there, err := l.MessagesGetDiscussionMessage(ctx, &tg.MessagesGetDiscussionMessageRequest{Peer: in(channel), MsgID: post.ID})
	if err != nil {
		t.Fatal(err)
	}
	m := there.Messages[0].(*tg.Message)
	if diff := cmp.Diff(tg.PeerClass(&tg.PeerChannel{ChannelID: channelMark - channel.ID}), m.FromID) + cmp.Diff(post.ID, m.FwdFrom.ChannelPost); diff != "" || m.Out {
		t.Error(diff)
	}
	_, err = l.MessagesGetDiscussionMessage(ctx, &tg.MessagesGetDiscussionMessageRequest{Peer: in(talk), MsgID: m.ID})
	refused(t, err, 400, "MSG_ID_INVALID")
	_, err = b.MessagesGetDiscussionMessage(ctx, &tg.MessagesGetDiscussionMessageRequest{Peer: &tg.InputPeerChannel{ChannelID: channelMark - channel.ID}, MsgID: post.ID})
	refused(t, err, 400, "BOT_METHOD_INVALID")

	forward := func(id int64, ids ...int) error {
		random := make([]int64, len(ids))
		for i := range ids {
			random[i] = id + int64(i)
		}
		_, err := l.MessagesForwardMessages(ctx, &tg.MessagesForwardMessagesRequest{FromPeer: in(channel), ToPeer: s.peer(robert, alice), ID: ids, RandomID: random})
		return err
	}
	if err := forward(100, post.ID, 9999); err != nil {
		t.Error(err)
	}
	refused(t, forward(100, post.ID), 500, "RANDOM_ID_DUPLICATE")
	refused(t, forward(200, 9999), 400, "MESSAGE_ID_INVALID")
	if err := s.Protect(channel.ID, true); err != nil {
		t.Fatal(err)
	}
	refused(t, forward(300, post.ID), 400, "CHAT_FORWARDS_RESTRICTED")

	topic, err := s.AddTopic(talk.ID, "Garden")
	if err != nil {
		t.Fatal(err)
	}
	write := func(id int64, to int) error {
		_, err := l.MessagesSendMessage(ctx, &tg.MessagesSendMessageRequest{Peer: in(talk), Message: "x", RandomID: id, ReplyTo: &tg.InputReplyToMessage{ReplyToMsgID: to}})
		return err
	}
	if err := write(400, topic); err != nil {
		t.Fatal(err)
	}
	first := s.Read(robert.ID, talk.ID)
	last := first[len(first)-1].ID
	if err := write(401, last); err != nil {
		t.Fatal(err)
	}
	h, _ := s.Show(robert.ID, talk.ID, last+1).ReplyTo.(*tg.MessageReplyHeader)
	if h == nil || !h.ForumTopic || h.ReplyToTopID != topic || h.ReplyToMsgID != last {
		t.Errorf("%+v", h)
	}
	if err := s.SetSlowMode(talk.ID, 60); err != nil {
		t.Fatal(err)
	}
	refused(t, write(402, topic), 420, "SLOWMODE_WAIT_60")
}

func TestReactions_AreCountedAndRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := silent(full)
	alice, robert := s.User("alice"), s.User("robert")
	m := s.Say(robert.ID, alice.ID, "hi")
	l := enterUser(t, s, robert, "phone")
	react := func(emojis ...string) error {
		r := &tg.MessagesSendReactionRequest{Peer: s.peer(robert, alice), MsgID: m.ID}
		var all []tg.ReactionClass
		for _, e := range emojis {
			all = append(all, &tg.ReactionEmoji{Emoticon: e})
		}
		r.SetReaction(all)
		_, err := l.MessagesSendReaction(ctx, r)
		return err
	}
	refused(t, react("🛸"), 400, "REACTION_INVALID")
	refused(t, react("👍", "👎"), 400, "REACTIONS_TOO_MANY")
	refused(t, react(), 400, "MESSAGE_NOT_MODIFIED")
	if err := react("👍"); err != nil {
		t.Fatal(err)
	}
	refused(t, react("👍"), 400, "MESSAGE_NOT_MODIFIED")
	want := []tg.ReactionCount{{Reaction: &tg.ReactionEmoji{Emoticon: "👍"}, Count: 1}}
	hers := s.Show(alice.ID, robert.ID, s.IDFor(alice.ID, m.Number))
	if diff := cmp.Diff(want, hers.Reactions.Results); diff != "" {
		t.Error(diff)
	}
	if err := react(); err != nil {
		t.Error(err)
	}
}
