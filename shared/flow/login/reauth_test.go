package login

import (
	"context"
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// end ends authorizations of an entry at Telegram, and the store learns of it.
func (w *world) end(id entry.ID, names ...authorization.Name) {
	for _, n := range names {
		m := w.owned[id][n]
		key := m.Session.Keys[m.Session.DC]
		w.ended[key] = true
		w.keys[key.Auth].account = 0
	}
}

func reauth(t *testing.T, f *Flows, id entry.ID) flow.Result {
	t.Helper()
	r, err := f.Reauth(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if r.Type != flow.Form || r.StepID != stepToken || !r.LastStep {
		t.Fatalf("%+v", r)
	}
	return r
}

func TestReauth_ReplacesWhatTelegramHasEnded(t *testing.T) {
	t.Parallel()
	listener, sender := authorization.Listener, authorization.Sender(1)
	tests := map[string]struct {
		ended   []authorization.Name
		devices string
		logins  int
	}{
		"all":      {[]authorization.Name{listener, sender}, "Home Assistant · listener, Home Assistant · sender 1", 2},
		"sender":   {[]authorization.Name{sender}, "Home Assistant · sender 1", 1},
		"listener": {[]authorization.Name{listener}, "Home Assistant · listener", 1},
		"none":     {nil, "", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := entered(t, w)
			former, state := w.owned[id][listener], string(w.states[id])
			w.end(id, test.ended...)
			w.logins = 0
			w.bots["2000001:newer-SECRET"] = w.bots[kitchenToken]
			f, _ := w.flowsOf(0)
			r := reauth(t, f, id)
			if r.Placeholders["devices"] != fmt.Sprint(len(test.ended)) || r.Placeholders["device_names"] != test.devices {
				t.Errorf("placeholders %v", r.Placeholders)
			}
			if r := answer(t, f, r.FlowID, tokenForm("77:SECRET")); r.Errors["token"] != "invalid_token" {
				t.Errorf("%+v", r)
			}
			w.logins = 0
			r = answer(t, f, r.FlowID, tokenForm("2000001:newer-SECRET"))
			if r.Type != flow.Abort || r.Reason != "reauth_successful" || r.Message == "" {
				t.Errorf("%+v", r)
			}
			if w.logins != test.logins || w.loose(t) != 0 || w.in() != 2 || len(w.owned[id]) != 2 {
				t.Errorf("%d logins, %d loose of %d", w.logins, w.loose(t), w.in())
			}
			e := w.entries[id]
			if e.BotToken.Reveal() != "2000001:newer-SECRET" || e.App.ID != 12345 || e.Account.Username != "kitchen_bot" {
				t.Errorf("entry %+v", e)
			}
			renewed := len(test.ended) > 0 && test.ended[0] == listener
			if same(former.Session, w.owned[id][listener].Session) == renewed || (state == string(w.states[id])) == renewed {
				t.Errorf("listener renewed: want %v; state %s", renewed, w.states[id])
			}
		})
	}
}

func TestReauth_IsForTheSameAccountOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := entered(t, w)
	w.end(id, authorization.Listener, authorization.Sender(1))
	f, _ := w.flowsOf(0)
	r := answer(t, f, reauth(t, f, id).FlowID, tokenForm(cellarToken))
	if r.Type != flow.Abort || r.Reason != "wrong_account" || w.in() != 0 || w.entries[id].BotToken.Reveal() != kitchenToken {
		t.Errorf("%+v, %d logins", r, w.in())
	}
}

func TestReauth_NeedsAnEntry(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	if _, err := f.Reauth(ctx, "tg_nothing"); !fault.Is(err, fault.UnknownEntry) {
		t.Errorf("%v", err)
	}
	id := entered(t, w)
	w.end(id, authorization.Listener)
	r := reauth(t, f, id)
	gone := reauth(t, f, id)
	e := w.entries[id]
	e.Removing = true
	w.entries[id] = e
	if _, err := f.Reauth(ctx, id); !fault.Is(err, fault.RemovalInProgress) {
		t.Errorf("%v", err)
	}
	if r = answer(t, f, r.FlowID, tokenForm(kitchenToken)); r.Reason != "removal_in_progress" || w.loose(t) != 0 {
		t.Errorf("%+v, %d loose", r, w.loose(t))
	}
	delete(w.entries, id)
	delete(w.owned, id)
	w.keys = map[[256]byte]*key{}
	if r = answer(t, f, gone.FlowID, tokenForm(kitchenToken)); r.Reason != "unknown_entry" || w.loose(t) != 0 {
		t.Errorf("%+v, %d loose", r, w.loose(t))
	}
}

func TestReauth_RefusedAPIIsNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := entered(t, w)
	w.end(id, authorization.Listener)
	w.refuse = func(int, string) error { return &Refusal{Reason: InvalidAPI} }
	f, _ := w.flowsOf(0)
	if r := answer(t, f, reauth(t, f, id).FlowID, tokenForm(kitchenToken)); r.StepID != stepToken || r.Errors["base"] != "invalid_api_id" {
		t.Errorf("%+v", r)
	}
}

func TestReauth_KilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, again := range []bool{true, false} {
		for at, points := 0, 1; at <= points; at++ {
			w := newWorld(t)
			id := entered(t, w)
			w.end(id, authorization.Listener, authorization.Sender(1))
			other, _ := w.flowsOf(0)
			r := reauth(t, other, id)
			victim, p := w.flowsOf(at)
			_, err := tryAnswer(victim, r.FlowID, tokenForm(kitchenToken))
			if at == 0 {
				points = p.points
				if err != nil {
					t.Fatal(err)
				}
			}
			w.pass(time.Minute)
			if again {
				if r := answer(t, other, r.FlowID, tokenForm(kitchenToken)); r.Reason != "reauth_successful" || w.in() != 2 {
					t.Errorf("killed at %d: %+v, %d logins", at, r, w.in())
				}
			} else if err := other.Sweep(ctx); err != nil {
				t.Error(err)
			}
			w.pass(16 * time.Minute)
			if err := other.Sweep(ctx); err != nil || w.loose(t) != 0 {
				t.Errorf("killed at %d: %v, %d loose", at, err, w.loose(t))
			}
		}
	}
}
