// Package account drives one entry: it holds the update connection, feeds the engine, turns updates into events,
// filters them, and commits events, update state and what was learnt in one step.
package account

import (
	"context"

	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

// A Store keeps what an account commits.
type Store interface {
	// Commit moves state, events and what was learnt on in one atomic step. Events that a sender's lease claims as its
	// own doing are held; those already marked are dropped. It fails with lease.ErrLost, and changes nothing, if the
	// lease is not held.
	Commit(ctx context.Context, id entry.ID, l *lease.Lease, c outbox.Commit) error
}
