// Package options is the options flow: the dialogue by which an entry's owner says which events he wants and which of
// them. It has nine steps, `init` and one for each event that is on, or is the one step `who`, which follows a bot's
// login: who may trigger automations.
//
// Nothing is saved before the last step. What was not asked is kept as it is: events that are off keep their options, and
// what somebody else changed meanwhile in them stays. The only validation is that of package filter; its faults appear at
// the fields they belong to.
//
// A flow lives in the store between its steps; any instance answers the next one. Repeating the last step is no error
// and changes nothing.
package options

import (
	"context"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// A Flow is an options flow in progress, as the store keeps it between two steps.
type Flow struct {
	ID     string
	Entry  entry.ID
	StepID string
	// Draft is what the options will be, as far as the steps in Answered have said.
	Draft     filter.Options
	Answered  []string
	ExpiresAt time.Time
	// Revision is that of the record; the store counts it.
	Revision int64
}

// A Store keeps options flows, and entries. Faults of any method: store_unavailable.
type Store interface {
	// NewOptionsFlow keeps a new flow; if there is one with its id, that one stays.
	NewOptionsFlow(ctx context.Context, f Flow) error
	// OptionsFlow returns a flow. Fault: unknown_flow.
	OptionsFlow(ctx context.Context, id string) (Flow, error)
	// PutOptionsFlow writes a flow down if it is still the one that was read, and returns its new revision. Faults:
	// unknown_flow, flow_busy if somebody else wrote it meanwhile.
	PutOptionsFlow(ctx context.Context, f Flow) (int64, error)
	// DropOptionsFlow forgets a flow.
	DropOptionsFlow(ctx context.Context, id string) error
	// Entry returns an entry's record. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// ChangeEntry applies change to the record as it is, keeps the result, and tells the listener. Faults: unknown_entry,
	// removal_in_progress.
	ChangeEntry(ctx context.Context, id entry.ID, change func(*entry.Entry) error) (entry.Entry, error)
	// Peers returns what an entry has learnt about its peers. Fault: unknown_entry.
	Peers(ctx context.Context, id entry.ID) ([]peer.Record, error)
}
