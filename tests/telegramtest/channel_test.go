package telegramtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// in addresses a channel as an account knows it.
func (s *Server) in(viewer Account, ch Channel) *tg.InputChannel {
	return &tg.InputChannel{ChannelID: channelMark - ch.ID, AccessHash: s.ChannelHashFor(viewer.ID, ch.ID)}
}

func (s *Server) inPeer(viewer Account, ch Channel) *tg.InputPeerChannel {
	x := s.in(viewer, ch)
	return &tg.InputPeerChannel{ChannelID: x.ChannelID, AccessHash: x.AccessHash}
}

// channelDifference returns what happened in a channel, as one line each, and where it stands then.
func (l *login) channelDifference(t *testing.T, in tg.InputChannelClass, pts, limit int) ([]string, int) {
	t.Helper()
	d, err := l.UpdatesGetChannelDifference(context.Background(), &tg.UpdatesGetChannelDifferenceRequest{
		Channel: in, Filter: &tg.ChannelMessagesFilterEmpty{}, Pts: pts, Limit: limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	switch d := d.(type) {
	case *tg.UpdatesChannelDifferenceEmpty:
		return []string{"empty"}, d.Pts
	case *tg.UpdatesChannelDifference:
		all := lines(d.NewMessages, d.OtherUpdates)
		if !d.Final {
			all = append(all, "more")
		}
		return all, d.Pts
	case *tg.UpdatesChannelDifferenceTooLong:
		return append(lines(d.Messages, nil), "too long"), d.Dialog.(*tg.Dialog).Pts
	}
	t.Fatalf("%T", d)
	return nil, 0
}

func TestChannel_DifferenceTellsEverything(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob := s.User("alice"), s.User("bobby")
	club := s.Supergroup("Club", bob.ID, alice.ID)
	l := enterUser(t, s, alice, "phone")
	in, start := s.in(alice, club), s.ChannelPts(club.ID)
	if got, pts := l.channelDifference(t, in, start, 100); pts != start || cmp.Diff([]string{"empty"}, got) != "" {
		t.Errorf("%v at %d, want %d", got, pts, start)
	}
	one, two := s.Say(bob.ID, club.ID, "one"), s.Say(bob.ID, club.ID, "two")
	if two.ID != one.ID+1 {
		t.Errorf("ids %d, %d", one.ID, two.ID)
	}
	if err := s.EditIn(bob.ID, club.ID, one.ID, "uno"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteIn(bob.ID, club.ID, true, two.ID); err != nil {
		t.Fatal(err)
	}
	got, pts := l.channelDifference(t, in, start, 100)
	if diff := cmp.Diff([]string{"new uno", "updateEditChannelMessage", "updateDeleteChannelMessages"}, got); diff != "" || pts != s.ChannelPts(club.ID) {
		t.Errorf("difference at %d (-want +got):\n%s", pts, diff)
	}
	got, pts = l.channelDifference(t, in, start, 1)
	if diff := cmp.Diff([]string{"new uno", "more"}, got); diff != "" || pts != start+1 {
		t.Errorf("a part at %d (-want +got):\n%s", pts, diff)
	}
	s.Behave(func(b *Behaviour) { b.ChannelTooLongAfter = 2 })
	got, pts = l.channelDifference(t, in, start, 100)
	if diff := cmp.Diff([]string{"new uno", "messageActionChannelCreate", "too long"}, got); diff != "" || pts != s.ChannelPts(club.ID) {
		t.Errorf("too long at %d (-want +got):\n%s", pts, diff)
	}
}

func TestChannel_CommonDifferenceNamesIt(t *testing.T) {
	t.Parallel()
	for _, names := range []Choice{Always, Never} {
		b := full
		b.NameChannels = names
		s := silent(b)
		alice, bob := s.User("alice"), s.User("bobby")
		club := s.Supergroup("Club", bob.ID, alice.ID)
		l := enterUser(t, s, alice, "phone")
		state := l.state(t)
		s.Say(bob.ID, club.ID, "one")
		want := []string{"empty"}
		if names == Always {
			want = []string{"updateChannelTooLong"}
		}
		got, _ := l.difference(t, state)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", names, diff)
		}
	}
}

// A bot finds a hole where another bot has written (A38).
func TestChannel_BotsDoNotSeeBots(t *testing.T) {
	t.Parallel()
	s := silent(full)
	bob, bot, other := s.User("bobby"), s.Bot("helper_bot"), s.Bot("other_bot")
	club := s.Supergroup("Club", bob.ID, bot.ID, other.ID)
	l := logIn(t, s, bot, "listener")
	start := s.ChannelPts(club.ID)
	hidden := s.Say(other.ID, club.ID, "among bots")
	s.Say(bob.ID, club.ID, "one")
	got, pts := l.channelDifference(t, s.in(bot, club), start, 100)
	if diff := cmp.Diff([]string{"new one"}, got); diff != "" || pts != start+2 {
		t.Errorf("difference at %d (-want +got):\n%s", pts, diff)
	}
	x, err := l.ChannelsGetMessages(context.Background(), &tg.ChannelsGetMessagesRequest{
		Channel: &tg.InputChannel{ChannelID: channelMark - club.ID}, ID: []tg.InputMessageClass{&tg.InputMessageID{ID: hidden.ID}, &tg.InputMessageID{ID: hidden.ID + 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if all := x.(*tg.MessagesChannelMessages).Messages; len(all) != 2 || all[0].(*tg.Message).Message != "one" || all[1].TypeName() != "messageEmpty" {
		t.Errorf("%v", all)
	}
}

func TestChannel_Refusals(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob, eve := s.User("alice"), s.User("bobby"), s.User("evelyn")
	club, news := s.Supergroup("Club", bob.ID, alice.ID), s.Broadcast("News", bob.ID, alice.ID)
	a, e := enterUser(t, s, alice, "phone"), enterUser(t, s, eve, "phone")
	difference := func(l *login, in tg.InputChannelClass, pts int) error {
		_, err := l.UpdatesGetChannelDifference(ctx, &tg.UpdatesGetChannelDifferenceRequest{
			Channel: in, Filter: &tg.ChannelMessagesFilterEmpty{}, Pts: pts, Limit: 10,
		})
		return err
	}
	refused(t, difference(e, s.in(eve, club), 1), 406, "CHANNEL_PRIVATE")
	refused(t, difference(e, s.in(alice, club), 1), 400, "CHANNEL_INVALID")
	refused(t, difference(a, &tg.InputChannel{ChannelID: 5}, 1), 400, "CHANNEL_INVALID")
	refused(t, difference(a, s.in(alice, club), 0), 400, "PERSISTENT_TIMESTAMP_EMPTY")
	refused(t, difference(a, s.in(alice, club), 1000), 400, "PERSISTENT_TIMESTAMP_INVALID")
	_, _, _, err := a.send(s.inPeer(alice, news), "hello", 1)
	refused(t, err, 400, "CHAT_ADMIN_REQUIRED")
	theirs := s.Say(bob.ID, club.ID, "theirs")
	_, err = a.ChannelsDeleteMessages(ctx, &tg.ChannelsDeleteMessagesRequest{Channel: s.in(alice, club), ID: []int{theirs.ID}})
	refused(t, err, 403, "MESSAGE_DELETE_FORBIDDEN")
	if err := s.Leave(club.ID, alice.ID, bob.ID); err != nil {
		t.Fatal(err)
	}
	_, err = a.ChannelsGetChannels(ctx, []tg.InputChannelClass{s.in(alice, club)})
	refused(t, err, 406, "CHANNEL_PRIVATE")
	open, err := s.AddChannel(Channel{Title: "Open", Username: "open_club", Creator: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = e.send(s.inPeer(eve, open), "hello", 1)
	refused(t, err, 403, "CHAT_WRITE_FORBIDDEN")
	found, err := e.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: "Open_Club"})
	if err != nil {
		t.Fatal(err)
	}
	if ch := found.Chats[0].(*tg.Channel); !ch.Left || !ch.Megagroup || ch.AccessHash != s.ChannelHashFor(eve.ID, open.ID) {
		t.Errorf("%+v", ch)
	}
	for _, c := range []Channel{{}, {Title: "x", Creator: 5}, {Title: "x", Creator: bob.ID, Members: []int64{5}}, {Title: "x", Creator: bob.ID, Username: "alice"}} {
		if _, err := s.AddChannel(c); err == nil {
			t.Errorf("%+v was made", c)
		}
	}
}

func TestChannel_WritesEditsPinsAndDeletes(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	bob, bot := s.User("bobby"), s.Bot("helper_bot")
	news := s.Broadcast("News", bob.ID, bot.ID)
	l := logIn(t, s, bot, "sender")
	to, start := s.inPeer(bot, news), s.ChannelPts(news.ID)
	sent, err := l.MessagesSendMessage(ctx, &tg.MessagesSendMessageRequest{Peer: to, Message: "hello", RandomID: 1})
	if err != nil {
		t.Fatal(err)
	}
	done := sent.(*tg.Updates)
	n, ok := done.Updates[1].(*tg.UpdateNewChannelMessage)
	if !ok || n.Pts != start+1 || len(done.Chats) != 1 {
		t.Fatalf("%+v", done)
	}
	if m := n.Message.(*tg.Message); !m.Post || !m.Out || m.FromID != nil {
		t.Errorf("%+v", m)
	}
	id := n.Message.GetID()
	edit := &tg.MessagesEditMessageRequest{Peer: to, ID: id}
	edit.SetMessage("hello!")
	if _, err := l.MessagesEditMessage(ctx, edit); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"", "CHAT_NOT_MODIFIED"} {
		_, err := l.MessagesUpdatePinnedMessage(ctx, &tg.MessagesUpdatePinnedMessageRequest{Peer: to, ID: id})
		if want != "" {
			refused(t, err, 400, want)
		} else if err != nil {
			t.Error(err)
		}
	}
	gone, err := l.ChannelsDeleteMessages(ctx, &tg.ChannelsDeleteMessagesRequest{Channel: s.in(bot, news), ID: []int{id, id, 77}})
	if err != nil || gone.PtsCount != 1 || gone.Pts != s.ChannelPts(news.ID) {
		t.Errorf("%+v, %v", gone, err)
	}
	var read []string
	for _, m := range s.Read(bob.ID, news.ID) {
		read = append(read, m.Text+m.Action)
	}
	if diff := cmp.Diff([]string{"messageActionChannelCreate", "messageActionPinMessage"}, read); diff != "" {
		t.Errorf("bob reads (-want +got):\n%s", diff)
	}
}

func TestChannel_Participants(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob, eve := s.User("alice"), s.User("bobby"), s.User("evelyn")
	club := s.Supergroup("Club", bob.ID, alice.ID, eve.ID)
	if err := s.Leave(club.ID, eve.ID, bob.ID); err != nil {
		t.Fatal(err)
	}
	l := enterUser(t, s, alice, "phone")
	list := func(f tg.ChannelParticipantsFilterClass) (all []int64) {
		x, err := l.ChannelsGetParticipants(ctx, &tg.ChannelsGetParticipantsRequest{Channel: s.in(alice, club), Filter: f, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range x.(*tg.ChannelsChannelParticipants).Users {
			all = append(all, u.GetID())
		}
		return all
	}
	for name, c := range map[string]struct {
		filter tg.ChannelParticipantsFilterClass
		want   []int64
	}{
		"recent": {&tg.ChannelParticipantsRecent{}, []int64{bob.ID, alice.ID}},
		"admins": {&tg.ChannelParticipantsAdmins{}, []int64{bob.ID}},
		"search": {&tg.ChannelParticipantsSearch{Q: "ALI"}, []int64{alice.ID}},
		"kicked": {&tg.ChannelParticipantsKicked{}, []int64{eve.ID}},
		"bots":   {&tg.ChannelParticipantsBots{}, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	one := func(who tg.InputPeerClass) (string, error) {
		x, err := l.ChannelsGetParticipant(ctx, &tg.ChannelsGetParticipantRequest{Channel: s.in(alice, club), Participant: who})
		if err != nil {
			return "", err
		}
		return x.Participant.TypeName(), nil
	}
	if got, err := one(&tg.InputPeerSelf{}); got != "channelParticipantSelf" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := one(s.peer(alice, bob)); got != "channelParticipantCreator" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	_, err := one(s.peer(alice, s.User("nobody")))
	refused(t, err, 400, "USER_NOT_PARTICIPANT")
	if err := s.Promote(club.ID, alice.ID, bob.ID, true); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]int64{bob.ID, alice.ID}, list(&tg.ChannelParticipantsAdmins{})); diff != "" {
		t.Errorf("admins (-want +got):\n%s", diff)
	}
}

// https://core.telegram.org/constructor/channel (date)
func TestChannel_SaysSinceWhenOneIsAMember(t *testing.T) {
	t.Parallel()
	c := newSteps()
	s := silent(full, at(c))
	alice, bob := s.User("alice"), s.User("bobby")
	group, err := s.AddChannel(Channel{Title: "Street", Username: "street", Creator: alice.ID})
	if err != nil {
		t.Fatal(err)
	}
	made := s.now()
	c.advance(time.Hour)
	seen := func() int {
		ch := s.channels[channelMark-group.ID]
		return ch.see(s, s.accounts[bob.ID]).(*tg.Channel).Date
	}
	if got := seen(); got != made {
		t.Errorf("before joining: %d, want %d", got, made)
	}
	if err := s.Join(group.ID, bob.ID, bob.ID); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got != made+3600 {
		t.Errorf("after joining: %d, want %d", got, made+3600)
	}
}
