package login

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

// stepGrow is the step of a flow that nobody answers: a login in the background.
const stepGrow = "grow"

// Grow adds a sender to a bot's entry, or puts one in the place of a sender that has ended, by one login of its own. The
// flow it lives in meanwhile is swept like any other: if the process dies, either the entry has the sender or nothing
// stays logged in. How often that may be done is the caller's business. Faults: unknown_entry, removal_in_progress,
// flood_wait, reauth_required if Telegram refuses the token.
func (f *Flows) Grow(ctx context.Context, id entry.ID, name authorization.Name) error {
	e, err := f.Store.Entry(ctx, id)
	if err != nil {
		return fmt.Errorf("add a sender: %w", err)
	}
	if e.Removing || e.ClientType != entry.Bot || e.BotToken.IsZero() || name == authorization.Listener {
		return fault.New(fault.RemovalInProgress, "This entry takes no further logins.")
	}
	fl := Flow{ID: newID(), StepID: stepGrow, Names: []authorization.Name{name}, Reauth: id, App: e.App, ClientType: e.ClientType, ExpiresAt: f.Now().Add(f.StepFor)}
	if err := f.Store.NewFlow(ctx, fl); err != nil {
		return fmt.Errorf("add a sender: %w", err)
	}
	h, err := f.Store.TakeFlow(ctx, fl.ID, f.StepFor)
	if err != nil {
		return fmt.Errorf("add a sender: %w", err)
	}
	t := f.turn(ctx, h)
	err = t.grow(ctx, e, name)
	tidy := t.giveUp
	if h.Flow.Making != "" { // whether the entry took it is not known: the sweep looks, later
		tidy = func(ctx context.Context) error { return f.giveBack(ctx, h) }
	}
	if gone := tidy(ctx); gone != nil {
		f.Log.Warn("a login in the background could not be tidied up; it will be swept", "error", gone)
	}
	return err
}

// grow logs in and hands the login to the entry. What the flow still holds afterwards is to be logged out.
func (t *turn) grow(ctx context.Context, e entry.Entry, name authorization.Name) error {
	fl := &t.held.Flow
	var account entry.Account
	err := t.over(ctx, name, func(ctx context.Context, l Line) (err error) {
		account, err = l.SignInBot(ctx, e.BotToken)
		return err
	})
	if err == nil && entry.NewID(t.Keyring, account.ID) != e.ID {
		err = fault.New(fault.ReauthRequired, "The token of this entry belongs to another bot now.")
	}
	if err == nil {
		err = t.signedIn(ctx, name, account)
	}
	if err != nil {
		return growRefusal(err)
	}
	now, err := t.Store.Entry(ctx, e.ID)
	if err == nil && now.BotToken != e.BotToken {
		err = fault.New(fault.InProgress, "This entry was just logged in again.")
	}
	if err == nil {
		err = t.held.Lease.Check()
	}
	if err != nil {
		return fmt.Errorf("add a sender: %w", err)
	}
	fl.Making = e.ID
	if err := t.note(ctx, "a sender to be added"); err != nil {
		fl.Making = ""
		return err
	}
	_, err = t.Store.Renew(ctx, NewEntry{Entry: now, Authorizations: t.named()})
	owned, looked := t.Store.Owned(context.WithoutCancel(ctx), e.ID, fl.Made)
	if looked != nil { // the sweep looks again, and must not log out what the entry has
		return errors.Join(err, fmt.Errorf("look whether an entry took a sender: %w", looked))
	}
	took := slices.Contains(owned, true)
	t.keep(ctx, owned)
	fl.Making = ""
	if err != nil || !took {
		return fmt.Errorf("add a sender: the entry did not take it: %w", errors.Join(err, errNotTaken))
	}
	return nil
}

var errNotTaken = errors.New("it has changed meanwhile")

// growRefusal says in faults why a bot was not logged in.
func growRefusal(err error) error {
	var r *Refusal
	if !errors.As(err, &r) {
		return fmt.Errorf("add a sender: %w", err)
	}
	switch r.Reason {
	case FloodWait:
		return fault.New(fault.FloodWait, "Telegram lets this bot log in again later.").After(r.RetryAfter).Because(r)
	case InvalidToken, ExpiredToken, Banned, InvalidAPI, PublishedAPI:
		return fault.New(fault.ReauthRequired, "Telegram refuses the token of this bot.").Because(r)
	}
	return fault.New(fault.TelegramError, "Telegram refused a login of this bot.").Because(r)
}
