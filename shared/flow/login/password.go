package login

import (
	"context"

	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// askForPassword moves the flow to the password of the account. The keys of the logins to come are made before: not in
// the step that checks it.
func (t *turn) askForPassword(ctx context.Context, l Line) {
	t.held.Flow.StepID, t.held.Flow.Token = stepPassword, nil
	t.hint(ctx, l)
}

// hint asks for the password's hint, which is only a help.
func (t *turn) hint(ctx context.Context, l Line) {
	hint, err := l.Hint(ctx)
	if err != nil {
		t.Log.Info("the hint of a password cannot be had", "error", err)
	}
	t.held.Flow.Hint = hint
}

// checkPassword takes the password of an account that has one. It is used in this turn, for each login that needs it, and
// kept nowhere.
func (t *turn) checkPassword(ctx context.Context, r *flow.Reader) error {
	password := r.Verbatim(fieldPassword)
	if !r.OK() {
		return nil
	}
	t.password, t.keyless = seal.NewText(password), true
	n := t.asks()
	if t.done(n) {
		return t.goOn(ctx, r)
	}
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		a, in, err := l.Self(ctx) // an earlier answer to this form may have reached Telegram
		if err == nil && !in {
			a, err = l.CheckPassword(ctx, t.password)
		}
		return t.enteredUnless(ctx, err, n, a, l)
	})
	switch {
	case n != t.first() && (refusedFor(err, SessionEnded) || refusedFor(err, NeedsKey)):
		return t.goOn(ctx, r) // it waited too long; it is let in once more
	case err != nil:
		return t.blame(ctx, r, err)
	}
	return t.entered(ctx, r, n)
}
