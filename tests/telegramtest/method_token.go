package telegramtest

import (
	"slices"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest/mtserver"
)

func (s *Server) tokenMethods(t table) {
	add(t, tg.AuthExportLoginTokenRequestTypeID, anybody, exportLoginToken)
	add(t, tg.AuthAcceptLoginTokenRequestTypeID, loggedIn, acceptLoginToken)
	add(t, tg.AuthImportLoginTokenRequestTypeID, anybody, importLoginToken)
}

// loginToken lets a key log in that an authorization of the account has accepted.
// https://core.telegram.org/api/qr-login
type loginToken struct {
	token    string
	key      mtserver.KeyID
	request  *mtserver.Request // the one that exported it: it has the device
	apiID    int
	except   []int64
	expires  time.Time
	id       int64 // of the authorization that it becomes
	accepted *account
	until    time.Time // how long it can be used after it was accepted (A36)
	moved    string    // the token for the data centre that it has to go to
	used     bool
}

// tokenLife is how long a login token lives. facts/telegram.md ("about 30 s")
const tokenLife = 30 * time.Second

// exportLoginToken gives a key a token, or logs it in if that was accepted. Each call makes a new token, and the one
// before is no good any more (A35). https://core.telegram.org/method/auth.exportLoginToken
func exportLoginToken(c *call, r *tg.AuthExportLoginTokenRequest) (bin.Encoder, error) {
	s, now := c.server, c.server.opt.Clock.Now()
	if err := c.checkApp(r.APIID, r.APIHash); err != nil {
		return nil, err
	}
	if s.entrance.half[c.request.Key] != nil {
		return nil, errPasswordNeeded
	}
	if x := s.entrance.waiting[c.request.Key]; x != nil {
		if a := x.accepted; a != nil && now.Before(x.until) {
			if a.home != c.request.DC {
				if x.moved == "" {
					x.moved = s.letters(32)
					s.entrance.tokens[x.moved] = x
				}
				return &tg.AuthLoginTokenMigrateTo{DCID: a.home, Token: []byte(x.moved)}, nil
			}
			return c.useToken(x)
		}
		x.expires = now
	}
	x := &loginToken{
		token: s.letters(32), key: c.request.Key, request: c.request, apiID: r.APIID, except: r.ExceptIDs,
		expires: now.Add(tokenLife),
	}
	s.entrance.waiting[c.request.Key], s.entrance.tokens[x.token] = x, x
	return &tg.AuthLoginToken{Expires: int(x.expires.Unix()), Token: []byte(x.token)}, nil
}

// useToken logs in with a token that was accepted.
func (c *call) useToken(x *loginToken) (bin.Encoder, error) {
	x.used = true
	if _, err := c.admit(x.accepted, x.apiID, x.id); err != nil {
		return nil, err
	}
	return &tg.AuthLoginTokenSuccess{Authorization: c.server.welcome(x.accepted)}, nil
}

// https://core.telegram.org/method/auth.importLoginToken: in the data centre that loginTokenMigrateTo named, with the
// token that it carried.
func importLoginToken(c *call, r *tg.AuthImportLoginTokenRequest) (bin.Encoder, error) {
	x := c.server.entrance.tokens[string(r.Token)]
	switch {
	case x == nil || x.moved != string(r.Token) || x.accepted.home != c.request.DC:
		return nil, tgerr.New(400, "AUTH_TOKEN_INVALID")
	case x.used:
		return nil, tgerr.New(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
	case !c.server.opt.Clock.Now().Before(x.until):
		return nil, tgerr.New(400, "AUTH_TOKEN_EXPIRED")
	}
	delete(c.server.entrance.waiting, x.key)
	return c.useToken(x)
}

// https://core.telegram.org/method/auth.acceptLoginToken
func acceptLoginToken(c *call, r *tg.AuthAcceptLoginTokenRequest) (bin.Encoder, error) {
	s := c.server
	switch {
	case c.account.bot:
		return nil, errBotMethod
	case s.behaviour.FreshCannotAccept && s.isFresh(c.authorization):
		return nil, tgerr.New(400, "AUTH_TOKEN_EXCEPTION") // (A34)
	}
	return s.accept(c.account, string(r.Token))
}

// accept lets the key that waits with a token into an account, and tells the key.
func (s *Server) accept(a *account, token string) (*tg.Authorization, error) {
	now := s.opt.Clock.Now()
	x := s.entrance.tokens[token]
	switch {
	case x == nil || x.token != token:
		return nil, tgerr.New(400, "AUTH_TOKEN_INVALIDX")
	case x.accepted != nil:
		return nil, tgerr.New(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
	case !now.Before(x.expires):
		return nil, tgerr.New(400, "AUTH_TOKEN_EXPIRED")
	case slices.Contains(x.except, a.id):
		return nil, tgerr.New(400, "AUTH_TOKEN_EXCEPTION")
	}
	x.accepted, x.id = a, s.newID()
	x.until = now.Add(time.Duration(s.behaviour.AcceptedSeconds) * time.Second)
	s.note(Event{Kind: TokenAccepted, Account: a.id, Authorization: x.id})
	// https://core.telegram.org/constructor/updateLoginToken: to the key that is not logged in yet.
	for _, session := range s.wire.Sessions(x.key) {
		if session.WantsUpdates() {
			s.pushTo(session, Event{Kind: Pushed}, &tg.UpdateShort{Update: &tg.UpdateLoginToken{}, Date: s.now()})
		}
	}
	return deviceOf(x.request.Init, x.id, x.apiID, int(now.Unix())), nil
}
