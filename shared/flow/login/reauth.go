package login

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// confirm begins the re-login of a user: nothing is asked of Telegram before.
func (t *turn) confirm(ctx context.Context, r *flow.Reader) error {
	kind := r.Choice(fieldClientType, choiceClient, choiceQR)
	if !r.OK() {
		return nil
	}
	fl := &t.held.Flow
	if fl.ByQR = kind == choiceQR; fl.ByQR {
		return t.qr(ctx, r)
	}
	if t.first() != authorization.Listener {
		if over, err := t.byListener(ctx, r); over || err != nil {
			return err
		}
	}
	if fl.Phone.IsZero() {
		fl.StepID = stepPhone
		return nil
	}
	return t.askForCode(ctx, r)
}

// listenerFor is how long the listener may take to let a login in. A code is asked for after it.
const listenerFor = 10 * time.Second

// A listener lets a login of its entry's account in.
type listener struct{ *turn }

// AcceptToken has the process that serves the entry do it: nobody else may use the listener's login.
func (l listener) AcceptToken(ctx context.Context, token []byte) error {
	ctx, cancel := context.WithTimeout(ctx, listenerFor)
	defer cancel()
	return l.Store.Ask(ctx, l.held.Flow.Reauth, entry.Command{Kind: entry.Mint, Login: seal.NewText(string(token))})
}

// byListener has a sender that alone is lost let in by the listener, which works: then no code is needed, and of the
// account's owner at most the password. It reports whether the step is over; if it is not the login needs a code.
func (t *turn) byListener(ctx context.Context, r *flow.Reader) (over bool, err error) {
	n := t.first()
	err = t.letIn(ctx, listener{t}, n)
	switch {
	case err == nil:
		return true, t.goOn(ctx, r)
	case refusedFor(err, PasswordNeeded):
		t.held.Flow.StepID = stepPassword
		t.makeKeys(ctx)
		return true, nil
	case refusal(err) == nil && !isFault(err):
		return true, err
	}
	t.Log.Info("the listener did not let a login in; a code is needed", "device", t.app(n).Device, "error", err)
	if m := t.find(n); m != nil && m.LoggedIn { // it may have been let in after all, so this key asks for no code
		t.logOut(ctx, []Made{*m})
	}
	return false, nil
}
