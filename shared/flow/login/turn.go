package login

import (
	"context"
	"fmt"
	"slices"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/seal"
)

const (
	// storeFor is how long giving a flow back may take after the caller's time is over.
	storeFor = 3 * time.Second
	// cleanFor is how much of a step's time is kept to undo what was done.
	cleanFor = 6 * time.Second
)

// A turn is the answering of one step: the flow is held, and nobody else speaks with the keys it made.
type turn struct {
	*Flows
	held *Held
	at   time.Time // when it began
	// noted is true once this turn has set the flow's Making: it was not a turn that died.
	noted bool
}

func (f *Flows) turn(h *Held) *turn { return &turn{Flows: f, held: h, at: f.Now()} }

// signInBot makes the logins that the flow needs, one after the other, and notes each key before it is used. It
// returns what Telegram said at each. After an error nothing stays logged in that is not noted as to be logged out.
func (t *turn) signInBot(ctx context.Context, token seal.Text) ([]SignedIn, error) {
	names, err := t.wanted(ctx, t.held.Flow)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = []authorization.Name{""} // no login has ended: one tells whether it is the same account, and goes again
	}
	whole := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-cleanFor))
		defer cancel()
	}
	var all []SignedIn
	for _, name := range names {
		s, err := t.signIn(ctx, name, token)
		if err != nil {
			t.Log.Info("a login was refused", "device", t.app(name).Device, "made", len(all), "error", err)
			t.logOut(whole, t.loggedIn())
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// signIn makes one login.
func (t *turn) signIn(ctx context.Context, name authorization.Name, token seal.Text) (SignedIn, error) {
	fl := &t.held.Flow
	at := slices.IndexFunc(fl.Made, func(m Made) bool { return m.Name == name && !m.LoggedIn })
	var unnoted error
	note := func(s authorization.Session) error {
		m := Made{Name: name, Session: s.Clone(), LoggedIn: true}
		switch {
		case at < 0:
			at = len(fl.Made)
			fl.Made = append(fl.Made, m)
		case fl.Made[at].LoggedIn && same(fl.Made[at].Session, s):
			return nil
		default:
			fl.Made[at] = m
		}
		if err := t.Store.NoteFlow(ctx, t.held); err != nil {
			unnoted = fmt.Errorf("note a key: %w", err)
			return unnoted
		}
		return nil
	}
	var s authorization.Session
	if at >= 0 { // a key that a refused login left over: making another one costs 0.7 s of CPU
		s = fl.Made[at].Session.Clone()
		if err := note(s); err != nil {
			fl.Made[at].LoggedIn = false
			return SignedIn{}, err
		}
	}
	signed, err := t.Telegram.SignInBot(ctx, t.app(name), s, t.held.Lease, token, note)
	if err != nil {
		if at >= 0 && (unnoted != nil || surelyNot(err)) {
			fl.Made[at].LoggedIn = false
		}
		return SignedIn{}, err
	}
	if at < 0 {
		at = len(fl.Made)
		fl.Made = append(fl.Made, Made{})
	}
	fl.Made[at] = Made{Name: name, Session: signed.Session.Clone(), LoggedIn: true}
	return signed, nil
}

func same(a, b authorization.Session) bool {
	return a.DC == b.DC && a.Keys[a.DC].Auth == b.Keys[b.DC].Auth
}

func (t *turn) app(n authorization.Name) authorization.App {
	a := authorization.App{App: t.held.Flow.App, Device: n.Device()}
	if n == "" {
		a.Device = "Home Assistant"
	}
	return a
}

// loggedIn returns what the flow has logged in, or may have.
func (t *turn) loggedIn() []Made {
	var in []Made
	for _, m := range t.held.Flow.Made {
		if m.LoggedIn {
			in = append(in, m)
		}
	}
	return in
}

// logOut logs these out and takes them off the flow. What cannot be logged out now stays there without a name, for the
// sweep. It reports whether none is left. It goes on for a moment if the caller's time is over.
func (t *turn) logOut(ctx context.Context, all []Made) bool {
	if len(all) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanFor)
	defer cancel()
	clean := true
	for _, m := range all {
		err := t.Telegram.LogOut(ctx, t.app(m.Name), m.Session.Clone(), t.held.Lease)
		fl := &t.held.Flow
		at := slices.IndexFunc(fl.Made, func(o Made) bool { return same(o.Session, m.Session) })
		switch {
		case err != nil:
			t.Log.Warn("a login that is not wanted could not be ended yet", "device", t.app(m.Name).Device, "error", err)
			clean = false
			if at >= 0 {
				fl.Made[at].Name = ""
			}
		case at >= 0:
			fl.Made = slices.Delete(fl.Made, at, at+1)
		}
	}
	return clean
}
