package job

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// A Call is a service call that is carried out later, as it came.
type Call struct {
	Verb message.Verb
	Body json.RawMessage
	// Key is the idempotency key that every run of it has.
	Key string
	// Files came beside the body, as Data.
	Files []message.File
}

// MaxBytes is how large a call may be that is carried out later: it waits in the store.
const MaxBytes = 6_200_000

// Size returns how large a call is.
func (c *Call) Size() int64 {
	n := int64(len(c.Body))
	for _, f := range c.Files {
		n += int64(len(f.Data))
	}
	return n
}

// An Answer is what whoever had waited for a call would have got.
type Answer struct {
	Status int
	Body   json.RawMessage
	// Fault is why not all was done; nil: it was. It is not kept.
	Fault *fault.Fault
}

// A State is how far a job has come.
type State string

// The states.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
)

// Progress is how many bytes of a job's files have been sent. Total is -1 if it is not known.
type Progress struct{ Bytes, Total int64 }

// A View is what there is to know about a job.
type View struct {
	ID    string
	State State
	Progress
	Answer *Answer // of one that is done
}

// A Claim is what a runner gets of a job. The zero Claim says that there is nothing to do: there is no such job, or it is
// done.
type Claim struct {
	Call *Call // nil: the job was not to be had
	// Busy is how long the claim of somebody else lasts, if it is not renewed.
	Busy time.Duration
	// Spent says that the job had all its claims: it is the caller's, who ends it.
	Spent bool
	// Age is how long ago the job was taken.
	Age time.Duration
}

// ErrLost is returned to a runner whose claim has ended.
var ErrLost = errors.New("the job is somebody else's now")

// A Store keeps jobs for a day. *redisstore.Store is one. Its errors are faults.
type Store interface {
	// PutJob keeps a call under an id. If there is one already it stays as it is, but for one that is done with an answer
	// that asks to try again: that one begins anew. start says that nobody has it in hand. same tells calls with the same
	// key apart; fault idempotency_key_reused if it is another one's id.
	PutJob(ctx context.Context, id string, c Call, same [32]byte) (start bool, err error)
	// DropJob forgets a job that nobody has begun, and reports whether it did.
	DropJob(ctx context.Context, id string) (bool, error)
	// FreeJob takes back that somebody has a job in hand that nobody has begun: whoever comes next is told to start it.
	FreeJob(ctx context.Context, id string) error
	// ClaimJob takes a job for a while. It is the same claim if the same nonce asks again. Claims that were not left count:
	// after so many of them it is spent.
	ClaimJob(ctx context.Context, id, nonce string, d time.Duration, most int) (Claim, error)
	// KeepJob renews a claim and records the progress, or returns ErrLost.
	KeepJob(ctx context.Context, id, nonce string, d time.Duration, p Progress) error
	// EndJob records the answer, and how far the job has come. again says that the answer asks to try again: see PutJob. One
	// whose claim is lost records nothing and returns ErrLost.
	EndJob(ctx context.Context, id, nonce string, a Answer, p Progress, again bool) error
	// LeaveJob gives a claim back: the job is queued again. Nobody has to start it for a while.
	LeaveJob(ctx context.Context, id, nonce string, wait time.Duration) error
	// Job returns a job. start says that nobody has it in hand; whoever is told so has a moment to start it. Fault:
	// unknown_job.
	Job(ctx context.Context, id string) (v View, start bool, err error)
	// OpenJobs returns the jobs that are not done and do not wait, the oldest first. Some may be done or unknown: whoever
	// looks at one or claims it, is told.
	OpenJobs(ctx context.Context) ([]string, error)
}

// Unknown is the fault of an id that no job has.
func Unknown() *fault.Fault {
	return fault.New(fault.UnknownJob, "There is no such job. Jobs are kept for a day.")
}

type progressKey struct{}

// Report records the progress of the call that is carried out under ctx, if it is a job's.
func Report(ctx context.Context, done, total int64) {
	if report, ok := ctx.Value(progressKey{}).(func(Progress)); ok {
		report(Progress{done, total})
	}
}

// failed is the answer of a call that a runner gives itself.
func failed(f *fault.Fault) Answer {
	body, err := json.Marshal(map[string]any{"ok": false, "error": map[string]any{"code": f.Code, "message": f.Message}})
	if err != nil {
		panic(err) // texts always have a JSON form
	}
	return Answer{Status: 500, Body: body, Fault: f}
}
