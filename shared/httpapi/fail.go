package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"telegram-client/shared/fault"
)

// statuses is the one table from codes to HTTP statuses.
var statuses = map[fault.Code]int{
	fault.InvalidJSON:      http.StatusBadRequest,
	fault.InvalidField:     http.StatusBadRequest,
	fault.UnknownField:     http.StatusBadRequest,
	fault.MissingField:     http.StatusBadRequest,
	fault.InvalidOptions:   http.StatusBadRequest,
	fault.TargetRequired:   http.StatusBadRequest,
	fault.TargetNotFound:   http.StatusBadRequest,
	fault.EntitiesInvalid:  http.StatusBadRequest,
	fault.MessageTooLong:   http.StatusBadRequest,
	fault.MessageIDInvalid: http.StatusBadRequest,

	fault.ButtonDataTooLong: http.StatusBadRequest,
	fault.ScheduleInvalid:   http.StatusBadRequest,
	fault.BotCannotSchedule: http.StatusBadRequest,

	fault.FileNotFound: http.StatusBadRequest,
	fault.FileRefused:  http.StatusBadRequest,

	fault.Unauthorized:    http.StatusUnauthorized,
	fault.ChatWriteForbid: http.StatusForbidden,
	fault.UserIsBlocked:   http.StatusForbidden,
	fault.PeerFlood:       http.StatusForbidden,
	fault.AddressRefused:  http.StatusForbidden,

	fault.UnknownFlow:      http.StatusNotFound,
	fault.UnknownEntry:     http.StatusNotFound,
	fault.UnknownEvent:     http.StatusNotFound,
	fault.UnknownJob:       http.StatusNotFound,
	fault.NoEntry:          http.StatusNotFound,
	fault.NotFound:         http.StatusNotFound,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,

	fault.FlowBusy:          http.StatusConflict,
	fault.Owned:             http.StatusConflict,
	fault.InProgress:        http.StatusConflict,
	fault.UnknownOutcome:    http.StatusConflict,
	fault.CursorUnknown:     http.StatusConflict,
	fault.ReaderReplaced:    http.StatusConflict,
	fault.ReauthRequired:    http.StatusConflict,
	fault.RemovalInProgress: http.StatusConflict,

	fault.BodyTooLarge:     http.StatusRequestEntityTooLarge,
	fault.FileTooLarge:     http.StatusRequestEntityTooLarge,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fault.KeyReused:        http.StatusUnprocessableEntity,

	fault.FloodWait:     http.StatusTooManyRequests,
	fault.SlowMode:      http.StatusTooManyRequests,
	fault.SenderBusy:    http.StatusTooManyRequests,
	fault.SenderResting: http.StatusTooManyRequests,

	fault.Internal:         http.StatusInternalServerError,
	fault.Misconfigured:    http.StatusInternalServerError,
	fault.TelegramError:    http.StatusBadGateway,
	fault.StoreUnavailable: http.StatusServiceUnavailable,
	fault.TelegramAway:     http.StatusServiceUnavailable,
	fault.ClockWrong:       http.StatusServiceUnavailable,
	fault.Timeout:          http.StatusGatewayTimeout,
	fault.ListenerAway:     http.StatusGatewayTimeout,
}

// Statuses returns the codes of all errors and their HTTP statuses.
func Statuses() map[fault.Code]int { return maps.Clone(statuses) }

// statusOf returns the HTTP status of a code.
func statusOf(c fault.Code) int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// wireFault is a fault as the API shows it.
type wireFault struct {
	Code       fault.Code `json:"code"`
	Message    string     `json:"message"`
	Field      string     `json:"field,omitempty"`
	RetryAfter int64      `json:"retry_after,omitempty"`
}

func newWireFault(f *fault.Fault) *wireFault {
	return &wireFault{Code: f.Code, Message: f.Message, Field: f.Field, RetryAfter: seconds(f.RetryAfter)}
}

// seconds rounds up: who comes back a moment too early is told to wait once more.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// failure is the body of an error.
type failure struct {
	OK    bool       `json:"ok"`
	Error *wireFault `json:"error"`
}

// Fail writes err as an answer: the fault in it, or what it looks like from outside. Logging it is the
// caller's business; an API does it with the line of its request.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	failWith(w, r, f, failure{Error: newWireFault(f)})
}

// failWith writes a fault with a body that holds more than the fault.
func failWith(w http.ResponseWriter, _ *http.Request, f *fault.Fault, body any) {
	if rec, ok := w.(*recorder); ok && rec.err == nil {
		rec.err = f
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(seconds(f.RetryAfter), 10))
	}
	if f.Code == fault.Unauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeJSON(w, statusOf(f.Code), body)
}

// faultOf returns the fault in err's chain; what net/http and contexts say becomes one.
func faultOf(err error) *fault.Fault {
	var f *fault.Fault
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &large):
		return fault.New(fault.BodyTooLarge, "The body is larger than %d bytes.", large.Limit)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.New(fault.Timeout, "The bridge could not finish in time.").Because(err)
	}
	return fault.Of(err)
}

// writeJSON writes v. The content type is exact: Home Assistant's rest_command parses nothing else.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // a value of ours that cannot be JSON: answered as every other panic
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	answerUntil(w, time.Now().Add(toAnswer))
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
