package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
)

// OptionsFlows are the options flows. *options.Flows are. Faults of its methods: unknown_flow, flow_busy, unknown_entry,
// removal_in_progress, store_unavailable. What a person entered wrongly is no fault but part of the next form.
type OptionsFlows interface {
	// Start begins the options flow of an entry.
	Start(ctx context.Context, id entry.ID) (flow.Result, error)
	// Form returns the form that waits for an answer.
	Form(ctx context.Context, id entry.ID, flowID string) (flow.Result, error)
	// Answer answers the form that waits.
	Answer(ctx context.Context, id entry.ID, flowID string, in flow.Input) (flow.Result, error)
	// GiveUp ends a flow without changing anything.
	GiveUp(ctx context.Context, id entry.ID, flowID string) error
}

// An OptionsStore keeps the options of entries.
type OptionsStore interface {
	// Entry returns an entry's record. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// ChangeEntry is that of [EntryStore].
	ChangeEntry(ctx context.Context, id entry.ID, change func(*entry.Entry) error) (entry.Entry, error)
}

// OptionsFlow returns the API of the function optionsflow: an entry's options, step by step or all at once.
func OptionsFlow(f OptionsFlows, store OptionsStore, s Settings) *API {
	h := &optionsFlow{f, store}
	d := s.Deadlines.withDefaults().Record
	return newAPI(s,
		route{pattern: "GET /config/entries/{id}/options", deadline: d, serve: ofEntry(h.show)},
		route{pattern: "PUT /config/entries/{id}/options", deadline: d, serve: ofEntry(h.set)},
		route{pattern: "POST /config/entries/{id}/options/flows", deadline: d, serve: ofEntry(h.start)},
		route{pattern: "GET /config/entries/{id}/options/flows/{flow_id}", deadline: d, serve: ofEntry(h.form)},
		route{pattern: "POST /config/entries/{id}/options/flows/{flow_id}", deadline: d, serve: ofEntry(h.answer)},
		route{pattern: "DELETE /config/entries/{id}/options/flows/{flow_id}", deadline: d, serve: ofEntry(h.giveUp)},
	)
}

type optionsFlow struct {
	flows OptionsFlows
	store OptionsStore
}

func (h *optionsFlow) show(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	e, err := h.store.Entry(r.Context(), id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, e.Options)
	return nil
}

// set replaces all options, or none if one of them is wrong.
func (h *optionsFlow) set(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	body, _, err := readObject(r)
	if err != nil {
		return err
	}
	o, wrong := filter.ParseOptions(body)
	wrong = append(wrong, o.Check()...)
	if len(wrong) > 0 {
		failOptions(w, r, wrong)
		return nil
	}
	e, err := h.store.ChangeEntry(r.Context(), id, func(e *entry.Entry) error {
		e.Options = o
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, e.Options)
	return nil
}

// failOptions says everything that is wrong with options. Its error is about the first.
func failOptions(w http.ResponseWriter, r *http.Request, wrong []*fault.Fault) {
	message := "1 option is wrong."
	if len(wrong) > 1 {
		message = fmt.Sprintf("%d options are wrong.", len(wrong))
	}
	f := fault.At(fault.InvalidOptions, shown(wrong[0].Field), "%s", message)
	errors := make([]*wireFault, len(wrong))
	for i, one := range wrong {
		errors[i] = newWireFault(one)
		errors[i].Field = shown(one.Field)
	}
	failWith(w, r, f, struct {
		failure
		Errors []*wireFault `json:"errors"`
	}{failure{Error: newWireFault(f)}, errors})
}

// start begins a flow. Home Assistant's own API names the entry in the body, too.
func (h *optionsFlow) start(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	if r.ContentLength != 0 {
		_, members, err := readObject(r)
		if err != nil {
			return err
		}
		f := newFields(members)
		if handler := f.text("handler", longestName); handler != "" && handler != string(id) {
			f.wrong("handler", "This has to be the entry's id, or left out.")
		}
		if err := f.end(); err != nil {
			return err
		}
	}
	result, err := h.flows.Start(r.Context(), id)
	return h.write(w, result, err)
}

func (h *optionsFlow) form(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	result, err := h.flows.Form(r.Context(), id, r.PathValue("flow_id"))
	return h.write(w, result, err)
}

// answer hands what a person entered on as it is: any object is an answer, and what is wrong with it is told in the form.
func (h *optionsFlow) answer(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	_, members, err := readObject(r)
	if err != nil {
		return err
	}
	result, err := h.flows.Answer(r.Context(), id, r.PathValue("flow_id"), members)
	return h.write(w, result, err)
}

func (h *optionsFlow) giveUp(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	if err := h.flows.GiveUp(r.Context(), id, r.PathValue("flow_id")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, done)
	return nil
}

func (h *optionsFlow) write(w http.ResponseWriter, f flow.Result, err error) error {
	if err != nil {
		return err
	}
	if f.Type == flow.CreateEntry { // Home Assistant's word for the end of an options flow, too
		writeJSON(w, http.StatusOK, struct {
			Type    flow.Type `json:"type"`
			FlowID  string    `json:"flow_id"`
			Handler string    `json:"handler"`
			Title   string    `json:"title"`
			Result  bool      `json:"result"`
		}{f.Type, f.FlowID, f.Handler, "", true})
		return nil
	}
	return writeForm(w, f)
}
