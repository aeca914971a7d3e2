package telegramtest

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/gotd/td/tg"
)

// link is what a QR code shows.
func link(token []byte) string { return "tg://login?token=" + base64.URLEncoding.EncodeToString(token) }

func (l *login) export(t *testing.T, except ...int64) tg.AuthLoginTokenClass {
	t.Helper()
	x, err := l.AuthExportLoginToken(context.Background(), &tg.AuthExportLoginTokenRequest{APIID: 7, APIHash: "hash", ExceptIDs: except})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (l *login) token(t *testing.T, except ...int64) []byte {
	t.Helper()
	x, ok := l.export(t, except...).(*tg.AuthLoginToken)
	if !ok {
		t.Fatalf("no token: %T", x)
	}
	return x.Token
}

func TestToken_Refusals(t *testing.T) {
	t.Parallel()
	c, ctx := newSteps(), context.Background()
	s := silent(full, at(c))
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	old := enterUser(t, s, alice, "old")
	l := newLogin(s, "new")
	accept := func(by *login, token []byte) error {
		_, err := by.AuthAcceptLoginToken(ctx, token)
		return err
	}
	refused(t, accept(old, []byte("unknown")), 400, "AUTH_TOKEN_INVALIDX")
	refused(t, accept(logIn(t, s, bot, "bot"), l.token(t)), 400, "BOT_METHOD_INVALID")
	refused(t, accept(newLogin(s, "nobody"), l.token(t)), 401, "AUTH_KEY_UNREGISTERED")
	refused(t, accept(old, l.token(t, alice.ID)), 400, "AUTH_TOKEN_EXCEPTION")
	first, second := l.token(t), l.token(t)
	refused(t, accept(old, first), 400, "AUTH_TOKEN_EXPIRED") // the newest one counts
	c.advance(30 * time.Second)
	refused(t, accept(old, second), 400, "AUTH_TOKEN_EXPIRED")
	s.Behave(func(b *Behaviour) { b.FreshCannotAccept = true })
	third := l.token(t)
	refused(t, accept(old, third), 400, "AUTH_TOKEN_EXCEPTION")
	s.Behave(func(b *Behaviour) { b.FreshCannotAccept = false })
	if err := accept(old, third); err != nil {
		t.Fatal(err)
	}
	refused(t, accept(old, third), 400, "AUTH_TOKEN_ALREADY_ACCEPTED")
	c.advance(61 * time.Second)
	l.token(t) // it was not used in time
	if err := s.AcceptToken(alice.ID, link(l.token(t))); err != nil {
		t.Fatal(err)
	}
	if x, ok := l.export(t).(*tg.AuthLoginTokenSuccess); !ok {
		t.Errorf("got %T", x)
	}
	if _, err := l.UpdatesGetState(ctx); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "tg://login?token=", "https://example.org", "tg://login?token=!"} {
		if err := s.AcceptToken(alice.ID, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestToken_MovesToTheAccountsDataCentre(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice := s.User("alice", func(a *Account) { a.DC, a.Password = 2, "correct horse" })
	l, far := newLogin(s, "new"), newLogin(s, "new")
	far.dc = 2
	token := l.token(t)
	if err := s.AcceptToken(alice.ID, link(token)); err != nil {
		t.Fatal(err)
	}
	move, ok := l.export(t).(*tg.AuthLoginTokenMigrateTo)
	if !ok || move.DCID != 2 || string(move.Token) == string(token) {
		t.Fatalf("%+v", move)
	}
	for _, x := range []struct {
		l     *login
		token []byte
	}{{l, move.Token}, {far, token}, {far, []byte("unknown")}} {
		_, err := x.l.AuthImportLoginToken(ctx, x.token)
		refused(t, err, 400, "AUTH_TOKEN_INVALID")
	}
	_, err := far.AuthImportLoginToken(ctx, move.Token)
	refused(t, err, 401, "SESSION_PASSWORD_NEEDED")
	_, err = far.AuthImportLoginToken(ctx, move.Token)
	refused(t, err, 400, "AUTH_TOKEN_ALREADY_ACCEPTED")
	if _, err := far.AuthCheckPassword(ctx, proof(t, far.password(t), "correct horse")); err != nil {
		t.Fatal(err)
	}
	if all := s.Authorizations(alice.ID); len(all) != 1 || all[0].DC != 2 {
		t.Errorf("logins: %+v", all)
	}
}
