package login

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// A process dies at any point of the last step. Whoever logs in sends the form again, or does not.
func TestKill_NothingStaysLoggedInThatNoEntryOwns(t *testing.T) {
	t.Parallel()
	for _, token := range []string{kitchenToken, cellarToken} {
		for _, again := range []string{"sends the form again", "goes away", "gives up", "sends it after the sweep"} {
			t.Run(token[:7]+" "+again, func(t *testing.T) {
				t.Parallel()
				points := killAt(t, 0, token, again)
				if points < 12 {
					t.Fatalf("only %d points", points)
				}
				for at := 1; at <= points; at++ {
					killAt(t, at, token, again)
				}
			})
		}
	}
}

// killAt kills the process that answers the token form at its at-th point and returns how many points there were.
func killAt(t *testing.T, at int, token, again string) int {
	ctx := context.Background()
	w := newWorld(t)
	first, _ := w.flowsOf(0)
	id := begun(t, first)
	victim, p := w.flowsOf(at)
	r, err := tryAnswer(victim, id, tokenForm(token))
	if at == 0 && (err != nil || r.Type != flow.CreateEntry) {
		t.Fatalf("%+v %v", r, err)
	}
	other, _ := w.flowsOf(0)
	if at > 0 && w.flows[id].nonce != "" {
		if _, err := tryAnswer(other, id, tokenForm(token)); !fault.Is(err, fault.FlowBusy) {
			t.Errorf("killed at %d, at once: %v", at, err)
		}
	}
	w.pass(time.Minute)
	sweep := func() {
		t.Helper()
		if err := other.Sweep(ctx); err != nil {
			t.Errorf("killed at %d: %v", at, err)
		}
	}
	switch again {
	case "sends it after the sweep":
		sweep()
		fallthrough
	case "sends the form again":
		if r := answer(t, other, id, tokenForm(token)); r.Type != flow.CreateEntry {
			t.Errorf("killed at %d: %+v", at, r)
		}
		if len(w.entries) != 1 || w.in() < 2 {
			t.Errorf("killed at %d: %d entries, %d logins", at, len(w.entries), w.in())
		}
	case "gives up":
		if err := other.GiveUp(ctx, id); err != nil && !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("killed at %d: %v", at, err)
		}
		if n := w.loose(t); n != 0 {
			t.Errorf("killed at %d, given up: %d loose", at, n)
		}
	case "goes away":
		sweep()
	}
	w.pass(16 * time.Minute)
	sweep()
	if n := w.loose(t); n != 0 {
		t.Errorf("killed at %d: %d loose logins", at, n)
	}
	for _, all := range w.owned {
		if len(all) != 2 {
			t.Errorf("killed at %d: an entry with %d authorizations", at, len(all))
		}
	}
	return p.points
}

// A process is frozen in the middle of a login until its flow was swept: thawed, it logs nothing in.
func TestKill_AFrozenProcessDoesNotGoOn(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 5; n++ { // before the n-th note
		t.Run(fmt.Sprint("at note ", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f, _ := w.flowsOf(0)
			id := begun(t, f)
			other, _ := w.flowsOf(0)
			notes := 0
			w.away = func(call string) error {
				if call != "NoteFlow" {
					return nil
				}
				if notes++; notes != n {
					return nil
				}
				w.away = nil
				w.mu.Unlock()
				defer w.mu.Lock()
				w.pass(time.Hour)
				return other.Sweep(context.Background())
			}
			if r, err := tryAnswer(f, id, tokenForm(kitchenToken)); err == nil {
				t.Errorf("%+v", r)
			}
			if w.loose(t) != 0 || len(w.entries) != 0 || len(w.flows) != 0 {
				t.Errorf("%d loose, %d entries, %d flows", w.loose(t), len(w.entries), len(w.flows))
			}
		})
	}
}

// The store fails at any call of the last step, once: nothing is half done.
func TestStore_AwayNothingIsHalfDone(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.StoreUnavailable, "The store does not answer.")
	for at := 1; at <= 12; at++ {
		w := newWorld(t)
		f, _ := w.flowsOf(0)
		id := begun(t, f)
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
		r, err := tryAnswer(f, id, tokenForm(kitchenToken))
		if err != nil && !errors.Is(err, away) {
			t.Errorf("call %d: %v", at, err)
		}
		if err == nil && (r.Type != flow.CreateEntry) {
			t.Errorf("call %d: %+v", at, r)
		}
		w.away = nil
		w.pass(time.Minute)
		if r := answer(t, f, id, tokenForm(kitchenToken)); r.Type != flow.CreateEntry {
			t.Errorf("call %d, again: %+v", at, r)
		}
		w.pass(time.Hour)
		if err := f.Sweep(context.Background()); err != nil || w.loose(t) != 0 || w.in() != 2 {
			t.Errorf("call %d: %v, %d loose of %d", at, err, w.loose(t), w.in())
		}
	}
}
