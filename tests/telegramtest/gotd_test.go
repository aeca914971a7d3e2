package telegramtest_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/message"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest"
)

// MAP.md, toy 1: a client that is not ours logs in, receives and sends.
func TestGotd_LogsInReceivesAndSends(t *testing.T) {
	t.Parallel()
	for _, form := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never, telegramtest.Sometimes} {
		t.Run("short "+string(form), func(t *testing.T) {
			t.Parallel()
			s := started(t, func(o *telegramtest.Options) { o.Behaviour.Short = form })
			alice, bot := s.User("alice"), s.Bot("helper_bot")
			family := s.Group("Family", alice.ID, bot.ID)
			ctx, got := within(t), newHeard()
			d := newDevice(s, "Home Assistant · listener")
			d.handler = got
			err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
				a, err := c.Auth().Bot(ctx, bot.Token)
				if err != nil {
					return err
				}
				if me, ok := a.User.AsNotEmpty(); !ok || me.ID != bot.ID || !me.Bot || !me.Self {
					t.Errorf("logged in as %v", a.User)
				}
				if _, err := c.API().UpdatesGetState(ctx); err != nil {
					return err
				}
				s.Say(alice.ID, bot.ID, "hello")
				s.Say(alice.ID, family.ID, "dinner")
				got.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(texts(all)) == 2 })
				// gotd handles each message in a goroutine of its own: the order is not the server's.
				if diff := cmp.Diff([]string{"dinner", "hello"}, slices.Sorted(slices.Values(texts(got.list())))); diff != "" {
					t.Errorf("received (-want +got):\n%s", diff)
				}
				to := message.NewSender(c.API()).To(&tg.InputPeerUser{UserID: alice.ID, AccessHash: s.HashFor(bot.ID, alice.ID)})
				if _, err := to.Text(ctx, "at once"); err != nil {
					return err
				}
				if _, err := message.NewSender(c.API()).To(&tg.InputPeerChat{ChatID: -family.ID}).Silent().Text(ctx, "to all"); err != nil {
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var read []string
			for _, m := range s.Read(alice.ID, 0) {
				if m.Action == "" && !m.Out {
					read = append(read, m.Text)
				}
			}
			if diff := cmp.Diff([]string{"at once", "to all"}, read); diff != "" {
				t.Errorf("alice reads (-want +got):\n%s", diff)
			}
			logins := s.Authorizations(bot.ID)
			if len(logins) != 1 || logins[0].Device != d.name || logins[0].APIID != 7 || logins[0].Ended != "" {
				t.Errorf("logins: %+v", logins)
			}
		})
	}
}

func TestGotd_GoesOnWithAStoredSession(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	bot := s.Bot("helper_bot")
	ctx, d := within(t), newDevice(s, "phone").keyed(t)
	d.logIn(ctx, t, bot.Token)
	s.Wire().RotateSalts()
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		me, err := c.Self(ctx)
		if err == nil && me.ID != bot.ID {
			t.Errorf("I am %d", me.ID)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	logins := s.Authorizations(bot.ID)
	if len(logins) != 1 {
		t.Fatalf("logins: %+v", logins)
	}
	stats, err := s.Stats(logins[0].ID)
	if err != nil || stats.MostAlive != 1 || stats.Connections != 2 {
		t.Errorf("%+v, %v", stats, err)
	}
}

func TestGotd_IsSentToTheDataCentreOfTheBot(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	bot := s.Bot("helper_bot", func(a *telegramtest.Account) { a.DC = 2 })
	newDevice(s, "phone").keyed(t).logIn(within(t), t, bot.Token)
	if logins := s.Authorizations(bot.ID); len(logins) != 1 || logins[0].DC != 2 {
		t.Errorf("logins: %+v", logins)
	}
}

func TestGotd_IsTurnedAwayWithAWrongToken(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	err := newDevice(s, "phone").keyed(t).run(within(t), func(ctx context.Context, c *telegram.Client) error {
		_, err := c.Auth().Bot(ctx, "1:AAwrong")
		return err
	})
	if !tgerr.Is(err, "ACCESS_TOKEN_INVALID") {
		t.Errorf("got %v", err)
	}
}

func TestGotd_LearnsThatItWasLoggedOut(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	bot := s.Bot("helper_bot")
	ctx, d := within(t), newDevice(s, "phone").keyed(t)
	d.logIn(ctx, t, bot.Token)
	if err := s.EndAuthorization(s.Authorizations(bot.ID)[0].ID); err != nil {
		t.Fatal(err)
	}
	err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		_, err := c.Self(ctx)
		return err
	})
	if !tgerr.Is(err, "SESSION_REVOKED") {
		t.Errorf("got %v", err)
	}
}

// A bot's own messages reach its other logins, and not the one that sent them (A5).
func TestGotd_OtherLoginsHearOfOwnMessages(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	s.Say(alice.ID, bot.ID, "before")
	ctx, heard := within(t), newHeard()
	listener, sender := newDevice(s, "listener").keyed(t), newDevice(s, "sender").keyed(t)
	listener.handler = heard
	sender.logIn(ctx, t, bot.Token)
	err := listener.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		if _, err := c.Auth().Bot(ctx, bot.Token); err != nil {
			return err
		}
		if _, err := c.API().UpdatesGetState(ctx); err != nil {
			return err
		}
		if err := sender.run(ctx, func(ctx context.Context, c *telegram.Client) error {
			to := &tg.InputPeerUser{UserID: alice.ID, AccessHash: s.HashFor(bot.ID, alice.ID)}
			_, err := message.NewSender(c.API()).To(to).Text(ctx, "from the sender")
			return err
		}); err != nil {
			return err
		}
		s.Say(bot.ID, alice.ID, "from elsewhere")
		heard.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(texts(all)) == 2 })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"> from elsewhere", "> from the sender"}, slices.Sorted(slices.Values(texts(heard.list())))); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// Who sends has the message in the result, and a client that says invokeWithoutUpdates is told nothing at all.
func TestGotd_WhoSendsIsNotTold(t *testing.T) {
	t.Parallel()
	for _, form := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never} {
		t.Run("short "+string(form), func(t *testing.T) {
			t.Parallel()
			s := started(t, func(o *telegramtest.Options) { o.Behaviour.Short = form })
			alice, bot := s.User("alice"), s.Bot("helper_bot")
			s.Say(alice.ID, bot.ID, "before")
			ctx, heard := within(t), newHeard()
			sender, quiet := newDevice(s, "sender").keyed(t), newDevice(s, "quiet").keyed(t)
			sender.handler = heard
			quiet.logIn(ctx, t, bot.Token)
			if err := quiet.run(ctx, func(ctx context.Context, c *telegram.Client) error {
				if _, err := c.Self(ctx); err != nil {
					return err
				}
				return sender.run(ctx, func(ctx context.Context, c *telegram.Client) error {
					if _, err := c.Auth().Bot(ctx, bot.Token); err != nil {
						return err
					}
					to := &tg.InputPeerUser{UserID: alice.ID, AccessHash: s.HashFor(bot.ID, alice.ID)}
					if _, err := message.NewSender(c.API()).To(to).Text(ctx, "mine"); err != nil {
						return err
					}
					s.Say(alice.ID, bot.ID, "after")
					heard.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(texts(all)) > 0 })
					return nil
				})
			}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"after"}, texts(heard.list())); diff != "" {
				t.Errorf("the sender heard (-want +got):\n%s", diff)
			}
			logins := s.Authorizations(bot.ID)
			want := "updates"
			if form == telegramtest.Always {
				want = "updateShortMessage"
			}
			for _, e := range s.History(0) {
				switch {
				case e.Kind != telegramtest.Pushed:
				case e.Authorization != logins[1].ID:
					t.Errorf("%d was told: %+v", e.Authorization, e)
				case e.Text != want:
					t.Errorf("told by %s, want %s", e.Text, want)
				}
			}
		})
	}
}

// Law 1. https://core.telegram.org/api/errors (406)
func TestGotd_KeyUsedTwiceIsDead(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	bot := s.Bot("helper_bot")
	ctx, d := within(t), newDevice(s, "phone").keyed(t)
	d.logIn(ctx, t, bot.Token)
	var second error
	self := func(ctx context.Context, c *telegram.Client) error {
		_, err := c.Self(ctx)
		return err
	}
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		if err := self(ctx, c); err != nil {
			return err
		}
		d.hasty = true
		second = d.run(ctx, self)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !tgerr.Is(second, "AUTH_KEY_DUPLICATED") {
		t.Errorf("the second connection: %v", second)
	}
	if err := d.run(ctx, self); !tgerr.Is(err, "AUTH_KEY_UNREGISTERED") {
		t.Errorf("afterwards: %v", err)
	}
	login := s.Authorizations(bot.ID)[0]
	if stats, err := s.Stats(login.ID); login.Ended != "duplicated" || stats.MostAlive != 2 || err != nil {
		t.Errorf("%+v, %+v, %v", login, stats, err)
	}
}
