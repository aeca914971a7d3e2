package telegram

import (
	"errors"
	"strings"
	"time"

	"github.com/gotd/td/proto/codec"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/flow/login"
)

// movedTo returns the data centre that Telegram wants a login to go to.
func movedTo(err error) (dc int, moved bool) {
	var r *login.Refusal
	if errors.As(err, &r) && r.Reason == login.Moved {
		return r.DC, true
	}
	e, ok := tgerr.As(err)
	if !ok || !e.IsOneOf("USER_MIGRATE", "PHONE_MIGRATE", "NETWORK_MIGRATE") {
		return 0, false
	}
	return e.Argument, true
}

// isForgotten reports whether Telegram does not know the key any more. It keeps keys that nobody logged in with for a
// short time only; for a login another one does as well.
func isForgotten(err error) bool {
	var e *transportError
	return errors.As(err, &e) && e.code == codec.CodeAuthKeyNotFound || tgerr.Is(err, "AUTH_KEY_UNREGISTERED", "AUTH_KEY_INVALID")
}

// afterwards is an error that came when the login had succeeded: whatever it says, the key is logged in.
type afterwards struct{ error }

func (a afterwards) Unwrap() error { return a.error }

// refusals are the answers that mean that nothing was logged in. https://core.telegram.org/api/auth
var refusals = map[string]login.Reason{
	"API_ID_INVALID":         login.InvalidAPI,
	"API_ID_PUBLISHED_FLOOD": login.PublishedAPI,

	"ACCESS_TOKEN_INVALID": login.InvalidToken,
	"ACCESS_TOKEN_EXPIRED": login.ExpiredToken,

	"PHONE_NUMBER_INVALID":              login.InvalidPhone,
	"PHONE_NUMBER_BANNED":               login.Banned,
	"PHONE_NUMBER_UNOCCUPIED":           login.Unoccupied,
	"PHONE_NUMBER_APP_SIGNUP_FORBIDDEN": login.Unoccupied,
	"PHONE_NUMBER_FLOOD":                login.FloodWait, // without saying how long
	"PHONE_PASSWORD_FLOOD":              login.FloodWait,
	"PHONE_CODE_INVALID":                login.InvalidCode,
	"PHONE_CODE_EMPTY":                  login.InvalidCode,
	"PHONE_CODE_EXPIRED":                login.ExpiredCode,
	"PHONE_CODE_HASH_EMPTY":             login.ExpiredCode,
	"PHONE_HASH_EXPIRED":                login.ExpiredCode,
	"SEND_CODE_UNAVAILABLE":             login.NoOtherWay,
	"PHONE_PASSWORD_PROTECTED":          login.OtherRefusal,

	"EMAIL_INVALID":           login.InvalidEmail,
	"EMAIL_NOT_ALLOWED":       login.InvalidEmail,
	"EMAIL_NOT_SETUP":         login.StartOver,
	"EMAIL_VERIFY_EXPIRED":    login.ExpiredCode,
	"CODE_INVALID":            login.InvalidCode,
	"EMAIL_CODE_INVALID":      login.InvalidCode,
	"EMAIL_HASH_EXPIRED":      login.ExpiredCode,
	"EMAIL_TOKEN_INVALID":     login.InvalidCode,
	"SESSION_PASSWORD_NEEDED": login.PasswordNeeded,
	"PASSWORD_HASH_INVALID":   login.InvalidPassword,
	"PASSWORD_EMPTY":          login.InvalidPassword,

	"AUTH_TOKEN_EXPIRED":  login.TokenOver,
	"AUTH_TOKEN_INVALID":  login.TokenOver,
	"AUTH_TOKEN_INVALIDX": login.TokenOver,

	"UPDATE_APP_TO_LOGIN": login.UpdateRequired,
	"AUTH_RESTART":        login.StartOver,

	"FLOOD_WAIT":           login.FloodWait,
	"USER_DEACTIVATED":     login.Banned,
	"USER_DEACTIVATED_BAN": login.Banned,

	"AUTH_KEY_UNREGISTERED": login.SessionEnded,
	"AUTH_KEY_INVALID":      login.SessionEnded,
	"SESSION_REVOKED":       login.SessionEnded,
	"SESSION_EXPIRED":       login.SessionEnded,
}

// refusal makes a refusal of an answer that means that nothing was logged in. Other errors stay as they are.
func refusal(err error) error {
	var made *login.Refusal
	if errors.As(err, &made) {
		return err
	}
	e, ok := tgerr.As(err)
	var late afterwards
	if !ok || errors.As(err, &late) {
		return err
	}
	reason, known := refusals[e.Type]
	switch {
	case strings.HasPrefix(e.Message, "RECAPTCHA_CHECK_"): // the rest names the action and the key of the puzzle
		return &login.Refusal{Reason: login.RecaptchaRequired, Err: err}
	case !known && (e.Code >= 500 || e.Code < 0):
		return err
	case !known:
		return &login.Refusal{Reason: login.OtherRefusal, Code: printable(e.Message), Err: err}
	}
	r := &login.Refusal{Reason: reason, Code: printable(e.Type), Err: err}
	if r.Reason == login.FloodWait {
		r.RetryAfter = time.Duration(e.Argument) * time.Second
	}
	return r
}
