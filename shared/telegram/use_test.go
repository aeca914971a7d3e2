package telegram_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/telegram"
	"telegram-client/tests/telegramtest/mtserver"
)

func TestUse_AnswersInTwoRoundTrips(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Faults().Delay(5*time.Millisecond, 5*time.Millisecond)
	s, key := w.session(t, 1)
	ending, err := w.dialer.Use(within(t), app, s, free{}, nearest)
	if err != nil {
		t.Fatal(err)
	}
	if ending.Reset {
		t.Error("the connection was reset")
	}
	got := w.Stats(key)
	if got.RoundTrips != 2 || got.Requests != 1 || got.MostAlive != 1 {
		t.Errorf("%+v, want 2 round trips and 1 request", got)
	}
	<-w.handler.closed
	if c := w.Connections(key)[0]; c.EndedBy != "fin" {
		t.Errorf("ended by %q", c.EndedBy)
	}
}

func TestUse_EveryCallWantsNoUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
		for range 3 {
			if err := nearest(ctx, api); err != nil {
				return err
			}
		}
		if x := w.Sessions(key); len(x) != 1 || x[0].WantsUpdates() {
			t.Errorf("sessions %v", x)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range w.handler.seen() {
		if !r.WithoutUpdates {
			t.Errorf("call %d subscribes to updates", i)
		}
		if r.Layer != tg.Layer || r.Init.APIID != 7 || r.Init.DeviceModel != app.Device || r.Init.AppVersion != "0.1.0" {
			t.Errorf("call %d: layer %d, %+v", i, r.Layer, r.Init)
		}
	}
}

func TestUse_KeepsTheSalt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	w.RotateSalts()
	ending, err := w.dialer.Use(within(t), app, s, free{}, nearest)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Stats(key).RoundTrips; got != 3 {
		t.Errorf("%d round trips with a stale salt, want 3", got)
	}
	if ending.Session.Keys[1].Salt == s.Keys[1].Salt {
		t.Error("the session has the stale salt")
	}
	<-w.handler.closed
	if _, err := w.dialer.Use(within(t), app, ending.Session, free{}, nearest); err != nil {
		t.Fatal(err)
	}
	if got := w.Stats(key).RoundTrips; got != 5 {
		t.Errorf("%d round trips after one more use, want 5", got)
	}
}

func TestUse_SaltThatChangesMeanwhileIsKeptToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	ending, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		w.RotateSalts()
		return nearest(ctx, api)
	})
	if err != nil {
		t.Fatal(err)
	}
	<-w.handler.closed
	before := w.Stats(key).RoundTrips
	if _, err := w.dialer.Use(within(t), app, ending.Session, free{}, nearest); err != nil {
		t.Fatal(err)
	}
	if got := w.Stats(key).RoundTrips - before; got != 2 {
		t.Errorf("%d round trips afterwards, want 2", got)
	}
}

func TestUse_UnknownKeyEndsTheConnectionAndMakesNoNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	w.Destroy(key)
	ending, err := w.dialer.Use(within(t), app, s, free{}, nearest)
	wantFate(t, err, authorization.Ended, fault.ReauthRequired)
	if ending.Session.Keys[1].Auth != s.Keys[1].Auth {
		t.Error("the session came back with another key")
	}
	if len(w.handler.seen()) != 0 {
		t.Error("a call was carried out")
	}
}

func TestUse_FatesOfTheLogin(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct {
		status int
		fate   authorization.Fate
		code   fault.Code
	}{
		"AUTH_KEY_UNREGISTERED": {401, authorization.Ended, fault.ReauthRequired},
		"SESSION_REVOKED":       {401, authorization.Ended, fault.ReauthRequired},
		"USER_DEACTIVATED_BAN":  {401, authorization.Ended, fault.ReauthRequired},
		"SOMETHING_NEW":         {401, authorization.Ended, fault.ReauthRequired},
		"AUTH_KEY_DUPLICATED":   {406, authorization.Duplicated, fault.SenderResting},
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, answers{tg.HelpGetNearestDCRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) {
				return nil, tgerr.New(want.status, message)
			}})
			s, _ := w.session(t, 1)
			_, err := w.dialer.Use(within(t), app, s, free{}, nearest)
			wantFate(t, err, want.fate, want.code)
		})
	}
}

func wantFate(t *testing.T, err error, fate authorization.Fate, code fault.Code) {
	t.Helper()
	var f *authorization.FateError
	if !errors.As(err, &f) || f.Fate != fate || !fault.Is(err, code) {
		t.Errorf("%v, want fate %v and %s", err, fate, code)
	}
}

func TestUse_ErrorsOfUseItselfStayThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, _ := w.session(t, 1)
	for _, own := range []error{errors.New("own"), context.DeadlineExceeded, fault.New(fault.InvalidField, "No.")} {
		_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
			if err := nearest(ctx, api); err != nil {
				return err
			}
			return own
		})
		if !errors.Is(err, own) || fault.Is(err, fault.TelegramAway, fault.Timeout) {
			t.Errorf("%v, want %v", err, own)
		}
		<-w.handler.closed
	}
}

func TestUse_DeadlineHoldsOnASilentConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Faults().Silence(true)
	s, key := w.session(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := w.dialer.Use(ctx, app, s, free{}, nearest)
	if !fault.Is(err, fault.TelegramAway) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want that Telegram is away", err)
	}
	if got := w.Stats(key).Requests; got != 1 {
		t.Errorf("%d requests", got)
	}
}

func TestUse_DeadlineOfOneCallHoldsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answers{tg.HelpGetConfigRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) { return nil, nil }})
	s, _ := w.session(t, 1)
	_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := api.HelpGetConfig(short); !fault.Is(err, fault.Timeout) {
			t.Errorf("%v, want a time-out", err)
		}
		return nearest(ctx, api)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUse_DeadlineHoldsWhileConnecting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, _ := w.session(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.dialer.Use(ctx, app, s, free{}, nearest); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a cancelled call", err)
	}
	w.Close()
	if _, err := w.dialer.Use(within(t), app, s, free{}, nearest); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("%v, want that Telegram is away", err)
	}
}

func TestUse_PeerThatDoesNotEndIsReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Faults().Linger(true)
	s, _ := w.session(t, 1)
	ending, err := w.dialer.Use(within(t), app, s, free{}, nearest)
	if err != nil {
		t.Fatal(err)
	}
	if !ending.Reset {
		t.Error("the caller is not told that the connection had to be reset")
	}
}

func TestUse_BrokenConnection(t *testing.T) {
	t.Parallel()
	for _, abrupt := range []bool{false, true} {
		w := newWorld(t, nil)
		s, key := w.session(t, 1)
		_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
			if err := nearest(ctx, api); err != nil {
				return err
			}
			for _, x := range w.Sessions(key) {
				x.Close(abrupt)
			}
			<-ctx.Done()
			return nearest(ctx, api)
		})
		if !fault.Is(err, fault.TelegramAway) {
			t.Errorf("abrupt %v: %v, want that Telegram is away", abrupt, err)
		}
	}
}

// guard is one whose right can be taken away.
type guard struct{ over chan struct{} }

func (g guard) Check() error {
	select {
	case <-g.over:
		return lease.ErrExpired
	default:
		return nil
	}
}

func TestUse_NothingIsWrittenWithoutTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	g := guard{make(chan struct{})}
	ending, err := w.dialer.Use(within(t), app, s, g, func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		close(g.over)
		return nearest(ctx, api)
	})
	if !errors.Is(err, lease.ErrExpired) || !fault.Is(err, fault.Timeout) {
		t.Errorf("%v, want that the lease is over", err)
	}
	if !ending.Reset {
		t.Error("the connection was not reset")
	}
	<-w.handler.closed
	if got := w.Connections(key); len(got) != 1 || got[0].EndedBy != "reset" || len(w.handler.seen()) != 1 {
		t.Errorf("%+v, %d calls", got, len(w.handler.seen()))
	}
	if _, err := w.dialer.Use(within(t), app, s, g, nearest); !errors.Is(err, lease.ErrExpired) {
		t.Errorf("%v, want that the lease is over", err)
	}
	if got := w.Stats(key).Connections; got != 1 {
		t.Error("a connection was made without the lease")
	}
}

func TestUse_SkewedClockIsNamed(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{400 * time.Second, -400 * time.Second, 40 * time.Second, -40 * time.Second} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.Faults().Skew(skew)
			s, _ := w.session(t, 1)
			_, err := w.dialer.Use(within(t), app, s, free{}, nearest)
			var named *telegram.SkewError
			if !fault.Is(err, fault.ClockWrong) || !errors.As(err, &named) {
				t.Fatalf("%v, want that the clock is wrong", err)
			}
			if off := named.Ahead + skew; off < -5*time.Second || off > 5*time.Second {
				t.Errorf("ahead by %v, want %v", named.Ahead, -skew)
			}
		})
	}
}

func TestUse_SmallSkewDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{20 * time.Second, -20 * time.Second} {
		w := newWorld(t, nil)
		w.Faults().Skew(skew)
		s, _ := w.session(t, 1)
		if _, err := w.dialer.Use(within(t), app, s, free{}, nearest); err != nil {
			t.Errorf("%v: %v", skew, err)
		}
	}
}

func TestUse_SessionWithoutItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, _ := w.session(t, 1)
	s.DC = 2
	if _, err := w.dialer.Use(within(t), app, s, free{}, nearest); err == nil {
		t.Error("a key was made up")
	}
	s.DC = 9
	if _, err := w.dialer.Use(within(t), app, s, free{}, nearest); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("%v, want misconfigured", err)
	}
}

func TestUse_CallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Faults().Delay(5*time.Millisecond, 5*time.Millisecond)
	s, key := w.session(t, 1)
	_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
		done := make(chan error)
		for range 5 {
			go func() { done <- nearest(ctx, api) }()
		}
		var failed error
		for range 5 {
			failed = errors.Join(failed, <-done)
		}
		return failed
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Stats(key); got.RoundTrips != 2 || got.Requests != 5 {
		t.Errorf("%+v", got)
	}
}
