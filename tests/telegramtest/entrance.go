package telegramtest

import (
	"time"

	"telegram-client/tests/telegramtest/mtserver"
)

// entrance is what the server knows of logins that are not complete.
type entrance struct {
	banned    map[string]bool // phone numbers
	asked     map[string]*limiter
	delivery  map[string][]Delivery
	codes     map[string]*sentCode // by phone_code_hash
	delivered map[string]string    // the last code by number, and by e-mail address
	half      map[mtserver.KeyID]*halfLogin
	waiting   map[mtserver.KeyID]*loginToken // the token that a key has exported last
	tokens    map[string]*loginToken
}

func newEntrance() entrance {
	return entrance{
		banned: map[string]bool{}, asked: map[string]*limiter{}, delivery: map[string][]Delivery{},
		codes: map[string]*sentCode{}, delivered: map[string]string{}, half: map[mtserver.KeyID]*halfLogin{},
		waiting: map[mtserver.KeyID]*loginToken{}, tokens: map[string]*loginToken{},
	}
}

// halfLogin is a login that waits for the password. It is in the list of the account's devices (password_pending).
// https://core.telegram.org/constructor/authorization
type halfLogin struct {
	id      int64 // of the authorization that it becomes
	account *account
	apiID   int
	since   time.Time
	request *mtserver.Request
	srp     *srpCheck // what the next auth.checkPassword is checked by
}

// admit ends the first part of a login: the key is logged in, or has to show the password.
func (c *call) admit(a *account, apiID int, id int64) (*authorization, error) {
	s := c.server
	if a.gone != "" {
		return nil, errGone(a.gone)
	}
	delete(s.entrance.waiting, c.request.Key)
	if a.password != nil {
		if c.authorization != nil {
			s.end(c.authorization, replaced)
		}
		if id == 0 {
			id = s.newID()
		}
		s.entrance.half[c.request.Key] = &halfLogin{
			id: id, account: a, apiID: apiID, since: s.opt.Clock.Now(), request: c.request,
		}
		return nil, errPasswordNeeded // https://core.telegram.org/api/srp
	}
	return c.complete(a, apiID, id), nil
}

// complete logs a key in, and tells the account's other devices: by a message of the service account, which the new
// login finds in its chats and is not pushed, and by updateNewAuthorization. facts/telegram.md ("New login")
func (c *call) complete(a *account, apiID int, id int64) *authorization {
	s := c.server
	delete(s.entrance.half, c.request.Key)
	s.announce(a, c.request)
	x := s.logIn(a, c.request, apiID, id)
	x.unconfirmed = s.chooses(s.behaviour.Unconfirmed)
	s.tellLogin(x)
	return x
}

// newID returns an id for an authorization: its hash in the list of devices.
func (s *Server) newID() int64 { return int64(s.random.Uint64() >> 1) }
