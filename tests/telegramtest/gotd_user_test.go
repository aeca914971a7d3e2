package telegramtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/telegram/auth/qrlogin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest"
)

// owner answers what a login asks for.
func owner(s *telegramtest.Server, a telegramtest.Account, password string) auth.UserAuthenticator {
	return auth.Constant("+"+a.Phone, password, auth.CodeAuthenticatorFunc(
		func(context.Context, *tg.AuthSentCode) (string, error) { return s.LastCode(a.Phone), nil },
	))
}

// logInUser logs a user in with the code that the server sent, and the password if there is one.
func (d *device) logInUser(ctx context.Context, t *testing.T, a telegramtest.Account, password string) {
	t.Helper()
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		return auth.NewFlow(owner(d.server, a, password), auth.SendCodeOptions{}).Run(ctx, c.Auth())
	}); err != nil {
		t.Fatalf("%s logs in: %v", d.name, err)
	}
}

// MAP.md, toy 1: a client that is not ours logs a user in, with and without a password, also where it is sent to the
// account's data centre.
func TestGotd_LogsAUserIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*telegramtest.Account){
		"code":                        func(*telegramtest.Account) {},
		"code and password":           func(a *telegramtest.Account) { a.Password = "correct horse" },
		"code elsewhere":              func(a *telegramtest.Account) { a.DC = 2 },
		"code and password elsewhere": func(a *telegramtest.Account) { a.DC, a.Password = 2, "correct horse" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := started(t, plain)
			alice := s.User("alice", func(a *telegramtest.Account) { a.Phone = "+49 30 1234567" }, change)
			if alice.Phone != "49301234567" {
				t.Errorf("phone %q", alice.Phone)
			}
			d := newDevice(s, "Home Assistant · listener").keyed(t)
			d.logInUser(within(t), t, alice, alice.Password)
			logins := s.Authorizations(alice.ID)
			if len(logins) != 1 || logins[0].DC != alice.DC || logins[0].Ended != "" || logins[0].APIID != 7 {
				t.Fatalf("logins: %+v", logins)
			}
			if err := d.run(within(t), func(ctx context.Context, c *telegram.Client) error {
				me, err := c.Self(ctx)
				if err == nil && (me.ID != alice.ID || me.Phone != alice.Phone || me.Bot) {
					t.Errorf("I am %+v", me)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGotd_UserIsTurnedAway(t *testing.T) {
	t.Parallel()
	s := started(t, plain, func(o *telegramtest.Options) { o.Behaviour.Unoccupied = telegramtest.Never })
	alice := s.User("alice", func(a *telegramtest.Account) { a.Password = "correct horse" })
	ctx := within(t)
	err := newDevice(s, "phone").keyed(t).run(ctx, func(ctx context.Context, c *telegram.Client) error {
		sent, err := c.Auth().SendCode(ctx, alice.Phone, auth.SendCodeOptions{})
		if err != nil {
			return err
		}
		hash := sent.(*tg.AuthSentCode).PhoneCodeHash
		if _, err := c.Auth().SignIn(ctx, alice.Phone, "nonsense", hash); !tgerr.Is(err, "PHONE_CODE_INVALID") {
			t.Errorf("a wrong code: %v", err)
		}
		// The same hash still takes the right one.
		if _, err := c.Auth().SignIn(ctx, alice.Phone, s.LastCode(alice.Phone), hash); !errors.Is(err, auth.ErrPasswordAuthNeeded) {
			t.Errorf("the right code: %v", err)
		}
		if _, err := c.API().UpdatesGetState(ctx); !tgerr.Is(err, "SESSION_PASSWORD_NEEDED") {
			t.Errorf("before the password: %v", err)
		}
		if _, err := c.Auth().Password(ctx, "wrong horse"); !errors.Is(err, auth.ErrPasswordInvalid) {
			t.Errorf("a wrong password: %v", err)
		}
		if all := s.Authorizations(alice.ID); len(all) != 0 {
			t.Errorf("logged in already: %+v", all)
		}
		_, err = c.Auth().Password(ctx, "correct horse")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	err = newDevice(s, "stranger").keyed(t).run(ctx, func(ctx context.Context, c *telegram.Client) error {
		nobody := telegramtest.Account{Phone: "15550001111"}
		return auth.NewFlow(owner(s, nobody, ""), auth.SendCodeOptions{}).Run(ctx, c.Auth())
	})
	var signUp *auth.SignUpRequired
	if !errors.As(err, &signUp) {
		t.Errorf("a number without an account: %v", err)
	}
}

// The token of a QR code is accepted by another login of the account, and the waiting key is told.
func TestGotd_LogsInByQR(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*telegramtest.Account){
		"at once":                 func(*telegramtest.Account) {},
		"elsewhere":               func(a *telegramtest.Account) { a.DC = 2 },
		"elsewhere, and password": func(a *telegramtest.Account) { a.DC, a.Password = 2, "correct horse" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := started(t, plain)
			alice := s.User("alice", change)
			ctx := within(t)
			old := newDevice(s, "listener").keyed(t)
			old.logInUser(ctx, t, alice, alice.Password)
			d := newDevice(s, "sender").keyed(t)
			dispatcher := tg.NewUpdateDispatcher()
			d.handler = dispatcher
			// gotd's own handler drops what comes while the token is shown.
			told := make(chan struct{}, 1)
			dispatcher.OnLoginToken(func(context.Context, tg.Entities, *tg.UpdateLoginToken) error {
				told <- struct{}{}
				return nil
			})
			err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
				_, err := c.QR().Auth(ctx, told, func(ctx context.Context, token qrlogin.Token) error {
					return old.run(ctx, func(ctx context.Context, c *telegram.Client) error {
						a, err := c.QR().Accept(ctx, token)
						if err == nil && (a.DeviceModel != "sender" || a.Hash == 0) {
							t.Errorf("accepted %+v", a)
						}
						return err
					})
				})
				if tgerr.Is(err, "SESSION_PASSWORD_NEEDED") {
					_, err = c.Auth().Password(ctx, alice.Password)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var devices []string
			keys := map[string]bool{}
			for _, a := range s.Authorizations(alice.ID) {
				devices = append(devices, a.Device)
				keys[a.Keys[0]] = true
				if a.DC != alice.DC || a.Ended != "" {
					t.Errorf("%+v", a)
				}
			}
			if diff := cmp.Diff([]string{"listener", "sender"}, devices); diff != "" || len(keys) != 2 {
				t.Errorf("devices (-want +got), %d keys:\n%s", len(keys), diff)
			}
		})
	}
}

func TestGotd_HearsOfNewLoginsAndCodes(t *testing.T) {
	t.Parallel()
	s := started(t, plain, func(o *telegramtest.Options) { o.Behaviour.Unconfirmed = telegramtest.Always })
	alice := s.User("alice")
	ctx, got := within(t), newHeard()
	listener := newDevice(s, "listener").keyed(t)
	listener.handler = got
	if err := listener.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		if err := auth.NewFlow(owner(s, alice, ""), auth.SendCodeOptions{}).Run(ctx, c.Auth()); err != nil {
			return err
		}
		newDevice(s, "second").keyed(t).logInUser(ctx, t, alice, "")
		got.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(texts(all)) == 2 && len(unconfirmed(all)) == 1 })
		all, err := c.API().AccountGetAuthorizations(ctx)
		if err != nil {
			return err
		}
		var devices []string
		for _, a := range all.Authorizations {
			devices = append(devices, a.DeviceModel)
		}
		if diff := cmp.Diff([]string{"listener", "second", "Phone"}, devices); diff != "" {
			t.Errorf("devices (-want +got):\n%s", diff)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if said := texts(got.list()); len(said) != 2 || !strings.HasPrefix(said[0], "Login code: "+s.LastCode(alice.Phone)) ||
		!strings.HasPrefix(said[1], "New login.") {
		t.Errorf("told %q", said)
	}
	if news := unconfirmed(got.list()); len(news) != 1 || news[0].Device != "second" {
		t.Errorf("unconfirmed: %+v", news)
	}
}

func unconfirmed(all []tg.UpdatesClass) []*tg.UpdateNewAuthorization {
	var news []*tg.UpdateNewAuthorization
	for _, u := range all {
		if short, ok := u.(*tg.UpdateShort); ok {
			if n, ok := short.Update.(*tg.UpdateNewAuthorization); ok && n.Unconfirmed {
				news = append(news, n)
			}
		}
	}
	return news
}
