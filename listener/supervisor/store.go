// Package supervisor decides which entries run in this process: it claims entries by the lease of their listener
// authorization, keeps the leases, starts and stops an account and a delivery for each, and sweeps what is left over
// (expired logins, tombstones).
package supervisor

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
)

// A Claim is an entry that this process serves, and all that is needed to begin.
type Claim = authorization.Claim

// A Store grants entries to listeners.
type Store interface {
	// Entries returns the ids of all entries, tombstones too, and repairs the index where it was wrong.
	Entries(ctx context.Context) ([]entry.ID, error)
	// WaitEntries returns as soon as an entry may have been made, removed or freed, at the latest after d.
	WaitEntries(ctx context.Context, d time.Duration) error
	// ClaimEntry takes the lease of an entry's listener authorization for d. holder is this installation's mark: with
	// takeover, which needs the proof that the former process of this installation is dead, a lease held by the same
	// holder is taken over at once. It returns nil if the entry is served by somebody else, rests or is quarantined.
	ClaimEntry(ctx context.Context, id entry.ID, holder string, takeover bool, d time.Duration) (*Claim, error)
	// RenewEntry extends the lease and keeps the store's run id for the restart rule. Error: lease.ErrLost.
	RenewEntry(ctx context.Context, id entry.ID, l *lease.Lease, d time.Duration) error
	// Borrow takes the lease of any authorization of an entry that the caller serves, also of a tombstone, to touch or end
	// it; Finish gives it back. It is nil if the authorization is in use, rests, or has ended.
	Borrow(ctx context.Context, id entry.ID, l *lease.Lease, name authorization.Name, d time.Duration) (*authorization.Grant, error)
	// Finish gives back what Borrow took.
	Finish(ctx context.Context, g *authorization.Grant, r authorization.Result) error
	// ReleaseEntry gives the entry back, with the session as last known and the authorization's fate.
	ReleaseEntry(ctx context.Context, id entry.ID, l *lease.Lease, s authorization.Session, f authorization.Fate) error
	// Commands returns the commands after the given place, waiting up to d for one. One without a kind is not to be carried
	// out any more.
	Commands(ctx context.Context, id entry.ID, after string, d time.Duration) ([]entry.Command, error)
	// Answer tells whoever waits for it what came of a command; nil: it was carried out.
	Answer(ctx context.Context, id entry.ID, l *lease.Lease, c entry.Command, answer error) error
	// Entry returns the record as it is now. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// SaveStatus publishes what the listener sees of an entry it holds.
	SaveStatus(ctx context.Context, id entry.ID, l *lease.Lease, s entry.Status) error
	// SaveAccount records what Telegram now says about the account itself.
	SaveAccount(ctx context.Context, id entry.ID, l *lease.Lease, a entry.Account) error
	// Authorizations returns the state of each authorization of an entry.
	Authorizations(ctx context.Context, id entry.ID) ([]entry.Device, error)
	// Standings returns how each authorization of an entry stands.
	Standings(ctx context.Context, id entry.ID) ([]authorization.Standing, error)
	// Growth returns what SaveGrowth remembered of the senders that were made in the background.
	Growth(ctx context.Context, id entry.ID) (authorization.Growth, error)
	SaveGrowth(ctx context.Context, id entry.ID, l *lease.Lease, g authorization.Growth) error
	// Forget removes a tombstone whose authorizations are all logged out, and everything stored under it.
	Forget(ctx context.Context, id entry.ID, l *lease.Lease) error
	// DropAuthorization forgets one authorization that was logged out.
	DropAuthorization(ctx context.Context, id entry.ID, name authorization.Name, l *lease.Lease) error
	// ConfirmTarget records that the handshake of the target of that generation succeeded.
	ConfirmTarget(ctx context.Context, id entry.ID, generation int64) error
}
