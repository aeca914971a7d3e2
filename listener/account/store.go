package account

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
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
	// SaveAccount records what Telegram now says about the account itself.
	SaveAccount(ctx context.Context, id entry.ID, l *lease.Lease, a entry.Account) error
	// Works records that the login, which was in doubt, has been answered by Telegram.
	Works(ctx context.Context, id entry.ID, l *lease.Lease) error
}

// A Connector holds the connection that gets an account's updates. *telegram.Dialer is one.
type Connector interface {
	// Listen holds the connection until use returns, ctx ends or the connection breaks; the error says why. The first
	// call that use makes subscribes to updates. began is told of each session that Telegram makes, updates gets what is
	// pushed; both are called by one goroutine that ends before Listen returns.
	Listen(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard,
		began func(), updates func(tg.UpdatesClass), use func(ctx context.Context, api *tg.Client) error) (authorization.Ending, error)
}
