package authorization_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/lease"
	"telegram-client/shared/redisstore"
)

// A ledger is a store that says when a lease was to be renewed, and fails when the test says.
type ledger struct {
	authorization.Store
	fail  func(n int) error // of the n-th renewal
	asked chan int
	n     int // of the goroutine that renews
}

func (l *ledger) Extend(ctx context.Context, g *authorization.Grant) error {
	l.n++
	err := l.fail(l.n)
	if err == nil {
		err = l.Store.Extend(ctx, g)
	}
	select {
	case l.asked <- l.n:
	case <-ctx.Done():
	}
	return err
}

// renewing has the pool renew leases whenever the test has seen the last time.
func (h *house) renewing(fail func(n int) error) *ledger {
	l := &ledger{Store: h.store, fail: fail, asked: make(chan int)}
	h.Pool = authorization.NewPool(l, h.line, &restingClock{Clock: clock.System}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return l
}

func (h *house) files() authorization.Request {
	r := h.request()
	r.For = 15 * time.Minute
	return r
}

var errAway = errors.New("the store is away")

func TestDo_RenewsTheLeaseOfALongCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	l := h.renewing(func(n int) error {
		if n == 2 || n == 3 {
			return errAway
		}
		return nil
	})
	if err := h.Do(within(t), h.files(), func(ctx context.Context, c *authorization.Call) error {
		for n := 1; n <= 5; n++ {
			select {
			case got := <-l.asked:
				if got != n {
					t.Errorf("renewal %d, want %d", got, n)
				}
			case <-ctx.Done():
				t.Errorf("it ended: %v", context.Cause(ctx))
			}
		}
		return ask(ctx, c)
	}); err != nil {
		t.Fatal(err)
	}
	// Nobody renews any more, and the next call is served at once.
	n := l.n
	r := h.request()
	r.Wait = 0
	if err := h.Do(within(t), r, ask); err != nil {
		t.Error(err)
	}
	if l.n != n {
		t.Error("a short call's lease was renewed")
	}
}

func TestDo_ALongCallEndsWithItsLease(t *testing.T) {
	t.Parallel()
	numbers := redisstore.Numbers{CallDeadline: 50 * time.Millisecond, Margin: 50 * time.Millisecond} // of which a short lease is
	for _, c := range []struct {
		name    string
		numbers redisstore.Numbers
		lose    bool
		want    error
	}{
		{"the store says that it is lost", redisstore.Numbers{}, true, lease.ErrLost},
		{"the store stays away", numbers, false, lease.ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouseOf(t, 1, redisstore.Options{Numbers: c.numbers})
			l := h.renewing(func(int) error {
				if c.lose {
					return nil
				}
				return errAway
			})
			took := make(chan *authorization.Grant, 1)
			l.Store = &taking{l.Store, took}
			go func() {
				for range l.asked {
				}
			}()
			err := h.Do(within(t), h.files(), func(ctx context.Context, call *authorization.Call) error {
				if c.lose {
					if err := h.store.Finish(within(t), <-took, authorization.Result{}); err != nil { // as another process would have it
						t.Error(err)
					}
				}
				<-ctx.Done()
				if err := context.Cause(ctx); !errors.Is(err, c.want) {
					t.Errorf("it ended because of %v", err)
				}
				return ask(within(t), call)
			})
			close(l.asked)
			if !errors.Is(err, c.want) {
				t.Errorf("asked after the end: %v", err)
			}
		})
	}
}

// taking shows what was granted, with a lease of its own.
type taking struct {
	authorization.Store
	took chan *authorization.Grant
}

func (s *taking) Acquire(ctx context.Context, r authorization.Request) (*authorization.Grant, error) {
	g, err := s.Store.Acquire(ctx, r)
	if err == nil {
		other := *g
		other.Lease = lease.New(g.Lease.Nonce(), g.Lease.Epoch(), time.Now(), time.Minute, time.Now)
		s.took <- &other
	}
	return g, err
}
