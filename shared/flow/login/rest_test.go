package login

import (
	"context"
	"strings"
	"testing"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow"
)

// Of three senders one fails; the others are not made twice.
func TestRest_MakesOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", password} {
		w := newWorld(t)
		w.anna().password = secret
		f, _ := w.flowsOf(0)
		f.Senders = 3
		id := dialled(t, f)
		w.refuse = func(_ int, device string) error {
			if strings.HasSuffix(device, "sender 2") {
				return &Refusal{Reason: Unreachable}
			}
			return nil
		}
		r := answer(t, f, id, codeForm(annaCode))
		if secret != "" {
			r = answer(t, f, id, passwordForm(secret))
		}
		if r.StepID != stepFinish || r.Errors["base"] != "telegram_unreachable" || w.logins != 3 {
			t.Fatalf("%+v, %d logins", r, w.logins)
		}
		w.refuse = nil
		if r = answer(t, f, id, `{}`); secret != "" {
			if r.StepID != stepPassword || r.Placeholders["device"] != "Home Assistant · sender 2" {
				t.Fatalf("%+v", r)
			}
			r = answer(t, f, id, passwordForm(secret))
		}
		if r.Type != flow.CreateEntry || w.logins != 5 || w.in() != 4 || w.loose(t) != 0 || w.sent != 1 {
			t.Errorf("%+v, %d logins, %d of them last", r, w.logins, w.in())
		}
	}
}

// The second code is answered by somebody else's login.
func TestRest_ASecondCodeForAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	w.answer = func(call string) error {
		if call == "AcceptToken" {
			return &Refusal{Reason: OtherRefusal, Code: "NO"}
		}
		return nil
	}
	answer(t, f, id, codeForm(annaCode))
	w.users[annaPhone].account.ID = 1002
	if r := answer(t, f, id, codeForm(annaCode)); r.Reason != "wrong_account" || w.loose(t) != 0 || len(w.entries) != 0 {
		t.Errorf("%+v, %d loose", r, w.loose(t))
	}
}

func TestRest_AWrongPasswordAndGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().password = password
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	answer(t, f, id, codeForm(annaCode))
	answer(t, f, id, passwordForm("wrong"))
	if w.in() != 1 {
		t.Fatalf("%d keys wait for the password", w.in())
	}
	if err := f.GiveUp(context.Background(), id); err != nil || w.loose(t) != 0 {
		t.Errorf("%v, %d loose", err, w.loose(t))
	}
}

// The keys could not be made with the code: they are made before the password is asked for.
func TestRest_KeysThatCouldNotBeMadeYet(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", password} {
		w := newWorld(t)
		w.anna().password = secret
		f, _ := w.flowsOf(0)
		f.Senders = 3
		keys := 0
		w.away = func(call string) error {
			if call == "NewKey" {
				if keys++; keys > 2 {
					return &Refusal{Reason: Unreachable}
				}
			}
			return nil
		}
		id := dialled(t, f)
		if w.made != 2 {
			t.Fatalf("%d keys", w.made)
		}
		w.away = nil
		r := answer(t, f, id, codeForm(annaCode))
		if secret != "" {
			if w.made != 4 {
				t.Errorf("%d keys when the password is asked for", w.made)
			}
			r = answer(t, f, id, passwordForm(secret))
		}
		if r.Type != flow.CreateEntry || w.made != 4 || w.loose(t) != 0 {
			t.Errorf("%+v, %d keys", r, w.made)
		}
	}
}

// Telegram has forgotten the key of the first login between two steps: it cannot be replaced under way.
func TestRest_TheFirstLoginIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	w.answer = func(call string) error {
		if call == "ExportToken" {
			return &Refusal{Reason: Unreachable}
		}
		return nil
	}
	if r := answer(t, f, id, codeForm(annaCode)); r.StepID != stepFinish {
		t.Fatalf("%+v", r)
	}
	w.answer = nil
	for _, m := range w.flows[id].flow.Made {
		if m.Name == authorization.Listener {
			delete(w.keys, m.Session.Keys[m.Session.DC].Auth)
		}
	}
	keys := w.made
	if r := answer(t, f, id, `{}`); r.Reason != "login_ended" || w.made != keys || w.loose(t) != 0 {
		t.Errorf("%+v, %d new keys", r, w.made-keys)
	}
}

// Keys that nobody logged in with are forgotten by Telegram after a while.
func TestRest_AKeyThatTelegramHasForgottenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	for _, m := range w.flows[id].flow.Made {
		delete(w.keys, m.Session.Keys[m.Session.DC].Auth)
	}
	r := answer(t, f, id, codeForm(annaCode))
	if r.Type != flow.CreateEntry || w.loose(t) != 0 || len(w.owned[entry.ID(r.EntryID)]) != 2 {
		t.Errorf("%+v", r)
	}
}

// The answer that a login was let in is lost, and then the flow is given up.
func TestRest_LetInWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		w := newWorld(t)
		w.anna()
		f, _ := w.flowsOf(0)
		id := dialled(t, f)
		w.after = func(call string) error {
			if call == "AcceptToken" {
				return &Refusal{Reason: Unreachable}
			}
			return nil
		}
		if r := answer(t, f, id, codeForm(annaCode)); r.StepID != stepFinish || r.Errors["base"] != "telegram_unreachable" {
			t.Fatalf("%+v", r)
		}
		w.after = nil
		if again {
			if r := answer(t, f, id, `{}`); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
				t.Errorf("%+v", r)
			}
		} else if err := f.GiveUp(context.Background(), id); err != nil || w.loose(t) != 0 {
			t.Errorf("%v, %d loose", err, w.loose(t))
		}
	}
}

// Every connection has to be reset: each key rests before it is used again, and what an entry gets says that it rests.
func TestRest_AfterAReset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		secret string
		code   string // instead of the right one first
		end    func(t *testing.T, f *Flows, id string)
	}{
		{name: "logged in"},
		{name: "with a password", secret: password},
		{name: "after a wrong code", code: "99999"},
		{name: "given up", secret: password, end: func(t *testing.T, f *Flows, id string) {
			if err := f.GiveUp(context.Background(), id); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.anna().password = c.secret
			w.resets = true
			f, _ := w.flowsOf(0)
			id := dialled(t, f)
			if c.code != "" {
				answer(t, f, id, codeForm(c.code))
			}
			r := answer(t, f, id, codeForm(annaCode))
			if c.end != nil {
				c.end(t, f, id)
				if n := w.loose(t); n != 0 {
					t.Errorf("%d loose", n)
				}
				return
			}
			if c.secret != "" {
				r = answer(t, f, id, passwordForm(c.secret))
			}
			if r.Type != flow.CreateEntry || w.loose(t) != 0 {
				t.Fatalf("%+v", r)
			}
			for name, m := range w.owned[entry.ID(r.EntryID)] {
				if !m.Rests {
					t.Errorf("%s does not rest", name)
				}
			}
		})
	}
}

// What could not be logged out rests before the sweep tries it again.
func TestRest_BeforeTheSweepTriesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().password = password
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	answer(t, f, id, codeForm(annaCode))
	w.resets, w.logOuts = true, &Refusal{Reason: Unreachable}
	if err := f.GiveUp(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	w.logOuts = nil
	for _, m := range w.flows[id].flow.Made {
		if m.LoggedIn && !m.Rests {
			t.Error("that its connection was reset is not kept")
		}
	}
	w.pass(sweepAgain)
	if err := f.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := w.loose(t); n != 0 {
		t.Errorf("%d loose", n)
	}
}
