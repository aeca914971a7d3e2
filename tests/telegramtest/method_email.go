package telegramtest

import (
	"errors"
	"strings"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) emailMethods(t table) {
	add(t, tg.AccountSendVerifyEmailCodeRequestTypeID, anybody, sendVerifyEmailCode)
	add(t, tg.AccountVerifyEmailRequestTypeID, anybody, verifyEmail)
}

// verification is an e-mail address that has been sent a code.
type verification struct {
	address string
	code    string
}

// sendVerifyEmailCode sends a code to the address that a login demands.
// https://core.telegram.org/method/account.sendVerifyEmailCode
func sendVerifyEmailCode(c *call, r *tg.AccountSendVerifyEmailCodeRequest) (bin.Encoder, error) {
	x, err := c.loginSetup(r.Purpose)
	switch {
	case errors.Is(err, errCodeExpired):
		return nil, tgerr.New(400, "PHONE_HASH_EXPIRED")
	case err != nil:
		return nil, err
	}
	user, host, ok := strings.Cut(r.Email, "@")
	if !ok || user == "" || !strings.Contains(host, ".") {
		return nil, tgerr.New(400, "EMAIL_INVALID")
	}
	s := c.server
	x.email = &verification{address: r.Email, code: s.figures(emailLength)}
	s.entrance.delivered[r.Email] = x.email.code
	return &tg.AccountSentEmailCode{EmailPattern: user[:1] + "***@" + host, Length: emailLength}, nil
}

// verifyEmail goes on with the login: the answer has the code that is sent next.
// https://core.telegram.org/method/account.verifyEmail
func verifyEmail(c *call, r *tg.AccountVerifyEmailRequest) (bin.Encoder, error) {
	x, err := c.loginSetup(r.Purpose)
	if err != nil {
		return nil, err
	}
	given, ok := r.Verification.(*tg.EmailVerificationCode)
	if !ok {
		c.unsupported(r.Verification.TypeName())
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	switch {
	case x.email == nil:
		return nil, tgerr.New(400, "EMAIL_VERIFY_EXPIRED")
	case given.Code != x.email.code:
		return nil, tgerr.New(400, "CODE_INVALID")
	}
	if len(x.next) == 0 {
		x.next = []Delivery{ByApp}
	}
	address := x.email.address
	x.email = nil
	answer, err := c.deliver(x)
	if err != nil {
		return nil, err
	}
	code, ok := answer.(tg.AuthSentCodeClass)
	if !ok {
		return nil, tgerr.New(500, "AUTH_RESTART")
	}
	return &tg.AccountEmailVerifiedLogin{Email: address, SentCode: code}, nil
}

// loginSetup finds the login that demands an address. https://core.telegram.org/constructor/emailVerifyPurposeLoginSetup
func (c *call) loginSetup(purpose tg.EmailVerifyPurposeClass) (*sentCode, error) {
	p, ok := purpose.(*tg.EmailVerifyPurposeLoginSetup)
	if !ok {
		c.unsupported(purpose.TypeName())
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	x, err := c.sentCode(p.PhoneNumber, p.PhoneCodeHash)
	switch {
	case err != nil:
		return nil, err
	case x.by != SetUpEmail:
		return nil, tgerr.New(400, "EMAIL_NOT_ALLOWED")
	}
	return x, nil
}
