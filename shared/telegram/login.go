package telegram

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gotd/td/proto/codec"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/seal"
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

// SignInBot implements [login.Telegram].
func (d *Dialer) SignInBot(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, token seal.Text, noted func(authorization.Session) error) (login.SignedIn, error) {
	p := plan{app: a, session: s, guard: g, quiet: true}
	if len(s.Keys) == 0 {
		p.session, p.noted = d.fresh(s.DC), noted
	}
	for move := 0; ; move++ {
		in, err := d.signInBot(ctx, p, token)
		dc, moved := movedTo(err)
		if p.noted == nil && isForgotten(err) {
			dc, moved = p.session.DC, true
		}
		if !moved || move == mostMoves {
			return in, refusal(err)
		}
		p.session, p.noted = d.fresh(dc), noted
	}
}

// signInBot tries to log a bot in at one data centre.
func (d *Dialer) signInBot(ctx context.Context, p plan, token seal.Text) (in login.SignedIn, err error) {
	ending, err := d.connect(ctx, p, func(ctx context.Context, api *tg.Client) error {
		answer, err := api.AuthImportBotAuthorization(ctx, &tg.AuthImportBotAuthorizationRequest{
			APIID: p.app.ID, APIHash: p.app.Hash.Reveal(), BotAuthToken: token.Reveal(),
		})
		if err != nil {
			return err
		}
		signed, ok := answer.(*tg.AuthAuthorization)
		if !ok {
			return fault.New(fault.TelegramError, "Telegram answered the login of a bot with %s.", answer.TypeName())
		}
		me, ok := signed.User.AsNotEmpty()
		if !ok {
			return fault.New(fault.TelegramError, "Telegram does not say whose token this is.")
		}
		state, err := api.UpdatesGetState(ctx)
		if err != nil {
			return afterwards{fmt.Errorf("ask for the state of the updates: %w", err)}
		}
		in.Account, in.Bot = Account(me), me.Bot
		in.State = login.UpdateState{Pts: state.Pts, Qts: state.Qts, Date: state.Date, Seq: state.Seq}
		return nil
	})
	in.Session = ending.Session
	return in, err
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
func (d *Dialer) LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) error {
	_, err := d.Use(ctx, a, s, g, func(ctx context.Context, api *tg.Client) error {
		_, err := api.AuthLogOut(ctx)
		return err
	})
	var fate *authorization.FateError
	if errors.As(err, &fate) && fate.Fate == authorization.Ended {
		return nil
	}
	return err
}

// movedTo returns the data centre that Telegram wants a login to go to.
func movedTo(err error) (dc int, moved bool) {
	e, ok := tgerr.As(err)
	if !ok || !e.IsOneOf("USER_MIGRATE", "PHONE_MIGRATE", "NETWORK_MIGRATE") {
		return 0, false
	}
	return e.Argument, true
}

// isForgotten reports whether Telegram does not know the key any more. It keeps keys that nobody logged in with for a
// short time only; for a login another one does as well.
func isForgotten(err error) bool {
	var e *transportError
	return errors.As(err, &e) && e.code == codec.CodeAuthKeyNotFound || tgerr.Is(err, "AUTH_KEY_UNREGISTERED", "AUTH_KEY_INVALID")
}

// afterwards is an error that came when the login had succeeded: whatever it says, the key is logged in.
type afterwards struct{ error }

func (a afterwards) Unwrap() error { return a.error }

// refusals are the answers that mean that nothing was logged in.
var refusals = map[string]login.Reason{
	"API_ID_INVALID":         login.InvalidAPI,
	"API_ID_PUBLISHED_FLOOD": login.PublishedAPI,
	"ACCESS_TOKEN_INVALID":   login.InvalidToken,
	"ACCESS_TOKEN_EXPIRED":   login.ExpiredToken,
	"FLOOD_WAIT":             login.FloodWait,
	"USER_DEACTIVATED":       login.Banned,
	"USER_DEACTIVATED_BAN":   login.Banned,
}

// refusal makes a refusal of an answer that means that nothing was logged in. Other errors stay as they are.
func refusal(err error) error {
	e, ok := tgerr.As(err)
	var late afterwards
	if !ok || errors.As(err, &late) || e.Code >= 500 || e.Code < 0 {
		return err
	}
	r := &login.Refusal{Reason: login.OtherRefusal, Code: printable(e.Message), Err: err}
	if reason, known := refusals[e.Type]; known {
		r.Reason, r.Code = reason, ""
	}
	if r.Reason == login.FloodWait {
		r.RetryAfter = time.Duration(e.Argument) * time.Second
	}
	return r
}
