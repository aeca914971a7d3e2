package telegramtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gotd/td/tg"
)

func TestLogin_IsLimitedPerHour(t *testing.T) {
	t.Parallel()
	c := newSteps()
	s := silent(full, at(c))
	bot, other := s.Bot("helper_bot"), s.Bot("other_bot")
	for range 5 {
		logIn(t, s, bot, "again")
	}
	refused(t, newLogin(s, "sixth").bot(bot.Token), 420, "FLOOD_WAIT_2000")
	logIn(t, s, other, "another bot")
	c.advance(time.Hour)
	logIn(t, s, bot, "an hour later")
}

func TestLogin_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full, func(o *Options) { o.Apps = map[int]string{7: "hash"} })
	bot, far := s.Bot("helper_bot"), s.Bot("far_bot", func(a *Account) { a.DC = 2 })
	l := newLogin(s, "phone")
	refused(t, l.bot("1:AAnobody"), 400, "ACCESS_TOKEN_INVALID")
	refused(t, l.bot(far.Token), 303, "USER_MIGRATE_2")
	_, err := l.AuthImportBotAuthorization(context.Background(), &tg.AuthImportBotAuthorizationRequest{APIID: 7, APIHash: "other", BotAuthToken: bot.Token})
	refused(t, err, 400, "API_ID_INVALID")
	l.bare = true
	refused(t, l.bot(bot.Token), 400, "CONNECTION_NOT_INITED")
	_, err = newLogin(s, "nobody").UpdatesGetState(context.Background())
	refused(t, err, 401, "AUTH_KEY_UNREGISTERED")
	if err := s.RevokeToken(bot.ID); err != nil {
		t.Fatal(err)
	}
	refused(t, newLogin(s, "phone").bot(bot.Token), 400, "ACCESS_TOKEN_EXPIRED")
}

func TestLogin_Ends(t *testing.T) {
	t.Parallel()
	s := silent(full)
	bot := s.Bot("helper_bot")
	for _, c := range []struct {
		device, why, answer string
		end                 func(*login, int64) error
	}{
		{"a", "logged out", "AUTH_KEY_UNREGISTERED", func(l *login, _ int64) error {
			_, err := l.AuthLogOut(context.Background())
			return err
		}},
		{"b", "terminated", "SESSION_REVOKED", func(_ *login, id int64) error { return s.EndAuthorization(id) }},
		{"c", "duplicated", "AUTH_KEY_UNREGISTERED", func(l *login, _ int64) error {
			handler{s}.Killed(l.key)
			return nil
		}},
		{"d", "forgotten", "AUTH_KEY_UNREGISTERED", func(_ *login, id int64) error { return s.ForgetKeys(id) }},
		{"e", "revoked", "SESSION_REVOKED", func(*login, int64) error { return s.RevokeToken(bot.ID) }},
	} {
		l := logIn(t, s, bot, c.device)
		all := s.Authorizations(bot.ID)
		if err := c.end(l, all[len(all)-1].ID); err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		_, err := l.UpdatesGetState(context.Background())
		refused(t, err, 401, c.answer)
	}
	var got []Authorization
	for _, a := range s.Authorizations(bot.ID) {
		got = append(got, Authorization{Device: a.Device, Ended: a.Ended})
	}
	want := []Authorization{{Device: "a", Ended: "logged out"}, {Device: "b", Ended: "terminated"}, {Device: "c", Ended: "duplicated"}, {Device: "d", Ended: "forgotten"}, {Device: "e", Ended: "revoked"}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("logins (-want +got):\n%s", diff)
	}
}

func TestLogin_ReachesAnotherDataCentre(t *testing.T) {
	t.Parallel()
	s := silent(full)
	l := logIn(t, s, s.Bot("helper_bot"), "phone")
	x, err := l.AuthExportAuthorization(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	far := newLogin(s, "phone")
	far.dc = 2
	for i, answer := range []string{"", "AUTH_BYTES_INVALID"} {
		_, err := far.AuthImportAuthorization(context.Background(), &tg.AuthImportAuthorizationRequest{ID: x.ID, Bytes: x.Bytes})
		if answer != "" {
			refused(t, err, 400, answer)
		} else if err != nil {
			t.Errorf("import %d: %v", i, err)
		}
	}
	if _, err := far.UpdatesGetState(context.Background()); err != nil {
		t.Error(err)
	}
	if all := s.Authorizations(0); len(all) != 1 || len(all[0].Keys) != 2 {
		t.Errorf("logins: %+v", all)
	}
	_, err = l.AuthExportAuthorization(context.Background(), 1)
	refused(t, err, 400, "DC_ID_INVALID")
}

func TestUnknown_IsNamed(t *testing.T) {
	t.Parallel()
	s := silent(full)
	bot, alice := s.Bot("helper_bot"), s.User("alice")
	l := logIn(t, s, bot, "phone")
	_, err := l.AccountGetAccountTTL(context.Background())
	refused(t, err, 400, "METHOD_INVALID")
	_, err = l.MessagesSendMessage(context.Background(), &tg.MessagesSendMessageRequest{
		Peer: s.peer(bot, alice), Message: "with fireworks", RandomID: 1, Effect: 5104841245755180586,
	})
	refused(t, err, 400, "INPUT_REQUEST_INVALID")
	if diff := cmp.Diff([]string{"account.getAccountTTL", "messages.sendMessage: effect"}, s.Unknown()); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}

// failing is a test that can fail without failing this one.
type failing struct {
	testing.TB
	failures []string
}

func (f *failing) Errorf(format string, _ ...any) { f.failures = append(f.failures, format) }

func TestUnknown_FailsTheTest(t *testing.T) {
	t.Parallel()
	s, f := silent(full), &failing{TB: t}
	s.t = f
	_, err := newLogin(s, "phone").AccountGetAccountTTL(context.Background())
	refused(t, err, 400, "METHOD_INVALID")
	if len(f.failures) != 1 {
		t.Errorf("failures %q", f.failures)
	}
}

func TestConfig_NamesItsDataCentre(t *testing.T) {
	t.Parallel()
	s := New(t, func(o *Options) { o.RSA = TestRSA() })
	for dc := 1; dc <= 2; dc++ {
		l := newLogin(s, "phone")
		l.dc = dc
		config, err := l.HelpGetConfig(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		nearest, err := l.HelpGetNearestDC(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if config.ThisDC != dc || nearest.ThisDC != dc || len(config.DCOptions) != 2 || config.DCOptions[1].Port != int(s.Addr(2).Port()) {
			t.Errorf("%d: %+v, %+v", dc, config, nearest)
		}
	}
}
