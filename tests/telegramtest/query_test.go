package telegramtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// pressed lets alice press the only button of a message of the bot's.
func pressed(t *testing.T, s *Server, alice, bot Account) int64 {
	t.Helper()
	m, err := s.Post(Saying{From: bot.ID, To: alice.ID, Text: "well?", Buttons: [][]Button{{{Text: "Yes", Data: "yes"}}}})
	if err != nil {
		t.Fatal(err)
	}
	query, err := s.Press(Pressing{User: alice.ID, Chat: bot.ID, Message: s.IDFor(alice.ID, m.Number)})
	if err != nil {
		t.Fatal(err)
	}
	return query
}

func TestQuery_CallbackIsAnsweredOnceAndInTime(t *testing.T) {
	t.Parallel()
	c, ctx := newSteps(), context.Background()
	s := silent(full, at(c))
	alice, bot, other := s.User("alice"), s.Bot("helper_bot"), s.Bot("other_bot")
	l := logIn(t, s, bot, "sender")
	answer := func(l *login, query int64, text string) error {
		r := &tg.MessagesSetBotCallbackAnswerRequest{QueryID: query, Alert: true, CacheTime: 5}
		r.SetMessage(text)
		_, err := l.MessagesSetBotCallbackAnswer(ctx, r)
		return err
	}
	query := pressed(t, s, alice, bot)
	if got, err := s.CallbackAnswer(query); err != nil || got.Answered {
		t.Errorf("%+v, %v", got, err)
	}
	refused(t, answer(l, 5, ""), 400, "QUERY_ID_INVALID")
	refused(t, answer(logIn(t, s, other, "other"), query, ""), 400, "QUERY_ID_INVALID")
	refused(t, answer(enterUser(t, s, alice, "phone"), query, ""), 400, "USER_BOT_REQUIRED")
	refused(t, answer(l, query, strings.Repeat("x", 201)), 400, "MESSAGE_TOO_LONG")
	// Any login of the bot may answer.
	if err := answer(logIn(t, s, bot, "second"), query, "Done"); err != nil {
		t.Error(err)
	}
	refused(t, answer(l, query, "again"), 400, "QUERY_ID_INVALID")
	got, err := s.CallbackAnswer(query)
	if diff := cmp.Diff(CallbackAnswer{Query: query, Answered: true, Text: "Done", Alert: true, CacheTime: 5}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	late := pressed(t, s, alice, bot)
	c.advance(61 * time.Second)
	refused(t, answer(l, late, ""), 400, "QUERY_ID_INVALID")
}

func TestQuery_InlineIsAnswered(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	query, err := s.Ask(Asking{User: alice.ID, Bot: bot.ID, Text: "cats"})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(ids ...string) error {
		r := &tg.MessagesSetInlineBotResultsRequest{QueryID: query, CacheTime: 5, Private: true}
		for _, id := range ids {
			x := &tg.InputBotInlineResult{ID: id, Type: "article", SendMessage: &tg.InputBotInlineMessageText{Message: "hi"}}
			x.SetTitle("Hi")
			r.Results = append(r.Results, x)
		}
		_, err := l.MessagesSetInlineBotResults(ctx, r)
		return err
	}
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprint(i))
	}
	refused(t, answer(many...), 400, "RESULTS_TOO_MUCH")
	refused(t, answer("a", "a"), 400, "RESULT_ID_DUPLICATE")
	refused(t, answer(""), 400, "RESULT_ID_INVALID")
	if err := answer("a", "b"); err != nil {
		t.Error(err)
	}
	refused(t, answer("c"), 400, "QUERY_ID_INVALID")
	want := InlineAnswer{Query: query, Answered: true, Results: []InlineResult{{"a", "article", "Hi"}, {"b", "article", "Hi"}}, CacheTime: 5, Private: true}
	got, err := s.InlineAnswer(query)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := s.CallbackAnswer(query); err == nil {
		t.Error("an inline query is a callback")
	}
}

func TestReading_ByMethods(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob := s.User("alice"), s.User("bobby")
	l, other := enterUser(t, s, alice, "phone"), enterUser(t, s, bob, "phone")
	club := s.Supergroup("Club", bob.ID, alice.ID)
	s.Say(bob.ID, alice.ID, "one")
	two := s.Say(bob.ID, alice.ID, "two")
	third := s.Say(bob.ID, alice.ID, "three")
	mine, theirs := l.state(t), other.state(t)
	read := func(upTo int) int {
		x, err := l.MessagesReadHistory(ctx, &tg.MessagesReadHistoryRequest{Peer: s.peer(alice, bob), MaxID: upTo})
		if err != nil {
			t.Fatal(err)
		}
		if x.Pts != s.Pts(alice.ID) {
			t.Errorf("pts %d, want %d", x.Pts, s.Pts(alice.ID))
		}
		return x.PtsCount
	}
	if a, b, c := read(s.IDFor(alice.ID, two.Number)), read(0), read(0); a != 1 || b != 1 || c != 0 {
		t.Errorf("pts counts %d, %d, %d", a, b, c)
	}
	if x, err := l.MessagesReadMessageContents(ctx, []int{s.IDFor(alice.ID, third.Number), 1}); err != nil || x.PtsCount != 1 {
		t.Errorf("%+v, %v", x, err)
	}
	got, _ := l.difference(t, mine)
	if diff := cmp.Diff([]string{"updateReadHistoryInbox", "updateReadHistoryInbox", "updateReadMessagesContents"}, got); diff != "" {
		t.Errorf("alice (-want +got):\n%s", diff)
	}
	got, _ = other.difference(t, theirs)
	if diff := cmp.Diff([]string{"updateReadHistoryOutbox", "updateReadHistoryOutbox", "updateReadMessagesContents"}, got); diff != "" {
		t.Errorf("bob (-want +got):\n%s", diff)
	}
	for _, want := range []bool{true, false} {
		if done, err := l.ChannelsReadHistory(ctx, &tg.ChannelsReadHistoryRequest{Channel: s.in(alice, club)}); err != nil || done != want {
			t.Errorf("%v, %v", done, err)
		}
	}
	if _, err := l.ChannelsReadMessageContents(ctx, &tg.ChannelsReadMessageContentsRequest{Channel: s.in(alice, club), ID: []int{1}}); err != nil {
		t.Error(err)
	}
	if _, err := l.MessagesSetTyping(ctx, &tg.MessagesSetTypingRequest{Peer: s.peer(alice, bob), Action: &tg.SendMessageTypingAction{}}); err != nil {
		t.Error(err)
	}
}

func TestHistory_IsReadInParts(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob, bot := s.User("alice"), s.User("bobby"), s.Bot("helper_bot")
	l := enterUser(t, s, alice, "phone")
	club := s.Supergroup("Club", bob.ID, alice.ID)
	for i := range 5 {
		s.Say(bob.ID, alice.ID, fmt.Sprint(i))
		s.Say(bob.ID, club.ID, fmt.Sprint("club ", i))
	}
	part := func(r *tg.MessagesGetHistoryRequest) (all []string) {
		x, err := l.MessagesGetHistory(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := x.AsModified()
		for _, line := range lines(m.GetMessages(), nil) {
			all = append(all, strings.TrimPrefix(line, "new "))
		}
		return all
	}
	if diff := cmp.Diff([]string{"4", "3"}, part(&tg.MessagesGetHistoryRequest{Peer: s.peer(alice, bob), Limit: 2})); diff != "" {
		t.Errorf("private (-want +got):\n%s", diff)
	}
	// The first message of a channel is the one that made it.
	for name, c := range map[string]struct {
		r    tg.MessagesGetHistoryRequest
		want []string
	}{
		"before": {tg.MessagesGetHistoryRequest{OffsetID: 4, Limit: 2}, []string{"club 1", "club 0"}},
		"around": {tg.MessagesGetHistoryRequest{OffsetID: 4, AddOffset: -1, Limit: 2}, []string{"club 2", "club 1"}},
		"hole":   {tg.MessagesGetHistoryRequest{MinID: 3, MaxID: 6, Limit: 100}, []string{"club 3", "club 2"}},
		"end":    {tg.MessagesGetHistoryRequest{OffsetID: 2, Limit: 100}, []string{"messageActionChannelCreate"}},
	} {
		c.r.Peer = s.inPeer(alice, club)
		if diff := cmp.Diff(c.want, part(&c.r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := logIn(t, s, bot, "bot").MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: s.peer(bot, bob), Limit: 2})
	refused(t, err, 400, "BOT_METHOD_INVALID")
}

func TestContacts_ResolvePhone(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob := s.User("alice"), s.User("bobby")
	l := enterUser(t, s, alice, "phone")
	x, err := l.ContactsResolvePhone(ctx, "+"+bob.Phone)
	if err != nil || x.Users[0].GetID() != bob.ID {
		t.Errorf("%v, %v", x, err)
	}
	_, err = l.ContactsResolvePhone(ctx, "15550001111")
	refused(t, err, 400, "PHONE_NOT_OCCUPIED")
}
