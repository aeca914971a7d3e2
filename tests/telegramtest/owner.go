package telegramtest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/gotd/td/tgerr"
)

// What the owner of a user account does on the phone, which is a device of the account without a connection.

var errUnconfirmed = errors.New("the authorization is confirmed already")

// AcceptToken accepts a login token on the phone. link is what a QR code says ("tg://login?token=...") or the token in
// base64. The login is complete when its client asks again.
func (s *Server) AcceptToken(user int64, link string) error {
	token, err := readToken(link)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil || a.bot {
		return errNoAccount
	}
	if _, err := s.accept(a, token); err != nil {
		return fmt.Errorf("accept the token: %w", err)
	}
	return nil
}

// readToken takes a link apart. https://core.telegram.org/api/links#qr-code-login-links
func readToken(link string) (string, error) {
	text := strings.TrimPrefix(link, "tg://login?token=")
	token, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", fmt.Errorf("read a login token: %w", err)
	}
	return string(token), nil
}

// ChangePassword sets the password of a user's account; "" takes it off. With endOthers all logins end, as when the
// owner ends all other sessions with it.
func (s *Server) ChangePassword(user int64, password, hint string, endOthers bool) error {
	var w *verifier
	if password != "" {
		var err error
		if w, err = newVerifier(password, hint); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil || a.bot {
		return errNoAccount
	}
	a.password = w
	if endOthers {
		for _, x := range s.of(a) {
			s.endOnPhone(x)
		}
	}
	return nil
}

// Confirm says that an unconfirmed login was the owner's.
func (s *Server) Confirm(authorization int64) error { return s.answer(authorization, true) }

// Deny says of an unconfirmed login "it's not me": it ends as by EndAuthorization.
func (s *Server) Deny(authorization int64) error { return s.answer(authorization, false) }

func (s *Server) answer(authorization int64, mine bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.authorizations[authorization]
	switch {
	case x == nil || x.ended != "":
		return errNoAuthorization
	case !x.unconfirmed:
		return errUnconfirmed
	case mine:
		s.confirm(x)
	default:
		s.endOnPhone(x)
	}
	return nil
}

// Freeze makes most methods answer 420 FROZEN_METHOD_INVALID. https://core.telegram.org/api/auth#frozen-accounts
func (s *Server) Freeze(user int64, frozen bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil {
		return errNoAccount
	}
	a.frozen = frozen
	return nil
}

// Deactivate deletes an account, or bans it: every request is answered 401 USER_DEACTIVATED, or USER_DEACTIVATED_BAN.
// https://core.telegram.org/api/errors
func (s *Server) Deactivate(user int64, banned bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil {
		return errNoAccount
	}
	a.deleted, a.gone = true, "USER_DEACTIVATED"
	if banned {
		a.gone = "USER_DEACTIVATED_BAN"
		s.entrance.banned[a.phone] = true
	}
	return nil
}

func errGone(why string) error { return tgerr.New(401, why) }

// frozenAllows are the methods that an account that is frozen may still use, of those that the server knows.
// https://core.telegram.org/api/auth#frozen-accounts
var frozenAllows = map[string]bool{
	"help.getConfig": true, "help.getNearestDc": true, "updates.getState": true, "updates.getDifference": true,
	"users.getUsers": true, "users.getFullUser": true, "account.getAuthorizations": true, "auth.logOut": true,
	"messages.getMessages": true, "account.resetAuthorization": true, "account.getPassword": true,
}

// AddContact puts somebody into a user's list of contacts.
func (s *Server) AddContact(user, contact int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.accounts[user], s.accounts[contact]
	if a == nil || b == nil || a.bot || a == b {
		return errNoAccount
	}
	a.contacts[contact] = true
	return nil
}

// Pending returns the logins of an account, 0 for those of all, that wait for the password. They are no authorizations
// yet, but the account's list of devices has them.
func (s *Server) Pending(account int64) []Authorization {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Authorization{}
	for key, h := range s.entrance.half {
		if account != 0 && h.account.id != account {
			continue
		}
		p := Authorization{
			ID: h.id, Account: h.account.id, APIID: h.apiID, DC: h.request.DC, Created: h.since,
			Keys: []string{hex.EncodeToString(key[:])},
		}
		if i := h.request.Init; i != nil {
			p.Device, p.System, p.App = i.DeviceModel, i.SystemVersion, i.AppVersion
		}
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Created.Before(all[j].Created) })
	return all
}

// halfLogins returns the logins of an account that wait for the password, the oldest first.
func (s *Server) halfLogins(a *account) []*halfLogin {
	var all []*halfLogin
	for _, h := range s.entrance.half {
		if h.account == a {
			all = append(all, h)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		return all[i].since.Before(all[j].since) || all[i].since.Equal(all[j].since) && all[i].id < all[j].id
	})
	return all
}
