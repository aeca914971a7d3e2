package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
)

// An EventStore keeps the events that wait, and those that were refused for good. A fault of any method may be
// store_unavailable or unknown_entry.
type EventStore interface {
	// DeadLetters returns the events that the target has refused for good, the oldest first, and if they are large not all.
	DeadLetters(ctx context.Context, id entry.ID) ([]outbox.DeadLetter, error)
	// Replay puts a dead letter back at the end of its lane, as if it had occurred now and was never tried. Faults:
	// unknown_event, removal_in_progress.
	Replay(ctx context.Context, id entry.ID, event uuid.UUID) error
	// DropLetter forgets a dead letter. Fault: unknown_event.
	DropLetter(ctx context.Context, id entry.ID, event uuid.UUID) error
}

// Events returns the API of the function events: what the target has refused.
func Events(store EventStore, s Settings) *API {
	h := &events{store}
	d := s.Deadlines.withDefaults().Record
	return newAPI(s,
		route{pattern: "GET /config/entries/{id}/dead-letters", deadline: d, serve: ofEntry(h.letters)},
		route{pattern: "POST /config/entries/{id}/dead-letters/{event_id}/replay", deadline: d, serve: ofEntry(h.replay)},
		route{pattern: "DELETE /config/entries/{id}/dead-letters/{event_id}", deadline: d, serve: ofEntry(h.drop)},
	)
}

type events struct{ store EventStore }

type letterJSON struct {
	EventID    uuid.UUID       `json:"event_id"`
	EventType  string          `json:"event_type"`
	OccurredAt *string         `json:"occurred_at"`
	Attempts   int             `json:"attempts"`
	Reason     string          `json:"reason"`
	Event      json.RawMessage `json:"event"`
}

// letters lists what was refused, each as it was sent the last time.
func (h *events) letters(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	all, err := h.store.DeadLetters(r.Context(), id)
	if err != nil {
		return err
	}
	out := make([]letterJSON, len(all))
	for i := range all {
		l := &all[i]
		out[i] = letterJSON{l.Item.EventID, l.Item.Type, isoTime(l.Item.OccurredAt), l.Attempts, l.Reason, l.Item.AppendJSON(nil, l.Attempts, true)}
	}
	writeJSON(w, http.StatusOK, struct {
		DeadLetters []letterJSON `json:"dead_letters"`
	}{out})
	return nil
}

func (h *events) replay(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	event, err := eventOfPath(r)
	if err != nil {
		return err
	}
	if _, err := readNothing(r); err != nil {
		return err
	}
	if err := h.store.Replay(r.Context(), id, event); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, done)
	return nil
}

func (h *events) drop(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	event, err := eventOfPath(r)
	if err != nil {
		return err
	}
	if err := h.store.DropLetter(r.Context(), id, event); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, done)
	return nil
}

func eventOfPath(r *http.Request) (uuid.UUID, error) {
	event, err := uuid.Parse(r.PathValue("event_id"))
	if err != nil {
		return event, fault.New(fault.UnknownEvent, "This is no event id. GET …/dead-letters lists the dead letters with theirs.")
	}
	return event, nil
}
