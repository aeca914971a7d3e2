package telegram

import (
	"context"
	"errors"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
)

// mostMoves is how many data centres a login follows Telegram to.
const mostMoves = 3

// NewKey implements [login.Telegram].
func (d *Dialer) NewKey(ctx context.Context, a authorization.App, dc int) (authorization.Session, error) {
	var made authorization.Session
	_, err := d.connect(ctx, plan{app: a, session: d.fresh(dc), noted: func(s authorization.Session) error {
		made = s
		return nil
	}}, nil)
	return made, err
}

// fresh is a session without a key.
func (d *Dialer) fresh(dc int) authorization.Session {
	if dc == 0 {
		dc = d.Servers.Default
	}
	return authorization.Session{DC: dc}
}

// Connect implements [login.Telegram].
func (d *Dialer) Connect(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, noted func(authorization.Session) error, use func(context.Context, login.Line) error) (authorization.Ending, error) {
	p := plan{app: a, session: s, guard: g, quiet: true}
	if len(s.Keys) == 0 {
		if noted == nil {
			return authorization.Ending{Session: s}, &login.Refusal{Reason: login.NeedsKey, DC: s.DC}
		}
		p.session, p.noted = d.fresh(s.DC), noted
	}
	for move := 0; ; move++ {
		ending, err := d.connect(ctx, p, func(ctx context.Context, api *tg.Client) error { return use(ctx, &line{api, a.App}) })
		dc, moved := movedTo(err)
		if p.noted == nil && isForgotten(err) {
			dc, moved = p.session.DC, true
		}
		if !moved || move == mostMoves {
			return ending, refusal(err)
		}
		if noted == nil {
			return ending, &login.Refusal{Reason: login.NeedsKey, DC: dc, Err: err}
		}
		p.session, p.noted = d.fresh(dc), noted
	}
}

// Account returns what Telegram says about the account itself.
func Account(me *tg.User) entry.Account {
	a := entry.Account{
		ID:         me.ID,
		Username:   me.Username,
		FirstName:  me.FirstName,
		LastName:   me.LastName,
		Phone:      me.Phone,
		Restricted: me.Restricted,
		Premium:    me.Premium,
	}
	// An account with several usernames has them in a list only.
	for _, u := range me.Usernames {
		if a.Username == "" && u.Active {
			a.Username = u.Username
		}
	}
	return a
}

// LogOut implements [login.Telegram].
func (d *Dialer) LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) (authorization.Ending, error) {
	ending, err := d.Use(ctx, a, s, g, func(ctx context.Context, api *tg.Client) error {
		_, err := api.AuthLogOut(ctx)
		return err
	})
	var fate *authorization.FateError
	if errors.As(err, &fate) && fate.Fate == authorization.Ended {
		return ending, nil
	}
	return ending, err
}
