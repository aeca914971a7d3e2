package account

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

// line is the connection as others than the account itself see it.
type line struct {
	mu      sync.Mutex
	up      *up           // nil: none
	changed chan struct{} // closed at the next change
}

func (l *line) set(u *up) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = u
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *line) now() (*up, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.up, l.changed
}

// Call runs use with the account's connection, and waits for one until ctx ends. The context that use gets ends with the
// connection. Call may be called from anywhere while Run runs.
func (a *Account) Call(ctx context.Context, use func(ctx context.Context, api *tg.Client) error) error {
	for {
		up, changed := a.line.now()
		if up != nil && up.ctx.Err() == nil {
			return a.over(ctx, up, use)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.New(fault.TelegramAway, "The listener has no connection to Telegram at the moment.").Because(ctx.Err())
		}
	}
}

func (a *Account) over(ctx context.Context, up *up, use func(ctx context.Context, api *tg.Client) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(up.ctx, cancel)()
	err := use(ctx, up.api)
	up.judge(err)
	return err
}

// judge ends the connection if an error says that the login has ended.
func (u *up) judge(err error) {
	if fateOf(err) == authorization.Fine {
		return
	}
	select {
	case u.ended <- err:
	default: // it was told already
	}
}

// AnswerCallback answers a press of an inline button.
// https://core.telegram.org/method/messages.setBotCallbackAnswer
func (a *Account) AnswerCallback(ctx context.Context, c entry.CallbackAnswer) error {
	r := &tg.MessagesSetBotCallbackAnswerRequest{QueryID: c.QueryID, Alert: c.Alert, CacheTime: int(c.CacheFor / time.Second)}
	if c.Text != "" {
		r.SetMessage(c.Text)
	}
	if c.URL != "" {
		r.SetURL(c.URL)
	}
	return a.Call(ctx, func(ctx context.Context, api *tg.Client) error {
		if _, err := api.MessagesSetBotCallbackAnswer(ctx, r); err != nil {
			return fmt.Errorf("answer a callback query: %w", err)
		}
		return nil
	})
}

// AcceptLogin accepts the token of a login of the same account that has begun with another key.
// https://core.telegram.org/api/qr-login
func (a *Account) AcceptLogin(ctx context.Context, token []byte) error {
	return a.Call(ctx, func(ctx context.Context, api *tg.Client) error {
		if _, err := api.AuthAcceptLoginToken(ctx, token); err != nil {
			return fmt.Errorf("accept a login: %w", err)
		}
		return nil
	})
}
