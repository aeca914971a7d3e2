package options

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
)

// Config is what options flows are made with. What is zero has its default.
type Config struct {
	Store Store
	// Life is how long a form waits for its answer: 15 min.
	Life time.Duration
	Now  func() time.Time
}

// Flows are the options flows in progress. It is safe for concurrent use, and keeps nothing.
type Flows struct{ Config }

// New returns the options flows that a store keeps.
func New(c Config) *Flows {
	c.Life = cmp.Or(c.Life, 15*time.Minute)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Flows{Config: c}
}

// The steps besides those of the events. A flow at one of the last two waits for nothing.
const (
	stepInit   = "init"
	stepWho    = "who"
	stepSaving = "saving" // whoever comes finishes it
	stepEnded  = "ended"
)

// Start begins the options flow of an entry and returns its first form. Faults: unknown_entry, removal_in_progress.
func (f *Flows) Start(ctx context.Context, id entry.ID) (flow.Result, error) {
	var b [16]byte
	rand.Read(b[:])
	fl, err := f.begin(ctx, id, hex.EncodeToString(b[:]), stepInit)
	if err != nil {
		return flow.Result{}, err
	}
	return f.form(ctx, &fl, nil)
}

// StartWho begins the flow that asks who may trigger automations, and returns its id. There is one for each login that it
// follows: beginning it again changes nothing.
func (f *Flows) StartWho(ctx context.Context, id entry.ID, login string) (string, error) {
	sum := sha256.Sum256([]byte(stepWho + " " + login))
	fl, err := f.begin(ctx, id, hex.EncodeToString(sum[:16]), stepWho)
	return fl.ID, err
}

func (f *Flows) begin(ctx context.Context, id entry.ID, flowID, step string) (Flow, error) {
	e, err := f.Store.Entry(ctx, id)
	if err != nil {
		return Flow{}, fmt.Errorf("begin an options flow: %w", err)
	}
	if e.Removing {
		return Flow{}, fault.New(fault.RemovalInProgress, "This entry is being removed: there is nothing to configure.")
	}
	fl := Flow{ID: flowID, Entry: id, StepID: step, Draft: e.Options, ExpiresAt: f.Now().Add(f.Life)}
	if err := f.Store.NewOptionsFlow(ctx, fl); err != nil {
		return Flow{}, fmt.Errorf("begin an options flow: %w", err)
	}
	return fl, nil
}

// read returns a flow of an entry that has not expired. Fault: unknown_flow.
func (f *Flows) read(ctx context.Context, id entry.ID, flowID string) (Flow, error) {
	fl, err := f.Store.OptionsFlow(ctx, flowID)
	if err != nil {
		return Flow{}, fmt.Errorf("read an options flow: %w", err)
	}
	if fl.Entry != id || fl.StepID != stepEnded && fl.StepID != stepSaving && !f.Now().Before(fl.ExpiresAt) {
		return Flow{}, unknownFlow()
	}
	return fl, nil
}

// waiting is read for a flow that waits for an answer.
func (f *Flows) waiting(ctx context.Context, id entry.ID, flowID string) (Flow, error) {
	fl, err := f.read(ctx, id, flowID)
	if err == nil && (fl.StepID == stepEnded || fl.StepID == stepSaving) {
		err = unknownFlow()
	}
	return fl, err
}

func unknownFlow() *fault.Fault {
	return fault.New(fault.UnknownFlow, "There is no such options flow: it has ended, or nobody answered it in time. Begin a new one.")
}

// Form returns the form that a flow waits with. Fault: unknown_flow, also if the flow has ended.
func (f *Flows) Form(ctx context.Context, id entry.ID, flowID string) (flow.Result, error) {
	fl, err := f.waiting(ctx, id, flowID)
	if err != nil {
		return flow.Result{}, err
	}
	return f.form(ctx, &fl, nil)
}

// GiveUp ends a flow without changing anything. Fault: unknown_flow.
func (f *Flows) GiveUp(ctx context.Context, id entry.ID, flowID string) error {
	if _, err := f.waiting(ctx, id, flowID); err != nil {
		return err
	}
	if err := f.Store.DropOptionsFlow(ctx, flowID); err != nil {
		return fmt.Errorf("give an options flow up: %w", err)
	}
	return nil
}

// Answer answers a flow's form and returns the next form or the flow's end. What is wrong with the answer stands in the
// form's errors. Faults: unknown_flow, flow_busy if somebody else answered meanwhile, unknown_entry, removal_in_progress.
func (f *Flows) Answer(ctx context.Context, id entry.ID, flowID string, in flow.Input) (flow.Result, error) {
	fl, err := f.read(ctx, id, flowID)
	if err != nil {
		return flow.Result{}, err
	}
	switch fl.StepID {
	case stepEnded:
		return end(&fl), nil
	case stepSaving:
		return f.save(ctx, &fl)
	}
	tried := fl
	tried.Draft.Off = maps.Clone(fl.Draft.Off)
	r := flow.Read(fields(fl.StepID, &fl.Draft), in)
	answer(&tried, r)
	if !r.OK() {
		return f.form(ctx, &tried, r)
	}
	tried.Answered = append(slices.Clone(fl.Answered), fl.StepID)
	tried.StepID = next(fl.StepID, &tried.Draft)
	tried.ExpiresAt = f.Now().Add(f.Life)
	if tried.Revision, err = f.Store.PutOptionsFlow(ctx, tried); err != nil {
		return flow.Result{}, fmt.Errorf("answer an options flow: %w", err)
	}
	if tried.StepID == stepSaving {
		return f.save(ctx, &tried)
	}
	return f.form(ctx, &tried, nil)
}

// next returns the step that follows: that of the next event that is on.
func next(step string, draft *filter.Options) string {
	if step == stepWho {
		return stepSaving
	}
	events := filter.Events()
	for _, e := range events[slices.Index(events, filter.Event(step))+1:] { // all of them after init
		if draft.Enabled(e) {
			return string(e)
		}
	}
	return stepSaving
}

// save puts into the entry what was answered, and ends the flow. It may be done twice.
func (f *Flows) save(ctx context.Context, fl *Flow) (flow.Result, error) {
	_, err := f.Store.ChangeEntry(ctx, fl.Entry, func(e *entry.Entry) error {
		for _, step := range fl.Answered {
			take(step, &e.Options, &fl.Draft)
		}
		return nil
	})
	if err != nil {
		return flow.Result{}, fmt.Errorf("save options: %w", err)
	}
	fl.StepID = stepEnded
	if _, err := f.Store.PutOptionsFlow(ctx, *fl); err != nil && !fault.Is(err, fault.FlowBusy) { // somebody else ended it
		return flow.Result{}, fmt.Errorf("end an options flow: %w", err)
	}
	return end(fl), nil
}

func end(fl *Flow) flow.Result {
	return flow.Result{Type: flow.CreateEntry, FlowID: fl.ID, Handler: string(fl.Entry), EntryID: string(fl.Entry)}
}

// form shows the form of the step that a flow is at, with what is wrong with the answer to it.
func (f *Flows) form(ctx context.Context, fl *Flow, wrong *flow.Reader) (flow.Result, error) {
	r := flow.Result{
		Type: flow.Form, FlowID: fl.ID, Handler: string(fl.Entry), StepID: fl.StepID, Fields: fields(fl.StepID, &fl.Draft),
		LastStep: fl.StepID != stepInit && next(fl.StepID, &fl.Draft) == stepSaving, ExpiresAt: fl.ExpiresAt,
		Errors: map[string]string{}, Messages: map[string]string{}, Placeholders: map[string]string{},
	}
	if wrong != nil {
		r.Errors, r.Messages = wrong.Problems()
	}
	if fl.StepID == stepWho {
		senders, err := f.senders(ctx, fl.Entry)
		if err != nil {
			return flow.Result{}, err
		}
		r.Fields = []flow.Field{whoField(senders, fl.Draft.NewMessage.FromUsers)}
	}
	return r, nil
}
