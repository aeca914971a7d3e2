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
	// Made are the authorizations that this flow has logged in so far: what is to be logged out if it is given up.
	Made []Made
	// Making is the entry about to be made, or to be renewed, of Made: set before the store is asked to, so that whoever
	// finds the flow after a crash looks whether it was done. Nil at any other time.
	Making *Making
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
	// LoggedIn is false for a key that has surely not been used to log in: it is true from just before the attempt.
	LoggedIn bool
}

// Making is what an entry will be made of besides what the flow holds anyway.
type Making struct {
	EntryID  entry.ID
	Account  entry.Account
	BotToken seal.Text
	State    []byte // as in NewEntry
	// CreatedAt is before the state was taken, so that nothing after the state is older than the entry.
	CreatedAt time.Time
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

// Telegram is what a login asks of Telegram.
type Telegram interface {
	// NewKey makes an auth key in a data centre, 0 for the default one.
	NewKey(ctx context.Context, a authorization.App, dc int) (authorization.Session, error)
	// SignInBot logs a bot in. It makes a key if s is the zero Session, and another one where Telegram names another
	// data centre; the result's session is the one that is logged in. noted is called with each key before it is used
	// to log in, and an error of it ends the attempt. The guard is asked before every write, as in Dialer: a process that
	// was frozen must not log in after its flow was swept. Errors are *Refusal or faults; after a *Refusal other than
	// Unreachable and ClockWrong nothing was logged in, after any other error that is not known.
	SignInBot(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, token seal.Text, noted func(authorization.Session) error) (SignedIn, error)
	// LogOut ends an authorization. One that Telegram does not know any more is no error.
	LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) error
}

// SignedIn is a login that succeeded.
type SignedIn struct {
	Session authorization.Session
	Account entry.Account
	Bot     bool
	// State is the account's update state (updates.getState) at that moment.
	State UpdateState
}

// UpdateState are Telegram's counters.
type UpdateState struct{ Pts, Qts, Date, Seq int }

// A Reason is why Telegram refused a login, in the field's words.
type Reason string

// The reasons a bot's login can meet.
const (
	InvalidAPI   Reason = "invalid_api_id"         // API_ID_INVALID
	PublishedAPI Reason = "api_id_published_flood" // API_ID_PUBLISHED_FLOOD
	InvalidToken Reason = "invalid_token"          // ACCESS_TOKEN_INVALID
	ExpiredToken Reason = "expired_token"          // ACCESS_TOKEN_EXPIRED
	FloodWait    Reason = "flood_wait"
	Banned       Reason = "banned" // USER_DEACTIVATED_BAN
	OtherRefusal Reason = "telegram_error"
	Unreachable  Reason = "telegram_unreachable"
	ClockWrong   Reason = "clock_wrong"
)

// A Refusal is a login that Telegram refused.
type Refusal struct {
	Reason     Reason
	RetryAfter time.Duration // of a flood wait
	Code       string        // Telegram's own code of an OtherRefusal
	Err        error
}

// Error is for logs.
func (r *Refusal) Error() string { return "login refused: " + string(r.Reason) + " " + r.Code }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
