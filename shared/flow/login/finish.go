package login

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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

// wrongAccount is the end of a re-login as somebody else.
func wrongAccount(kind entry.ClientType) *End {
	if kind == entry.Bot {
		return &End{Reason: reasonWrong, Message: "This token belongs to another account. Nothing was changed; the new logins were ended. Begin again with the token of the account that this entry is for."}
	}
	return &End{Reason: reasonWrong, Message: "This is another account. Nothing was changed; the new login was ended. Begin again with the account that this entry is for."}
}

// configured is the end of the login of an account that has an entry.
func configured(e *entry.Entry) *End {
	if e.Removing {
		return &End{Reason: reasonRemoving, Message: "This account was set up before and is still being removed. The new logins were ended. Try again when it has gone from the list of entries."}
	}
	return &End{Reason: reasonConfigured, Message: "This account is already set up as " + e.Title() + ". It was left as it is and the new logins were ended; to log it in again, use the re-login of that entry."}
}

// finish makes an entry, or renews one, of logins that are complete.
func (t *turn) finish(ctx context.Context) error {
	fl := &t.held.Flow
	fl.Making = entry.NewID(t.Keyring, fl.Signed.Account.ID)
	if err := t.note(ctx, "an entry to be made"); err != nil {
		return err
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
	e, made, err := t.Store.CreateEntry(ctx, NewEntry{Entry: t.entry(), Authorizations: t.named(), State: fl.Signed.State})
	switch {
	case err != nil:
		return fmt.Errorf("make an entry: %w", err)
	case made:
		t.Log.Info("an entry was made", "entry", string(fl.Making), "logins", len(t.named()))
		t.made(ctx)
	default:
		t.logOut(ctx, t.loggedIn())
		t.last(*configured(&e))
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
		ID: fl.Making, Account: fl.Signed.Account, ClientType: fl.ClientType, App: fl.App, BotToken: fl.Signed.BotToken,
		Target: target, CreatedAt: fl.Signed.At, ModifiedAt: fl.Signed.At,
	}
}

// named returns what is to become part of the entry.
func (t *turn) named() []Made {
	var named []Made
	for _, n := range t.held.Flow.Names {
		if m := t.find(n); m != nil && m.Done {
			named = append(named, *m)
		}
	}
	return named
}

// renew gives an entry its new logins and credentials.
func (t *turn) renew(ctx context.Context) error {
	fl := &t.held.Flow
	e, err := t.Store.Entry(ctx, fl.Reauth)
	if err == nil {
		e.Account, e.App, e.BotToken, e.ModifiedAt = fl.Signed.Account, fl.App, fl.Signed.BotToken, t.Now()
		_, err = t.Store.Renew(ctx, NewEntry{Entry: e, Authorizations: t.named(), State: fl.Signed.State})
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
	owned, err := t.Store.Owned(ctx, t.held.Flow.Making, t.held.Flow.Made)
	if err != nil {
		return fmt.Errorf("look which logins an entry took: %w", err)
	}
	t.keep(ctx, owned)
	if slices.Contains(owned, true) {
		t.abort(reasonReauth, again)
	} else {
		t.abort(reasonReauth, allWork+" The token was taken over.")
	}
	return nil
}

const (
	again   = "The account is logged in again."
	allWork = "Every login of this account works, as far as the bridge knows, and was kept."
)

// settled looks whether what Making says was done by a turn that died. A re-login that made no login for the entry
// leaves no trace there; it is done again, which changes nothing.
func (t *turn) settled(ctx context.Context) (bool, error) {
	fl := &t.held.Flow
	if t.noted {
		return false, nil
	}
	owned, err := t.Store.Owned(ctx, fl.Making, fl.Made)
	if err != nil {
		return false, fmt.Errorf("look whether an entry was made: %w", err)
	}
	if !slices.Contains(owned, true) {
		return false, nil
	}
	id := fl.Making
	t.keep(ctx, owned)
	if fl.Reauth != "" {
		t.abort(reasonReauth, again)
	} else {
		t.last(End{EntryID: id})
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
	owned := make([]bool, len(fl.Made))
	for i, m := range fl.Made {
		owned[i] = m.Done && slices.Contains(fl.Names, m.Name)
	}
	id := fl.Making
	t.keep(ctx, owned)
	t.last(End{EntryID: id})
}

func (t *turn) abort(reason, message string) { t.last(End{Reason: reason, Message: message}) }

func (t *turn) last(e End) {
	fl := &t.held.Flow
	fl.Last, fl.Making = &e, ""
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
	fl.Phone, fl.Code, fl.Mailed, fl.Guesses, fl.Token, fl.Hint, fl.Signed = seal.Text{}, nil, nil, 0, nil, "", nil
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
	if f.Who != nil && e.ClientType == entry.Bot { // a bot hears everybody
		next, err := f.Who(ctx, e.ID, fl.ID)
		switch {
		case err == nil:
			r.Next = &[2]string{flow.OptionsFlow, next}
		case !fault.Is(err, fault.RemovalInProgress, fault.UnknownEntry): // removed since, if it is
			return flow.Result{}, fmt.Errorf("ask who may trigger automations: %w", err)
		}
	}
	return r, nil
}
