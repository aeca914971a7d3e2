package login

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/seal"
)

// Telegram is what a login asks of Telegram. Errors are *Refusal or faults; after a *Refusal other than Unreachable,
// ClockWrong and PasswordNeeded nothing was logged in, after any other error that is not known.
type Telegram interface {
	// NewKey makes an auth key in a data centre, 0 for the default one.
	NewKey(ctx context.Context, a authorization.App, dc int) (authorization.Session, error)
	// Connect opens the one connection of a login that is being made and ends it when use returns. It makes a key in
	// s.DC (0: the default one) if s has none, and another one where Telegram, or use with the Refusal Moved, names another data
	// centre or has forgotten the key; then use is called again. noted is called with each key before it is used; an error
	// of it ends the attempt. If noted is nil no key is made: the Refusal is NeedsKey. The guard is asked before every
	// write, as in authorization.Dialer: a process that was frozen must not log in after its flow was swept. The session
	// that it returns is the one used last, if there was one.
	Connect(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, noted func(authorization.Session) error, use func(context.Context, Line) error) (authorization.Ending, error)
	// LogOut ends an authorization. One that Telegram does not know any more is no error.
	LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) (authorization.Ending, error)
}

// A Line is the connection of a login that is being made. Its errors are *Refusal or faults; use may handle them or
// return them to Connect.
type Line interface {
	// SignInBot logs a bot in.
	SignInBot(ctx context.Context, token seal.Text) (entry.Account, error)
	// State returns the account's update state (updates.getState). It needs a login.
	State(ctx context.Context) (UpdateState, error)
	// Self returns whose login this is; false if the key is not logged in, or not completely.
	Self(ctx context.Context) (entry.Account, bool, error)

	// SendCode asks for a code for a phone number: digits, the country's first.
	SendCode(ctx context.Context, phone seal.Text) (Sent, error)
	// ResendCode asks for the code to be sent in the next way.
	ResendCode(ctx context.Context, phone, hash seal.Text) (Sent, error)
	// SendEmailCode asks for a code that proves an e-mail address, where a login needs one to be set up.
	SendEmailCode(ctx context.Context, phone, hash, email seal.Text) (Code, error)
	// VerifyEmail proves the address and asks for the code of the login.
	VerifyEmail(ctx context.Context, phone, hash, code seal.Text) (Sent, error)
	// SignIn answers a code. An account with a password is PasswordNeeded.
	SignIn(ctx context.Context, phone seal.Text, to Code, code seal.Text) (entry.Account, error)
	// Hint returns the hint of the account's password.
	Hint(ctx context.Context) (string, error)
	// CheckPassword completes a login of an account with a password. It takes half a second of CPU.
	CheckPassword(ctx context.Context, password seal.Text) (entry.Account, error)

	// ExportToken makes the key ready to be let in by another login of the account, and after it was, completes that. An
	// account with a password is PasswordNeeded.
	ExportToken(ctx context.Context) (Token, error)
	// ImportToken completes it in the data centre that an exported token named.
	ImportToken(ctx context.Context, token []byte) (Token, error)
	// AcceptToken lets in the key that exported the token. This line has to be logged in.
	AcceptToken(ctx context.Context, token []byte) error
}

// A Kind is a way in which Telegram sends a code: the name of its sentCodeType without that prefix.
type Kind string

// The kinds of codes.
const (
	ByApp        Kind = "app"
	BySMS        Kind = "sms"
	ByCall       Kind = "call"
	ByFlashCall  Kind = "flash_call"
	ByMissedCall Kind = "missed_call"
	ByEmail      Kind = "email_code"
	ByFragment   Kind = "fragment_sms"
	ByWord       Kind = "sms_word"
	ByPhrase     Kind = "sms_phrase"
	// SetUpEmail is no code: an e-mail address has to be proved first.
	SetUpEmail Kind = "set_up_email_required"
)

// A Code is one that Telegram has sent.
type Code struct {
	Hash   seal.Text
	Kind   Kind
	Where  string        // pattern of the e-mail address or of the number that calls, address at Fragment, first letters of a word
	Length int           // 0: not known
	Next   Kind          // the way of the next one; empty: not known
	Wait   time.Duration // until the next one can be asked for
}

// Sent is the answer to asking for a code: a code, or a login if none is needed.
type Sent struct {
	Code    Code
	Account *entry.Account
}

// A Token lets a key be let in, or says that it was.
type Token struct {
	Token     []byte
	ExpiresAt time.Time
	// DC is the data centre in which it has to be imported; 0: none.
	DC int
	// Account is not nil once the key is logged in.
	Account *entry.Account
}

// UpdateState are Telegram's counters.
type UpdateState struct{ Pts, Qts, Date, Seq int }

// A Reason is why Telegram refused a login, in the field's words.
type Reason string

// The reasons a login can meet.
const (
	InvalidAPI        Reason = "invalid_api_id"         // API_ID_INVALID
	PublishedAPI      Reason = "api_id_published_flood" // API_ID_PUBLISHED_FLOOD
	InvalidToken      Reason = "invalid_token"          // ACCESS_TOKEN_INVALID
	ExpiredToken      Reason = "expired_token"          // ACCESS_TOKEN_EXPIRED
	InvalidPhone      Reason = "invalid_phone"          // PHONE_NUMBER_INVALID
	Unoccupied        Reason = "phone_number_unoccupied"
	Banned            Reason = "banned" // PHONE_NUMBER_BANNED, USER_DEACTIVATED_BAN
	InvalidCode       Reason = "invalid_code"
	ExpiredCode       Reason = "expired_code"
	NoOtherWay        Reason = "no_other_way" // SEND_CODE_UNAVAILABLE
	InvalidEmail      Reason = "invalid_email"
	InvalidPassword   Reason = "invalid_auth"     // PASSWORD_HASH_INVALID, in Home Assistant's word
	PaymentRequired   Reason = "payment_required" // sentCodePaymentRequired
	FirebaseRequired  Reason = "firebase_required"
	RecaptchaRequired Reason = "recaptcha_required"
	UpdateRequired    Reason = "update_required" // an answer that this version does not know
	SessionEnded      Reason = "login_ended"     // somebody ended the new login at once
	StartOver         Reason = "start_over"
	FloodWait         Reason = "flood_wait"
	OtherRefusal      Reason = "telegram_error"
	Unreachable       Reason = "telegram_unreachable"
	ClockWrong        Reason = "clock_wrong"

	// PasswordNeeded: the key is let in but for the account's password.
	PasswordNeeded Reason = "password_needed"
	// TokenOver: the login token is not valid any more.
	TokenOver Reason = "token_over"
	// Moved: the login goes on in the data centre DC.
	Moved Reason = "moved"
	// NeedsKey: a new key would be needed, in the data centre DC.
	NeedsKey Reason = "needs_key"
)

// A Refusal is a login that Telegram refused.
type Refusal struct {
	Reason     Reason
	RetryAfter time.Duration // of a flood wait
	Code       string        // Telegram's own code
	DC         int           // of Moved and NeedsKey
	Err        error
}

// Error is for logs.
func (r *Refusal) Error() string { return "login refused: " + string(r.Reason) + " " + r.Code }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
