package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
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
	// until is when the step's time is over; zero: never.
	until time.Time
	// noted is true once this turn has set the flow's Making: it was not a turn that died.
	noted bool
	// password is what was entered in this turn, and is gone with it.
	password seal.Text
	// keyless is true in a turn that checks a password: a new key on top of it would take too long.
	keyless bool
	// missing is why a login besides the first could not be made, and which one.
	missing *missing
	// stop ends the flow once no connection is open any more.
	stop *End
}

func (f *Flows) turn(ctx context.Context, h *Held) *turn {
	t := &turn{Flows: f, held: h, at: f.Now()}
	t.until, _ = ctx.Deadline()
	return t
}

// witness is a login that only shows whose account it is: no entry gets it.
const witness authorization.Name = "witness"

// names returns the logins that the flow makes. The first says whose account it is.
func (t *turn) names() []authorization.Name {
	if names := t.held.Flow.Names; len(names) > 0 {
		return names
	}
	return []authorization.Name{witness}
}

// first is the login that is made first and lets in the others.
func (t *turn) first() authorization.Name { return t.names()[0] }

// asks is the login that the form is about.
func (t *turn) asks() authorization.Name { return cmp.Or(t.held.Flow.Asks, t.first()) }

// find returns what the flow has made under a name; nil if nothing.
func (t *turn) find(n authorization.Name) *Made {
	made := t.held.Flow.Made
	if at := slices.IndexFunc(made, func(m Made) bool { return m.Name == n }); at >= 0 {
		return &made[at]
	}
	return nil
}

// drop forgets what the flow has made under a name. Nothing may be logged in with it.
func (t *turn) drop(n authorization.Name) {
	fl := &t.held.Flow
	fl.Made = slices.DeleteFunc(fl.Made, func(m Made) bool { return m.Name == n })
}

// done reports whether a login is complete.
func (t *turn) done(n authorization.Name) bool {
	m := t.find(n)
	return m != nil && m.Done
}

// unclear reports whether a key may be logged in: whoever tried died, was cut off, or the key waits for somebody else to
// let it in.
func (t *turn) unclear(n authorization.Name) bool {
	m := t.find(n)
	return m != nil && m.LoggedIn && !m.Done
}

// over opens the connection of a login, with its key or a new one, and calls use. From before the connection until
// Telegram has said that nothing was logged in, the flow says that the key may be logged in.
func (t *turn) over(ctx context.Context, n authorization.Name, use func(context.Context, Line) error) error {
	ctx, cancel := t.leaving(ctx, cleanFor)
	defer cancel()
	var unnoted error
	note := func(s authorization.Session) error {
		t.held.Flow.Home = s.DC
		t.drop(n)
		t.held.Flow.Made = append(t.held.Flow.Made, Made{Name: n, Session: s.Clone(), LoggedIn: true})
		unnoted = t.note(ctx, "a key")
		return unnoted
	}
	s := authorization.Session{DC: t.held.Flow.Home}
	if m := t.find(n); m != nil { // making another key costs 0.7 s of CPU
		s = m.Session.Clone()
		if err := t.rested(ctx, m); err != nil {
			return err
		}
		if !m.LoggedIn {
			m.LoggedIn = true
			if err := t.note(ctx, "the use of a key"); err != nil {
				m.LoggedIn = false
				return err
			}
		}
	}
	makes := note
	if t.keyless || t.done(n) { // a login that is complete is never replaced under way
		makes = nil
	}
	ending, err := t.Telegram.Connect(ctx, t.app(n), s, t.held.Lease, makes, use)
	m := t.find(n)
	if m == nil {
		return err
	}
	if len(ending.Session.Keys) > 0 && same(ending.Session, m.Session) {
		m.Session, m.Rests = ending.Session.Clone(), ending.Reset
	}
	var no *Refusal
	switch {
	case err == nil:
	case !m.Done && (unnoted != nil || surelyNot(err)):
		m.LoggedIn = false
	case m.Done && errors.As(err, &no) && no.Reason == NeedsKey:
		return &Refusal{Reason: SessionEnded, Err: err}
	}
	return err
}

// rested lets a key rest whose last connection was reset: Telegram may believe that one alive. When it was is not known,
// so it rests as if it had been now.
func (t *turn) rested(ctx context.Context, m *Made) error {
	if !m.Rests {
		return nil
	}
	if err := t.Wait(ctx, t.Rest); err != nil {
		return fmt.Errorf("let a key rest: %w", err)
	}
	m.Rests = false
	return nil
}

// leaving returns a context that leaves so much of the step's time.
func (t *turn) leaving(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if t.until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, t.until.Add(-d))
}

// notIn says that Telegram has answered, and the key is not logged in.
func (t *turn) notIn(n authorization.Name) {
	if m := t.find(n); m != nil && !m.Done {
		m.LoggedIn = false
	}
}

// errAnother is a login besides the first that turned out to be one of another account.
var errAnother = errors.New("this is another account")

// signedIn notes that a login is complete. The first one says whose flow this is, and the others have to be of the same
// account.
func (t *turn) signedIn(ctx context.Context, n authorization.Name, a entry.Account) error {
	fl := &t.held.Flow
	m := t.find(n)
	if m == nil {
		return errors.New("a login without a key")
	}
	m.LoggedIn = true
	if fl.Signed != nil && fl.Signed.Account.ID != a.ID {
		return errAnother
	}
	m.Done = true
	if fl.Signed == nil {
		fl.Signed = &Signed{Account: a, At: t.at}
	}
	return t.note(ctx, "a login")
}

// note writes the flow down while it stays held.
func (t *turn) note(ctx context.Context, what string) error {
	if err := t.Store.NoteFlow(ctx, t.held); err != nil {
		return fmt.Errorf("note %s: %w", what, err)
	}
	return nil
}

func same(a, b authorization.Session) bool {
	return a.DC == b.DC && a.Keys[a.DC].Auth == b.Keys[b.DC].Auth
}

func (t *turn) app(n authorization.Name) authorization.App {
	a := authorization.App{App: t.held.Flow.App, Device: n.Device()}
	if n == "" || n == witness {
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
		err := t.rested(ctx, &m)
		var ending authorization.Ending
		if err == nil {
			ending, err = t.Telegram.LogOut(ctx, t.app(m.Name), m.Session.Clone(), t.held.Lease)
		}
		fl := &t.held.Flow
		at := slices.IndexFunc(fl.Made, func(o Made) bool { return same(o.Session, m.Session) })
		switch {
		case err != nil:
			t.Log.Warn("a login that is not wanted could not be ended yet", "device", t.app(m.Name).Device, "error", err)
			clean = false
			if at >= 0 {
				fl.Made[at].Name, fl.Made[at].Rests = "", m.Rests || ending.Reset
			}
		case at >= 0:
			fl.Made = slices.Delete(fl.Made, at, at+1)
		}
	}
	return clean
}
