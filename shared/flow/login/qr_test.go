package login

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/flow"
)

const qrForm = `{"api_id":12345,"api_hash":"` + goodHash + `","client_type":"qr"}`

// scan accepts what a form shows, on the phone of a user.
func (w *world) scan(t *testing.T, r flow.Result, account int64) error {
	t.Helper()
	link, _ := strings.CutPrefix(qrData(r), "tg://login?token=")
	token, err := base64.RawURLEncoding.DecodeString(link)
	if err != nil || len(token) == 0 {
		t.Fatalf("no link in %+v", r.Fields)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accept(token, account)
}

func qrData(r flow.Result) string {
	selector := r.Fields[0].Selector.(map[string]any)["qr_code"].(map[string]any)
	return selector["data"].(string)
}

func TestQR_LogsIn(t *testing.T) {
	t.Parallel()
	for _, senders := range []int{1, 3} {
		for _, home := range []int{2, 4} {
			for _, secret := range []string{"", password} {
				t.Run(fmt.Sprint(senders, " senders, data centre ", home, ", password ", secret != ""), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					anna := w.anna()
					anna.home, anna.password = home, secret
					f, _ := w.flowsOf(0)
					f.Senders = senders
					r, id := w.follow(t, f, qrForm)
					if r.StepID != stepQR || len(r.Errors) != 0 || r.Placeholders["expires"] != "2026-11-22T11:30:30Z" || r.Placeholders["devices"] != fmt.Sprint(1+senders) {
						t.Fatalf("%+v", r)
					}
					first := qrData(r)
					if r = answer(t, f, id, `{}`); r.StepID != stepQR || r.Errors["base"] != "qr_not_accepted" || qrData(r) == first {
						t.Fatalf("%+v", r)
					}
					w.pass(time.Minute)
					if err := w.scan(t, r, annaID); !refusedFor(err, TokenOver) {
						t.Errorf("accepted when it was over: %v", err)
					}
					if r = answer(t, f, id, `{"qr":"tg://login"}`); r.StepID != stepQR { // as a form sends it back
						t.Fatalf("%+v", r)
					}
					if err := w.scan(t, r, annaID); err != nil {
						t.Fatal(err)
					}
					keys := w.made
					r = answer(t, f, id, `{}`)
					if secret != "" {
						if r.StepID != stepPassword || r.Placeholders["hint"] == "" || int(w.made-keys) < senders {
							t.Fatalf("%+v, %d keys", r, w.made-keys)
						}
						keys = w.made
						r = answer(t, f, id, passwordForm(secret))
						if w.made != keys {
							t.Errorf("%d keys with the password", w.made-keys)
						}
					}
					if r.Type != flow.CreateEntry || r.Title != "Telegram user (@anna)" || w.loose(t) != 0 || w.in() != 1+senders || w.sent != 0 {
						t.Errorf("%+v, %d loose of %d, %d codes", r, w.loose(t), w.in(), w.sent)
					}
					if e := w.entries[entry.ID(r.EntryID)]; e.ClientType != entry.Client {
						t.Errorf("stored as %q", e.ClientType)
					}
					if n := len(w.devicesOf(t, entry.ID(r.EntryID))); n != 1+senders {
						t.Errorf("%d devices", n)
					}
				})
			}
		}
	}
}

// Somebody accepts the code and nobody comes back to the form.
func TestQR_AcceptedAndGivenUp(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"given up", "swept"} {
		w := newWorld(t)
		w.anna()
		f, _ := w.flowsOf(0)
		r, id := w.follow(t, f, qrForm)
		if err := w.scan(t, r, annaID); err != nil {
			t.Fatal(err)
		}
		var err error
		if how == "given up" {
			err = f.GiveUp(context.Background(), id)
		} else {
			w.pass(16 * time.Minute)
			err = f.Sweep(context.Background())
		}
		if err != nil || w.loose(t) != 0 {
			t.Errorf("%s: %v, %d loose", how, err, w.loose(t))
		}
	}
}

func TestQR_SaysWhatTelegramRefuses(t *testing.T) {
	t.Parallel()
	for reason, step := range map[Reason]string{InvalidAPI: stepUser, Unreachable: stepUser, FloodWait: stepUser, UpdateRequired: ""} {
		w := newWorld(t)
		w.anna()
		f, _ := w.flowsOf(0)
		w.answer = func(string) error { return &Refusal{Reason: reason} }
		r, id := w.follow(t, f, qrForm)
		if r.StepID != step || len(r.Errors) == 0 && step != "" || w.loose(t) != 0 {
			t.Errorf("%s: %+v", reason, r)
		}
		if step == "" {
			continue
		}
		w.answer = nil
		if r = answer(t, f, id, qrForm); r.StepID != stepQR || len(r.Errors) != 0 {
			t.Errorf("%s, then: %+v", reason, r)
		}
		if r = answer(t, f, id, `{"client_type":"bot"}`); r.Errors["base"] != "unknown_field" {
			t.Errorf("%s, then: %+v", reason, r)
		}
	}
}

// The token for the account's data centre is over before it was used there.
func TestQR_AnImportThatComesTooLateIsDrawnAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().home = 4
	f, _ := w.flowsOf(0)
	r, id := w.follow(t, f, qrForm)
	if err := w.scan(t, r, annaID); err != nil {
		t.Fatal(err)
	}
	w.answer = func(call string) error {
		if call == "ImportToken" {
			return &Refusal{Reason: TokenOver}
		}
		return nil
	}
	if r = answer(t, f, id, `{}`); r.StepID != stepQR || r.Errors["base"] != "qr_not_accepted" {
		t.Fatalf("%+v", r)
	}
	w.answer = nil
	if err := w.scan(t, r, annaID); err != nil {
		t.Fatal(err)
	}
	if r = answer(t, f, id, `{}`); r.Type != flow.CreateEntry || w.loose(t) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestQR_ASecondCodeGoesToTheAccountsNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	r, id := w.follow(t, f, qrForm)
	if err := w.scan(t, r, annaID); err != nil {
		t.Fatal(err)
	}
	w.answer = func(call string) error {
		if call == "AcceptToken" {
			return &Refusal{Reason: OtherRefusal, Code: "NO"}
		}
		return nil
	}
	if r = answer(t, f, id, `{}`); r.StepID != stepCode || r.Errors["base"] != "second_code" || w.sent != 1 {
		t.Fatalf("%+v", r)
	}
	if r = answer(t, f, id, codeForm(annaCode)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
		t.Errorf("%+v", r)
	}
}
