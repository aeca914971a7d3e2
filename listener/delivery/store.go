// Package delivery drains an entry's outbox to its target: in order within a lane, several lanes at once, retried
// until the target has acknowledged.
package delivery

import (
	"context"

	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

// A Store hands out what waits.
type Store interface {
	// Claim returns what is due and not in flight, judges leases that have expired by the store's clock, and drops what
	// is too old. Items stay in the store until they are settled. An item's Attempts counts the one it
	// is claimed for: it is what to pass to Deliver. It fails with lease.ErrLost if the lease is not held.
	Claim(ctx context.Context, id entry.ID, l *lease.Lease, c outbox.Claim) (outbox.Claimed, error)
	// Settle records what became of claimed items. Of a settlement's item it needs the EventID, and for dead letters all;
	// one that is not waiting any more is no error. It fails with lease.ErrLost if the lease is not held.
	Settle(ctx context.Context, id entry.ID, l *lease.Lease, s []outbox.Settlement) error
}

// A Target takes events. homeassistant has one for each type.
type Target interface {
	// Deliver makes one attempt, the attempt-th, and says what came of it. It does not wait or repeat.
	Deliver(ctx context.Context, it outbox.Item, attempt int) outbox.Verdict
}
