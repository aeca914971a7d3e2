package telegram

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/seal"
)

// A line is a connection over which a login is made.
type line struct {
	api *tg.Client
	app entry.App
}

var _ login.Line = (*line)(nil)

// SignInBot implements [login.Line].
func (l *line) SignInBot(ctx context.Context, token seal.Text) (entry.Account, error) {
	answer, err := l.api.AuthImportBotAuthorization(ctx, &tg.AuthImportBotAuthorizationRequest{
		APIID: l.app.ID, APIHash: l.app.Hash.Reveal(), BotAuthToken: token.Reveal(),
	})
	return signedIn(answer, err)
}

// State implements [login.Line].
func (l *line) State(ctx context.Context) (login.UpdateState, error) {
	s, err := l.api.UpdatesGetState(ctx)
	if err != nil {
		return login.UpdateState{}, afterwards{fmt.Errorf("ask for the state of the updates: %w", err)}
	}
	return login.UpdateState{Pts: s.Pts, Qts: s.Qts, Date: s.Date, Seq: s.Seq}, nil
}

// Self implements [login.Line].
func (l *line) Self(ctx context.Context) (entry.Account, bool, error) {
	users, err := l.api.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUserSelf{}})
	if e, ok := tgerr.As(err); ok && e.Code == 401 {
		return entry.Account{}, false, nil
	}
	if err != nil {
		return entry.Account{}, false, afterwards{fmt.Errorf("ask who is logged in: %w", err)}
	}
	if len(users) == 1 {
		if me, ok := users[0].AsNotEmpty(); ok {
			return Account(me), true, nil
		}
	}
	return entry.Account{}, false, afterwards{fault.New(fault.TelegramError, "Telegram does not say whose login this is.")}
}

// mostRestarts is how often a code is asked for again when Telegram starts the login over; the reference does the same.
const mostRestarts = 3

// SendCode implements [login.Line].
func (l *line) SendCode(ctx context.Context, phone seal.Text) (login.Sent, error) {
	for again := 0; ; again++ {
		answer, err := l.api.AuthSendCode(ctx, &tg.AuthSendCodeRequest{PhoneNumber: phone.Reveal(), APIID: l.app.ID, APIHash: l.app.Hash.Reveal()})
		if tgerr.Is(err, "AUTH_RESTART") && again < mostRestarts {
			continue
		}
		return sent(answer, err)
	}
}

// ResendCode implements [login.Line].
func (l *line) ResendCode(ctx context.Context, phone, hash seal.Text) (login.Sent, error) {
	return sent(l.api.AuthResendCode(ctx, &tg.AuthResendCodeRequest{PhoneNumber: phone.Reveal(), PhoneCodeHash: hash.Reveal()}))
}

// SendEmailCode implements [login.Line].
func (l *line) SendEmailCode(ctx context.Context, phone, hash, email seal.Text) (login.Code, error) {
	answer, err := l.api.AccountSendVerifyEmailCode(ctx, &tg.AccountSendVerifyEmailCodeRequest{Purpose: setUp(phone, hash), Email: email.Reveal()})
	if err != nil {
		return login.Code{}, refusal(err)
	}
	return login.Code{Kind: login.ByEmail, Hash: hash, Where: answer.EmailPattern, Length: answer.Length}, nil
}

// VerifyEmail implements [login.Line].
func (l *line) VerifyEmail(ctx context.Context, phone, hash, code seal.Text) (login.Sent, error) {
	answer, err := l.api.AccountVerifyEmail(ctx, &tg.AccountVerifyEmailRequest{
		Purpose: setUp(phone, hash), Verification: &tg.EmailVerificationCode{Code: code.Reveal()},
	})
	if err != nil {
		return login.Sent{}, refusal(err)
	}
	verified, ok := answer.(*tg.AccountEmailVerifiedLogin)
	if !ok {
		return login.Sent{}, unexpected("the verification of an e-mail address", answer)
	}
	return sent(verified.SentCode, nil)
}

func setUp(phone, hash seal.Text) *tg.EmailVerifyPurposeLoginSetup {
	return &tg.EmailVerifyPurposeLoginSetup{PhoneNumber: phone.Reveal(), PhoneCodeHash: hash.Reveal()}
}

// SignIn implements [login.Line].
func (l *line) SignIn(ctx context.Context, phone seal.Text, to login.Code, code seal.Text) (entry.Account, error) {
	r := &tg.AuthSignInRequest{PhoneNumber: phone.Reveal(), PhoneCodeHash: to.Hash.Reveal()}
	if to.Kind == login.ByEmail { // https://core.telegram.org/api/auth#email-verification
		r.SetEmailVerification(&tg.EmailVerificationCode{Code: code.Reveal()})
	} else {
		r.SetPhoneCode(code.Reveal())
	}
	return signedIn(l.api.AuthSignIn(ctx, r))
}

// Hint implements [login.Line].
func (l *line) Hint(ctx context.Context) (string, error) {
	p, err := l.api.AccountGetPassword(ctx)
	if err != nil {
		return "", refusal(err)
	}
	return p.Hint, nil
}

// CheckPassword implements [login.Line]. https://core.telegram.org/api/srp
func (l *line) CheckPassword(ctx context.Context, password seal.Text) (entry.Account, error) {
	for again := false; ; again = true {
		p, err := l.api.AccountGetPassword(ctx)
		if err != nil {
			return entry.Account{}, refusal(err)
		}
		if !p.HasPassword { // taken off since it was asked for
			return entry.Account{}, &login.Refusal{Reason: login.StartOver, Code: "PASSWORD_REMOVED"}
		}
		hash, err := auth.PasswordHash([]byte(password.Reveal()), p.SRPID, p.SRPB, p.SecureRandom, p.CurrentAlgo)
		if err != nil {
			return entry.Account{}, &login.Refusal{Reason: login.UpdateRequired, Code: "PASSWORD_ALGORITHM", Err: err}
		}
		answer, err := l.api.AuthCheckPassword(ctx, hash)
		if tgerr.Is(err, "SRP_ID_INVALID", "SRP_PASSWORD_CHANGED") && !again {
			continue
		}
		return signedIn(answer, err)
	}
}

// ExportToken implements [login.Line].
func (l *line) ExportToken(ctx context.Context) (login.Token, error) {
	return token(l.api.AuthExportLoginToken(ctx, &tg.AuthExportLoginTokenRequest{APIID: l.app.ID, APIHash: l.app.Hash.Reveal()}))
}

// ImportToken implements [login.Line].
func (l *line) ImportToken(ctx context.Context, t []byte) (login.Token, error) {
	return token(l.api.AuthImportLoginToken(ctx, t))
}

// AcceptToken implements [login.Line].
func (l *line) AcceptToken(ctx context.Context, t []byte) error {
	_, err := l.api.AuthAcceptLoginToken(ctx, t)
	if tgerr.Is(err, "AUTH_TOKEN_ALREADY_ACCEPTED") {
		return nil
	}
	return refusal(err)
}

func token(answer tg.AuthLoginTokenClass, err error) (login.Token, error) {
	if err != nil {
		return login.Token{}, refusal(err)
	}
	switch t := answer.(type) {
	case *tg.AuthLoginToken:
		return login.Token{Token: t.Token, ExpiresAt: time.Unix(int64(t.Expires), 0).UTC()}, nil
	case *tg.AuthLoginTokenMigrateTo:
		return login.Token{Token: t.Token, DC: t.DCID}, nil
	case *tg.AuthLoginTokenSuccess:
		account, err := signedIn(t.Authorization, nil)
		return login.Token{Account: &account}, err
	}
	return login.Token{}, unexpected("a login token", answer)
}

func signedIn(answer tg.AuthAuthorizationClass, err error) (entry.Account, error) {
	if err != nil {
		return entry.Account{}, refusal(err)
	}
	switch a := answer.(type) {
	case *tg.AuthAuthorization:
		if me, ok := a.User.AsNotEmpty(); ok {
			return Account(me), nil
		}
		return entry.Account{}, fault.New(fault.TelegramError, "Telegram does not say whose login this is.")
	case *tg.AuthAuthorizationSignUpRequired:
		return entry.Account{}, &login.Refusal{Reason: login.Unoccupied, Code: "SIGN_UP_REQUIRED"}
	}
	return entry.Account{}, unexpected("a login", answer)
}

func sent(answer tg.AuthSentCodeClass, err error) (login.Sent, error) {
	if err != nil {
		return login.Sent{}, refusal(err)
	}
	switch s := answer.(type) {
	case *tg.AuthSentCodeSuccess:
		account, err := signedIn(s.Authorization, nil)
		return login.Sent{Account: &account}, err
	case *tg.AuthSentCodePaymentRequired:
		return login.Sent{}, &login.Refusal{Reason: login.PaymentRequired, Code: "PAYMENT_REQUIRED"}
	case *tg.AuthSentCode:
		code := login.Code{Hash: seal.NewText(s.PhoneCodeHash), Wait: time.Duration(s.Timeout) * time.Second}
		switch t := s.Type.(type) {
		case *tg.AuthSentCodeTypeApp:
			code.Kind, code.Length = login.ByApp, t.Length
		case *tg.AuthSentCodeTypeSMS:
			code.Kind, code.Length = login.BySMS, t.Length
		case *tg.AuthSentCodeTypeCall:
			code.Kind, code.Length = login.ByCall, t.Length
		case *tg.AuthSentCodeTypeFlashCall:
			code.Kind, code.Where = login.ByFlashCall, t.Pattern
		case *tg.AuthSentCodeTypeMissedCall:
			code.Kind, code.Where, code.Length = login.ByMissedCall, t.Prefix, t.Length
		case *tg.AuthSentCodeTypeEmailCode:
			code.Kind, code.Where, code.Length = login.ByEmail, t.EmailPattern, t.Length
		case *tg.AuthSentCodeTypeFragmentSMS:
			code.Kind, code.Where, code.Length = login.ByFragment, t.URL, t.Length
		case *tg.AuthSentCodeTypeSMSWord:
			code.Kind, code.Where = login.ByWord, t.Beginning
		case *tg.AuthSentCodeTypeSMSPhrase:
			code.Kind, code.Where = login.ByPhrase, t.Beginning
		case *tg.AuthSentCodeTypeSetUpEmailRequired:
			code.Kind = login.SetUpEmail
		case *tg.AuthSentCodeTypeFirebaseSMS:
			return login.Sent{}, &login.Refusal{Reason: login.FirebaseRequired, Code: "FIREBASE_SMS"}
		default:
			return login.Sent{}, unexpected("a request for a code", s.Type)
		}
		code.Next = nextKind(s.NextType)
		return login.Sent{Code: code}, nil
	}
	return login.Sent{}, unexpected("a request for a code", answer)
}

// nextKind is the way of the next code, if one is asked for.
func nextKind(t tg.AuthCodeTypeClass) login.Kind {
	switch t.(type) {
	case *tg.AuthCodeTypeSMS:
		return login.BySMS
	case *tg.AuthCodeTypeCall:
		return login.ByCall
	case *tg.AuthCodeTypeFlashCall:
		return login.ByFlashCall
	case *tg.AuthCodeTypeMissedCall:
		return login.ByMissedCall
	case *tg.AuthCodeTypeFragmentSMS:
		return login.ByFragment
	}
	return ""
}

func unexpected(what string, answer interface{ TypeName() string }) error {
	return &login.Refusal{Reason: login.UpdateRequired, Code: printable(answer.TypeName()), Err: fmt.Errorf("%s was answered with %s", what, answer.TypeName())}
}
