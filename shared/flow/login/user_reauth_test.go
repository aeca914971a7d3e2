package login

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

func client(t *testing.T, w *world) entry.ID {
	t.Helper()
	f, _ := w.flowsOf(0)
	r := answer(t, f, dialled(t, f), codeForm(annaCode))
	if w.users[annaPhone].password != "" {
		r = answer(t, f, r.FlowID, passwordForm(w.users[annaPhone].password))
	}
	if r.Type != flow.CreateEntry {
		t.Fatalf("%+v", r)
	}
	return entry.ID(r.EntryID)
}

func TestReauth_OfAUser(t *testing.T) {
	t.Parallel()
	listener, sender := authorization.Listener, authorization.Sender(1)
	tests := map[string]struct {
		ended   []authorization.Name
		devices string
	}{
		"all":      {[]authorization.Name{listener, sender}, "Home Assistant · listener, Home Assistant · sender 1"},
		"sender":   {[]authorization.Name{sender}, "Home Assistant · sender 1"},
		"listener": {[]authorization.Name{listener}, "Home Assistant · listener"},
	}
	for name, test := range tests {
		for _, secret := range []string{"", password} {
			for _, way := range []string{"code", "qr", "listener"} {
				if way == "listener" && name != "sender" {
					continue // it works only where it has not ended
				}
				t.Run(fmt.Sprint(name, secret != "", way), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.anna().password = secret
					id := client(t, w)
					e := w.entries[id]
					e.Target = entry.Target{Type: entry.Pull, Owner: "home"}
					w.entries[id] = e
					kept := w.owned[id][sender].Session
					if test.ended[0] == sender {
						kept = w.owned[id][listener].Session
					}
					w.end(id, test.ended...)
					f, _ := w.flowsOf(0)
					sent := w.sent
					r, err := f.Reauth(context.Background(), id)
					if err != nil || r.StepID != stepConfirm || r.Placeholders["device_names"] != test.devices || w.sent != sent {
						t.Fatalf("%+v %v", r, err)
					}
					switch way {
					case "listener":
						r = answer(t, f, r.FlowID, `{}`)
						if w.sent != sent {
							t.Error("a code was sent")
						}
					case "code":
						w.listening = fault.New(fault.ListenerAway, "No listener runs.")
						if r = answer(t, f, r.FlowID, `{}`); r.StepID != stepCode {
							t.Fatalf("%+v", r)
						}
						r = answer(t, f, r.FlowID, codeForm(annaCode))
					default:
						r = answer(t, f, r.FlowID, `{"client_type":"qr"}`)
						if err := w.scan(t, r, annaID); err != nil {
							t.Fatal(err)
						}
						r = answer(t, f, r.FlowID, `{}`)
					}
					if secret != "" {
						r = answer(t, f, r.FlowID, passwordForm(secret))
					}
					if r.Type != flow.Abort || r.Reason != "reauth_successful" || w.loose(t) != 0 || w.in() != 2 || len(w.entries) != 1 {
						t.Errorf("%+v, %d loose of %d", r, w.loose(t), w.in())
					}
					if e := w.entries[id]; e.Target.Owner != "home" || e.App.ID != 12345 || e.ClientType != entry.Client {
						t.Errorf("%+v", e)
					}
					still := false
					for _, m := range w.owned[id] {
						still = still || same(m.Session, kept)
						if w.ended[m.Session.Keys[m.Session.DC]] {
							t.Errorf("%s is not renewed", m.Name)
						}
					}
					if still != (len(test.ended) == 1) {
						t.Errorf("the login that worked is kept: %v", still)
					}
				})
			}
		}
	}
}

func TestReauth_OfAUserIsForTheSameAccountOnly(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"code", "qr"} {
		for _, secret := range []string{"", password} {
			w := newWorld(t)
			w.anna()
			id := client(t, w)
			w.end(id, authorization.Listener)
			other := &person{account: entry.Account{ID: 1002, Username: "bert", Phone: "48600100201"}, home: 4, kind: ByApp, password: secret}
			w.users["48600100201"] = other
			f, _ := w.flowsOf(0)
			r, err := f.Reauth(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			if way == "code" { // the number has got another owner since
				w.users[annaPhone], other.account.Phone = other, annaPhone
				answer(t, f, r.FlowID, `{}`)
				r = answer(t, f, r.FlowID, codeForm(annaCode))
			} else {
				r = answer(t, f, r.FlowID, `{"client_type":"qr"}`)
				if err := w.scan(t, r, 1002); err != nil {
					t.Fatal(err)
				}
				r = answer(t, f, r.FlowID, `{}`)
			}
			if secret != "" {
				r = answer(t, f, r.FlowID, passwordForm(secret))
			}
			if r.Type != flow.Abort || r.Reason != "wrong_account" || w.loose(t) != 0 || w.in() != 1 || !w.ended[w.owned[id][authorization.Listener].Session.Keys[2]] {
				t.Errorf("%s: %+v, %d loose of %d", way, r, w.loose(t), w.in())
			}
		}
	}
}

func TestReauth_OfAUserWhoseLoginsWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	id := client(t, w)
	f, _ := w.flowsOf(0)
	flows := len(w.flows)
	if r, err := f.Reauth(context.Background(), id); err != nil || r.Type != flow.Abort || r.Reason != "reauth_successful" || len(w.flows) != flows {
		t.Errorf("%+v %v", r, err)
	}
}

// The account has another number now, which the entry does not know yet.
func TestReauth_OfAUserAsksForTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.anna()
	id := client(t, w)
	w.end(id, authorization.Listener)
	delete(w.users, annaPhone)
	anna.account.Phone = "48600100299"
	w.users["48600100299"] = anna
	f, _ := w.flowsOf(0)
	r, err := f.Reauth(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if r = answer(t, f, r.FlowID, `{}`); r.StepID != stepPhone || r.Errors["phone"] != "invalid_phone" {
		t.Fatalf("%+v", r)
	}
	if r = answer(t, f, r.FlowID, phoneForm("+48600100299")); r.StepID != stepCode {
		t.Fatalf("%+v", r)
	}
	if r = answer(t, f, r.FlowID, codeForm(annaCode)); r.Reason != "reauth_successful" || w.entries[id].Account.Phone != "48600100299" || w.loose(t) != 0 {
		t.Errorf("%+v", r)
	}
}

// Whatever becomes of asking the listener: a code does as well, and nothing is let in that stays.
func TestReauth_AListenerThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error  // of the listener
		call  string // or of this call
		step  string
		fails bool
	}{
		"away":         {err: fault.New(fault.ListenerAway, "No listener runs."), step: stepCode},
		"refused":      {err: fault.New(fault.TelegramError, "Telegram refused this."), step: stepCode},
		"late":         {err: fault.New(fault.Timeout, "Too late."), step: stepCode},
		"lost":         {call: "ExportToken", step: stepCode},
		"store away":   {err: fault.New(fault.StoreUnavailable, "Away."), fails: true},
		"unknown fate": {err: errors.New("broken"), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.anna()
			id := client(t, w)
			w.end(id, authorization.Sender(1))
			f, _ := w.flowsOf(0)
			r, err := f.Reauth(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			exports := 0
			w.listening = test.err
			w.answer = func(call string) error {
				if call == test.call {
					if exports++; exports == 2 { // the one that would have completed it
						return &Refusal{Reason: Unreachable}
					}
				}
				return nil
			}
			r, err = tryAnswer(f, r.FlowID, `{}`)
			if test.fails != (err != nil) || err == nil && r.StepID != test.step {
				t.Fatalf("%+v %v", r, err)
			}
			w.listening = nil
			if err != nil {
				return
			}
			if n := w.in(); n != 1 {
				t.Errorf("%d logins when a code is asked for, want the listener's alone", n)
			}
			if r = answer(t, f, r.FlowID, codeForm(annaCode)); r.Reason != "reauth_successful" || w.loose(t) != 0 || w.in() != 2 {
				t.Errorf("%+v, %d loose of %d", r, w.loose(t), w.in())
			}
		})
	}
}
