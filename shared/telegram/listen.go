package telegram

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
)

// A Listener is told what a long connection hears, in the order in which it was received, by one goroutine.
type Listener struct {
	// Began is told of each session that Telegram makes: the first, after the first call, and any later one, before
	// which pushes may have been lost. It may be nil.
	Began func()
	// Updates gets the pushed updates. While it does not return, updates wait, and when many do the connection is not
	// read any more: Telegram then holds the rest back, and the difference has what it drops.
	Updates func(tg.UpdatesClass)
}

// buffered is how many updates wait for a listener before the connection is read no more.
const buffered = 1000

// Listen holds a connection that gets the account's updates until use returns, ctx ends or the connection breaks; the
// error says why (nil: use returned nil). use makes the calls, of which the first subscribes to the updates; its ctx
// ends with the connection. Calls may be made from several goroutines, also from within Listener's functions, but an
// answer never waits for an update.
func (d *Dialer) Listen(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, l Listener, use func(ctx context.Context, api *tg.Client) error) (authorization.Ending, error) {
	f := &feed{heard: make(chan heard, buffered)}
	stopped := make(chan struct{})
	go func() { // ends when connect has returned and the channel is closed
		defer close(stopped)
		for h := range f.heard {
			switch {
			case h.began && l.Began != nil:
				l.Began()
			case h.updates != nil && l.Updates != nil:
				l.Updates(h.updates)
			}
		}
	}()
	ending, err := d.connect(ctx, plan{app: a, session: s, guard: g, feed: f}, use)
	close(f.heard)
	<-stopped
	return ending, err
}

// feed takes what was heard from gotd's goroutines to the listener.
type feed struct{ heard chan heard }

type heard struct {
	began   bool
	updates tg.UpdatesClass
}

func (f *feed) push(ctx context.Context, h heard) {
	select {
	case f.heard <- h:
	case <-ctx.Done():
	}
}
