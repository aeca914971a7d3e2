// Package fault holds the one kind of error that people and programs outside this project see.
//
// A [Fault] says what went wrong in three ways: a code for machines, a sentence for the person who runs Home
// Assistant, and, where an input is to blame, the path of the field. Every other error is internal: it is logged
// where it stops and shown as code "internal". Which HTTP status a code has is the business of package httpapi.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// A Code names a kind of fault. Codes are part of the public API and never change their meaning.
type Code string

// The codes of the API, in the order of their HTTP status.
const (
	InvalidJSON       Code = "invalid_json"
	InvalidField      Code = "invalid_field"
	UnknownField      Code = "unknown_field"
	MissingField      Code = "missing_field"
	InvalidOptions    Code = "invalid_options"
	TargetRequired    Code = "target_required"
	TargetNotFound    Code = "target_not_found"
	EntitiesInvalid   Code = "entities_invalid"
	MessageTooLong    Code = "message_too_long"
	ButtonDataTooLong Code = "button_data_too_long"
	ScheduleInvalid   Code = "schedule_invalid"
	BotCannotSchedule Code = "bot_cannot_schedule"
	MessageIDInvalid  Code = "message_id_invalid"
	FileNotFound      Code = "file_not_found"
	FileRefused       Code = "file_refused"
	Unauthorized      Code = "unauthorized"
	ChatWriteForbid   Code = "chat_write_forbidden"
	UserIsBlocked     Code = "user_is_blocked"
	PeerFlood         Code = "peer_flood"
	AddressRefused    Code = "address_refused"
	UnknownFlow       Code = "unknown_flow"
	UnknownEntry      Code = "unknown_entry"
	UnknownEvent      Code = "unknown_event"
	UnknownJob        Code = "unknown_job"
	NoEntry           Code = "no_entry"
	NotFound          Code = "not_found"
	MethodNotAllowed  Code = "method_not_allowed"
	FlowBusy          Code = "flow_busy"
	Owned             Code = "owned"
	InProgress        Code = "in_progress"
	UnknownOutcome    Code = "unknown_outcome"
	CursorUnknown     Code = "cursor_unknown"
	ReaderReplaced    Code = "reader_replaced"
	ReauthRequired    Code = "reauth_required"
	RemovalInProgress Code = "removal_in_progress"
	BodyTooLarge      Code = "body_too_large"
	FileTooLarge      Code = "file_too_large"
	UnsupportedMedia  Code = "unsupported_media_type"
	KeyReused         Code = "idempotency_key_reused"
	FloodWait         Code = "flood_wait"
	SlowMode          Code = "slow_mode"
	SenderBusy        Code = "sender_busy"
	SenderResting     Code = "sender_resting"
	Internal          Code = "internal"
	Misconfigured     Code = "misconfigured"
	TelegramError     Code = "telegram_error"
	StoreUnavailable  Code = "store_unavailable"
	TelegramAway      Code = "telegram_unreachable"
	ClockWrong        Code = "clock_wrong"
	Timeout           Code = "timeout"
	ListenerAway      Code = "listener_away"
)

// A Fault is an error that is shown to a person.
type Fault struct {
	Code Code
	// Message is a whole sentence that says what is wrong and what to do. It never repeats input or secrets.
	Message string
	// Field is the path of the input to blame, such as "target_id[2]"; empty if no field is.
	Field string
	// RetryAfter is how long to wait before the same request can succeed; 0 if waiting does not help.
	RetryAfter time.Duration
	// Cause is what happened underneath. It is logged, never shown.
	Cause error
}

// New returns a fault with a sentence.
func New(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns a fault that blames a field.
func At(code Code, field, format string, args ...any) *Fault {
	return &Fault{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Because returns a copy of f that wraps cause.
func (f *Fault) Because(cause error) *Fault {
	g := *f
	g.Cause = cause
	return &g
}

// After returns a copy of f that asks to wait for d.
func (f *Fault) After(d time.Duration) *Fault {
	g := *f
	g.RetryAfter = d
	return &g
}

// Error is for logs: code, field, sentence and cause.
func (f *Fault) Error() string {
	s := string(f.Code)
	if f.Field != "" {
		s += " at " + f.Field
	}
	s += ": " + f.Message
	if f.Cause != nil {
		s += " (" + f.Cause.Error() + ")"
	}
	return s
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Of returns the outermost fault in err's chain, or one with code [Internal] that wraps err. Of(nil) is nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Code: Internal, Message: "Something went wrong inside the bridge. Its log says what.", Cause: err}
}

// Is reports whether the outermost fault in err's chain has one of the codes.
func Is(err error, codes ...Code) bool {
	var f *Fault
	if !errors.As(err, &f) {
		return false
	}
	for _, c := range codes {
		if f.Code == c {
			return true
		}
	}
	return false
}
