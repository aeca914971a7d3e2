package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/telegram"
)

// A recorder logs out, and keeps when the listener's login was connected with and when it became not to be.
type recorder struct {
	*telegram.Dialer
	t *testing.T
	// instead is what comes of the n-th logging out of a device instead; nil: it is carried out.
	instead func(device string, n int) (authorization.Ending, error)
	linger  func(bool) // makes Telegram believe ended connections alive

	mu       sync.Mutex
	tries    map[string]int
	resting  time.Time // since when the listener's login rests, or is in doubt
	loggedAt []time.Time
}

func (r *recorder) rests() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resting = time.Now()
}

func (r *recorder) Listen(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard,
	began func(), updates func(tg.UpdatesClass), use func(ctx context.Context, api *tg.Client) error,
) (authorization.Ending, error) {
	ending, err := r.Dialer.Listen(ctx, a, s, g, began, updates, use)
	if ending.Reset {
		r.rests()
		r.linger(false)
	}
	return ending, err
}

func (r *recorder) LogOut(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard) (authorization.Ending, error) {
	r.mu.Lock()
	r.tries[a.Device]++
	n := r.tries[a.Device]
	if a.Device == authorization.Listener.Device() && !r.resting.IsZero() {
		r.loggedAt = append(r.loggedAt, time.Now())
	}
	r.mu.Unlock()
	if r.instead != nil {
		if ending, err := r.instead(a.Device, n); err != nil {
			if a.Device == authorization.Listener.Device() {
				r.rests()
			}
			ending.Session = s
			return ending, err
		}
	}
	return r.Dialer.LogOut(ctx, a, s, g)
}

func twice() error {
	return &authorization.FateError{Fate: authorization.Duplicated, Err: fault.New(fault.SenderResting, "Twice.").Because(tgerr.New(406, "AUTH_KEY_DUPLICATED"))}
}

// A login that is to be ended is connected with for it: not while it rests, nor before it has cooled down.
func TestSupervisor_RemovedEntryRestsBeforeItIsLoggedOut(t *testing.T) {
	t.Parallel()
	const rest, coolDown = 1500 * time.Millisecond, 4 * time.Second
	listener, sender := authorization.Listener.Device(), authorization.Sender(1).Device()
	for _, c := range []struct {
		name    string
		prepare func(w *world, r *recorder)
		instead func(device string, n int) (authorization.Ending, error)
		rest    time.Duration
		doubt   authorization.Name // whose login came to be in doubt
	}{
		{name: "the listener's connection was reset", rest: rest, prepare: func(w *world, r *recorder) { r.linger(true) }},
		{name: "the connection for logging out was reset", rest: rest, instead: func(device string, n int) (authorization.Ending, error) {
			if device == listener && n == 1 {
				return authorization.Ending{Reset: true}, errors.New("no answer")
			}
			return authorization.Ending{}, nil
		}},
		{name: "used twice before", rest: coolDown, doubt: authorization.Listener, prepare: func(w *world, r *recorder) {
			w.telegram.Faults().Fail("users.getUsers", 406, "AUTH_KEY_DUPLICATED", 1)
			r.rests()
			w.breakConnection()
			w.until("it is in doubt", func() bool { return w.standing(authorization.Listener).Fate == authorization.Duplicated })
		}},
		{name: "used twice when logged out", rest: coolDown, doubt: authorization.Listener, instead: func(device string, n int) (authorization.Ending, error) {
			if device == listener && n == 1 {
				return authorization.Ending{}, twice()
			}
			return authorization.Ending{}, nil
		}},
		{name: "a sender used twice", doubt: authorization.Sender(1), instead: func(device string, n int) (authorization.Ending, error) {
			if device == sender && n == 1 {
				return authorization.Ending{}, twice()
			}
			return authorization.Ending{}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.numbers.CoolDown = coolDown })
			r := &recorder{Dialer: w.dialer, t: t, instead: c.instead, tries: map[string]int{}, linger: w.telegram.Wire().Faults().Linger}
			w.addEntry(entry.Target{})
			w.start(func(o *Options) { o.Connector, o.LogOuter, o.Rest = r, r, rest })
			w.until("it is connected", func() bool { return w.status().Connected })
			if c.prepare != nil {
				c.prepare(w, r)
			}
			if err := w.store.MarkRemoving(w.ctx(), w.id); err != nil {
				t.Fatal(err)
			}
			if c.doubt != "" {
				w.until("it is in doubt", func() bool { return w.standing(c.doubt).Fate == authorization.Duplicated })
			}
			w.until("it is gone", func() bool {
				_, err := w.store.Entry(w.ctx(), w.id)
				return fault.Is(err, fault.UnknownEntry)
			})
			r.mu.Lock()
			defer r.mu.Unlock()
			if c.rest > 0 {
				if len(r.loggedAt) == 0 {
					t.Fatal("it was never logged out after the rest")
				}
				if rested := r.loggedAt[0].Sub(r.resting); rested < c.rest {
					t.Errorf("connected with after %v", rested)
				}
			}
			if left := w.logins(); len(left) > 0 {
				t.Errorf("still logged in: %+v", left)
			}
		})
	}
}
