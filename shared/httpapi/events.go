package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/pull"
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

// A Puller hands events out to whoever fetches them. *pull.Reader is one.
type Puller interface {
	// Read acknowledges the batch that the request names and returns the next one, or the same one again; if there is
	// nothing it waits. Faults: no_entry, cursor_unknown, reader_replaced.
	Read(ctx context.Context, r pull.Request) (pull.Batch, error)
}

// Events returns the API of the function events: what Home Assistant fetches, and what it has refused.
func Events(store EventStore, p Puller, s Settings) *API {
	h := &events{store, p}
	d := s.Deadlines.withDefaults().Record
	return newAPI(s,
		route{pattern: "GET /events", deadline: s.Deadlines.withDefaults().Pull, serve: h.pull},
		route{pattern: "GET /config/entries/{id}/dead-letters", deadline: d, serve: ofEntry(h.letters)},
		route{pattern: "POST /config/entries/{id}/dead-letters/{event_id}/replay", deadline: d, serve: ofEntry(h.replay)},
		route{pattern: "DELETE /config/entries/{id}/dead-letters/{event_id}", deadline: d, serve: ofEntry(h.drop)},
	)
}

type events struct {
	store  EventStore
	puller Puller
}

// pull gives out a batch.
func (h *events) pull(w http.ResponseWriter, r *http.Request) error {
	q, err := readPull(r.URL.Query())
	if err != nil {
		return err
	}
	b, err := h.puller.Read(r.Context(), q)
	if err != nil {
		return err
	}
	out := make([]json.RawMessage, len(b.Items))
	for i := range b.Items {
		it := &b.Items[i]
		out[i] = it.AppendJSON(nil, it.Attempts, true)
	}
	writeJSON(w, http.StatusOK, struct {
		Events []json.RawMessage `json:"events"`
		Cursor string            `json:"cursor"`
		More   bool              `json:"more"`
	}{out, b.Cursor, b.More})
	return nil
}

// readPull reads what stands in the address.
func readPull(q url.Values) (p pull.Request, err error) {
	p = pull.Request{Owner: q.Get("owner"), Reader: q.Get("reader"), After: q.Get("after")}
	switch {
	case p.Owner == "":
		return p, fault.At(fault.MissingField, "owner", "Say in the address whose events are fetched: the owner of the target.")
	case p.Reader == "":
		return p, fault.At(fault.MissingField, "reader", "Say in the address who reads: a random text, another one at each start.")
	case len(p.Owner) > longestName:
		return p, fault.At(fault.InvalidField, "owner", "This has to have %d characters at most.", longestName)
	case len(p.Reader) > longestName:
		return p, fault.At(fault.InvalidField, "reader", "This has to have %d characters at most.", longestName)
	}
	if wait := q.Get("wait"); wait != "" {
		n, err := strconv.Atoi(wait)
		if err != nil || n < 0 || n > int(pull.MostWait/time.Second) {
			return p, fault.At(fault.InvalidField, "wait", "This has to be a number of seconds from 0 to %d.", int(pull.MostWait/time.Second))
		}
		p.Wait = time.Duration(n) * time.Second
	}
	return p, nil
}

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
