package telegramtest

import (
	"fmt"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest/mtserver"
)

func (s *Server) codeMethods(t table) {
	add(t, tg.AuthSendCodeRequestTypeID, anybody, sendCode)
	add(t, tg.AuthResendCodeRequestTypeID, anybody, resendCode)
	add(t, tg.AuthCancelCodeRequestTypeID, anybody, cancelCode)
	add(t, tg.AuthSignInRequestTypeID, anybody, signIn)
}

// sentCode is a login code on its way, or what stands in for it.
type sentCode struct {
	hash  string
	key   mtserver.KeyID // it is of no use to another one (A29)
	phone string
	apiID int
	by    Delivery
	next  []Delivery
	code  string
	until time.Time
	wrong int
	email *verification // the address that is being set up
}

var (
	errPhone          = tgerr.New(406, "PHONE_NUMBER_INVALID")
	errPhoneBanned    = tgerr.New(400, "PHONE_NUMBER_BANNED")
	errCodeExpired    = tgerr.New(400, "PHONE_CODE_EXPIRED")
	errCode           = tgerr.New(400, "PHONE_CODE_INVALID")
	errPasswordNeeded = tgerr.New(401, "SESSION_PASSWORD_NEEDED")
)

const (
	codesWindow = 24 * time.Hour
	codesWait   = 86400 // seconds
)

// sendCode begins a login. https://core.telegram.org/method/auth.sendCode
func sendCode(c *call, r *tg.AuthSendCodeRequest) (bin.Encoder, error) {
	s := c.server
	if err := c.checkApp(r.APIID, r.APIHash); err != nil {
		return nil, err
	}
	phone, ok := readPhone(r.PhoneNumber)
	a := s.phones[phone]
	switch {
	case !ok:
		return nil, errPhone
	case s.entrance.banned[phone]:
		return nil, errPhoneBanned
	case a != nil && a.home != c.request.DC:
		// https://core.telegram.org/api/errors (303)
		return nil, tgerr.New(303, fmt.Sprintf("PHONE_MIGRATE_%d", a.home))
	}
	asked := s.entrance.asked[phone]
	if asked == nil {
		asked = &limiter{}
		s.entrance.asked[phone] = asked
	}
	if !asked.takeWithin(s.opt.Clock.Now(), s.behaviour.CodesPerDay, codesWindow) {
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", codesWait)) // facts/telegram.md ("about 5")
	}
	for hash, x := range s.entrance.codes {
		if x.phone == phone && x.key == c.request.Key {
			delete(s.entrance.codes, hash) // the newest one counts
		}
	}
	by := s.entrance.delivery[phone]
	if len(by) == 0 {
		by = []Delivery{ByApp}
	}
	return c.deliver(&sentCode{key: c.request.Key, phone: phone, apiID: r.APIID, next: by})
}

// deliver sends the next code and gives it a hash of its own: the former one is not answered any more (A30).
func (c *call) deliver(x *sentCode) (bin.Encoder, error) {
	s := c.server
	if len(x.next) == 0 {
		return nil, tgerr.New(406, "SEND_CODE_UNAVAILABLE") // https://core.telegram.org/method/auth.resendCode
	}
	delete(s.entrance.codes, x.hash)
	x.by, x.next = x.next[0], x.next[1:]
	x.hash, x.wrong = s.letters(18), 0
	x.code = s.newCode(x.by)
	x.until = s.opt.Clock.Now().Add(time.Duration(s.behaviour.CodeSeconds) * time.Second)
	a := s.phones[x.phone]
	switch x.by {
	case NoCode:
		// https://core.telegram.org/constructor/auth.sentCodeSuccess
		if a == nil {
			return &tg.AuthSentCodeSuccess{Authorization: &tg.AuthAuthorizationSignUpRequired{}}, nil
		}
		if _, err := c.admit(a, x.apiID, 0); err != nil {
			return nil, err
		}
		return &tg.AuthSentCodeSuccess{Authorization: s.welcome(a)}, nil
	case PaymentRequired:
		return &tg.AuthSentCodePaymentRequired{
			StoreProduct: "login", PhoneCodeHash: x.hash, SupportEmailAddress: "login@example.org",
			SupportEmailSubject: "Login", Currency: "EUR", Amount: 199,
		}, nil
	case ByFirebase, SetUpEmail:
		delete(s.entrance.delivered, x.phone)
	default:
		s.entrance.delivered[x.phone] = x.code
		s.note(Event{Kind: CodeSent, Account: a.number(), Text: string(x.by)})
		if x.by == ByApp && a != nil {
			s.tellCode(a, x.code)
		}
	}
	s.entrance.codes[x.hash] = x
	return x.answer(), nil
}

func (x *sentCode) answer() *tg.AuthSentCode {
	answer := &tg.AuthSentCode{Type: x.by.sentType(x.code), PhoneCodeHash: x.hash}
	if len(x.next) > 0 {
		if t := x.next[0].codeType(); t != nil {
			answer.SetNextType(t)
		}
		answer.SetTimeout(codeTimeout)
	}
	return answer
}

// sentCode finds what a client means by number and hash.
func (c *call) sentCode(number, hash string) (*sentCode, error) {
	s := c.server
	phone, ok := readPhone(number)
	switch {
	case !ok:
		return nil, errPhone
	case hash == "":
		return nil, tgerr.New(400, "PHONE_CODE_HASH_EMPTY")
	case s.entrance.banned[phone]:
		return nil, errPhoneBanned
	}
	x := s.entrance.codes[hash]
	if x == nil || x.phone != phone || x.key != c.request.Key || s.opt.Clock.Now().After(x.until) {
		return nil, errCodeExpired
	}
	return x, nil
}

// https://core.telegram.org/method/auth.resendCode
func resendCode(c *call, r *tg.AuthResendCodeRequest) (bin.Encoder, error) {
	x, err := c.sentCode(r.PhoneNumber, r.PhoneCodeHash)
	if err != nil {
		return nil, err
	}
	return c.deliver(x)
}

// https://core.telegram.org/method/auth.cancelCode
func cancelCode(c *call, r *tg.AuthCancelCodeRequest) (bin.Encoder, error) {
	x, err := c.sentCode(r.PhoneNumber, r.PhoneCodeHash)
	if err != nil {
		return nil, err
	}
	delete(c.server.entrance.codes, x.hash)
	return &tg.BoolTrue{}, nil
}

// signIn shows the code. https://core.telegram.org/method/auth.signIn
func signIn(c *call, r *tg.AuthSignInRequest) (bin.Encoder, error) {
	s := c.server
	x, err := c.sentCode(r.PhoneNumber, r.PhoneCodeHash)
	if err != nil {
		return nil, err
	}
	given := r.PhoneCode
	if x.by == ByEmail {
		given = ""
		if v, ok := r.EmailVerification.(*tg.EmailVerificationCode); ok {
			given = v.Code
		} else if r.EmailVerification != nil {
			c.unsupported(r.EmailVerification.TypeName())
		}
	}
	switch {
	case given == "":
		return nil, tgerr.New(400, "PHONE_CODE_EMPTY")
	case given != x.code:
		// Nobody says how often one may guess (A32).
		if x.wrong++; x.wrong >= s.behaviour.WrongCodes {
			delete(s.entrance.codes, x.hash)
		}
		return nil, errCode
	}
	a := s.phones[x.phone]
	if a == nil {
		// The code is still good for auth.signUp, which is not here.
		if s.chooses(s.behaviour.Unoccupied) {
			return nil, tgerr.New(400, "PHONE_NUMBER_UNOCCUPIED")
		}
		return &tg.AuthAuthorizationSignUpRequired{}, nil
	}
	delete(s.entrance.codes, x.hash)
	if _, err := c.admit(a, x.apiID, 0); err != nil {
		return nil, err
	}
	return s.welcome(a), nil
}

// welcome is the answer to a login that is complete.
func (s *Server) welcome(a *account) *tg.AuthAuthorization {
	return &tg.AuthAuthorization{User: s.see(a, a, false)}
}
