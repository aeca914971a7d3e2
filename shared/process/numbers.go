package process

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Numbers is the one table of figures that shape behaviour, each overridable from the environment. The names of their
// variables are part of the operator's interface; the packages that use a figure get it as a value.
type Numbers struct {
	ListenerLease time.Duration `env:"LISTENER_LEASE" envDefault:"30s"` // of an entry
	ListenerRenew time.Duration `env:"LISTENER_RENEW" envDefault:"10s"` // how often it is renewed
	ListenerMute  time.Duration `env:"LISTENER_MUTE" envDefault:"20s"`  // without a renewal the socket is closed
	Quarantine    time.Duration `env:"QUARANTINE" envDefault:"60s"`     // after a lease that expired
	ResetRest     time.Duration `env:"RESET_REST" envDefault:"2s"`      // after a connection that was reset

	// CoolDown comes after AUTH_KEY_DUPLICATED, before the one probe.
	CoolDown time.Duration `env:"COOL_DOWN" envDefault:"5m"`

	CallDeadline time.Duration `env:"CALL_DEADLINE" envDefault:"25s"`      // text, edit, delete
	FileDeadline time.Duration `env:"FILE_DEADLINE" envDefault:"900s"`     // a call with files
	FlowDeadline time.Duration `env:"FLOW_STEP_DEADLINE" envDefault:"30s"` // a step of a flow
	LeaseMargin  time.Duration `env:"LEASE_MARGIN" envDefault:"15s"`       // a function's lease is its call's deadline and this; with files as long as a text's, and renewed
	SenderWait   time.Duration `env:"SENDER_WAIT" envDefault:"8s"`         // for a sender that is busy
	Senders      int           `env:"SENDERS" envDefault:"1"`              // per entry, made at the login
	FlowLife     time.Duration `env:"FLOW_LIFE" envDefault:"15m"`
	JobClaim     time.Duration `env:"JOB_CLAIM" envDefault:"45s"` // of a call that nobody waits for, by whoever carries it out

	// RetryWaits are the pauses after the first attempts at a connection or a delivery, then it is one to two times the last.
	RetryWaits    string        `env:"RETRY_WAITS" envDefault:"0s,1s,2s,5s,15s,30s,60s"`
	ConfirmWithin time.Duration `env:"CONFIRM_WITHIN" envDefault:"30s"` // for an automation that confirms events
	BodyLimit     int64         `env:"BODY_LIMIT" envDefault:"1048576"` // bytes of a request, without its files

	OutboxItems   int           `env:"OUTBOX_ITEMS" envDefault:"10000"`
	OutboxBytes   int64         `env:"OUTBOX_BYTES" envDefault:"64000000"`
	OutboxPassing int           `env:"OUTBOX_PASSING" envDefault:"1000"`
	Lanes         int           `env:"LANES" envDefault:"16"` // delivered at the same time, per entry
	MarkLife      time.Duration `env:"MARK_LIFE" envDefault:"48h"`
	KeyLife       time.Duration `env:"IDEMPOTENCY_LIFE" envDefault:"24h"`
}

// Check tells which figures contradict each other.
func (n *Numbers) Check() []string {
	var problems []string
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"LISTENER_LEASE", n.ListenerLease > 0}, {"LISTENER_RENEW", n.ListenerRenew > 0}, {"LISTENER_MUTE", n.ListenerMute > 0},
		{"QUARANTINE", n.Quarantine > 0}, {"RESET_REST", n.ResetRest > 0}, {"COOL_DOWN", n.CoolDown > 0}, {"CALL_DEADLINE", n.CallDeadline > 0}, {"FILE_DEADLINE", n.FileDeadline > 0},
		{"FLOW_STEP_DEADLINE", n.FlowDeadline > 0}, {"LEASE_MARGIN", n.LeaseMargin > 0}, {"SENDER_WAIT", n.SenderWait >= 0},
		{"FLOW_LIFE", n.FlowLife > 0}, {"JOB_CLAIM", n.JobClaim >= 4*time.Second}, {"OUTBOX_ITEMS", n.OutboxItems > 0}, {"OUTBOX_BYTES", n.OutboxBytes > 0},
		{"OUTBOX_PASSING", n.OutboxPassing > 0}, {"LANES", n.Lanes > 0}, {"CONFIRM_WITHIN", n.ConfirmWithin > 0}, {"BODY_LIMIT", n.BodyLimit >= leastBody},
		{"MARK_LIFE", n.MarkLife > 0}, {"IDEMPOTENCY_LIFE", n.KeyLife > 0},
	} {
		if !f.ok {
			problems = append(problems, f.name+": is too small")
		}
	}
	if _, err := waits(n.RetryWaits); err != nil {
		problems = append(problems, "RETRY_WAITS: "+err.Error())
	}
	if n.Senders < 1 || n.Senders > 3 {
		problems = append(problems, "SENDERS: is not 1, 2 or 3")
	}
	if n.ListenerRenew >= n.ListenerMute || n.ListenerMute >= n.ListenerLease {
		problems = append(problems, fmt.Sprintf("LISTENER_RENEW, LISTENER_MUTE, LISTENER_LEASE: have to grow in this order (now %v, %v, %v)", n.ListenerRenew, n.ListenerMute, n.ListenerLease))
	}
	return problems
}

// leastBody is what a call with a text of the longest kind takes.
const leastBody = 64 << 10

// Retries are RetryWaits, read.
func (n *Numbers) Retries() []time.Duration {
	all, err := waits(n.RetryWaits)
	if err != nil {
		return nil // Check has said so
	}
	return all
}

// waits reads durations with commas between them. The last one is that of all further attempts, so it is not none.
func waits(text string) ([]time.Duration, error) {
	if text == "" {
		return nil, nil // nobody has said anything
	}
	var all []time.Duration
	for _, part := range strings.Split(text, ",") {
		d, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil || d < 0 {
			return nil, errors.New("is not a list of durations, as 0s,1s,5s")
		}
		all = append(all, d)
	}
	if all[len(all)-1] < time.Second {
		return nil, errors.New("ends with less than 1s, which is for all further attempts")
	}
	return all, nil
}
