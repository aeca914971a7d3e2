package telegramtest

import (
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) accountMethods(t table) {
	add(t, tg.AccountGetAuthorizationsRequestTypeID, loggedIn, getAuthorizations)
	add(t, tg.AccountResetAuthorizationRequestTypeID, loggedIn, resetAuthorization)
	add(t, tg.AccountChangeAuthorizationSettingsRequestTypeID, loggedIn, changeAuthorizationSettings)
}

var (
	errBotMethod = tgerr.New(400, "BOT_METHOD_INVALID")
	errHash      = tgerr.New(400, "HASH_INVALID")
)

// ttlDays is after how many idle days an authorization ends, as Telegram presets it.
const ttlDays = 180

// freshFor is how long an authorization may not do everything yet. facts/telegram.md ("24 h")
const freshFor = 24 * time.Hour

func (s *Server) isFresh(x *authorization) bool { return s.opt.Clock.Now().Sub(x.created) < freshFor }

// getAuthorizations lists the devices: the phone that is not simulated, the logins, and those that wait for the
// password. https://core.telegram.org/method/account.getAuthorizations
func getAuthorizations(c *call, _ *tg.AccountGetAuthorizationsRequest) (bin.Encoder, error) {
	s, me := c.server, c.account
	if me.bot {
		return nil, errBotMethod
	}
	answer := &tg.AccountAuthorizations{AuthorizationTTLDays: ttlDays}
	for _, x := range s.of(me) {
		d := deviceOf(&x.device, x.id, x.apiID, int(x.created.Unix()))
		d.Unconfirmed = x.unconfirmed
		if x == c.authorization {
			// https://core.telegram.org/constructor/authorization: the current one has no hash.
			d.Current, d.Hash = true, 0
		}
		answer.Authorizations = append(answer.Authorizations, *d)
	}
	for _, h := range s.halfLogins(me) {
		d := deviceOf(h.request.Init, h.id, h.apiID, int(h.since.Unix()))
		d.PasswordPending = true
		answer.Authorizations = append(answer.Authorizations, *d)
	}
	phone := deviceOf(&tg.InitConnectionRequest{DeviceModel: "Phone", SystemVersion: "15", AppVersion: "12.1"}, me.phoneID, 6, s.now())
	phone.OfficialApp = true
	answer.Authorizations = append(answer.Authorizations, *phone)
	return answer, nil
}

func deviceOf(init *tg.InitConnectionRequest, hash int64, apiID, created int) *tg.Authorization {
	if init == nil {
		init = &tg.InitConnectionRequest{}
	}
	return &tg.Authorization{
		Hash: hash, DeviceModel: init.DeviceModel, Platform: "Linux", SystemVersion: init.SystemVersion, APIID: apiID,
		AppName: "App", AppVersion: init.AppVersion, DateCreated: created, DateActive: created, IP: "127.0.0.1",
		Country: "Germany", Region: "Berlin",
	}
}

// resetAuthorization ends another device. https://core.telegram.org/method/account.resetAuthorization
func resetAuthorization(c *call, r *tg.AccountResetAuthorizationRequest) (bin.Encoder, error) {
	s := c.server
	switch {
	case c.account.bot:
		return nil, errBotMethod
	case s.isFresh(c.authorization):
		return nil, tgerr.New(406, "FRESH_RESET_AUTHORISATION_FORBIDDEN")
	}
	for key, h := range s.entrance.half {
		if h.account == c.account && h.id == r.Hash {
			delete(s.entrance.half, key)
			return &tg.BoolTrue{}, nil
		}
	}
	x := s.authorizations[r.Hash]
	if x == nil || x.account != c.account || x == c.authorization || x.ended != "" {
		return nil, errHash
	}
	s.end(x, terminated)
	return &tg.BoolTrue{}, nil
}

// changeAuthorizationSettings confirms a device. An authorization that is not confirmed itself, and one that is younger
// than the other, cannot (facts/telegram.md: "from an older one").
// https://core.telegram.org/method/account.changeAuthorizationSettings
func changeAuthorizationSettings(c *call, r *tg.AccountChangeAuthorizationSettingsRequest) (bin.Encoder, error) {
	s := c.server
	if c.account.bot {
		return nil, errBotMethod
	}
	x := s.authorizations[r.Hash]
	if x == nil || x.account != c.account || x.ended != "" {
		return nil, errHash
	}
	if r.Confirmed {
		if c.authorization.unconfirmed || !c.authorization.created.Before(x.created) {
			return nil, errHash
		}
		s.confirm(x)
	}
	return &tg.BoolTrue{}, nil
}

// confirm makes a device one that its owner knows, and tells all others.
func (s *Server) confirm(x *authorization) {
	if x.unconfirmed {
		x.unconfirmed = false
		s.tellLogin(x)
	}
}
