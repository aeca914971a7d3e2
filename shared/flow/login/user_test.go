package login

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow"
)

const clientForm = `{"api_id":12345,"api_hash":"` + goodHash + `","client_type":"client"}`

func phoneForm(phone string) string { return fmt.Sprintf(`{"phone":%q}`, phone) }
func codeForm(code string) string   { return fmt.Sprintf(`{"code":%q}`, code) }
func passwordForm(p string) string  { return fmt.Sprintf(`{"password":%q}`, p) }

// dialled returns a flow that waits for the code.
func dialled(t *testing.T, f *Flows) string {
	t.Helper()
	r, err := f.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r = answer(t, f, r.FlowID, clientForm); r.StepID != stepPhone {
		t.Fatalf("after user: %+v", r)
	}
	if r = answer(t, f, r.FlowID, phoneForm("+48 600-100-200")); r.StepID != stepCode || len(r.Errors) != 0 {
		t.Fatalf("after phone: %+v", r)
	}
	return r.FlowID
}

// devicesOf returns the devices of an entry, which have to have keys of their own.
func (w *world) devicesOf(t *testing.T, id entry.ID) []string {
	t.Helper()
	var names []string
	keys := map[[256]byte]bool{}
	for _, n := range authorization.Names(authorization.MaxSenders) {
		if m, has := w.owned[id][n]; has {
			k := m.Session.Keys[m.Session.DC].Auth
			names, keys[k] = append(names, w.devices[k]), true
		}
	}
	if len(keys) != len(names) {
		t.Errorf("%d keys of %d devices", len(keys), len(names))
	}
	return names
}

func TestUser_LogsInWithACode(t *testing.T) {
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
					id := dialled(t, f)
					keys := 1 + senders
					if home != 2 {
						keys++ // where nobody knows the number
					}
					if int(w.made) != keys || w.in() != 0 {
						t.Errorf("%d keys after the phone number, want %d; %d logged in", w.made, keys, w.in())
					}
					begin := w.clock
					r := answer(t, f, id, codeForm(annaCode))
					if secret != "" {
						if r.StepID != stepPassword || r.Placeholders["hint"] != "the usual one" || len(r.Errors) != 0 {
							t.Fatalf("%+v", r)
						}
						w.pass(time.Minute)
						begin = w.clock
						r = answer(t, f, id, passwordForm(secret))
					}
					entryID := entry.NewID(w.ring, annaID)
					want := flow.Result{Type: flow.CreateEntry, FlowID: id, Handler: "telegram_client", Title: "Telegram user (@anna)", EntryID: string(entryID)}
					if d := cmp.Diff(want, r); d != "" {
						t.Fatalf("end (-want +got):\n%s", d)
					}
					if int(w.made) < keys || w.loose(t) != 0 || w.in() != 1+senders || w.sent != 1 {
						t.Errorf("%d keys, %d loose of %d logins, %d codes", w.made, w.loose(t), w.in(), w.sent)
					}
					var names []string
					for _, n := range authorization.Names(senders) {
						names = append(names, n.Device())
					}
					if d := cmp.Diff(names, w.devicesOf(t, entryID)); d != "" {
						t.Errorf("devices (-want +got):\n%s", d)
					}
					if e := w.entries[entryID]; e.ClientType != entry.Client || e.App.ID != 12345 || !e.BotToken.IsZero() || !e.CreatedAt.Equal(begin) {
						t.Errorf("%+v", e)
					}
					if len(w.states[entryID]) == 0 {
						t.Error("no state of the updates")
					}
					got := w.flows[id].flow
					if !got.Phone.IsZero() || got.Code != nil || got.Signed != nil || !got.App.Hash.IsZero() || len(got.Made) != 0 {
						t.Errorf("an ended flow keeps %+v", got)
					}
					if secret != "" && w.hashes != 1+senders {
						t.Errorf("the password was checked %d times", w.hashes)
					}
				})
			}
		}
	}
}

func TestUser_PhoneNumbers(t *testing.T) {
	t.Parallel()
	good := []string{`"+48 600 100 200"`, `"48600100200"`, `48600100200`, `"0048 600-100-200"`, `"+48 (600) 100.200"`, `"\u202a+48 600 100 200\u202c"`, `" +48/600100200 "`, `"+48\u00a0600\u2011100\u2011200"`}
	bad := []string{`""`, `null`, `"600"`, `"0600100200"`, `"+0600100200"`, `"+48 600 1OO 200"`, `"anna"`, `"4.86e10"`, `-48600100200`, `"+"`, `"++48600100200"`, `true`, `"１２３４５６７８"`, `"1234567890123456"`, `["48600100200"]`, `{"a":1}`}
	for i, all := range [][]string{good, bad} {
		for _, phone := range all {
			w := newWorld(t)
			w.anna()
			f, _ := w.flowsOf(0)
			r, err := f.Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			answer(t, f, r.FlowID, clientForm)
			r = answer(t, f, r.FlowID, `{"phone":`+phone+`}`)
			if i == 0 && (r.StepID != stepCode || len(r.Errors) != 0) {
				t.Errorf("%s: %s %v", phone, r.StepID, r.Errors)
			}
			if i == 1 && (r.StepID != stepPhone || r.Errors["phone"] == "" || w.sent != 0 || w.made != 0) {
				t.Errorf("%s: %s %v, %d codes", phone, r.StepID, r.Errors, w.sent)
			}
		}
	}
}

func TestUser_AWrongCodeKeepsTheHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	for i := range 50 {
		r := answer(t, f, id, codeForm(fmt.Sprint(20000+i)))
		if r.StepID != stepCode || r.Errors["code"] != "invalid_code" || strings.Contains(r.Messages["code"], "200") {
			t.Fatalf("%+v", r)
		}
	}
	if r := answer(t, f, id, codeForm("1 2-345")); r.Type != flow.CreateEntry || w.sent != 1 || w.made != 2 || w.loose(t) != 0 {
		t.Errorf("%+v, %d codes, %d keys", r, w.sent, w.made)
	}
}

// Telegram takes guesses for an attack and lets the code expire. That asks for no other code unless somebody wants it.
func TestUser_WhoGuessesSpendsNoCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().guesses = 5
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	for i := range 50 {
		r := answer(t, f, id, codeForm(fmt.Sprint(20000+i)))
		want := "invalid_code"
		if i >= 5 {
			want = "expired_code"
		}
		if r.StepID != stepCode || r.Errors["code"] != want || w.sent != 1 {
			t.Fatalf("guess %d: %+v, %d codes", i, r, w.sent)
		}
	}
	if r := answer(t, f, id, `{"resend":true}`); len(r.Errors) != 0 || w.sent != 2 {
		t.Errorf("%+v, %d codes", r, w.sent)
	}
	if r := answer(t, f, id, codeForm(annaCode)); r.Type != flow.CreateEntry || w.loose(t) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestUser_CodesThatNobodyHasToAskTelegramAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	for body, want := range map[string]string{
		`{}`: "missing_field", `{"code":""}`: "missing_field", `{"code":"1234"}`: "invalid_code", `{"code":"abcde"}`: "invalid_code",
		`{"code":["12345"]}`: "invalid_field", `{"code":"123456"}`: "invalid_code", `{"resend":"perhaps"}`: "",
	} {
		r := answer(t, f, id, body)
		if r.StepID != stepCode || r.Errors["code"] != want && want != "" || len(r.Errors) == 0 || w.logins != 0 {
			t.Errorf("%s: %+v, %d tries", body, r.Errors, w.logins)
		}
	}
	if r := answer(t, f, id, `{"code":12345}`); r.Type != flow.CreateEntry {
		t.Errorf("%+v", r)
	}
}

func TestUser_SaysHowTheCodeWasSent(t *testing.T) {
	t.Parallel()
	for kind, sentence := range map[Kind]string{
		ByApp: "Telegram app", BySMS: "by SMS", ByCall: "calls", ByFlashCall: "hangs up", ByMissedCall: "last digits", ByEmail: "e-mail", ByFragment: "Fragment", ByWord: "a word", ByPhrase: "a phrase",
	} {
		w := newWorld(t)
		w.anna().kind = kind
		f, _ := w.flowsOf(0)
		r, err := f.Form(context.Background(), dialled(t, f))
		if err != nil {
			t.Fatal(err)
		}
		p := r.Placeholders
		if p["code_type"] != string(kind) || !strings.Contains(p["sent"], sentence) || p["next_type"] != "sms" || p["code_length"] != "5" || p["next_after"] != "60" {
			t.Errorf("%s: %v", kind, p)
		}
	}
}

func TestUser_AnExpiredCodeIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	anna.hash = ""
	r := answer(t, f, id, codeForm(annaCode))
	if r.StepID != stepCode || r.Errors["code"] != "expired_code" || !strings.Contains(r.Messages["code"], "Telegram app") || w.sent != 2 {
		t.Errorf("%+v, %d codes", r, w.sent)
	}
	if r = answer(t, f, id, codeForm(annaCode)); r.Type != flow.CreateEntry || w.sent != 2 {
		t.Errorf("%+v", r)
	}
}

func TestUser_ResendsTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	r := answer(t, f, id, `{"resend":true,"code":"00000"}`)
	if r.StepID != stepCode || len(r.Errors) != 0 || r.Placeholders["code_type"] != "sms" || w.sent != 2 {
		t.Errorf("%+v, %d codes", r, w.sent)
	}
	if r = answer(t, f, id, `{"resend":"on"}`); r.StepID != stepCode || r.Errors["base"] != "no_other_way" || w.sent != 2 {
		t.Errorf("%+v, %d codes", r, w.sent)
	}
	if r = answer(t, f, id, codeForm(annaCode)); r.Type != flow.CreateEntry {
		t.Errorf("%+v", r)
	}
}

func TestUser_AnEmailAddressIsSetUpOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.anna()
	anna.unproved = true
	f, _ := w.flowsOf(0)
	r, err := f.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	id := r.FlowID
	answer(t, f, id, clientForm)
	for _, s := range []struct{ body, step, errors string }{
		{phoneForm(annaPhone), stepEmail, ""},
		{`{"email":"anna"}`, stepEmail, "email invalid_email"},
		{`{"email":"refused@example.com"}`, stepEmail, "email invalid_email"},
		{`{"email":"anna@example.com"}`, stepEmailCode, ""},
		{codeForm("111111"), stepEmailCode, "code invalid_code"},
		{codeForm("11111"), stepEmailCode, "code invalid_code"},
		{codeForm("999999"), stepCode, ""},
		{codeForm(annaCode), "", ""},
	} {
		r = answer(t, f, id, s.body)
		var errors string
		for k, v := range r.Errors {
			errors = k + " " + v
		}
		if r.StepID != s.step || errors != s.errors {
			t.Fatalf("%s: %+v", s.body, r)
		}
		if strings.Contains(fmt.Sprint(r), "anna@example") {
			t.Errorf("the address is told: %+v", r)
		}
	}
	if r.Type != flow.CreateEntry || w.loose(t) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestUser_AWrongPasswordIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().password = password
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	answer(t, f, id, codeForm(annaCode))
	for _, wrong := range []string{"correct horse", "SECRET", " "} {
		r := answer(t, f, id, passwordForm(wrong))
		if r.StepID != stepPassword || r.Errors["password"] != "invalid_auth" || strings.Contains(fmt.Sprint(r), "SECRET") {
			t.Fatalf("%+v", r)
		}
	}
	if r := answer(t, f, id, `{"password":""}`); r.Errors["password"] != "missing_field" {
		t.Errorf("%+v", r)
	}
	if r := answer(t, f, id, passwordForm(password)); r.Type != flow.CreateEntry || w.sent != 1 || w.loose(t) != 0 {
		t.Errorf("%+v", r)
	}
}

// The password's login lets a sender in, which another data centre wants to have: a new key on top of the check would take
// too long, so an empty step makes it.
func TestUser_NeverANewKeyAndAPasswordInOneStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.anna()
	anna.password, anna.apart = password, 4
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	answer(t, f, id, codeForm(annaCode))
	r := answer(t, f, id, passwordForm(password))
	if r.StepID != stepFinish || len(r.Fields) != 0 || len(r.Errors) != 0 {
		t.Fatalf("%+v", r)
	}
	if n := w.keysIn(4); n != 0 {
		t.Errorf("%d keys made in the step of the password", n)
	}
	if r = answer(t, f, id, `{"x":1}`); r.StepID != stepFinish || r.Errors["base"] != "unknown_field" {
		t.Errorf("%+v", r)
	}
	hashes := w.hashes
	anna.home = 4 // for the sender's key
	if r = answer(t, f, id, `{}`); r.StepID != stepPassword || r.Placeholders["device"] != "Home Assistant · sender 1" || w.hashes != hashes || w.keysIn(4) != 1 {
		t.Fatalf("%+v, %d checks", r, w.hashes-hashes)
	}
	if r = answer(t, f, id, passwordForm("wrong")); r.StepID != stepPassword || r.Errors["password"] != "invalid_auth" {
		t.Fatalf("%+v", r)
	}
	if r = answer(t, f, id, passwordForm(password)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
		t.Errorf("%+v, %d logins", r, w.in())
	}
}

func (w *world) keysIn(dc int) (n int) {
	for _, k := range w.keys {
		if k.dc == dc {
			n++
		}
	}
	return n
}
