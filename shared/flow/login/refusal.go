package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// A verdict is what the person reads of a refusal, and at which field.
type verdict struct {
	step     string // whose form shows it; empty: the one that was answered
	field    string
	sentence string
}

const appsPage = "https://my.telegram.org/apps"

// useQR is what to do where Telegram asks for what only its own apps can do.
const useQR = "Log in by QR code instead: begin again and choose qr, with Telegram open on a phone where the account is logged in."

var verdicts = map[Reason]verdict{
	InvalidAPI:   {stepUser, fieldAPIID, "Telegram does not accept this API ID with this API hash. Copy both again from " + appsPage + "."},
	PublishedAPI: {stepUser, fieldAPIID, "This API ID was published somewhere, so Telegram takes no logins with it. Make one of your own at " + appsPage + "."},
	InvalidToken: {"", fieldToken, "Telegram does not know this token. Copy it again from @BotFather."},
	ExpiredToken: {"", fieldToken, "This token is not valid any more: @BotFather has made a newer one. Copy that."},

	InvalidPhone:    {stepPhone, fieldPhone, "Telegram does not know this phone number. Enter it in international format, such as +48 600 100 200."},
	Unoccupied:      {stepPhone, fieldPhone, "There is no Telegram account with this phone number, and only Telegram's own apps can make one. Check the number, or sign up in the app first."},
	InvalidCode:     {"", fieldCode, "This is not the code. Look again; the last one that was sent counts."},
	InvalidEmail:    {stepEmail, fieldEmail, "Telegram does not accept this e-mail address. Use another one."},
	NoOtherWay:      {"", flow.Base, "Telegram has no other way to send the code. Enter the one that was sent, or begin again later."},
	InvalidPassword: {stepPassword, fieldPassword, "This is not the password. It is the one of Telegram's two-step verification (Settings, Privacy and Security), not of the e-mail."},

	Unreachable: {"", flow.Base, "Telegram cannot be reached. Check the network of the bridge and send the form again."},
	ClockWrong:  {"", flow.Base, "The clock of the bridge's machine is wrong, so Telegram does not answer. Set the clock and send the form again."},
}

// ends are the refusals that no further form helps against.
var ends = map[Reason]string{
	PaymentRequired:   "Telegram wants to be paid for sending a code to this number, which only its own apps can do. " + useQR,
	FirebaseRequired:  "Telegram wants to check this number by Firebase, which only its own apps can do. " + useQR,
	RecaptchaRequired: "Telegram asks for a reCAPTCHA, which only its own apps can show. " + useQR,
	UpdateRequired:    "Telegram asks for something that this version of the bridge does not know. Update the bridge, or log in by QR code.",
	SessionEnded:      "Somebody ended the new login in Telegram (Settings, Devices) before it was complete. Nothing stays logged in. Begin again, and confirm the login if Telegram asks.",
}

// reasons are faults that say the same as a refusal.
var reasons = map[fault.Code]Reason{
	fault.TelegramAway:   Unreachable,
	fault.ClockWrong:     ClockWrong,
	fault.Timeout:        Unreachable,
	fault.FloodWait:      FloodWait,
	fault.TelegramError:  OtherRefusal,
	fault.ReauthRequired: SessionEnded,
}

// refusal finds the refusal in an error of Telegram; nil if it is none, but a matter of the store or of this program.
func refusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	var f *fault.Fault
	if errors.As(err, &f) {
		if reason, ok := reasons[f.Code]; ok {
			return &Refusal{Reason: reason, RetryAfter: f.RetryAfter, Err: err}
		}
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Refusal{Reason: Unreachable, Err: err}
	}
	return nil
}

// isFault reports whether an error is one that is told in words, such as that no listener runs.
func isFault(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Code != fault.StoreUnavailable && f.Code != fault.Internal
}

// surelyNot reports whether an error means that the key was not logged in, and that nobody is about to let it in.
func surelyNot(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Reason != Unreachable && r.Reason != ClockWrong && r.Reason != PasswordNeeded && r.Reason != InvalidPassword
}

// refusedFor reports whether an error is a refusal for that reason.
func refusedFor(err error, reason Reason) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Reason == reason
}

// blame notes a refusal at the field that it is about, moves the flow to the step that can do something about it, or
// ends it. It returns errors that are no refusal.
func (t *turn) blame(ctx context.Context, r *flow.Reader, err error) error {
	no := refusal(err)
	fl := &t.held.Flow
	switch {
	case no == nil && errors.Is(err, errAnother):
		return t.endWith(ctx, *wrongAccount(fl.ClientType))
	case no == nil:
		return err
	}
	t.Log.Info("a login was refused", "step", fl.StepID, "reason", string(no.Reason), "code", no.Code, "error", err)
	if no.Reason == SessionEnded && !t.done(t.first()) { // it waited too long for the password
		no = &Refusal{Reason: StartOver, Code: no.Code, Err: err}
	}
	if sentence, over := ends[no.Reason]; over {
		return t.endWith(ctx, End{Reason: string(no.Reason), Message: sentence})
	}
	switch no.Reason {
	case FloodWait:
		r.Blame(flow.Base, string(FloodWait), "%s %s", t.flood(no.RetryAfter), t.left())
		return nil
	case InvalidAPI, PublishedAPI:
		// What was made with this application is of no use with another one.
		fl.Made = slices.DeleteFunc(fl.Made, func(m Made) bool { return !m.LoggedIn })
		if fl.Reauth != "" { // its application is the entry's, and this dialogue does not ask for another
			r.Blame(flow.Base, string(no.Reason), "Telegram does not accept the API ID of this entry any more. Remove the entry and set the account up again with an API ID of your own from "+appsPage+".")
			return nil
		}
	case Banned:
		if fl.ClientType == entry.Bot {
			r.Blame(fieldToken, string(Banned), "Telegram has banned this bot or its owner. Use the token of another bot, or ask Telegram: https://telegram.org/support.")
			return nil
		}
		t.startOver()
		r.Blame(t.startField(), string(Banned), "Telegram has banned this account. Open Telegram's app to see why, or ask Telegram: https://telegram.org/support.")
		return nil
	case StartOver, NeedsKey, ExpiredCode, TokenOver, PasswordNeeded:
		t.startOver()
		r.Blame(flow.Base, string(StartOver), "Telegram wants this login to be begun anew. Send this form again.")
		return nil
	}
	v, ok := verdicts[no.Reason]
	if !ok {
		code := no.Code
		if code == "" {
			code = "no reason given"
		}
		r.Blame(flow.Base, string(OtherRefusal), "Telegram refused the login: %s. %s Try again later.", code, t.left())
		return nil
	}
	if v.step != "" {
		fl.StepID = v.step
	}
	r.Blame(v.field, string(no.Reason), "%s", v.sentence)
	return nil
}

// endWith logs out what was made and ends the flow.
func (t *turn) endWith(ctx context.Context, e End) error {
	t.stop = &e
	return t.conclude(ctx, nil)
}

// startOver moves the flow to where the login that it is about begins.
func (t *turn) startOver() {
	fl := &t.held.Flow
	switch {
	case t.done(t.first()):
		fl.StepID, fl.Asks = stepFinish, ""
	case fl.ByQR:
		fl.StepID, fl.Token = stepQR, nil
	case fl.ClientType == entry.Bot:
		fl.StepID = stepToken
	default:
		fl.StepID = stepPhone
	}
}

// startField is the field of that step that a refusal of the account is about.
func (t *turn) startField() string {
	if t.held.Flow.StepID == stepPhone {
		return fieldPhone
	}
	return flow.Base
}

// flood says how long Telegram asks to wait, and until when.
func (t *turn) flood(d time.Duration) string {
	if d <= 0 {
		return "Telegram asks to wait before the next login. Try again later."
	}
	what := "Then send this form again"
	if d >= t.Life {
		what = "Then begin again"
	}
	until := t.Now().Add(d + time.Minute - 1).UTC().Format("15:04")
	return fmt.Sprintf("Telegram asks to wait %s before the next login, until %s UTC. %s.", spoken(d), until, what)
}

// left says what has become of logins that succeeded before one was refused.
func (t *turn) left() string {
	switch in := t.loggedIn(); {
	case len(in) == 0:
		return "Nothing stays logged in."
	case t.done(t.first()) && t.held.Flow.ClientType != entry.Bot:
		return "What is logged in so far is kept while this form waits."
	}
	return "What was logged in before is being logged out again."
}

// spoken says a duration in words, rounded up: "45 seconds", "34 minutes", "2 hours and 5 minutes".
func spoken(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds < 120 {
		return count(seconds, "second")
	}
	minutes := (seconds + 59) / 60
	if minutes < 120 {
		return count(minutes, "minute")
	}
	if minutes%60 == 0 {
		return count(minutes/60, "hour")
	}
	return count(minutes/60, "hour") + " and " + count(minutes%60, "minute")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
