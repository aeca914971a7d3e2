package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

var verdicts = map[Reason]verdict{
	InvalidAPI:   {stepUser, fieldAPIID, "Telegram does not accept this API ID with this API hash. Copy both again from " + appsPage + "."},
	PublishedAPI: {stepUser, fieldAPIID, "This API ID was published somewhere, so Telegram takes no logins with it. Make one of your own at " + appsPage + "."},
	InvalidToken: {"", fieldToken, "Telegram does not know this token. Copy it again from @BotFather."},
	ExpiredToken: {"", fieldToken, "This token is not valid any more: @BotFather has made a newer one. Copy that."},
	Banned:       {"", fieldToken, "Telegram has banned this bot or its owner. Use the token of another bot, or ask Telegram: https://telegram.org/support."},
	Unreachable:  {"", flow.Base, "Telegram cannot be reached. Check the network of the bridge and send the form again."},
	ClockWrong:   {"", flow.Base, "The clock of the bridge's machine is wrong, so Telegram does not answer. Set the clock and send the form again."},
}

// reasons are faults that say the same as a refusal.
var reasons = map[fault.Code]Reason{
	fault.TelegramAway:  Unreachable,
	fault.ClockWrong:    ClockWrong,
	fault.Timeout:       Unreachable,
	fault.FloodWait:     FloodWait,
	fault.TelegramError: OtherRefusal,
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

// surelyNot reports whether an error means that the key was not logged in.
func surelyNot(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Reason != Unreachable && r.Reason != ClockWrong
}

// blame notes a refusal at the field that it is about. It returns errors that are no refusal.
func (t *turn) blame(r *flow.Reader, err error) error {
	no := refusal(err)
	if no == nil {
		return err
	}
	fl := &t.held.Flow
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
	if len(t.loggedIn()) > 0 {
		return "What was logged in before is being logged out again."
	}
	return "Nothing stays logged in."
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
