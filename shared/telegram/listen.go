package telegram

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
)

// buffered is how many updates wait for a listener before the connection is read no more.
const buffered = 1000

// Listen holds a connection that gets the account's updates until use returns, ctx ends or the connection breaks; the
// error says why (nil: use returned nil).
//
// use makes the calls, of which the first subscribes to the updates; its ctx ends with the connection. began is told of
// each session that Telegram makes: the first, after the first call, and any later one, before which pushes may have
// been lost; it may be nil. updates gets what Telegram pushes. Both are called by one goroutine, in the order in which
// gotd hands messages on, which is nearly that of their receipt; it ends before Listen returns. While updates does not
// return, what comes waits, and beyond a thousand the connection is not read any more. An answer never waits for that
// before then.
func (d *Dialer) Listen(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard,
	began func(), updates func(tg.UpdatesClass), use func(ctx context.Context, api *tg.Client) error,
) (authorization.Ending, error) {
	f := &feed{heard: make(chan heard, buffered)}
	told := make(chan struct{})
	go func() { // ends when the connection has and the channel is closed
		defer close(told)
		for h := range f.heard {
			switch {
			case h.updates != nil:
				updates(h.updates)
			case began != nil:
				began()
			}
		}
	}()
	ending, err := d.connect(ctx, plan{app: a, session: s, guard: g, feed: f}, use)
	close(f.heard)
	<-told
	return ending, err
}

// feed takes what was heard from gotd's goroutines to the listener's.
type feed struct{ heard chan heard }

// heard are updates, or nil for a session that began.
type heard struct{ updates tg.UpdatesClass }

func (f *feed) push(ctx context.Context, h heard) {
	select {
	case f.heard <- h:
	case <-ctx.Done():
	}
}
