package login

import (
	"context"
	"encoding/base64"
	"time"

	"telegram-client/shared/flow"
)

// link is what a QR code shows. https://core.telegram.org/api/qr-login
func (t *Token) link() string {
	return "tg://login?token=" + base64.RawURLEncoding.EncodeToString(t.Token)
}

// qr looks whether somebody has accepted the QR code, and draws a new one if not.
func (t *turn) qr(ctx context.Context, r *flow.Reader) error {
	if !r.OK() {
		return nil
	}
	fl := &t.held.Flow
	shown := fl.Token != nil
	if err := t.draw(ctx); err != nil {
		return t.blame(ctx, r, err)
	}
	switch {
	case t.done(t.first()):
		return t.conclude(ctx, r)
	case fl.StepID == stepPassword:
		t.makeKeys(ctx)
	case shown:
		r.Blame(flow.Base, codeNotAccepted, "Nobody has accepted the code yet. This is a new one: in Telegram on the phone open Settings, Devices, Link Desktop Device, and point the camera at it.")
	}
	return nil
}

// codeNotAccepted is the error of a QR code that nobody has accepted.
const codeNotAccepted = "qr_not_accepted"

// draw gets a login token to be shown, or what became of the one that was.
func (t *turn) draw(ctx context.Context) error {
	fl := &t.held.Flow
	n := t.first()
	unclear := t.unclear(n)
	var moving []byte // the token to be imported in the account's data centre
	return t.over(ctx, n, func(ctx context.Context, l Line) error {
		if unclear {
			if a, in, err := l.Self(ctx); err != nil || in {
				return t.enteredUnless(ctx, err, n, a, l)
			}
		}
		var token Token
		var err error
		if moving != nil {
			token, err = l.ImportToken(ctx, moving)
		} else {
			token, err = l.ExportToken(ctx)
		}
		if moving != nil && refusedFor(err, TokenOver) {
			moving = nil
			token, err = l.ExportToken(ctx)
		}
		switch {
		case refusedFor(err, PasswordNeeded):
			t.askForPassword(ctx, l)
			return nil
		case err != nil:
			return err
		case token.Account != nil:
			return t.enteredUnless(ctx, nil, n, *token.Account, l)
		case token.DC != 0:
			moving = token.Token
			return &Refusal{Reason: Moved, DC: token.DC}
		}
		fl.Token, fl.StepID = &token, stepQR
		return nil
	})
}

// expires says when a token is over, as a form shows it.
func (t *Token) expires() string { return t.ExpiresAt.UTC().Format(time.RFC3339) }
