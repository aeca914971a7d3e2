// Package health is the one table of states that the owner of an entry can act on: what each is called, how bad it
// is, what to do about it, and how long it has to last before it is shown.
package health

import (
	"strings"
	"time"
)

// A Code names a state.
type Code string

// The states.
const (
	Connecting        Code = "connecting"
	ReauthRequired    Code = "reauth_required"
	SenderReauth      Code = "sender_reauth_required"
	FloodWait         Code = "flood_wait"
	ClockWrong        Code = "clock_wrong"
	HomeUnreachable   Code = "home_assistant_unreachable"
	NotAcknowledged   Code = "not_acknowledged"
	TargetUnconfirmed Code = "target_unconfirmed"
	OptionsInvalid    Code = "options_invalid"
	StoreNotDurable   Code = "store_not_durable"
	RecordUnreadable  Code = "record_unreadable"
	LoginUnconfirmed  Code = "login_unconfirmed"
	DevicesLeft       Code = "devices_left"
)

// Severity is how bad a state is.
type Severity string

// The severities.
const (
	Warning Severity = "warning" // works, but look at it
	Error   Severity = "error"   // does not work; it may mend itself
)

type state struct {
	severity   Severity
	text       string        // {placeholders} in braces
	shownAfter time.Duration // shorter spells are not worth a look
	needsOwner bool          // does not mend itself
}

var table = map[Code]state{
	Connecting:        {Error, "Telegram cannot be reached since {since}: {reason}. Events will be caught up when it answers.", 10 * time.Second, false},
	ReauthRequired:    {Error, "Telegram has ended this login: {reason}. Log in again.", 0, true},
	SenderReauth:      {Error, "Telegram has ended the login that sends messages ({device}). Receiving goes on; log in again to send.", 0, false},
	FloodWait:         {Warning, "Telegram asks to wait until {until}.", 5 * time.Second, false},
	ClockWrong:        {Error, "The clock of this machine is {seconds} seconds off, so Telegram does not answer. Set the clock.", 0, false},
	HomeUnreachable:   {Error, "Home Assistant has not answered since {since}: {reason}. Check that it runs and that its address is right. Events wait.", 10 * time.Second, false},
	NotAcknowledged:   {Error, "Home Assistant answers, but nothing there confirms events since {since}: {reason}. Check that the automation with this webhook is on.", 10 * time.Second, false},
	TargetUnconfirmed: {Warning, "The webhook has not been confirmed yet: an automation in Home Assistant has to answer the test event. Events wait until then.", 0, false},
	OptionsInvalid:    {Error, "The event {event} is off because an option of it is not valid: {reason}", 0, false},
	StoreNotDurable:   {Warning, "The store may lose the last second of writes when its machine crashes: {reason}.", 0, false},
	RecordUnreadable:  {Error, "The stored login cannot be opened: {reason}. Restore the seal keys.", 0, true},
	LoginUnconfirmed:  {Warning, "Telegram asks you to confirm a new login in its app: open Settings, Devices.", 0, false},
	DevicesLeft:       {Error, "These logins could not be ended: {devices}. End them in Telegram: Settings, Devices.", 0, true},
}

// NeedsOwner reports whether the state does not mend itself.
func (c Code) NeedsOwner() bool { return table[c].needsOwner }

// KeepsAway reports whether the state is why Telegram is not connected.
func (c Code) KeepsAway() bool {
	return c == Connecting || c == FloodWait || c == ClockWrong || c == ReauthRequired || c == RecordUnreadable
}

// Severity returns how bad the state is.
func (c Code) Severity() Severity { return table[c].severity }

// ShownAfter returns how long the state lasts before it is shown.
func (c Code) ShownAfter() time.Duration { return table[c].shownAfter }

// A Condition is a state that an entry is in.
type Condition struct {
	Code         Code
	Since        time.Time
	Until        time.Time // when it is expected to end; zero: not known
	Placeholders map[string]string
}

// Message returns the sentence for the owner, its placeholders filled in. {since} and {until} are filled from the
// condition's times, in UTC.
func (c *Condition) Message() string {
	pairs := []string{"{since}", clock(c.Since), "{until}", clock(c.Until)}
	for k, v := range c.Placeholders {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(table[c.Code].text)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.UTC().Format("15:04:05") + " UTC"
}

// Shown returns the conditions that have lasted long enough by now.
func Shown(all []Condition, now time.Time) []Condition {
	var out []Condition
	for _, c := range all {
		if now.Sub(c.Since) >= c.Code.ShownAfter() {
			out = append(out, c)
		}
	}
	return out
}
