package outbox

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// Outcome is what one delivery attempt came to.
type Outcome int

// The outcomes.
const (
	// Acknowledged: the target has the event.
	Acknowledged Outcome = iota + 1
	// Unreachable: no answer, or one of a broken or starting server. The whole target waits.
	Unreachable
	// NotAcknowledged: the target answered, but nothing there took the event. The whole target waits.
	NotAcknowledged
	// AwaitConfirm: handed over; an automation's answer within the confirm time will acknowledge it.
	AwaitConfirm
	// Refused: the target will never take this event (413, 400). Others are not affected.
	Refused
)

// A Verdict is what a target says of one attempt.
type Verdict struct {
	Outcome Outcome
	// Reason is a short phrase for the owner, without address or secret: "connection refused".
	Reason string
	// RetryAfter is what the target asked for; 0: nothing.
	RetryAfter time.Duration
}

// Action is what to do with an item.
type Action int

// The actions.
const (
	Done  Action = iota + 1 // forget it
	Retry                   // try again after Wait
	Dead                    // keep it among the dead letters
)

// A Decision is what becomes of an item after an attempt.
type Decision struct {
	Action Action
	Wait   time.Duration
	// HoldsTarget: every lane waits, not only the item's own.
	HoldsTarget bool
}

// ConfirmWithin is how long an automation has to confirm an event, if nothing else is said.
const ConfirmWithin = 30 * time.Second

const refusals = 3 // attempts before a refused event is dead

// Pauses say how long to wait between attempts. What is zero has its default.
type Pauses struct {
	// Waits are the pauses after the first attempts. After that an attempt is made after one to two times the last of them,
	// at random so that many entries do not return at once.
	Waits []time.Duration
	// Confirm is how long an automation has to confirm an event: ConfirmWithin.
	Confirm time.Duration
}

// waits are the default pauses after the first attempts; the running total is 113 s. After that an attempt is made every
// 60-120 s.
//
//	attempt   pause    total
//	1          0 s      0 s
//	2          1 s      1 s
//	3          2 s      3 s
//	4          5 s      8 s
//	5         15 s     23 s
//	6         30 s     53 s
//	7         60 s    113 s
var waits = []time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// Wait returns the pause after the given number of failed attempts (1 or more).
func (p Pauses) Wait(attempts int) time.Duration {
	table := p.Waits
	if len(table) == 0 {
		table = waits
	}
	if attempts < 1 {
		return 0
	}
	if attempts <= len(table) {
		return table[attempts-1]
	}
	last := table[len(table)-1]
	return last + rand.N(max(last, 1))
}

// ToConfirm returns how long an automation has to confirm an event.
func (p Pauses) ToConfirm() time.Duration { return cmp.Or(p.Confirm, ConfirmWithin) }

// Decide returns what becomes of an item after its attempt-th attempt (1 is the first).
func (p Pauses) Decide(v Verdict, attempt int) Decision {
	switch v.Outcome {
	case Acknowledged:
		return Decision{Action: Done}
	case AwaitConfirm:
		return Decision{Action: Retry, Wait: p.ToConfirm()}
	case Refused:
		if attempt >= refusals {
			return Decision{Action: Dead}
		}
		return Decision{Action: Retry, Wait: p.Wait(attempt)}
	}
	return Decision{Action: Retry, Wait: max(p.Wait(attempt), v.RetryAfter), HoldsTarget: true}
}
