package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// servicePath is where the service of a verb is called.
func servicePath(v message.Verb) string { return "/services/" + entry.Domain + "/" + string(v) }

// serviceRoute is the route of a verb: parse reads the call, carry carries it out, write writes the answer. The header
// Idempotency-Key is for those verbs that know of it.
func serviceRoute[Call, Answer any](v message.Verb, s Settings,
	parse func(json.RawMessage, message.Defaults) (Call, []*fault.Fault),
	carry func(context.Context, Call) (Answer, error),
	write func(http.ResponseWriter, *http.Request, Answer),
) route {
	return route{pattern: "POST " + servicePath(v), deadline: s.Deadlines.withDefaults().Text, serve: func(w http.ResponseWriter, r *http.Request) error {
		body, _, err := readObject(r)
		if err != nil {
			return err
		}
		call, faults := parse(body, message.Defaults{IdempotencyKey: r.Header.Get("Idempotency-Key")})
		if len(faults) > 0 {
			return badCall(w, r, faults)
		}
		stayOpen(r.Context(), w)
		answer, err := carry(r.Context(), call)
		if err != nil {
			return err
		}
		write(w, r, answer)
		return nil
	}}
}

// A fileVerb is a verb whose calls may bring files: its body may be longer and a form, and a call that has files may take
// longer.
type fileVerb[Call, Answer any] struct {
	verb     message.Verb
	parse    func(json.RawMessage, message.Defaults) (Call, []*fault.Fault)
	hasFiles func(*Call) bool
	carry    func(context.Context, Call) (Answer, error)
	write    func(http.ResponseWriter, *http.Request, Answer)
	// noWait says that a call is to be carried out after its answer, and later takes it then. Nil: there are none.
	noWait func(*Call) bool
	later  func(context.Context, Jobs, *Call, *arrival) (string, error)
}

func (v fileVerb[Call, Answer]) route(s Settings) route {
	u, deadlines := s.Uploads.withDefaults(), s.Deadlines.withDefaults()
	return route{pattern: "POST " + servicePath(v.verb), deadline: deadlines.Files, limit: max(u.JSON, u.Form), serve: func(w http.ResponseWriter, r *http.Request) error {
		came, err := readCall(w, r, v.verb, u)
		if err != nil {
			return err
		}
		defer came.discard()
		d := message.Defaults{IdempotencyKey: r.Header.Get("Idempotency-Key"), Files: came.files}
		call, faults := v.parse(came.body, d)
		if len(faults) > 0 {
			return badCall(w, r, faults)
		}
		if v.noWait == nil || !v.noWait(&call) {
			return v.perform(w, r, deadlines, call)
		}
		if s.Jobs == nil {
			return fault.At(fault.InvalidField, "wait", "This bridge carries calls out at once only.")
		}
		ctx, cancel := context.WithTimeout(r.Context(), deadlines.Text)
		defer cancel()
		stayOpen(ctx, w)
		id, err := v.later(ctx, s.Jobs, &call, came)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusAccepted, struct {
			OK bool   `json:"ok"`
			ID string `json:"job_id"`
		}{true, id})
		return nil
	}}
}

// answer reads a call and carries it out, whether its caller waits or not.
func (v fileVerb[Call, Answer]) answer(w http.ResponseWriter, r *http.Request, deadlines Deadlines, body json.RawMessage, d message.Defaults) error {
	call, faults := v.parse(body, d)
	if len(faults) > 0 {
		return badCall(w, r, faults)
	}
	return v.perform(w, r, deadlines, call)
}

// perform carries a call out and writes the answer.
func (v fileVerb[Call, Answer]) perform(w http.ResponseWriter, r *http.Request, deadlines Deadlines, call Call) error {
	ctx, cancel := r.Context(), context.CancelFunc(func() {})
	if !v.hasFiles(&call) {
		ctx, cancel = context.WithTimeout(ctx, deadlines.Text)
	}
	defer cancel()
	stayOpen(ctx, w)
	answer, err := v.carry(ctx, call)
	if err != nil {
		return err
	}
	v.write(w, r, answer)
	return nil
}

// readCall reads the body of a call that may bring files.
func readCall(w http.ResponseWriter, r *http.Request, v message.Verb, u Uploads) (*arrival, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	limit := u.JSON
	if kind == formType {
		limit = u.Form
	}
	if r.ContentLength > limit {
		return nil, bodyTooLarge(limit)
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if end, ok := r.Context().Deadline(); ok {
		r.Body = &steadyBody{r.Body, http.NewResponseController(w), end}
	}
	if kind == formType {
		return readForm(r, v, u)
	}
	body, err := readJSON(r, "JSON or a form: application/json or multipart/form-data")
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return nil, bodyTooLarge(large.Limit)
	}
	return &arrival{body: body}, err
}

// unkeyed is a parser of a verb that does no harm if it is called twice.
func unkeyed[Call any](parse func(json.RawMessage) (Call, []*fault.Fault)) func(json.RawMessage, message.Defaults) (Call, []*fault.Fault) {
	return func(body json.RawMessage, _ message.Defaults) (Call, []*fault.Fault) { return parse(body) }
}

// badCall says everything that is wrong with a call: the first fault as the error, and all of them beside it if there
// are several.
func badCall(w http.ResponseWriter, r *http.Request, faults []*fault.Fault) error {
	if len(faults) == 1 {
		return faults[0]
	}
	body := struct {
		failure
		Errors []*wireFault `json:"errors"`
	}{failure: failure{Error: newWireFault(faults[0])}}
	for _, f := range faults {
		body.Errors = append(body.Errors, newWireFault(f))
	}
	failWith(w, r, faults[0], body)
	return nil
}

type answerJSON struct {
	OK      bool         `json:"ok"`
	Error   *wireFault   `json:"error,omitempty"`
	DryRun  bool         `json:"dry_run,omitempty"`
	EntryID entry.ID     `json:"config_entry_id"`
	Results []resultJSON `json:"results"`
}

// resultJSON is what became of one target: sentJSON, deletedJSON or failedJSON.
type resultJSON any

type failedJSON struct {
	Target whomJSON   `json:"target"`
	OK     bool       `json:"ok"`
	Error  *wireFault `json:"error"`
	// MessageIDs are the parts of a text that were sent before one failed.
	MessageIDs []int `json:"message_ids,omitempty"`
}

// A whomJSON is a target as it was written; null for the zero one, which is none.
type whomJSON peer.Target

// MarshalJSON writes the target.
func (t whomJSON) MarshalJSON() ([]byte, error) {
	if t == (whomJSON{}) {
		return []byte("null"), nil
	}
	return peer.Target(t).MarshalJSON()
}

// chatJSON is the id of a chat, null if there is none.
func chatJSON(id peer.ID) *peer.ID {
	if id == 0 {
		return nil
	}
	return &id
}

// writeAnswer writes what became of each target: 200 if all is well, 207 if some is, else the status of the first fault.
// A fault that ended the call before all had their turn is its status whatever was done. good is what a result is that
// is well.
func writeAnswer(w http.ResponseWriter, r *http.Request, a *service.Answer, good func(*service.Result) resultJSON) {
	out := answerJSON{OK: a.Fault == nil, DryRun: a.DryRun, EntryID: a.Entry, Results: []resultJSON{}}
	first, succeeded := a.Fault, false
	for i := range a.Results {
		t := &a.Results[i]
		if t.Fault == nil {
			succeeded = true
			out.Results = append(out.Results, good(t))
			continue
		}
		out.OK = false
		out.Results = append(out.Results, failedJSON{whomJSON(t.Target), false, newWireFault(t.Fault), t.MessageIDs})
		if first == nil {
			first = t.Fault
		}
	}
	switch {
	case out.OK:
		writeJSON(w, http.StatusOK, out)
	case a.Fault == nil && succeeded:
		writeJSON(w, http.StatusMultiStatus, out)
	default:
		out.Error = newWireFault(first)
		failWith(w, r, first, out)
	}
}

// writeDone writes the answer of a verb that has nothing else to tell.
func writeDone(w http.ResponseWriter, _ *http.Request, d *service.Done) {
	writeJSON(w, http.StatusOK, struct {
		OK     bool `json:"ok"`
		DryRun bool `json:"dry_run,omitempty"`
	}{true, d.DryRun})
}
