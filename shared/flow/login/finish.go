package login

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// How a flow ends without a new entry. Home Assistant's own words where it has them.
const (
	reasonConfigured = "already_configured"
	reasonReauth     = "reauth_successful"
	reasonWrong      = "wrong_account"
	reasonRemoving   = string(fault.RemovalInProgress)
	reasonGone       = string(fault.UnknownEntry)
)

// finish makes an entry, or renews one, of logins that succeeded.
func (t *turn) finish(ctx context.Context, signed []SignedIn, token seal.Text) error {
	fl := &t.held.Flow
	account := signed[0].Account
	id := entry.NewID(t.Keyring, account.ID)
	if fl.Reauth != "" && fl.Reauth != id {
		t.logOut(ctx, t.loggedIn())
		t.abort(reasonWrong, "This token belongs to another account. Nothing was changed; the new logins were ended. Begin again with the token of the account that this entry is for.")
		return nil
	}
	fl.Making = &Making{EntryID: id, Account: account, BotToken: token, CreatedAt: t.at}
	if named := t.named(); len(named) > 0 && named[0].Name == authorization.Listener {
		fl.Making.State = marshal(signed[0].State) // the listener's login is the first
	}
	if err := t.Store.NoteFlow(ctx, t.held); err != nil {
		return fmt.Errorf("note an entry to be made: %w", err)
	}
	t.noted = true
	return t.make(ctx)
}

// marshal writes an update state as listener/updates reads it.
func marshal(s UpdateState) []byte {
	b, _ := json.Marshal(struct { // integers only
		Pts  int `json:"pts"`
		Qts  int `json:"qts"`
		Date int `json:"date"`
		Seq  int `json:"seq"`
	}(s))
	return b
}

// make carries out what Making says, which a turn that died may have done already.
func (t *turn) make(ctx context.Context) error {
	fl := &t.held.Flow
	done, err := t.settled(ctx)
	if err != nil || done {
		return err
	}
	if err := t.held.Lease.Check(); err != nil { // thawed after a freeze: somebody has swept what is to be used here
		return fmt.Errorf("make an entry: %w", err)
	}
	if fl.Reauth != "" {
		return t.renew(ctx)
	}
	m := fl.Making
	e, made, err := t.Store.CreateEntry(ctx, NewEntry{Entry: t.entry(), Authorizations: t.named(), State: m.State})
	switch {
	case err != nil:
		return fmt.Errorf("make an entry: %w", err)
	case made:
		t.Log.Info("an entry was made", "entry", string(m.EntryID), "logins", len(t.named()))
		t.made(ctx)
	case e.Removing:
		t.logOut(ctx, t.loggedIn())
		t.abort(reasonRemoving, "This account was set up before and is still being removed. The new logins were ended. Try again when it has gone from the list of entries.")
	default:
		t.logOut(ctx, t.loggedIn())
		t.abort(reasonConfigured, "This account is already set up as "+e.Title()+". It was left as it is and the new logins were ended; to log it in again, use the re-login of that entry.")
	}
	return nil
}

// entry returns the entry that is to be made.
func (t *turn) entry() entry.Entry {
	fl := &t.held.Flow
	target := t.Target
	if target.MaxAge == 0 {
		target.MaxAge = entry.DefaultMaxAge
	}
	return entry.Entry{
		ID: fl.Making.EntryID, Account: fl.Making.Account, ClientType: fl.ClientType, App: fl.App, BotToken: fl.Making.BotToken,
		Target: target, CreatedAt: fl.Making.CreatedAt, ModifiedAt: fl.Making.CreatedAt,
	}
}

// named returns what is to become part of the entry.
func (t *turn) named() []Made {
	var named []Made
	for _, m := range t.loggedIn() {
		if m.Name != "" {
			named = append(named, m)
		}
	}
	return named
}

// renew gives an entry its new logins and credentials.
func (t *turn) renew(ctx context.Context) error {
	fl := &t.held.Flow
	e, err := t.Store.Entry(ctx, fl.Reauth)
	if err == nil {
		e.Account, e.App, e.BotToken, e.ModifiedAt = fl.Making.Account, fl.App, fl.Making.BotToken, t.Now()
		_, err = t.Store.Renew(ctx, NewEntry{Entry: e, Authorizations: t.named(), State: fl.Making.State})
	}
	switch {
	case fault.Is(err, fault.UnknownEntry):
		t.logOut(ctx, t.loggedIn())
		t.abort(reasonGone, "This entry was removed in the meantime. The new logins were ended.")
	case fault.Is(err, fault.RemovalInProgress):
		t.logOut(ctx, t.loggedIn())
		t.abort(reasonRemoving, "This entry is being removed. The new logins were ended.")
	case err != nil:
		return fmt.Errorf("renew an entry: %w", err)
	default:
		t.Log.Info("an entry was logged in again", "entry", string(fl.Reauth), "logins", len(t.named()))
		return t.renewed(ctx)
	}
	return nil
}

// renewed ends a re-login that the entry has taken. What it did not take, because that login works after all, is
// logged out.
func (t *turn) renewed(ctx context.Context) error {
	owned, err := t.Store.Owned(ctx, t.held.Flow.Making.EntryID, t.held.Flow.Made)
	if err != nil {
		return fmt.Errorf("look which logins an entry took: %w", err)
	}
	t.keep(ctx, owned)
	if slices.Contains(owned, true) {
		t.abort(reasonReauth, again)
	} else {
		t.abort(reasonReauth, "Every login of this account works, as far as the bridge knows, and was kept. The token was taken over.")
	}
	return nil
}

const again = "The account is logged in again."

// settled looks whether what Making says was done by a turn that died. A re-login that made no login for the entry
// leaves no trace there; it is done again, which changes nothing.
func (t *turn) settled(ctx context.Context) (bool, error) {
	fl := &t.held.Flow
	if t.noted {
		return false, nil
	}
	owned, err := t.Store.Owned(ctx, fl.Making.EntryID, fl.Made)
	if err != nil {
		return false, fmt.Errorf("look whether an entry was made: %w", err)
	}
	if !slices.Contains(owned, true) {
		return false, nil
	}
	t.keep(ctx, owned)
	if fl.Reauth != "" {
		t.abort(reasonReauth, again)
	} else {
		t.made(ctx)
	}
	return true, nil
}

// keep takes off the flow what belongs to the entry now, and logs the rest out.
func (t *turn) keep(ctx context.Context, owned []bool) {
	fl := &t.held.Flow
	var rest []Made
	for i, m := range fl.Made {
		if !owned[i] && m.LoggedIn {
			rest = append(rest, m)
		}
	}
	fl.Made = slices.Clone(rest)
	t.logOut(ctx, rest)
}

// made ends a flow whose entry has taken all its named logins.
func (t *turn) made(ctx context.Context) {
	fl := &t.held.Flow
	var rest []Made
	for _, m := range fl.Made {
		if m.Name == "" && m.LoggedIn {
			rest = append(rest, m)
		}
	}
	fl.Made = slices.Clone(rest)
	t.logOut(ctx, rest)
	t.last(End{EntryID: fl.Making.EntryID})
}

func (t *turn) abort(reason, message string) { t.last(End{Reason: reason, Message: message}) }

func (t *turn) last(e End) {
	fl := &t.held.Flow
	fl.Last, fl.Making = &e, nil
	// Keys that were never used to log in need no logging out, and of what could not be logged out the sweep takes care,
	// from now on.
	fl.Made = slices.DeleteFunc(fl.Made, func(m Made) bool { return !m.LoggedIn })
	if len(fl.Made) > 0 {
		fl.ExpiresAt = t.Now()
	}
	// Credentials have done their work; whoever repeats the last step needs only how it ended.
	if len(fl.Made) == 0 {
		fl.App = entry.App{}
	}
}

// end shows how a flow ended.
func (f *Flows) end(ctx context.Context, fl Flow) (flow.Result, error) {
	r := flow.Result{FlowID: fl.ID, Handler: flow.Handler}
	if fl.Last.EntryID == "" {
		r.Type, r.Reason, r.Message, r.Placeholders = flow.Abort, fl.Last.Reason, fl.Last.Message, map[string]string{}
		return r, nil
	}
	e, err := f.Store.Entry(ctx, fl.Last.EntryID)
	if fault.Is(err, fault.UnknownEntry) {
		return flow.Result{}, unknownFlow().Because(err) // made, and removed since
	}
	if err != nil {
		return flow.Result{}, fmt.Errorf("show a new entry: %w", err)
	}
	r.Type, r.Title, r.EntryID = flow.CreateEntry, e.Title(), string(e.ID)
	return r, nil
}
