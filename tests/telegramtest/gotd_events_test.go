package telegramtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest"
)

// told lets a client listen while script runs, and returns the updates that it got, each in a line, until there are as
// many as wanted. gotd handles each message in a goroutine of its own: the order is not the server's.
func told(t *testing.T, s *telegramtest.Server, a telegramtest.Account, want []string, script func() error) {
	t.Helper()
	ctx, got := within(t), newHeard()
	d := newDevice(s, "listener")
	d.dc = a.DC
	d.keyed(t).handler = got
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		var err error
		if a.Bot {
			_, err = c.Auth().Bot(ctx, a.Token)
		} else {
			err = auth.NewFlow(owner(s, a, ""), auth.SendCodeOptions{}).Run(ctx, c.Auth())
		}
		if err != nil {
			return err
		}
		if _, err := c.API().UpdatesGetState(ctx); err != nil {
			return err
		}
		if err := script(); err != nil {
			return err
		}
		got.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(described(all)) >= len(want) })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(described(got.list())))); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// described leaves out what the service account says.
func described(all []tg.UpdatesClass) []string {
	var lines []string
	for _, u := range all {
		switch u := u.(type) {
		case *tg.UpdateShort:
			lines = append(lines, describe(u.Update))
		case *tg.Updates:
			for _, x := range u.Updates {
				lines = append(lines, describe(x))
			}
		}
	}
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

func describe(u tg.UpdateClass) string {
	switch u := u.(type) {
	case *tg.UpdateNewMessage:
		return content("", u.Message)
	case *tg.UpdateNewChannelMessage:
		return content("channel ", u.Message)
	case *tg.UpdateEditMessage:
		return content("edit ", u.Message)
	case *tg.UpdateEditChannelMessage:
		return content("channel edit ", u.Message)
	case *tg.UpdateDeleteMessages:
		return fmt.Sprintf("delete %d", len(u.Messages))
	case *tg.UpdateDeleteChannelMessages:
		return fmt.Sprintf("channel delete %v", u.Messages)
	case *tg.UpdateReadHistoryInbox:
		return fmt.Sprintf("inbox, %d unread, pts_count %d", u.StillUnreadCount, u.PtsCount)
	case *tg.UpdateReadChannelInbox:
		return fmt.Sprintf("channel inbox %d", u.MaxID)
	case *tg.UpdateReadChannelOutbox:
		return fmt.Sprintf("channel outbox %d", u.MaxID)
	case *tg.UpdateReadMessagesContents:
		return fmt.Sprintf("contents %d", len(u.Messages))
	case *tg.UpdateChannelReadMessagesContents:
		return fmt.Sprintf("channel contents %v", u.Messages)
	case *tg.UpdatePinnedMessages:
		return fmt.Sprintf("pinned %v", u.Pinned)
	case *tg.UpdatePinnedChannelMessages:
		return fmt.Sprintf("channel pinned %v %v", u.Pinned, u.Messages)
	case *tg.UpdateUserTyping:
		return "user " + u.Action.TypeName()
	case *tg.UpdateChatUserTyping:
		return "chat " + u.Action.TypeName()
	case *tg.UpdateChannelUserTyping:
		return "channel " + u.Action.TypeName()
	case *tg.UpdateUserStatus:
		return u.Status.TypeName()
	case *tg.UpdateBotCallbackQuery:
		return fmt.Sprintf("pressed %s %T %s", u.Data, u.Peer, u.GameShortName)
	case *tg.UpdateInlineBotCallbackQuery:
		return fmt.Sprintf("pressed %s in %T", u.Data, u.MsgID)
	case *tg.UpdateBotInlineQuery:
		return fmt.Sprintf("asked %s %v", u.Query, u.Geo != nil)
	case *tg.UpdateChannelParticipant:
		return fmt.Sprintf("participant %T to %T qts %d", u.PrevParticipant, u.NewParticipant, u.Qts)
	}
	return u.TypeName()
}

func content(before string, m tg.MessageClass) string {
	switch m := m.(type) {
	case *tg.MessageService:
		return before + m.Action.TypeName()
	case *tg.Message:
		if p, ok := m.PeerID.(*tg.PeerUser); ok && p.UserID == 777000 {
			return ""
		}
		text := m.Message
		for word, is := range map[string]bool{" (out)": m.Out, " (post)": m.Post, " (hidden)": m.EditHide} {
			if is {
				text += word
			}
		}
		return before + text
	}
	return before + m.TypeName()
}

func TestTold_PrivateChatsAndGroups(t *testing.T) {
	t.Parallel()
	s := started(t, plain, func(o *telegramtest.Options) { o.Behaviour.TellParticipants = true })
	alice, bob, carol := s.User("alice"), s.User("bobby"), s.User("carol")
	family := s.Group("Family", bob.ID, alice.ID)
	at := time.Unix(1_800_000_000, 0)
	told(t, s, alice, []string{
		"hello", "edit hello!", "edit hello! (hidden)", "delete 1", "answer (out)", "updateReadHistoryOutbox", "inbox, 0 unread, pts_count 1",
		"contents 1", "pinned true", "messageActionPinMessage", "pinned false", "user sendMessageTypingAction",
		"chat sendMessageRecordAudioAction", "userStatusOnline", "userStatusOffline",
		"messageActionChatEditTitle", "messageActionChatEditPhoto", "messageActionChatDeletePhoto",
		"messageActionChatAddUser", "updateChatParticipantAdd", "messageActionChatDeleteUser", "updateChatParticipantDelete",
	}, func() error {
		m := s.Say(bob.ID, alice.ID, "hello")
		mine := s.Say(alice.ID, bob.ID, "answer")
		return errors.Join(
			s.Edit(bob.ID, m.ID, "hello!"), s.Refresh(bob.ID, alice.ID, m.ID),
			s.ReadHistory(bob.ID, alice.ID, 0), s.ReadHistory(bob.ID, alice.ID, 0), s.ReadHistory(alice.ID, bob.ID, 0),
			s.ReadContents(bob.ID, alice.ID, s.IDFor(bob.ID, mine.Number)),
			s.Pin(bob.ID, alice.ID, m.ID, false), s.Pin(bob.ID, alice.ID, m.ID, true), s.Delete(bob.ID, true, m.ID),
			s.Type(bob.ID, alice.ID, "typing", 0), s.Type(bob.ID, family.ID, "record_audio", 0),
			s.SetStatus(bob.ID, telegramtest.Online, at), s.SetStatus(bob.ID, telegramtest.Offline, at),
			s.SetTitle(bob.ID, family.ID, "Us"), s.SetPhoto(bob.ID, family.ID, true), s.SetPhoto(bob.ID, family.ID, false),
			s.Join(family.ID, carol.ID, bob.ID), s.Leave(family.ID, carol.ID, bob.ID),
		)
	})
}

func TestTold_Supergroups(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	alice, bob, carol, bot := s.User("alice"), s.User("bobby"), s.User("carol"), s.Bot("helper_bot")
	club := s.Supergroup("Club", bob.ID, alice.ID, bot.ID)
	told(t, s, alice, []string{
		"channel hello", "channel edit hello!", "channel answer (out)", "channel outbox 3", "channel inbox 3", "channel contents [2]",
		"channel pinned true [2]", "channel messageActionPinMessage", "channel pinned false [2]", "channel delete [2]",
		"channel sendMessageTypingAction", "channel messageActionChatEditTitle", "channel messageActionChatAddUser",
		"channel messageActionChatDeleteUser", "channel messageActionChatJoinedByLink", "updateChannelTooLong", "channel from the bot",
	}, func() error {
		m := s.Say(bob.ID, club.ID, "hello")
		s.Say(alice.ID, club.ID, "answer")
		s.Say(bot.ID, club.ID, "from the bot")
		return errors.Join(
			s.EditIn(bob.ID, club.ID, m.ID, "hello!"), s.ReadHistory(bob.ID, club.ID, 3), s.ReadHistory(alice.ID, club.ID, 3),
			s.ReadContents(alice.ID, club.ID, m.ID), s.Pin(bob.ID, club.ID, m.ID, false), s.Pin(bob.ID, club.ID, m.ID, true),
			s.DeleteIn(bob.ID, club.ID, true, m.ID), s.Type(bob.ID, club.ID, "typing", 0), s.SetTitle(bob.ID, club.ID, "Pub"),
			s.Join(club.ID, carol.ID, bob.ID), s.Leave(club.ID, carol.ID, carol.ID), s.JoinByLink(club.ID, carol.ID),
			s.PushTooLong(club.ID), s.SetQuiet(club.ID, true), s.EditIn(alice.ID, club.ID, 3, "in silence"), s.SetQuiet(club.ID, false),
		)
	})
	if got := s.ChannelPts(club.ID); got == 0 {
		t.Error("no pts")
	}
}

// A bot is told of queries and, as an admin, of who comes and goes; neither of what is read nor of typing (A41), nor of
// what other bots say.
func TestTold_Bots(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	alice, bob, bot, other := s.User("alice"), s.User("bobby"), s.Bot("helper_bot"), s.Bot("other_bot")
	news := s.Broadcast("News", bob.ID, alice.ID, bot.ID)
	club := s.Supergroup("Club", bob.ID, bot.ID, other.ID)
	keys := [][]telegramtest.Button{{{Text: "Yes", Data: "yes"}, {Text: "No", Data: "no"}}, {{Text: "Play", Game: true}}}
	asked, err := s.Post(telegramtest.Saying{From: bot.ID, To: alice.ID, Text: "well?", Buttons: keys})
	if err != nil {
		t.Fatal(err)
	}
	posted, err := s.Post(telegramtest.Saying{From: bot.ID, To: news.ID, Text: "vote", Buttons: keys})
	if err != nil {
		t.Fatal(err)
	}
	theirs := s.IDFor(alice.ID, asked.Number)
	told(t, s, bot, []string{
		"pressed no *tg.PeerUser ", "pressed yes *tg.PeerChannel ", "pressed  *tg.PeerUser game", "messageActionGameScore",
		"pressed x in *tg.InputBotInlineMessageID64", "pressed x in *tg.InputBotInlineMessageID",
		"asked cats true", "asked dogs false",
		"participant *tg.ChannelParticipant to <nil> qts 2", "participant <nil> to *tg.ChannelParticipant qts 3",
		"participant *tg.ChannelParticipant to *tg.ChannelParticipantBanned qts 4", "channel news (post)", "hello",
	}, func() error {
		press := func(chat int64, message int, button string) error {
			_, err := s.Press(telegramtest.Pressing{User: alice.ID, Chat: chat, Message: message, Button: button})
			return err
		}
		inline := func(old bool) error {
			_, err := s.PressInline(alice.ID, bot.ID, "x", old)
			return err
		}
		ask := func(q telegramtest.Asking) error {
			_, err := s.Ask(q)
			return err
		}
		s.Say(bob.ID, news.ID, "news")
		s.Say(other.ID, club.ID, "among bots")
		s.Say(alice.ID, bot.ID, "hello")
		return errors.Join(
			press(bot.ID, theirs, "No"), press(news.ID, posted.ID, ""), press(bot.ID, theirs, "Play"),
			s.Score(alice.ID, bot.ID, theirs, 5), inline(false), inline(true),
			ask(telegramtest.Asking{User: alice.ID, Bot: bot.ID, Text: "cats", Latitude: 52.5}),
			ask(telegramtest.Asking{User: alice.ID, Bot: bot.ID, Text: "dogs"}),
			s.Leave(news.ID, alice.ID, alice.ID), s.Join(news.ID, alice.ID, alice.ID), s.Leave(news.ID, alice.ID, bob.ID),
			s.ReadHistory(alice.ID, bot.ID, 0), s.Type(alice.ID, bot.ID, "typing", 0),
			s.SetStatus(alice.ID, telegramtest.Recently, time.Time{}),
		)
	})
}
