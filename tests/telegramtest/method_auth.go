package telegramtest

import (
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) authMethods(t table) {
	add(t, tg.AuthImportBotAuthorizationRequestTypeID, anybody, importBotAuthorization)
	add(t, tg.AuthLogOutRequestTypeID, half, logOut)
	add(t, tg.AuthExportAuthorizationRequestTypeID, loggedIn, exportAuthorization)
	add(t, tg.AuthImportAuthorizationRequestTypeID, anybody, importAuthorization)
}

// checkApp checks an api id. https://core.telegram.org/api/obtaining_api_id
func (c *call) checkApp(id int, hash string) error {
	want, known := c.server.opt.Apps[id]
	if id <= 0 || hash == "" || c.server.opt.Apps != nil && (!known || want != hash) {
		return tgerr.New(400, "API_ID_INVALID")
	}
	return nil
}

// https://core.telegram.org/method/auth.importBotAuthorization
func importBotAuthorization(c *call, r *tg.AuthImportBotAuthorizationRequest) (bin.Encoder, error) {
	s := c.server
	if err := c.checkApp(r.APIID, r.APIHash); err != nil {
		return nil, err
	}
	a := s.tokens[r.BotAuthToken]
	switch {
	case a == nil:
		return nil, tgerr.New(400, "ACCESS_TOKEN_INVALID")
	case a.expired:
		return nil, tgerr.New(400, "ACCESS_TOKEN_EXPIRED")
	case a.home != c.request.DC:
		// https://core.telegram.org/api/errors (303)
		return nil, tgerr.New(303, fmt.Sprintf("USER_MIGRATE_%d", a.home))
	case !a.logins.take(s.opt.Clock.Now(), s.behaviour.LoginsPerHour):
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", loginWait)) // facts/telegram.md (A4)
	}
	s.logIn(a, c.request, r.APIID, 0)
	return &tg.AuthAuthorization{User: s.see(a, a, false)}, nil
}

// https://core.telegram.org/method/auth.logOut, also by a key that waits for the password.
func logOut(c *call, _ *tg.AuthLogOutRequest) (bin.Encoder, error) {
	if c.authorization == nil {
		delete(c.server.entrance.half, c.request.Key)
		return &tg.AuthLoggedOut{}, nil
	}
	c.server.end(c.authorization, loggedOut)
	return &tg.AuthLoggedOut{}, nil
}

// https://core.telegram.org/method/auth.exportAuthorization
func exportAuthorization(c *call, r *tg.AuthExportAuthorizationRequest) (bin.Encoder, error) {
	s := c.server
	if r.DCID < 1 || r.DCID > s.opt.DCs || r.DCID == c.request.DC {
		return nil, tgerr.New(400, "DC_ID_INVALID")
	}
	id := s.newID()
	x := exported{authorization: c.authorization, dc: r.DCID, bytes: s.letters(32)}
	s.exported[id] = x
	return &tg.AuthExportedAuthorization{ID: id, Bytes: []byte(x.bytes)}, nil
}

// https://core.telegram.org/method/auth.importAuthorization
func importAuthorization(c *call, r *tg.AuthImportAuthorizationRequest) (bin.Encoder, error) {
	s := c.server
	x, known := s.exported[r.ID]
	if !known || x.bytes != string(r.Bytes) || x.dc != c.request.DC || x.authorization.ended != "" {
		return nil, tgerr.New(400, "AUTH_BYTES_INVALID")
	}
	delete(s.exported, r.ID)
	if s.keys[c.request.Key] == nil {
		x.authorization.keys = append(x.authorization.keys, c.request.Key)
		s.keys[c.request.Key] = x.authorization
	}
	a := x.authorization.account
	return &tg.AuthAuthorization{User: s.see(a, a, false)}, nil
}
