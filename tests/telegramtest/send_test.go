package telegramtest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func TestSend_ReachesEachSideUnderItsOwnID(t *testing.T) {
	t.Parallel()
	for _, short := range []Choice{Always, Never} {
		s := silent(Behaviour{Short: short})
		alice, bob, bot, other := s.User("alice"), s.User("bobby"), s.Bot("helper_bot"), s.Bot("other_bot")
		group := s.Group("Family", alice.ID, bob.ID, bot.ID, other.ID)
		l := logIn(t, s, bot, "sender")
		before := s.Pts(bot.ID)
		question := s.Say(alice.ID, group.ID, "question")
		u, err := l.MessagesSendMessage(context.Background(), &tg.MessagesSendMessageRequest{
			Peer: &tg.InputPeerChat{ChatID: -group.ID}, Message: "answer", RandomID: 1, Silent: true,
			ReplyTo: &tg.InputReplyToMessage{ReplyToMsgID: s.IDFor(bot.ID, question.Number)},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, isShort := u.(*tg.UpdateShortSentMessage); isShort != (short == Always) {
			t.Errorf("result %T", u)
		}
		if got := s.Pts(bot.ID) - before; got != 2 {
			t.Errorf("pts moved by %d", got)
		}
		ids := map[int]bool{}
		for _, a := range []Account{alice, bob, bot} {
			read := s.Read(a.ID, group.ID)
			last := read[len(read)-1]
			ids[last.ID] = true
			if last.Text != "answer" || last.From != bot.ID || last.Out != (a.ID == bot.ID) || !last.Silent || last.ReplyTo != s.IDFor(a.ID, question.Number) || last.ReplyTo == 0 {
				t.Errorf("%s reads %+v", a.Username, last)
			}
		}
		if len(ids) != 3 {
			t.Errorf("ids %v", ids)
		}
		// Bots never see what bots write.
		if read := s.Read(other.ID, group.ID); len(read) != 2 {
			t.Errorf("the other bot reads %+v", read)
		}
	}
}

func TestSend_RandomIDIsKnownToItsAuthorizationOnly(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{RefuseRepeated: Always})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	a, b := logIn(t, s, bot, "a"), logIn(t, s, bot, "b")
	id, pts, count, err := a.send(s.peer(bot, alice), "once", 5)
	if err != nil || count != 1 {
		t.Fatal(count, err)
	}
	_, _, _, err = a.send(s.peer(bot, alice), "once", 5)
	refused(t, err, 500, "RANDOM_ID_DUPLICATE")
	s.Say(alice.ID, bot.ID, "in between")
	s.Behave(func(b *Behaviour) { b.RefuseRepeated = Never })
	again, later, count, err := a.send(s.peer(bot, alice), "once", 5)
	if err != nil || again != id || count != 0 || later != pts+1 {
		t.Errorf("repeated: id %d, want %d; pts %d, want %d; pts_count %d; %v", again, id, later, pts+1, count, err)
	}
	if other, _, _, err := b.send(s.peer(bot, alice), "once", 5); err != nil || other == id {
		t.Errorf("another authorization: id %d, %v", other, err)
	}
	s.Behave(func(b *Behaviour) { b.RefuseRepeated = Sometimes })
	forms := map[bool]bool{}
	for range 50 {
		_, _, _, err := a.send(s.peer(bot, alice), "once", 5)
		forms[err != nil] = true
	}
	if len(forms) != 2 {
		t.Errorf("one form only: %v", forms)
	}
	if n := s.Count(func(e Event) bool { return e.Kind == MessageSent && e.Text == "once" }); n != 2 {
		t.Errorf("sent %d times, want 2", n)
	}
}

func TestSend_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob, bot, other := s.User("alice"), s.User("bobby"), s.Bot("helper_bot"), s.Bot("other_bot")
	in, out, closed := s.Group("In", alice.ID, bot.ID), s.Group("Out", alice.ID), s.Group("Closed", alice.ID, bot.ID)
	left := s.Group("Left", alice.ID, bot.ID)
	if err := s.Leave(left.ID, bot.ID, alice.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.SetClosed(closed.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Block(bob.ID, bot.ID, true); err != nil {
		t.Fatal(err)
	}
	l := logIn(t, s, bot, "sender")
	chat := func(g Group) tg.InputPeerClass { return &tg.InputPeerChat{ChatID: -g.ID} }
	for i, c := range []struct {
		to      tg.InputPeerClass
		text    string
		random  int64
		code    int
		message string
	}{
		{s.peer(bot, alice), "", 1, 400, "MESSAGE_EMPTY"},
		{s.peer(bot, alice), " \n", 1, 400, "MESSAGE_EMPTY"},
		{s.peer(bot, alice), strings.Repeat("x", 4097), 1, 400, "MESSAGE_TOO_LONG"},
		{s.peer(bot, alice), strings.Repeat("😀", 2049), 1, 400, "MESSAGE_TOO_LONG"},
		{s.peer(bot, alice), "x", 0, 400, "RANDOM_ID_EMPTY"},
		{s.peer(other, alice), "x", 1, 400, "PEER_ID_INVALID"}, // another account's hash
		{&tg.InputPeerUser{UserID: alice.ID}, "x", 1, 400, "PEER_ID_INVALID"},
		{&tg.InputPeerUser{UserID: 1, AccessHash: 1}, "x", 1, 400, "PEER_ID_INVALID"},
		{&tg.InputPeerEmpty{}, "x", 1, 400, "PEER_ID_INVALID"},
		{&tg.InputPeerChannel{ChannelID: 1}, "x", 1, 400, "CHANNEL_INVALID"},
		{&tg.InputPeerSelf{}, "x", 1, 400, "USER_IS_BOT"},
		{s.peer(bot, other), "x", 1, 400, "USER_IS_BOT"},
		{s.peer(bot, bob), "x", 1, 403, "USER_IS_BLOCKED"},
		{chat(out), "x", 1, 400, "PEER_ID_INVALID"},
		{chat(left), "x", 1, 403, "CHAT_WRITE_FORBIDDEN"},
		{chat(closed), "x", 1, 403, "CHAT_WRITE_FORBIDDEN"},
	} {
		_, _, _, err := l.send(c.to, c.text, c.random)
		if err == nil {
			t.Errorf("%d: sent", i)
			continue
		}
		refused(t, err, c.code, c.message)
	}
	for _, q := range []*tg.MessagesSendMessageRequest{
		{Peer: chat(in), Message: "x", RandomID: 1, ReplyTo: &tg.InputReplyToMessage{ReplyToMsgID: 1}},
		{Peer: chat(in), Message: "x", RandomID: 1, Entities: []tg.MessageEntityClass{&tg.MessageEntityBold{Offset: 0, Length: 2}}},
	} {
		if _, err := l.MessagesSendMessage(context.Background(), q); err == nil {
			t.Errorf("sent %+v", q)
		}
	}
	s.Behave(func(b *Behaviour) { b.UsersWriteFirst = true })
	carol := s.User("carol")
	_, _, _, err := l.send(s.peer(bot, carol), "first", 9)
	refused(t, err, 400, "PEER_ID_INVALID")
	s.Say(carol.ID, bot.ID, "hello")
	if _, _, _, err := l.send(s.peer(bot, carol), "first", 9); err != nil {
		t.Error(err)
	}
	if got := s.Unknown(); len(got) != 0 {
		t.Errorf("unknown %v", got)
	}
}

func TestEditAndDelete_ReachEverybodyAndNameOwnIDs(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob, bot := s.User("alice"), s.User("bobby"), s.Bot("helper_bot")
	group := s.Group("Family", alice.ID, bob.ID, bot.ID)
	l, peer := logIn(t, s, bot, "sender"), &tg.InputPeerChat{ChatID: -group.ID}
	theirs := s.Say(alice.ID, group.ID, "alice's")
	id, pts, _, err := l.send(peer, "mine", 1)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(id int, text string) (tg.UpdatesClass, error) {
		return l.MessagesEditMessage(context.Background(), &tg.MessagesEditMessageRequest{Peer: peer, ID: id, Message: text})
	}
	u, err := edit(id, "mine too")
	if err != nil {
		t.Fatal(err)
	}
	x, ok := u.(*tg.Updates).Updates[0].(*tg.UpdateEditMessage)
	if !ok || x.Pts != pts+1 || x.Message.(*tg.Message).EditDate == 0 {
		t.Errorf("edited: %+v", u)
	}
	_, err = edit(id, "mine too")
	refused(t, err, 400, "MESSAGE_NOT_MODIFIED")
	empty := &tg.MessagesEditMessageRequest{Peer: peer, ID: id}
	empty.SetMessage("")
	_, err = l.MessagesEditMessage(context.Background(), empty)
	refused(t, err, 400, "MESSAGE_EMPTY")
	_, err = edit(1, "x")
	refused(t, err, 400, "MESSAGE_ID_INVALID")
	_, err = edit(s.IDFor(bot.ID, theirs.Number), "x")
	refused(t, err, 403, "MESSAGE_AUTHOR_REQUIRED")
	if read := s.Read(bob.ID, group.ID); read[len(read)-1].Text != "mine too" {
		t.Errorf("bobby reads %+v", read)
	}
	remove := func(ids ...int) (*tg.MessagesAffectedMessages, error) {
		return l.MessagesDeleteMessages(context.Background(), &tg.MessagesDeleteMessagesRequest{Revoke: true, ID: ids})
	}
	_, err = remove(id, s.IDFor(bot.ID, theirs.Number))
	refused(t, err, 403, "MESSAGE_DELETE_FORBIDDEN")
	if a, err := remove(id, 1); err != nil || a.PtsCount != 1 || a.Pts != pts+2 {
		t.Errorf("deleted %+v, %v", a, err)
	}
	if a, err := remove(id); err != nil || a.PtsCount != 0 || a.Pts != pts+2 {
		t.Errorf("deleted again %+v, %v", a, err)
	}
	if read := s.Read(bob.ID, group.ID); read[len(read)-1].Text != "alice's" {
		t.Errorf("bobby reads %+v", read)
	}
	got, err := l.MessagesGetMessages(context.Background(), []tg.InputMessageClass{&tg.InputMessageID{ID: id}, &tg.InputMessageID{ID: s.IDFor(bot.ID, theirs.Number)}})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, m := range got.(*tg.MessagesMessages).Messages {
		types = append(types, m.TypeName())
	}
	if diff := cmp.Diff([]string{"messageEmpty", "message"}, types); diff != "" {
		t.Errorf("getMessages (-want +got):\n%s", diff)
	}
}

func TestDelete_ForOneselfOnly(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	m := s.Say(alice.ID, bot.ID, "kept by the bot")
	if err := s.Delete(alice.ID, false, m.ID); err != nil {
		t.Fatal(err)
	}
	if a, b := s.Read(alice.ID, bot.ID), s.Read(bot.ID, alice.ID); len(a) != 0 || len(b) != 1 {
		t.Errorf("alice reads %v, the bot %v", a, b)
	}
}
