package login

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
)

// grown makes an entry of a bot with one sender.
func grown(t *testing.T, w *world, token string) entry.ID {
	t.Helper()
	f, _ := w.flowsOf(0)
	answer(t, f, begun(t, f), tokenForm(token))
	return entry.NewID(w.ring, w.bots[token].ID)
}

// A process dies at any point of a login in the background: the entry has the sender, or nothing stays logged in.
func TestGrow_KilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, token := range []string{kitchenToken, cellarToken} {
		t.Run(token[:7], func(t *testing.T) {
			t.Parallel()
			kill := func(at int) int {
				w := newWorld(t)
				id := grown(t, w, token)
				victim, p := w.flowsOf(at)
				err := victim.Grow(context.Background(), id, "sender 2")
				if at == 0 && (err != nil || len(w.owned[id]) != 3 || w.loose(t) != 0) {
					t.Fatalf("%v, %d logins, %d loose", err, len(w.owned[id]), w.loose(t))
				}
				other, _ := w.flowsOf(0)
				for range 2 {
					w.pass(time.Hour)
					if err := other.Sweep(context.Background()); err != nil {
						t.Errorf("killed at %d: %v", at, err)
					}
				}
				if n := w.loose(t); n != 0 {
					t.Errorf("killed at %d: %d loose", at, n)
				}
				if _, has := w.owned[id]["sender 2"]; at == 0 && !has {
					t.Error("it has no second sender")
				}
				return p.points
			}
			points := kill(0)
			if points < 12 {
				t.Fatalf("only %d points", points)
			}
			for at := 1; at <= points; at++ {
				kill(at)
			}
		})
	}
}

// The store fails at any call: nothing is left, whatever the entry has.
func TestGrow_StoreIsAway(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.StoreUnavailable, "The store does not answer.")
	for at := 1; at <= 10; at++ {
		t.Run(fmt.Sprint("call ", at), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := grown(t, w, kitchenToken)
			f, _ := w.flowsOf(0)
			calls := 0
			w.away = func(call string) error {
				if call == "SignInBot" || call == "LogOut" {
					return nil
				}
				if calls++; calls == at {
					return away
				}
				return nil
			}
			if err := f.Grow(context.Background(), id, "sender 2"); err != nil && !errors.Is(err, away) {
				t.Error(err)
			}
			w.away = nil
			for range 2 {
				w.pass(time.Hour)
				if err := f.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
			}
			if n := w.loose(t); n != 0 {
				t.Errorf("%d loose", n)
			}
		})
	}
}

func TestGrow_Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(w *world, id entry.ID)
		want    fault.Code
		after   time.Duration
	}{
		"flood": {func(w *world, _ entry.ID) {
			w.refuse = func(int, string) error { return &Refusal{Reason: FloodWait, RetryAfter: 2000 * time.Second} }
		}, fault.FloodWait, 2000 * time.Second},
		"revoked":  {func(w *world, _ entry.ID) { delete(w.bots, kitchenToken) }, fault.ReauthRequired, 0},
		"no entry": {func(w *world, id entry.ID) { delete(w.entries, id) }, fault.UnknownEntry, 0},
		"removed meanwhile": {func(w *world, id entry.ID) {
			w.refuse = func(int, string) error { delete(w.entries, id); delete(w.owned, id); return nil }
		}, fault.UnknownEntry, 0},
		"another token meanwhile": {func(w *world, id entry.ID) {
			w.refuse = func(int, string) error {
				e := w.entries[id]
				e.BotToken = seal.NewText(cellarToken)
				w.entries[id] = e
				return nil
			}
		}, fault.InProgress, 0},
		"another bot": {func(w *world, _ entry.ID) { w.bots[kitchenToken] = entry.Account{ID: 99} }, fault.ReauthRequired, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := grown(t, w, kitchenToken)
			c.prepare(w, id)
			before := w.in()
			f, _ := w.flowsOf(0)
			err := f.Grow(context.Background(), id, "sender 2")
			if !fault.Is(err, c.want) || fault.Of(err).RetryAfter != c.after {
				t.Errorf("%v", err)
			}
			if w.in() != before || len(w.flows) != 1 { // that of the entry's login
				t.Errorf("%d logins, %d before; %d flows", w.in(), before, len(w.flows))
			}
		})
	}
	w := newWorld(t)
	id := grown(t, w, kitchenToken)
	f, _ := w.flowsOf(0)
	if err := f.Grow(context.Background(), id, authorization.Listener); err == nil {
		t.Error("a second listener was made")
	}
}
