package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gotd/neo"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

func TestGuard_IsSilentBeforeTheLeaseEnds(t *testing.T) {
	t.Parallel()
	c := fakeClock{neo.NewTime(start)}
	l := lease.New("a", 1, start, 30*time.Second, c.Now)
	g := guard{l, 10 * time.Second, c.Now}
	for after, silent := range []bool{19: false, 20: true} {
		if err := g.Check(); (err != nil) != silent || l.Check() != nil {
			t.Errorf("after %d s: guard %v, lease %v", after, err, l.Check())
		}
		c.Travel(time.Second)
	}
	l.Extend(c.Now(), 30*time.Second)
	if err := g.Check(); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
	l.Lose()
	if err := g.Check(); !errors.Is(err, lease.ErrLost) {
		t.Errorf("lost: %v", err)
	}
}

// Who cannot renew the lease ends the connection before it ends, also if there is nothing to be written.
func TestAccount_EndsTheConnectionBeforeTheLease(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, w *world) {
		w.lease = lease.New("a", 1, start, 30*time.Second, w.clock.Now)
		o.Claim.Lease = w.lease
	})
	c := w.connected()
	for open := true; open; {
		select {
		case <-c.ctx.Done():
			open = false
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
	if took := w.clock.Now().Sub(start); took < 20*time.Second || w.lease.Check() != nil {
		t.Errorf("ended after %v, lease %v", took, w.lease.Check())
	}
	w.lease.Extend(w.clock.Now(), time.Hour)
	again := w.connectedAfter(100 * time.Millisecond)
	if err := again.guard.Check(); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
}

func TestAccount_ReconnectsWithPauses(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.TelegramAway, "Telegram cannot be reached: no answer.")
	w := begin(t, func(_ *Options, w *world) { w.telegram.refuse = []error{gone, gone, gone, gone, gone} })
	began := w.clock.Now()
	r := w.reported("the trouble", func(r Report) bool {
		return has(health.Connecting)(r) && r.Conditions[0].Placeholders["reason"] == "Telegram cannot be reached: no answer"
	})
	w.connectedAfter(100 * time.Millisecond)
	if took := w.clock.Now().Sub(began); took < 8*time.Second { // 0, 1, 2, 5
		t.Errorf("connected after %v", took)
	}
	up := w.reported("the connection", func(r Report) bool { return r.Connected })
	if up.Since.Before(r.Since) || len(up.Conditions) > 0 {
		t.Errorf("%+v", up)
	}
}

func TestAccount_WhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code health.Code
	}{
		"flood":   {fault.New(fault.FloodWait, "Telegram asks to wait.").After(31 * time.Second), health.FloodWait},
		"clock":   {fault.New(fault.ClockWrong, "The clock is wrong.").Because(skewed(412)), health.ClockWrong},
		"other":   {errors.New("secret detail"), health.Connecting},
		"at rest": {nil, health.Connecting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t)
			w.connected().broken <- c.err
			r := w.reported(name, func(r Report) bool {
				return has(c.code)(r) && r.Conditions[0].Placeholders["reason"] != "not tried yet"
			})
			condition := r.Conditions[0]
			if c.code == health.FloodWait && !condition.Until.Equal(condition.Since.Add(31*time.Second)) {
				t.Errorf("until %v", condition.Until)
			}
			if m := condition.Message(); strings.Contains(m, "secret") || strings.Contains(m, "{") {
				t.Error(m)
			}
		})
	}
}

type skewed int

func (s skewed) Error() string   { return "skewed" }
func (s skewed) SecondsOff() int { return int(s) }

func TestAccount_EndedLoginEndsIt(t *testing.T) {
	t.Parallel()
	for want, err := range map[authorization.Fate]error{
		authorization.Ended:      &authorization.FateError{Fate: authorization.Ended, Err: fault.New(fault.ReauthRequired, "Ended.")},
		authorization.Duplicated: &authorization.FateError{Fate: authorization.Duplicated, Err: fault.New(fault.SenderResting, "Duplicated.")},
	} {
		w := begin(t)
		w.connected().broken <- err
		<-w.ended
		if w.fate != want {
			t.Errorf("fate %d, want %d", w.fate, want)
		}
	}
}

// A call may be the first to hear that the login has ended, over a connection that stands.
func TestAccount_CallThatHearsTheEndEndsIt(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(*tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			return nil, &authorization.FateError{Fate: authorization.Ended, Err: fault.New(fault.ReauthRequired, "Ended.")}
		}
	})
	w.connected()
	<-w.ended
	if w.fate != authorization.Ended {
		t.Errorf("fate %d", w.fate)
	}
}

func TestAccount_EndedClaimConnectsNowhere(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, _ *world) {
		o.Claim.Fate, o.Claim.Session = authorization.Ended, authorization.Session{}
	})
	w.reported("the ended login", has(health.ReauthRequired))
	w.Dropped(t.Context(), []outbox.Dropped{{Type: messageEvent, Reason: "max_age", Count: 2}})
	w.item(droppedEvent)
	select {
	case <-w.telegram.connections:
		t.Error("it connected")
	default:
	}
}
