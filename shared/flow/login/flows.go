package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// Config is what logins are made with. What is zero has its default.
type Config struct {
	Store    Store
	Telegram Telegram
	Keyring  *seal.Keyring
	// Target is what the target of a new entry begins as.
	Target entry.Target
	// Senders is how many logins an entry gets besides the listener's: 1, up to authorization.MaxSenders.
	Senders int
	// Who begins the flow that follows a bot's login, and returns its id: the same for each time that it is asked for the
	// same login. Nil: none follows.
	Who func(ctx context.Context, id entry.ID, login string) (string, error)
	// Life is how long a form waits for its answer: 15 min.
	Life time.Duration
	// StepFor is how long a step is held by the one who answers it; longer than any step's deadline: 45 s.
	StepFor time.Duration
	// Rest is how long a key rests after a connection of it was reset: 2 s.
	Rest time.Duration
	Now  func() time.Time
	// Wait waits, until ctx ends at the latest; nil: by the system's clock.
	Wait func(ctx context.Context, d time.Duration) error
	Log  *slog.Logger
}

// Flows are the logins in progress. It is safe for concurrent use, and keeps nothing: any instance does the next step.
type Flows struct {
	Config
}

// New returns the logins that a store keeps.
func New(c Config) *Flows {
	c.Senders = min(max(c.Senders, 1), authorization.MaxSenders)
	c.Life = cmp.Or(c.Life, 15*time.Minute)
	c.StepFor = cmp.Or(c.StepFor, 45*time.Second)
	c.Rest = cmp.Or(c.Rest, 2*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Flows{Config: c}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Start begins the login of an account and returns its first form.
func (f *Flows) Start(ctx context.Context) (flow.Result, error) {
	return f.begin(ctx, Flow{StepID: stepUser, Names: authorization.Names(f.Senders)})
}

// Reauth begins the renewed login of an entry's account. What still works of it is kept. Faults: unknown_entry,
// removal_in_progress.
func (f *Flows) Reauth(ctx context.Context, id entry.ID) (flow.Result, error) {
	e, err := f.Store.Entry(ctx, id)
	if err != nil {
		return flow.Result{}, fmt.Errorf("begin a re-login: %w", err)
	}
	if e.Removing {
		return flow.Result{}, fault.New(fault.RemovalInProgress, "This entry is being removed: there is nothing to log in.")
	}
	names, err := f.ended(ctx, id)
	if err != nil {
		return flow.Result{}, err
	}
	fl := Flow{StepID: stepToken, Names: names, Reauth: id, App: e.App, ClientType: e.ClientType}
	if e.ClientType != entry.Bot {
		if len(names) == 0 { // a code would be spent on nothing
			return flow.Result{Type: flow.Abort, FlowID: newID(), Handler: flow.Handler, Reason: reasonReauth, Placeholders: map[string]string{}, Message: allWork}, nil
		}
		fl.StepID = stepConfirm
		if phone, ok := parsePhone(e.Account.Phone); ok {
			fl.Phone = seal.NewText(phone)
		}
	}
	return f.begin(ctx, fl)
}

func (f *Flows) begin(ctx context.Context, fl Flow) (flow.Result, error) {
	fl.ID = newID()
	fl.ExpiresAt = f.Now().Add(f.Life)
	if err := f.Store.NewFlow(ctx, fl); err != nil {
		return flow.Result{}, fmt.Errorf("begin a login: %w", err)
	}
	return f.form(fl)
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Form returns the form that a flow waits with. Fault: unknown_flow, also if the flow has ended.
func (f *Flows) Form(ctx context.Context, id string) (flow.Result, error) {
	fl, err := f.Store.ReadFlow(ctx, id)
	if err != nil {
		return flow.Result{}, fmt.Errorf("read a login: %w", err)
	}
	if !f.alive(fl) {
		return flow.Result{}, unknownFlow()
	}
	return f.form(fl)
}

// alive reports whether a flow waits for an answer.
func (f *Flows) alive(fl Flow) bool {
	return fl.Last == nil && fl.GivenUp.IsZero() && f.Now().Before(fl.ExpiresAt)
}

func unknownFlow() *fault.Fault {
	return fault.New(fault.UnknownFlow, "There is no such login in progress: it has ended, or nobody answered it in time. Begin a new one.")
}

// Answer answers a flow's form and returns the next form or the flow's end. What is wrong with the answer, and what
// Telegram refuses, stands in the form's errors. A flow that has ended answers as it did when it ended. Faults:
// unknown_flow, flow_busy while somebody else answers, store_unavailable.
func (f *Flows) Answer(ctx context.Context, id string, in flow.Input) (flow.Result, error) {
	h, err := f.Store.TakeFlow(ctx, id, f.StepFor)
	if fault.Is(err, fault.UnknownFlow) {
		return f.repeat(ctx, id)
	}
	if err != nil {
		return flow.Result{}, fmt.Errorf("answer a login: %w", err)
	}
	if !f.alive(h.Flow) {
		f.giveBack(ctx, h)
		return flow.Result{}, unknownFlow()
	}
	t := f.turn(ctx, h)
	s, ok := steps()[h.Flow.StepID]
	if !ok {
		f.giveBack(ctx, h)
		return flow.Result{}, unknownStep(h.Flow)
	}
	reader := flow.Read(s.fields, in)
	switch {
	case h.Flow.Making != "": // whoever made the entry died before it could say so
		err = t.make(ctx)
	case s.asks && t.done(t.asks()): // so did whoever took the answer to this form
		reader = flow.Read(nil, nil)
		err = t.goOn(ctx, reader)
	default:
		err = s.answer(t, ctx, reader)
	}
	if h.Flow.Last == nil {
		h.Flow.ExpiresAt = f.Now().Add(f.Life)
	}
	put := f.giveBack(ctx, h)
	switch {
	case err != nil:
		return flow.Result{}, err
	case h.Flow.Last != nil:
		return f.end(ctx, h.Flow)
	case put != nil:
		return flow.Result{}, fmt.Errorf("keep a login: %w", put)
	}
	r, err := f.form(h.Flow)
	r.Errors, r.Messages = reader.Problems()
	return r, err
}

// giveBack writes a flow down and lets go of it, also if the caller's time is over. If it fails, the store's lease
// ends by itself and the flow is found with what was noted last.
func (f *Flows) giveBack(ctx context.Context, h *Held) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeFor)
	defer cancel()
	err := f.Store.PutFlow(ctx, h)
	if err != nil {
		f.Log.Warn("a login could not be given back", "step", h.Flow.StepID, "error", err)
	}
	return err
}

// repeat answers for a flow that has ended.
func (f *Flows) repeat(ctx context.Context, id string) (flow.Result, error) {
	fl, err := f.Store.ReadFlow(ctx, id)
	if err != nil {
		return flow.Result{}, fmt.Errorf("answer a login: %w", err)
	}
	if fl.Last == nil {
		return flow.Result{}, unknownFlow()
	}
	return f.end(ctx, fl)
}

// GiveUp ends a flow without an entry and logs out what it made. If that does not succeed now, it is repeated by
// Sweep. Faults: unknown_flow, flow_busy.
func (f *Flows) GiveUp(ctx context.Context, id string) error {
	h, err := f.Store.TakeFlow(ctx, id, f.StepFor)
	if err != nil {
		return fmt.Errorf("give a login up: %w", err)
	}
	if !f.alive(h.Flow) {
		f.giveBack(ctx, h)
		return unknownFlow()
	}
	t := f.turn(ctx, h)
	if h.Flow.Making != "" { // whoever made the entry died before it could say so
		done, err := t.settled(ctx)
		if err != nil || done {
			f.giveBack(ctx, h)
			return cmp.Or[error](err, unknownFlow())
		}
	}
	return t.giveUp(ctx)
}
