package telegramtest

import (
	"crypto/rand"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) passwordMethods(t table) {
	add(t, tg.AccountGetPasswordRequestTypeID, half, getPassword)
	add(t, tg.AuthCheckPasswordRequestTypeID, half, checkPassword)
}

// https://core.telegram.org/method/account.getPassword
func getPassword(c *call, _ *tg.AccountGetPasswordRequest) (bin.Encoder, error) {
	random := make([]byte, 8+8+16+256)
	rand.Read(random)
	fresh := &verifier{salt1: random[:8], salt2: random[16:32]}
	answer := &tg.AccountPassword{
		NewAlgo:       fresh.algorithm(),
		NewSecureAlgo: &tg.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000{Salt: random[8:16]},
		SecureRandom:  random[32:],
	}
	a := c.account
	h := c.server.entrance.half[c.request.Key]
	if h != nil {
		a = h.account
	}
	if a.password == nil {
		return answer, nil
	}
	check := newSRPCheck(c.server.newID(), a.password)
	if h != nil {
		h.srp = check
	}
	answer.HasPassword = true
	answer.SetCurrentAlgo(a.password.algorithm())
	answer.SetSRPB(padded(check.gb))
	answer.SetSRPID(check.id)
	if a.password.hint != "" {
		answer.SetHint(a.password.hint)
	}
	return answer, nil
}

// checkPassword completes a login. https://core.telegram.org/method/auth.checkPassword
func checkPassword(c *call, r *tg.AuthCheckPasswordRequest) (bin.Encoder, error) {
	s := c.server
	h := s.entrance.half[c.request.Key]
	if h == nil {
		c.unsupported("by who is logged in")
		return nil, tgerr.New(400, "PASSWORD_HASH_INVALID")
	}
	a := h.account
	switch {
	case a.gone != "":
		return nil, errGone(a.gone)
	case a.password == nil:
		// It was taken off in the meantime.
		c.complete(a, h.apiID, h.id)
		return s.welcome(a), nil
	}
	p, ok := r.Password.(*tg.InputCheckPasswordSRP)
	if !ok {
		return nil, tgerr.New(400, "PASSWORD_HASH_INVALID")
	}
	check := h.srp
	h.srp = nil
	switch {
	case check == nil || check.id != p.SRPID:
		return nil, tgerr.New(400, "SRP_ID_INVALID")
	case check.with != a.password:
		return nil, tgerr.New(400, "SRP_PASSWORD_CHANGED")
	case !a.guesses.take(s.opt.Clock.Now(), s.behaviour.Passwords):
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", passwordWait)) // facts/telegram.md
	case !check.proves(p.A, p.M1):
		return nil, tgerr.New(400, "PASSWORD_HASH_INVALID")
	}
	a.guesses = nil
	c.complete(a, h.apiID, h.id)
	return s.welcome(a), nil
}
