package service

import (
	"encoding/json"
	"errors"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// A Result is what became of one target.
type Result struct {
	Target peer.Target
	ChatID peer.ID
	// MessageIDs are the messages that were sent or deleted, also if something else of it failed. While a call is at work,
	// and at rest, 0 stands for one that was sent under an id that nobody knows.
	MessageIDs []int
	Date       time.Time
	Scheduled  time.Time    // when the messages are to be sent; zero: they were
	Fault      *fault.Fault // nil: all was done
}

// An Answer is what became of a call that has several targets.
type Answer struct {
	Entry   entry.ID
	DryRun  bool
	Results []Result // in the order of the targets; shorter if Fault ended the call
	// Fault is set if the call ended before all targets had their turn: a flood wait, a lost login.
	Fault *fault.Fault
}

// put records what became of the i-th target.
func (a *Answer) put(i int, r Result) {
	for len(a.Results) <= i {
		a.Results = append(a.Results, Result{})
	}
	a.Results[i] = r
}

// earlier returns what an earlier call of the same key has done for the i-th target.
func (a *Answer) earlier(i int) Result {
	if i < len(a.Results) {
		return a.Results[i]
	}
	return Result{}
}

// open reports whether the fate of a message is not known.
func (a *Answer) open() bool {
	for _, r := range a.Results {
		if r.Fault != nil && r.Fault.Code == fault.UnknownOutcome {
			return true
		}
	}
	return false
}

var errStoredAnswer = errors.New("stored answer cannot be read")

// storedAnswer is an Answer at rest.
type storedAnswer struct {
	Entry   entry.ID
	Results []storedResult
	Fault   *storedFault
}

type storedResult struct {
	Target    string
	Chat      peer.ID
	IDs       []int
	Date      time.Time
	Scheduled time.Time
	Fault     *storedFault
}

type storedFault struct {
	Code       fault.Code
	Message    string
	Field      string
	RetryAfter time.Duration
}

func encodeAnswer(a Answer) []byte {
	at := storedAnswer{Entry: a.Entry, Fault: storeFault(a.Fault)}
	for _, r := range a.Results {
		at.Results = append(at.Results, storedResult{stored(r.Target), r.ChatID, r.MessageIDs, r.Date, r.Scheduled, storeFault(r.Fault)})
	}
	b, err := json.Marshal(at)
	if err != nil {
		return nil // strings, numbers and times always have a JSON form
	}
	return b
}

func decodeAnswer(b []byte) (Answer, error) {
	var at storedAnswer
	if err := json.Unmarshal(b, &at); err != nil {
		return Answer{}, errors.Join(errStoredAnswer, err)
	}
	a := Answer{Entry: at.Entry, Fault: at.Fault.restore()}
	for _, r := range at.Results {
		t, f := peer.ParseTarget(r.Target)
		if f != nil {
			return Answer{}, errors.Join(errStoredAnswer, f)
		}
		a.Results = append(a.Results, Result{t, r.Chat, r.IDs, r.Date, r.Scheduled, r.Fault.restore()})
	}
	return a, nil
}

// stored returns a target in a form that peer.ParseTarget reads again.
func stored(t peer.Target) string {
	if t.Phone != "" {
		return t.Name()
	}
	return t.String()
}

func storeFault(f *fault.Fault) *storedFault {
	if f == nil {
		return nil
	}
	return &storedFault{f.Code, f.Message, f.Field, f.RetryAfter}
}

func (f *storedFault) restore() *fault.Fault {
	if f == nil {
		return nil
	}
	return &fault.Fault{Code: f.Code, Message: f.Message, Field: f.Field, RetryAfter: f.RetryAfter}
}
