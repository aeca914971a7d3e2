package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/listener/updates"
	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
)

const (
	// lasting is how long a connection stands before the pauses begin anew.
	lasting = 30 * time.Second
	// resetRest is how long Telegram may believe a connection alive that was reset, if nothing else is said.
	resetRest = 2 * time.Second
	// selfWithin is how long the first call of a connection may take.
	selfWithin = 30 * time.Second
	// lookEvery is how often a connection that stands is asked something: Telegram may end a login without telling it, and
	// says so only to who asks (A11).
	lookEvery = time.Minute
)

// errEnded is a connection that ended without saying why.
var errEnded = errors.New("the connection ended")

// guard keeps the connection quiet from some time before the end of the lease: who cannot renew it must have stopped
// when it ends.
type guard struct {
	lease *lease.Lease
	mute  time.Duration
	now   func() time.Time
}

// Check implements authorization.Guard.
func (g guard) Check() error {
	if err := g.lease.Check(); err != nil {
		return err
	}
	if !g.now().Before(g.until()) {
		return lease.ErrExpired
	}
	return nil
}

func (g guard) until() time.Time { return g.lease.Until().Add(-g.mute) }

// connect keeps a connection until ctx ends, or Telegram has ended the login, which the fate says.
func (a *Account) connect(ctx context.Context) (authorization.Fate, error) {
	g := guard{a.o.Claim.Lease, a.o.Mute, a.o.Clock.Now}
	if rest := a.o.Claim.Rest; rest > 0 && (!a.sleep(ctx, rest) || !a.awaitRenewal(ctx, g)) {
		return authorization.Fine, nil
	}
	for failed := 0; ; {
		began := a.o.Clock.Now()
		err := a.listen(ctx, g)
		if ctx.Err() != nil {
			return authorization.Fine, nil
		}
		if lost := a.o.Claim.Lease.Check(); lost != nil {
			return authorization.Fine, fmt.Errorf("entry %s: %w", a.o.Claim.Entry.ID, lost)
		}
		if f := fateOf(err); f == authorization.Ended || f == authorization.Duplicated {
			c := a.condition(health.ReauthRequired, map[string]string{"reason": sentence(err)})
			if f == authorization.Duplicated {
				c = a.condition(health.Connecting, map[string]string{"reason": sentence(err)})
			}
			a.push(ctx, input{down: &down{c}})
			a.o.Log.Warn("Telegram has ended the login", "entry", a.o.Claim.Entry.ID, "error", err)
			return f, err
		}
		if err == nil {
			err = errEnded
		}
		if a.o.Clock.Now().Sub(began) >= lasting {
			failed = 0
		}
		failed++
		pause := a.o.Pauses.Wait(failed)
		f := fault.Of(err)
		condition := a.condition(health.Connecting, map[string]string{"reason": sentence(err)})
		switch f.Code {
		case fault.FloodWait:
			pause = max(pause, f.RetryAfter)
			condition.Code, condition.Until = health.FloodWait, a.o.Clock.Now().Add(pause).UTC()
		case fault.ClockWrong:
			condition = a.condition(health.ClockWrong, map[string]string{"seconds": skew(err)})
		}
		a.mu.Lock()
		if a.reset {
			pause = max(pause, cmp.Or(a.o.Rest, resetRest))
		}
		a.mu.Unlock()
		a.o.Log.Info("no connection to Telegram", "entry", a.o.Claim.Entry.ID, "again", pause, "error", err)
		a.push(ctx, input{down: &down{condition}})
		if !a.sleep(ctx, pause) {
			return authorization.Fine, nil
		}
		if !a.awaitRenewal(ctx, g) {
			return authorization.Fine, nil
		}
	}
}

// awaitRenewal waits while the lease has not been renewed for so long that nothing may be sent.
func (a *Account) awaitRenewal(ctx context.Context, g guard) bool {
	for g.Check() != nil && g.lease.Check() == nil {
		if !a.sleep(ctx, time.Second) {
			return false
		}
	}
	return true
}

// listen holds one connection.
func (a *Account) listen(ctx context.Context, g guard) error {
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() { // ends with ctx: closes a socket that may not be used any more, though nothing is written to it
		defer close(watched)
		a.watch(ctx, cancel, g)
	}()
	defer func() { cancel(nil); <-watched }()

	a.mu.Lock()
	session := a.session.Clone()
	a.mu.Unlock()
	e := &a.o.Claim.Entry
	first := true
	began := func() {
		if !first { // Telegram has made a new session, and may have dropped what was pushed to the old one
			a.push(ctx, input{engine: updates.Connected{}})
		}
		first = false
	}
	pushed := func(u tg.UpdatesClass) { a.push(ctx, input{engine: updates.Pushed{Updates: u}}) }
	use := func(ctx context.Context, api *tg.Client) error {
		me, err := self(ctx, api)
		if err != nil {
			return err
		}
		ended := make(chan error, 1)
		a.push(ctx, input{up: &up{ctx, api, me, ended}})
		return a.stand(ctx, api, ended)
	}
	ending, err := a.o.Connector.Listen(ctx, authorization.App{App: e.App, Device: authorization.Listener.Device()}, session, g, began, pushed, use)
	a.mu.Lock()
	if len(ending.Session.Keys) > 0 {
		a.session = ending.Session
	}
	a.reset = ending.Reset
	a.mu.Unlock()
	return err
}

// stand stays with a connection until it ends, and looks from time to time whether the login still works.
func (a *Account) stand(ctx context.Context, api *tg.Client, ended <-chan error) error {
	waiting, err := a.unconfirmed(ctx, api)
	if err != nil && !refused(err) {
		return err
	}
	for timer := a.o.Clock.Timer(lookEvery); ; timer.Reset(lookEvery) {
		if waiting != nil {
			a.push(ctx, input{seen: &seen{waiting: waiting}})
			waiting = nil
		}
		select {
		case <-ctx.Done():
			clock.StopTimer(timer)
			return context.Cause(ctx)
		case err := <-ended:
			clock.StopTimer(timer)
			return err
		case <-timer.C():
		}
		me, err := self(ctx, api)
		switch {
		case err == nil:
			a.push(ctx, input{seen: &seen{me: me}})
		case !refused(err):
			return err
		}
	}
}

// refused reports whether Telegram answered with an error that says nothing about login and connection.
func refused(err error) bool {
	_, said := tgerr.As(err)
	return said && fateOf(err) == authorization.Fine
}

// watch ends the connection when the lease has not been renewed in time.
func (a *Account) watch(ctx context.Context, cancel context.CancelCauseFunc, g guard) {
	for {
		left := g.until().Sub(a.o.Clock.Now())
		if left <= 0 {
			cancel(lease.ErrExpired)
			return
		}
		if !a.sleep(ctx, left) {
			return
		}
	}
}

// self asks who the account is. As the first call of a connection it also subscribes to updates.
func self(ctx context.Context, api *tg.Client) (*tg.User, error) {
	ctx, cancel := context.WithTimeout(ctx, selfWithin)
	defer cancel()
	users, err := api.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUserSelf{}})
	if err != nil {
		return nil, fmt.Errorf("ask who the account is: %w", err)
	}
	for _, u := range users {
		if u, ok := u.(*tg.User); ok {
			return u, nil
		}
	}
	return nil, errors.New("who the account is was not answered")
}

func fateOf(err error) authorization.Fate {
	var f *authorization.FateError
	if errors.As(err, &f) {
		return f.Fate
	}
	return authorization.Fine
}

// sentence returns what to tell the owner about an error, without the full stop of a sentence in a sentence.
func sentence(err error) string {
	f := fault.Of(err)
	if f.Code == fault.Internal {
		return "the connection broke"
	}
	return strings.TrimSuffix(f.Message, ".")
}

// skew returns how far off the clock is, in seconds, if the error says it.
func skew(err error) string {
	var s interface{ SecondsOff() int }
	if errors.As(err, &s) {
		return fmt.Sprint(s.SecondsOff())
	}
	return "some"
}
