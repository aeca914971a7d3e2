package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/lease"
	"telegram-client/shared/seal"
	"telegram-client/tests/telegramtest/mtserver"
)

var token = seal.NewText("2000001:AAE")

// botServer logs bots in, in one data centre only.
func botServer(home int) answers {
	return answers{
		tg.AuthImportBotAuthorizationRequestTypeID: func(r *mtserver.Request) (bin.Encoder, error) {
			var q tg.AuthImportBotAuthorizationRequest
			if err := q.Decode(r.Body); err != nil {
				return nil, err
			}
			switch {
			case q.APIID != 7 || q.APIHash != "hash":
				return nil, tgerr.New(400, "API_ID_INVALID")
			case q.BotAuthToken != token.Reveal():
				return nil, tgerr.New(400, "ACCESS_TOKEN_INVALID")
			case r.DC != home:
				return nil, tgerr.New(303, fmt.Sprintf("USER_MIGRATE_%d", home))
			}
			me := &tg.User{ID: 2000001, Self: true, Bot: true, FirstName: "Kitchen", Username: "kitchen_bot"}
			return &tg.AuthAuthorization{User: me}, nil
		},
		tg.UpdatesGetStateRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) {
			return &tg.UpdatesState{Pts: 5, Qts: 6, Date: 7, Seq: 8}, nil
		},
		tg.AuthLogOutRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) { return &tg.AuthLoggedOut{}, nil },
	}
}

// signedIn is a login that succeeded.
type signedIn struct {
	Session authorization.Session
	Account entry.Account
	State   login.UpdateState
}

// signInBot logs a bot in with the key of s, or with one that is made.
func (w *world) signInBot(ctx context.Context, s authorization.Session, g authorization.Guard, noted func(authorization.Session) error) (in signedIn, err error) {
	ending, err := w.dialer.Connect(ctx, app, s, g, noted, func(ctx context.Context, l login.Line) (err error) {
		if in.Account, err = l.SignInBot(ctx, token); err == nil {
			in.State, err = l.State(ctx)
		}
		return err
	})
	in.Session = ending.Session
	return in, err
}

func TestSignInBot_FollowsToItsDataCentreWithANewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, botServer(1))
	var noted []authorization.Session
	in, err := w.signInBot(within(t), authorization.Session{}, free{}, func(s authorization.Session) error {
		noted = append(noted, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(noted) != 2 || noted[0].DC != 2 || noted[1].DC != 1 {
		t.Fatalf("told of %d keys, want one in data centre 2 and one in 1", len(noted))
	}
	if noted[0].Keys[2].Auth == noted[1].Keys[1].Auth {
		t.Error("the key is the same in both")
	}
	if in.Session.DC != 1 || len(in.Session.Keys) != 1 || in.Session.Keys[1].Auth != noted[1].Keys[1].Auth {
		t.Error("the session is not the one of the last key")
	}
	want := signedIn{
		Session: in.Session, State: login.UpdateState{Pts: 5, Qts: 6, Date: 7, Seq: 8},
		Account: entry.Account{ID: 2000001, Username: "kitchen_bot", FirstName: "Kitchen"},
	}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Error(diff)
	}
	for _, r := range w.handler.seen() {
		if !r.WithoutUpdates || r.Init.DeviceModel != app.Device {
			t.Errorf("%#x: without updates %v, device %q", r.Method, r.WithoutUpdates, r.Init.DeviceModel)
		}
	}
}

func TestSignInBot_WithAKeyMadeBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, botServer(2))
	s, err := w.dialer.NewKey(within(t), app, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.DC != 2 {
		t.Errorf("the key is of data centre %d, want the default one", s.DC)
	}
	in, err := w.signInBot(within(t), s, free{}, func(authorization.Session) error {
		t.Error("another key was made")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if in.Session.Keys[2].Auth != s.Keys[2].Auth {
		t.Error("another key is logged in")
	}
}

func TestSignInBot_KeyThatTelegramHasForgotten(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*world, mtserver.KeyID){
		"destroyed": func(w *world, k mtserver.KeyID) { w.Destroy(k) },
		"killed":    func(w *world, k mtserver.KeyID) { w.Kill(k) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, botServer(2))
			s, key := w.session(t, 2)
			forget(w, key)
			var noted []authorization.Session
			in, err := w.signInBot(within(t), s, free{}, func(s authorization.Session) error {
				noted = append(noted, s)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(noted) != 1 || in.Session.Keys[2].Auth == s.Keys[2].Auth {
				t.Errorf("%d new keys, want 1", len(noted))
			}
		})
	}
}

func TestSignInBot_KeyThatCannotBeNotedIsNotUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, botServer(2))
	full := errors.New("the store is full")
	_, err := w.signInBot(within(t), authorization.Session{}, free{}, func(authorization.Session) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
	if len(w.handler.seen()) != 0 {
		t.Error("the key was used")
	}
}

func TestSignInBot_Refusals(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct {
		status int
		login.Refusal
	}{
		"API_ID_INVALID":         {400, login.Refusal{Reason: login.InvalidAPI, Code: "API_ID_INVALID"}},
		"API_ID_PUBLISHED_FLOOD": {400, login.Refusal{Reason: login.PublishedAPI, Code: "API_ID_PUBLISHED_FLOOD"}},
		"ACCESS_TOKEN_INVALID":   {400, login.Refusal{Reason: login.InvalidToken, Code: "ACCESS_TOKEN_INVALID"}},
		"ACCESS_TOKEN_EXPIRED":   {400, login.Refusal{Reason: login.ExpiredToken, Code: "ACCESS_TOKEN_EXPIRED"}},
		"FLOOD_WAIT_2000":        {420, login.Refusal{Reason: login.FloodWait, RetryAfter: 2000 * time.Second, Code: "FLOOD_WAIT"}},
		"USER_DEACTIVATED_BAN":   {401, login.Refusal{Reason: login.Banned, Code: "USER_DEACTIVATED_BAN"}},
		"SOMETHING_ELSE":         {400, login.Refusal{Reason: login.OtherRefusal, Code: "SOMETHING_ELSE"}},
		"USER_MIGRATE_2":         {303, login.Refusal{Reason: login.OtherRefusal, Code: "USER_MIGRATE_2"}}, // in circles
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, answers{tg.AuthImportBotAuthorizationRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) {
				return nil, tgerr.New(want.status, message)
			}})
			s, _ := w.session(t, 2)
			_, err := w.signInBot(within(t), s, free{}, func(authorization.Session) error { return nil })
			var got *login.Refusal
			if !errors.As(err, &got) {
				t.Fatalf("%v, want a refusal", err)
			}
			got.Err = nil
			if diff := cmp.Diff(&want.Refusal, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSignInBot_WhatIsNoRefusal(t *testing.T) {
	t.Parallel()
	internal := tgerr.New(500, "RPC_CALL_FAIL")
	for name, a := range map[string]answers{
		"problem of Telegram's": {tg.AuthImportBotAuthorizationRequestTypeID: func(*mtserver.Request) (bin.Encoder, error) { return nil, internal }},
		"error after the login": func() answers {
			a := botServer(2)
			a[tg.UpdatesGetStateRequestTypeID] = func(*mtserver.Request) (bin.Encoder, error) { return nil, tgerr.New(420, "FLOOD_WAIT_9") }
			return a
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, a)
			s, _ := w.session(t, 2)
			_, err := w.signInBot(within(t), s, free{}, nil)
			var refused *login.Refusal
			if err == nil || errors.As(err, &refused) {
				t.Errorf("%v says that nothing was logged in", err)
			}
		})
	}
}

// A turn that may make no key is told so, and where one would be needed.
func TestConnect_WithoutMakingKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		home int
		keys bool
		dc   int
	}{
		"no key":         {2, false, 0},
		"other DC":       {1, true, 1},
		"key is unknown": {2, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, botServer(test.home))
			var s authorization.Session
			if test.keys {
				var key mtserver.KeyID
				if s, key = w.session(t, 2); test.home == 2 {
					w.Destroy(key)
				}
			}
			_, err := w.signInBot(within(t), s, free{}, nil)
			var refused *login.Refusal
			if !errors.As(err, &refused) || refused.Reason != login.NeedsKey || refused.DC != test.dc {
				t.Errorf("%v, want that a key is needed in data centre %d", err, test.dc)
			}
		})
	}
}

func TestSignInBot_AsksItsGuard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, botServer(2))
	g := guard{make(chan struct{})}
	_, err := w.signInBot(within(t), authorization.Session{}, g, func(authorization.Session) error {
		close(g.over) // frozen here, and the flow was swept
		return nil
	})
	if !errors.Is(err, lease.ErrExpired) {
		t.Errorf("%v, want that the lease is over", err)
	}
	if len(w.handler.seen()) != 0 {
		t.Error("the login was attempted")
	}
}

func TestNewKey_DeadlineHoldsDuringTheExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Faults().Silence(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := w.dialer.NewKey(ctx, app, 1); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("%v, want that Telegram is away", err)
	}
}

func TestNewKey_WrongDataCentreAndStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.dialer.Servers.DCs[1], w.dialer.Servers.DCs[2] = w.dialer.Servers.DCs[2], w.dialer.Servers.DCs[1]
	if _, err := w.dialer.NewKey(within(t), app, 1); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("%v, want that the address is wrong", err)
	}
}

func TestLogOut_OfWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, botServer(2))
	s, key := w.session(t, 2)
	if _, err := w.dialer.LogOut(within(t), app, s, free{}); err != nil {
		t.Error(err)
	}
	<-w.handler.closed
	w.Kill(key)
	if _, err := w.dialer.LogOut(within(t), app, s, free{}); err != nil {
		t.Errorf("of a dead login: %v", err)
	}
	<-w.handler.closed
	w.Destroy(key)
	if _, err := w.dialer.LogOut(within(t), app, s, free{}); err != nil {
		t.Errorf("of a key that is not known: %v", err)
	}
	w.Close()
	if _, err := w.dialer.LogOut(within(t), app, s, free{}); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("with Telegram away: %v", err)
	}
}
