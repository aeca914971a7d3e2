// Package login is the config flow: the dialogue by which an account is logged in at Telegram, and logged in again
// after it lost its login.
//
// A flow lives in the store between its steps, sealed; any instance answers the next one. What a step has made at
// Telegram is written down before the step answers, so that a flow given up half way, or one whose process was killed,
// can be swept: whatever it logged in is logged out again.
package login

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/seal"
)

// A Flow is a login in progress, as the store keeps it between two steps.
type Flow struct {
	ID         string
	StepID     string
	Reauth     entry.ID // empty: a new entry
	App        entry.App
	ClientType entry.ClientType
	ExpiresAt  time.Time
	// Names are the logins that the flow has to make, decided when it began. The first of them lets in the others of a
	// user's account.
	Names []authorization.Name
	// Asks is the login whose code or password is asked for; empty: the first one.
	Asks authorization.Name
	// Home is the data centre of the account, where keys are made; 0: not known yet.
	Home int
	// ByQR is true for a login by QR code.
	ByQR  bool
	Phone seal.Text
	// Code is the code that Telegram has sent, Mailed the one that it has sent to prove an e-mail address.
	Code, Mailed *Code
	// Guesses is how many wrong ones were entered instead of Code.
	Guesses int
	// Token is the one that the QR code shows.
	Token *Token
	// Hint is what the account's owner wrote down to remember the password by.
	Hint string
	// Signed is whose account it is, once the first login has succeeded.
	Signed *Signed
	// Made are the authorizations that this flow has logged in so far: what is to be logged out if it is given up.
	Made []Made
	// Making is the entry about to be made, or to be renewed, of Signed and Made: set before the store is asked to, so that
	// whoever finds the flow after a crash looks whether it was done. Empty at any other time.
	Making entry.ID
	// GivenUp is since when the flow has been given up and is only waiting for what it made to be logged out; ExpiresAt
	// is then when that is tried next. Zero: it goes on.
	GivenUp time.Time
	// Last is the flow's end, kept so that a repeated last step gets the same answer; nil while it goes on.
	Last *End
}

// Made is an authorization made by a flow.
type Made struct {
	// Name is empty for one that will not become part of an entry and has to be logged out.
	Name    authorization.Name
	Session authorization.Session
	// LoggedIn is false for a key that has surely not been used to log in: it is true from just before the attempt, and
	// as long as somebody else may let the key in.
	LoggedIn bool
	// Done is true once Telegram has said that it is logged in.
	Done bool
	// Rests is true if its last connection had to be reset: Telegram may believe it alive for a moment.
	Rests bool
}

// Signed is an account that has logged in.
type Signed struct {
	Account  entry.Account
	BotToken seal.Text
	State    []byte // as in NewEntry; nil: not asked for yet
	// At is before the state was taken, so that nothing after the state is older than the entry.
	At time.Time
}

// An End is how a flow ended.
type End struct {
	EntryID entry.ID // an entry was made
	Reason  string   // or the flow was aborted
	Message string
}

// A Held flow is one that this caller answers now; nobody else can until it is put or dropped, or the lease ends.
type Held struct {
	Flow  Flow
	Lease *lease.Lease
}

// A Store keeps flows and makes entries of them.
type Store interface {
	// NewFlow keeps a new flow.
	NewFlow(ctx context.Context, f Flow) error
	// ReadFlow returns a flow without taking it. Fault: unknown_flow.
	ReadFlow(ctx context.Context, id string) (Flow, error)
	// TakeFlow takes a flow to answer it, for at most d. Faults: unknown_flow, flow_busy if it is being answered.
	// Of two callers one wins. A flow that has ended can be taken no more: unknown_flow, but ReadFlow still finds it.
	TakeFlow(ctx context.Context, id string, d time.Duration) (*Held, error)
	// NoteFlow writes a held flow down while it stays held: what was just made is not forgotten if the process dies.
	NoteFlow(ctx context.Context, h *Held) error
	// PutFlow writes a held flow down and gives it back.
	PutFlow(ctx context.Context, h *Held) error
	// DropFlow forgets a held flow. What it made must be logged out before.
	DropFlow(ctx context.Context, h *Held) error
	// TakeExpired takes a flow that is past its time or whose answering process died, to sweep it; nil if there is none.
	// One that has ended (Last) is taken only if it still holds something in Made. The longest overdue comes first.
	TakeExpired(ctx context.Context, d time.Duration) (*Held, error)
	// CreateEntry makes an entry with its authorizations and update state, in one atomic step. It returns the existing
	// entry and false, and changes nothing, if the account has one already.
	CreateEntry(ctx context.Context, n NewEntry) (entry.Entry, bool, error)
	// Renew replaces the dead ones among an entry's authorizations by new ones, with the new credentials; those that
	// still work are kept. Fault: unknown_entry, removal_in_progress.
	Renew(ctx context.Context, n NewEntry) (entry.Entry, error)
	// Entry returns an entry's record. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// Owned reports for each of made whether it is, by its key, an authorization of the entry now; none is if there is no
	// such entry. After a crash this tells whether CreateEntry or Renew was carried out, and after Renew what it took.
	Owned(ctx context.Context, id entry.ID, made []Made) ([]bool, error)
	// Ask has the listener that serves an entry carry out a command, and waits until ctx ends for what comes of it. Faults
	// besides the listener's: listener_away.
	Ask(ctx context.Context, id entry.ID, c entry.Command) error
	// Authorizations returns the state of each authorization of an entry.
	Authorizations(ctx context.Context, id entry.ID) ([]entry.Device, error)
}

// NewEntry is an entry to be made.
type NewEntry struct {
	Entry          entry.Entry
	Authorizations []Made
	// State is the update state as of the end of the login, as listener/updates writes it: what happens from then on is
	// replayed to the first listener.
	State []byte
}
