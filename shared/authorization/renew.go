package authorization

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/clock"
)

// renewals is how many renewals of a lease go by before the first one that is missing ends it.
const renewals = 4

// keep renews the lease of a grant, if that is to be, for as long as its call lives: until stop, which waits for the
// goroutine that does it. The context that it returns ends with the lease.
func (p *Pool) keep(ctx context.Context, g *Grant) (held context.Context, stop func()) {
	if g.Term <= 0 {
		return ctx, func() {}
	}
	held, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.renew(held, g); err != nil {
			cancel(err)
		}
	}()
	return held, func() {
		cancel(nil)
		<-done
	}
}

// renew renews a lease until ctx ends, and returns nil then, or until the lease is over. A store that does not answer is
// asked again for as long as the lease lasts.
func (p *Pool) renew(ctx context.Context, g *Grant) error {
	every := g.Term / renewals
	for wait := every; sleep(ctx, p.clock, wait); {
		err := p.renewOnce(ctx, g, every)
		switch over := g.Lease.Check(); {
		case ctx.Err() != nil:
			return nil
		case over != nil:
			return fmt.Errorf("renew the lease of %s: %w", g.Name, over)
		case err != nil:
			p.log.WarnContext(ctx, "the lease of a sender cannot be renewed", "entry", g.Entry.ID, "authorization", g.Name, "error", err)
			wait = min(time.Second, every)
		default:
			wait = every
		}
	}
	return nil
}

// renewOnce does not wait for an answer for longer than until the next one is due.
func (p *Pool) renewOnce(ctx context.Context, g *Grant, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return p.store.Extend(ctx, g)
}

// sleep waits, and reports whether ctx lives.
func sleep(ctx context.Context, c clock.Clock, d time.Duration) bool {
	t := c.Timer(d)
	defer clock.StopTimer(t)
	select {
	case <-ctx.Done():
		return false
	case <-t.C():
		return true
	}
}
