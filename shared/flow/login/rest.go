package login

import (
	"context"
	"errors"
	"fmt"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// missing is a login that could not be made by letting it in.
type missing struct {
	name authorization.Name
	err  error
}

// rest makes what is still to be made once the first login is there, over its open connection: it looks whose account
// this is, and lets the other logins of a user in. What comes of it is carried out by conclude, when the connection has
// ended: a login must not be used over two connections.
func (t *turn) rest(ctx context.Context, first Line) error {
	fl := &t.held.Flow
	stop, err := t.identify(ctx)
	if t.stop = stop; err != nil || stop != nil {
		return err
	}
	if t.first() == authorization.Listener && fl.Signed.State == nil {
		fl.Signed.At = t.at
		state, err := first.State(ctx)
		if err != nil {
			return err
		}
		fl.Signed.State = marshal(state)
	}
	if fl.ClientType == entry.Bot { // nobody lets a bot in
		return nil
	}
	for _, n := range t.names()[1:] {
		if t.done(n) {
			continue
		}
		if err := t.letIn(ctx, first, n); err != nil {
			t.Log.Info("a login was not let in", "device", t.app(n).Device, "error", err)
			t.missing = &missing{n, err}
			return nil
		}
	}
	return nil
}

// identify looks whether this is an account that the flow may go on with.
func (t *turn) identify(ctx context.Context) (*End, error) {
	fl := &t.held.Flow
	id := entry.NewID(t.Keyring, fl.Signed.Account.ID)
	if fl.Reauth != "" {
		if fl.Reauth != id {
			return wrongAccount(fl.ClientType), nil
		}
		return nil, nil
	}
	e, err := t.Store.Entry(ctx, id)
	switch {
	case fault.Is(err, fault.UnknownEntry):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for an entry of this account: %w", err)
	}
	return configured(&e), nil
}

// errNotLetIn is the end of a connection whose key the first login did not let in; why is told apart, so that nobody
// takes the first one's trouble for the new one's.
var errNotLetIn = errors.New("the first login did not let this one in")

// mostTokens is how many tokens are tried to let a login in: one may just have expired.
const mostTokens = 2

// An accepter is a login of the account that can let others in.
type accepter interface {
	AcceptToken(ctx context.Context, token []byte) error
}

// letIn makes a login of the account with the help of another one, such as the first, whose open connection this is:
// https://core.telegram.org/api/qr-login
func (t *turn) letIn(ctx context.Context, first accepter, n authorization.Name) error {
	var refused error // by the first login
	var moving []byte // the token to be imported in another data centre
	unclear := t.unclear(n)
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		if unclear { // whoever tried this before may have succeeded
			if a, in, err := l.Self(ctx); err != nil || in {
				return t.signedInUnless(ctx, err, n, a)
			}
		}
		for tries := 1; ; tries++ {
			a, err := t.offer(ctx, first, l, &moving, &refused)
			switch {
			case refusedFor(err, TokenOver) && tries < mostTokens, refusedFor(refused, TokenOver) && tries < mostTokens:
				moving, refused = nil, nil
				continue
			case refusedFor(err, PasswordNeeded) && !t.password.IsZero():
				a, err = l.CheckPassword(ctx, t.password)
			case refusedFor(err, PasswordNeeded):
				t.hint(ctx, l)
			}
			return t.signedInUnless(ctx, err, n, a)
		}
	})
	if errors.Is(err, errNotLetIn) {
		if surelyNot(refused) {
			t.notIn(n)
		}
		return refused
	}
	var no *Refusal
	if errors.As(err, &no) && no.Reason == NeedsKey {
		t.drop(n)
		t.held.Flow.Home = no.DC
	}
	return err
}

// offer goes once through the letting in.
func (t *turn) offer(ctx context.Context, first accepter, l Line, moving *[]byte, refused *error) (entry.Account, error) {
	var token Token
	var err error
	if *moving != nil {
		token, err = l.ImportToken(ctx, *moving)
	} else {
		token, err = l.ExportToken(ctx)
	}
	for accepted := false; ; accepted = true {
		switch {
		case err != nil:
			return entry.Account{}, err
		case token.Account != nil:
			return *token.Account, nil
		case token.DC != 0:
			*moving = token.Token
			return entry.Account{}, &Refusal{Reason: Moved, DC: token.DC}
		case accepted:
			*refused = &Refusal{Reason: OtherRefusal, Code: "LOGIN_TOKEN_NOT_ACCEPTED"}
			return entry.Account{}, errNotLetIn
		}
		if *refused = first.AcceptToken(ctx, token.Token); *refused != nil {
			return entry.Account{}, errNotLetIn
		}
		token, err = l.ExportToken(ctx)
	}
}

// signedInUnless notes a login unless there was an error.
func (t *turn) signedInUnless(ctx context.Context, err error, n authorization.Name, a entry.Account) error {
	if err != nil {
		return err
	}
	return t.signedIn(ctx, n, a)
}

// conclude carries out what a turn has come to, when all its connections have ended.
func (t *turn) conclude(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	switch {
	case t.stop != nil:
		t.logOut(ctx, t.loggedIn())
		t.last(*t.stop)
		return nil
	case t.missing == nil:
		return t.finish(ctx)
	}
	n, err := t.missing.name, t.missing.err
	no := refusal(err)
	fl.Asks = n
	if no == nil {
		fl.StepID, fl.Asks = stepFinish, ""
		return t.blame(ctx, r, err)
	}
	switch no.Reason {
	case PasswordNeeded:
		fl.StepID = stepPassword
		return nil
	case NeedsKey:
		fl.StepID, fl.Asks = stepFinish, ""
		return nil
	case InvalidPassword, SessionEnded:
		return t.blame(ctx, r, err)
	case Unreachable, ClockWrong, FloodWait:
		fl.StepID, fl.Asks = stepFinish, ""
		return t.blame(ctx, r, err)
	}
	return t.secondCode(ctx, r, no)
}

// secondCode asks for a code for a login that the first one may not let in: an entry that cannot send is none.
func (t *turn) secondCode(ctx context.Context, r *flow.Reader, why *Refusal) error {
	fl := &t.held.Flow
	n := fl.Asks
	if fl.Phone.IsZero() {
		fl.Phone = seal.NewText(fl.Signed.Account.Phone)
	}
	err := t.sendCode(ctx, n)
	if err != nil {
		fl.StepID, fl.Asks = stepFinish, ""
		return t.blame(ctx, r, err)
	}
	reason := why.Code
	if reason == "" {
		reason = string(why.Reason)
	}
	r.Blame(flow.Base, codeSecond, "The account is logged in for receiving, but Telegram did not let that login make the one that sends, “%s” (%s). So it needs a code of its own. %s", n.Device(), reason, saySent(*fl.Code))
	return nil
}

// codeSecond is the error that explains why a second code is asked for.
const codeSecond = "second_code"

// finishStep goes on with what another step could not do.
func (t *turn) finishStep(ctx context.Context, r *flow.Reader) error {
	if !r.OK() {
		return nil
	}
	return t.goOn(ctx, r)
}

// goOn connects with the first login again and does what is left.
func (t *turn) goOn(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	fl.Asks = ""
	if err := t.over(ctx, t.first(), t.rest); err != nil {
		return t.blame(ctx, r, err)
	}
	return t.conclude(ctx, r)
}

// makeKeys makes the keys of the logins to come, in the account's data centre, while whoever logs in looks for the code:
// the step that checks a password has no time for it. What cannot be made now is made later.
func (t *turn) makeKeys(ctx context.Context) {
	fl := &t.held.Flow
	ctx, cancel := t.leaving(ctx, 2*cleanFor)
	defer cancel()
	for _, n := range t.names()[1:] {
		m := t.find(n)
		if m != nil && (m.LoggedIn || m.Session.DC == fl.Home) {
			continue
		}
		s, err := t.Telegram.NewKey(ctx, t.app(n), fl.Home)
		if err != nil {
			t.Log.Warn("a key could not be made yet", "device", t.app(n).Device, "error", err)
			return
		}
		t.drop(n)
		fl.Made = append(fl.Made, Made{Name: n, Session: s.Clone()})
	}
}
