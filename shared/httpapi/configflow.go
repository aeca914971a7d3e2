package httpapi

import (
	"context"
	"net/http"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// Flows are the config flows. *login.Flows are. Faults of its methods: unknown_flow, flow_busy, store_unavailable, and of Reauth
// unknown_entry. What a person entered wrongly is no fault but part of the next form.
type Flows interface {
	// Start begins a flow that logs an account in.
	Start(ctx context.Context) (flow.Result, error)
	// Reauth begins a flow that logs an entry's account in again.
	Reauth(ctx context.Context, id entry.ID) (flow.Result, error)
	// Form returns the form that waits for an answer.
	Form(ctx context.Context, id string) (flow.Result, error)
	// Answer answers the form that waits.
	Answer(ctx context.Context, id string, in flow.Input) (flow.Result, error)
	// GiveUp ends a flow without an entry: what it logged in is logged out.
	GiveUp(ctx context.Context, id string) error
}

// ConfigFlow returns the API of the function configflow: logging accounts in, and in again. The overviews are for the
// entry that a flow ends with.
func ConfigFlow(f Flows, overviews interface {
	Overview(ctx context.Context, id entry.ID) (entry.Overview, error)
}, now func() time.Time, s Settings) *API {
	h := &configFlow{f, overviews.Overview, now}
	d := s.Deadlines.withDefaults()
	return newAPI(s,
		route{pattern: "POST /config/flows", deadline: d.FlowStep, serve: h.start},
		route{pattern: "GET /config/flows/{flow_id}", deadline: d.Record, serve: h.show},
		route{pattern: "POST /config/flows/{flow_id}", deadline: d.FlowStep, serve: h.answer},
		route{pattern: "DELETE /config/flows/{flow_id}", deadline: d.FlowStep, serve: h.giveUp},
		route{pattern: "POST /config/entries/{id}/reauth", deadline: d.FlowStep, serve: ofEntry(h.reauth)},
	)
}

type configFlow struct {
	flows    Flows
	overview func(context.Context, entry.ID) (entry.Overview, error)
	now      func() time.Time
}

func (h *configFlow) start(w http.ResponseWriter, r *http.Request) error {
	_, members, err := readObject(r)
	if err != nil {
		return err
	}
	f := newFields(members)
	if source := f.text("source", longestName); source != "" && source != "user" {
		f.wrong("source", "A flow begins with the source user. To log an entry in again, POST /config/entries/{id}/reauth.")
	}
	if handler := f.text("handler", longestName); handler != "" && handler != flow.Handler { // Home Assistant's own API names it
		f.wrong("handler", "This has to be %s, or left out.", flow.Handler)
	}
	if err := f.end(); err != nil {
		return err
	}
	result, err := h.flows.Start(r.Context())
	return h.write(w, r, result, err)
}

func (h *configFlow) reauth(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	if _, err := readNothing(r); err != nil {
		return err
	}
	result, err := h.flows.Reauth(r.Context(), id)
	return h.write(w, r, result, err)
}

func (h *configFlow) show(w http.ResponseWriter, r *http.Request) error {
	result, err := h.flows.Form(r.Context(), r.PathValue("flow_id"))
	return h.write(w, r, result, err)
}

// answer hands what a person entered on as it is: any object is an answer, and what is wrong with it is told in the form.
func (h *configFlow) answer(w http.ResponseWriter, r *http.Request) error {
	_, members, err := readObject(r)
	if err != nil {
		return err
	}
	result, err := h.flows.Answer(r.Context(), r.PathValue("flow_id"), members)
	return h.write(w, r, result, err)
}

func (h *configFlow) giveUp(w http.ResponseWriter, r *http.Request) error {
	if err := h.flows.GiveUp(r.Context(), r.PathValue("flow_id")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, done)
	return nil
}

type formJSON struct {
	Type         flow.Type         `json:"type"`
	FlowID       string            `json:"flow_id"`
	Handler      string            `json:"handler"`
	StepID       string            `json:"step_id"`
	DataSchema   []flow.Field      `json:"data_schema"`
	Errors       map[string]string `json:"errors"`
	Messages     map[string]string `json:"messages"`
	Placeholders map[string]string `json:"description_placeholders"`
	LastStep     bool              `json:"last_step"`
	ExpiresAt    *string           `json:"expires_at"`
}

type createdJSON struct {
	Type     flow.Type  `json:"type"`
	FlowID   string     `json:"flow_id"`
	Handler  string     `json:"handler"`
	Version  int        `json:"version"`
	Title    string     `json:"title"`
	Result   entryJSON  `json:"result"`
	NextFlow *[2]string `json:"next_flow"`
}

type abortJSON struct {
	Type         flow.Type         `json:"type"`
	FlowID       string            `json:"flow_id"`
	Handler      string            `json:"handler"`
	Reason       string            `json:"reason"`
	Placeholders map[string]string `json:"description_placeholders"`
	Message      string            `json:"message"`
}

// write writes a flow's result. A step that was understood is 200, also one with errors: Home Assistant logs what was
// sent in a request that was answered with 400 or more.
func (h *configFlow) write(w http.ResponseWriter, r *http.Request, f flow.Result, err error) error {
	if err != nil {
		return err
	}
	if f.Type == flow.CreateEntry {
		o, err := h.overview(r.Context(), entry.ID(f.EntryID))
		if err != nil {
			return err // the flow keeps its end: asking once more shows it
		}
		writeJSON(w, http.StatusOK, createdJSON{f.Type, f.FlowID, f.Handler, 1, f.Title, newEntryJSON(&o, h.now()), f.Next})
		return nil
	}
	return writeForm(w, f)
}

// writeForm writes what flows of all kinds have in common: forms, and ends that change nothing.
func writeForm(w http.ResponseWriter, f flow.Result) error {
	switch f.Type {
	case flow.Form:
		schema := f.Fields
		if schema == nil {
			schema = []flow.Field{}
		}
		writeJSON(w, http.StatusOK, formJSON{f.Type, f.FlowID, f.Handler, f.StepID, schema, orEmpty(f.Errors), orEmpty(f.Messages), orEmpty(f.Placeholders), f.LastStep, isoTime(f.ExpiresAt)})
	case flow.Abort:
		writeJSON(w, http.StatusOK, abortJSON{f.Type, f.FlowID, f.Handler, f.Reason, orEmpty(f.Placeholders), f.Message})
	default:
		return fault.New(fault.Internal, "The flow came to an end that the bridge does not know.")
	}
	return nil
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
