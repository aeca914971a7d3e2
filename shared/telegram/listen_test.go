package telegram_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/tests/telegramtest/mtserver"
)

// ear hears what a listener hears.
type ear struct {
	began   chan struct{}
	updates chan tg.UpdatesClass
}

func newEar() ear { return ear{make(chan struct{}, 100), make(chan tg.UpdatesClass, 2000)} }

func (e ear) hear(u tg.UpdatesClass) { e.updates <- u }

func (e ear) begin() { e.began <- struct{}{} }

// deaf takes updates and does nothing.
func deaf(tg.UpdatesClass) {}

func TestListen_GetsUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	e := newEar()
	const many = 50
	ending, err := w.dialer.Listen(t.Context(), app, s, free{}, e.begin, e.hear, func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		<-e.began
		x := w.Sessions(key)
		if len(x) != 1 || !x[0].WantsUpdates() {
			t.Fatalf("sessions %v", x)
		}
		for seq := range many {
			if err := x[0].Push(ctx, &tg.Updates{Seq: seq}); err != nil {
				return err
			}
		}
		got := map[int]bool{}
		for range many {
			got[(<-e.updates).(*tg.Updates).Seq] = true
		}
		if len(got) != many {
			t.Errorf("%d updates, want %d", len(got), many)
		}
		return nearest(ctx, api) // an answer needs no update to be taken
	})
	if err != nil || ending.Reset {
		t.Errorf("%v, reset %v", err, ending.Reset)
	}
}

func TestListen_AnswersDoNotWaitForUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	release := make(chan struct{})
	slow := func(tg.UpdatesClass) { <-release }
	_, err := w.dialer.Listen(t.Context(), app, s, free{}, nil, slow, func(ctx context.Context, api *tg.Client) error {
		defer close(release)
		if err := nearest(ctx, api); err != nil {
			return err
		}
		for _, x := range w.Sessions(key) {
			for range 3 {
				if err := x.Push(ctx, &tg.UpdatesTooLong{}); err != nil {
					return err
				}
			}
		}
		return nearest(ctx, api)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestListen_SaysWhyItEnded(t *testing.T) {
	t.Parallel()
	listening := func(w *world, key mtserver.KeyID, then func()) func(ctx context.Context, api *tg.Client) error {
		return func(ctx context.Context, api *tg.Client) error {
			if err := nearest(ctx, api); err != nil {
				return err
			}
			then()
			<-ctx.Done()
			return ctx.Err()
		}
	}
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		s, key := w.session(t, 1)
		_, err := w.dialer.Listen(t.Context(), app, s, free{}, nil, deaf, listening(w, key, func() {
			w.Sessions(key)[0].Close(true)
		}))
		if !fault.Is(err, fault.TelegramAway) {
			t.Errorf("%v, want that Telegram is away", err)
		}
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		s, key := w.session(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		ending, err := w.dialer.Listen(ctx, app, s, free{}, nil, deaf, listening(w, key, cancel))
		if !errors.Is(err, context.Canceled) || ending.Reset {
			t.Errorf("%v, reset %v", err, ending.Reset)
		}
		<-w.handler.closed
		if c := w.Connections(key)[0]; c.EndedBy != "fin" {
			t.Errorf("ended by %q", c.EndedBy)
		}
	})
	t.Run("lease lost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		w.dialer.PingEvery = 20 * time.Millisecond
		s, key := w.session(t, 1)
		g := guard{make(chan struct{})}
		_, err := w.dialer.Listen(t.Context(), app, s, g, nil, deaf, listening(w, key, func() { close(g.over) }))
		if !errors.Is(err, lease.ErrExpired) {
			t.Errorf("%v, want that the lease is over", err)
		}
	})
	t.Run("silence", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		w.dialer.PingEvery, w.dialer.PongWithin = 20*time.Millisecond, time.Second
		s, key := w.session(t, 1)
		_, err := w.dialer.Listen(t.Context(), app, s, free{}, nil, deaf, listening(w, key, func() { w.Faults().Silence(true) }))
		if !fault.Is(err, fault.TelegramAway) {
			t.Errorf("%v, want that Telegram is away", err)
		}
	})
	t.Run("logged out", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		s, key := w.session(t, 1)
		_, err := w.dialer.Listen(t.Context(), app, s, free{}, nil, deaf, func(ctx context.Context, api *tg.Client) error {
			w.Kill(key)
			return nearest(ctx, api)
		})
		if !fault.Is(err, fault.ReauthRequired) {
			t.Errorf("%v, want that a login is needed", err)
		}
	})
}

// A process that freezes holds its connection open; Telegram ends it before the next holder of the lease connects.
func TestConnections_AreEndedByTelegramIfTheProcessFreezes(t *testing.T) {
	t.Parallel()
	frozen := func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	for name, connect := range map[string]func(ctx context.Context, w *world, s authorization.Session) error{
		"listener": func(ctx context.Context, w *world, s authorization.Session) error {
			_, err := w.dialer.Listen(ctx, app, s, free{}, nil, deaf, frozen)
			return err
		},
		"call that moves files": func(ctx context.Context, w *world, s authorization.Session) error {
			ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
			defer cancel()
			_, err := w.dialer.Use(ctx, app, s, free{}, frozen)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.dialer.PingEvery, w.dialer.PongWithin = time.Hour, time.Second-time.Hour // one ping, good for a second
			s, key := w.session(t, 1)
			if err := connect(t.Context(), w, s); !fault.Is(err, fault.TelegramAway) {
				t.Errorf("%v, want that Telegram ended it", err)
			}
			if c := w.Connections(key)[0]; c.EndedBy != "delay" {
				t.Errorf("ended by %q", c.EndedBy)
			}
		})
	}
}
