package entry

import (
	"time"

	"telegram-client/shared/seal"
)

// A Command asks something of the listener that serves an entry. Commands travel in the entry's command stream, sealed.
//
// Most are hints to look, and nobody waits for them. Whoever sends one of [Mint], [Touch] and [AnswerCallback] may wait
// for the answer; the listener does not carry out what nobody waits for any more.
type Command struct {
	ID   string // the place in the stream, given by the store
	Kind CommandKind
	// EventID is whom a Confirmed is about.
	EventID string
	// Callback is what an AnswerCallback answers.
	Callback *CallbackAnswer
	// Login is what a Mint is to accept: the token of a login of the same account that has begun elsewhere
	// (auth.exportLoginToken). None: a sender is to be added to a bot's entry.
	Login seal.Text
	// Device is which authorization a Touch is about, in authorization's words ("sender 1"); empty: all senders.
	Device string
	// Reply is where the answer is waited for, and Until how long, by the local clock. The store gives both; no Reply:
	// nobody waits.
	Reply string
	Until time.Time
}

// A CallbackAnswer is what whoever pressed an inline button gets to see. The zero one but for the query ends the button's
// waiting and shows nothing.
type CallbackAnswer struct {
	QueryID  int64
	Text     string
	Alert    bool          // a window to be closed, not a line that goes by itself
	URL      string        // to be opened, of a game or t.me/bot?start=…
	CacheFor time.Duration // by the app; whole seconds
}

// CommandKind is a kind of command.
type CommandKind string

// The commands.
const (
	// Reload: the entry's record has changed; take it up without losing an event.
	Reload CommandKind = "reload"
	// Confirmed: Home Assistant has acknowledged the event EventID.
	Confirmed CommandKind = "confirmed"
	// Wake: Home Assistant says that it is there; try the target now.
	Wake CommandKind = "wake"
	// Released: events that waited for a call to end can be delivered now.
	Released CommandKind = "released"
	// Acknowledged: Home Assistant has fetched the callback query of Callback.
	Acknowledged CommandKind = "acknowledged"
	// Remove: end the connection and every login.
	Remove CommandKind = "remove"
	// Devices: something has become of an authorization; look at all.
	Devices CommandKind = "devices"
	// Mint: help to make a login of the entry's account, see Command.Login.
	Mint CommandKind = "mint"
	// Touch: use an authorization once, so that Telegram sees that it is wanted, and find out whether it works.
	Touch CommandKind = "touch"
	// AnswerCallback: answer a press of an inline button.
	AnswerCallback CommandKind = "answer_callback"
)
