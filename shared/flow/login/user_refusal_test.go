package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

func TestUser_SaysWhatTelegramRefuses(t *testing.T) {
	t.Parallel()
	refused := func(r Reason) *Refusal {
		return &Refusal{Reason: r, Code: "ITS_OWN_WORD", Err: errors.New("rpc error")}
	}
	tests := map[string]struct {
		call    string // whose answer it is
		err     error
		step    string // empty: the flow ends
		field   string // or the reason of the end
		code    string
		message string
	}{
		"api id":          {"SendCode", refused(InvalidAPI), stepUser, "api_id", "invalid_api_id", "my.telegram.org"},
		"published":       {"SendCode", refused(PublishedAPI), stepUser, "api_id", "api_id_published_flood", "of your own"},
		"phone":           {"SendCode", refused(InvalidPhone), stepPhone, "phone", "invalid_phone", "international"},
		"unoccupied":      {"SignIn", refused(Unoccupied), stepPhone, "phone", "phone_number_unoccupied", "sign up in the app"},
		"banned":          {"SendCode", refused(Banned), stepPhone, "phone", "banned", "telegram.org/support"},
		"banned later":    {"SignIn", refused(Banned), stepPhone, "phone", "banned", "telegram.org/support"},
		"flood":           {"SendCode", &Refusal{Reason: FloodWait, RetryAfter: 31 * time.Second}, stepPhone, "base", "flood_wait", "31 seconds"},
		"flood of codes":  {"SignIn", &Refusal{Reason: FloodWait, RetryAfter: time.Hour}, stepCode, "base", "flood_wait", "60 minutes"},
		"flood unclear":   {"SendCode", refused(FloodWait), stepPhone, "base", "flood_wait", "Try again later"},
		"other":           {"SendCode", refused(OtherRefusal), stepPhone, "base", "telegram_error", "ITS_OWN_WORD"},
		"other code":      {"SignIn", refused(OtherRefusal), stepCode, "base", "telegram_error", "ITS_OWN_WORD"},
		"restart":         {"SignIn", refused(StartOver), stepPhone, "base", "start_over", "anew"},
		"unreachable":     {"SendCode", refused(Unreachable), stepPhone, "base", "telegram_unreachable", "network"},
		"unreachable in":  {"SignIn", fault.New(fault.TelegramAway, "Away."), stepCode, "base", "telegram_unreachable", "network"},
		"clock":           {"SendCode", fault.New(fault.ClockWrong, "Clock."), stepPhone, "base", "clock_wrong", "clock"},
		"payment":         {"SendCode", refused(PaymentRequired), "", "payment_required", "", "choose qr"},
		"firebase":        {"SendCode", refused(FirebaseRequired), "", "firebase_required", "", "choose qr"},
		"recaptcha":       {"SendCode", refused(RecaptchaRequired), "", "recaptcha_required", "", "choose qr"},
		"unknown answer":  {"SendCode", refused(UpdateRequired), "", "update_required", "", "Update the bridge"},
		"payment resend":  {"ResendCode", refused(PaymentRequired), "", "payment_required", "", "choose qr"},
		"no hint":         {"Hint", refused(OtherRefusal), stepPassword, "", "", ""},
		"password flood":  {"CheckPassword", &Refusal{Reason: FloodWait, RetryAfter: time.Minute}, stepPassword, "base", "flood_wait", "60 seconds"},
		"password gone":   {"CheckPassword", refused(StartOver), stepPhone, "base", "start_over", "anew"},
		"password late":   {"CheckPassword", refused(SessionEnded), stepPhone, "base", "start_over", "anew"},
		"password cut":    {"CheckPassword", refused(Unreachable), stepPassword, "base", "telegram_unreachable", "network"},
		"password unsure": {"Self", refused(Unreachable), stepPassword, "base", "telegram_unreachable", "network"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			anna := w.anna()
			if test.call == "CheckPassword" || test.call == "Hint" || test.call == "Self" {
				anna.password = password
			}
			f, _ := w.flowsOf(0)
			w.answer = func(call string) error {
				if call == test.call {
					return test.err
				}
				return nil
			}
			r, id := w.follow(t, f, clientForm, phoneForm(annaPhone))
			if r.StepID == stepCode && test.call == "ResendCode" {
				r = answer(t, f, id, `{"resend":true}`)
			} else if r.StepID == stepCode {
				r = answer(t, f, id, codeForm(annaCode))
			}
			if r.StepID == stepPassword && test.call != "Hint" {
				r = answer(t, f, id, passwordForm(password))
			}
			if test.step == "" {
				if r.Type != flow.Abort || r.Reason != test.field || !strings.Contains(r.Message, test.message) || w.loose(t) != 0 {
					t.Errorf("%+v, %d loose", r, w.loose(t))
				}
				return
			}
			if r.Type != flow.Form || r.StepID != test.step || r.Errors[test.field] != test.code || test.code != "" && len(r.Errors) != 1 ||
				!strings.Contains(r.Messages[test.field], test.message) || strings.Contains(fmt.Sprint(r), annaPhone) {
				t.Errorf("%s %s %v %v", r.Type, r.StepID, r.Errors, r.Messages)
			}
			if len(w.entries) != 0 {
				t.Errorf("%d entries", len(w.entries))
			}
			// Then all is well.
			w.answer = nil
			for _, form := range []struct{ step, body string }{
				{stepUser, clientForm}, {stepPhone, phoneForm(annaPhone)}, {stepCode, codeForm(annaCode)}, {stepPassword, passwordForm(password)},
			} {
				if r.StepID == form.step {
					r = answer(t, f, id, form.body)
				}
			}
			if r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
				t.Errorf("then: %+v, %d loose of %d", r, w.loose(t), w.in())
			}
		})
	}
}

// follow begins a flow and answers its forms.
func (w *world) follow(t *testing.T, f *Flows, bodies ...string) (flow.Result, string) {
	t.Helper()
	r, err := f.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	id := r.FlowID
	for _, b := range bodies {
		r = answer(t, f, id, b)
	}
	return r, id
}

// Whatever stops the sender's login, the entry is not made without one, and nothing is lost that can be kept.
func TestUser_AnEntryThatCannotSendIsNotMade(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		call string
		err  error
		step string
		code string // at base
	}{
		"refused to accept": {"AcceptToken", &Refusal{Reason: OtherRefusal, Code: "FRESH"}, stepCode, "second_code"},
		"refused to export": {"ExportToken", &Refusal{Reason: OtherRefusal, Code: "NO"}, stepCode, "second_code"},
		"always over":       {"AcceptToken", &Refusal{Reason: TokenOver}, stepCode, "second_code"},
		"cut off":           {"ExportToken", &Refusal{Reason: Unreachable}, stepFinish, "telegram_unreachable"},
		"first cut off":     {"AcceptToken", fault.New(fault.TelegramAway, "Away."), stepFinish, "telegram_unreachable"},
		"flood":             {"ExportToken", &Refusal{Reason: FloodWait, RetryAfter: time.Minute}, stepFinish, "flood_wait"},
		"state":             {"State", fault.New(fault.TelegramAway, "Away."), stepCode, "telegram_unreachable"},
	}
	for _, secret := range []string{"", password} {
		for name, test := range tests {
			t.Run(fmt.Sprint(name, secret != ""), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.anna().password = secret
				f, _ := w.flowsOf(0)
				id := dialled(t, f)
				w.answer = func(call string) error {
					if call == test.call {
						return test.err
					}
					return nil
				}
				r := answer(t, f, id, codeForm(annaCode))
				step := test.step
				if secret != "" {
					r = answer(t, f, id, passwordForm(secret))
					if test.call == "State" {
						step = stepPassword
					}
				}
				if r.Type != flow.Form || r.StepID != step || r.Errors["base"] != test.code || len(w.entries) != 0 {
					t.Fatalf("%+v", r)
				}
				sent := 1
				if test.code == "second_code" {
					sent = 2
					if r.Placeholders["device"] != "Home Assistant · sender 1" || !strings.Contains(r.Messages["base"], "sender 1") || !strings.Contains(r.Messages["base"], "Telegram app") {
						t.Errorf("%+v", r)
					}
				} else {
					w.answer = nil
				}
				if r.StepID == stepFinish {
					r = answer(t, f, id, `{}`)
				}
				if r.StepID == stepCode {
					r = answer(t, f, id, codeForm(annaCode))
				}
				if r.StepID == stepPassword {
					r = answer(t, f, id, passwordForm(secret))
				}
				if r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 || w.sent != sent {
					t.Errorf("%+v, %d loose of %d, %d codes", r, w.loose(t), w.in(), w.sent)
				}
			})
		}
	}
}

func TestUser_AnExpiredTokenIsReplacedWhenALoginIsLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	accepted := 0
	w.answer = func(call string) error {
		if call == "AcceptToken" {
			if accepted++; accepted == 1 {
				return &Refusal{Reason: TokenOver, Code: "AUTH_TOKEN_EXPIRED"}
			}
		}
		return nil
	}
	if r := answer(t, f, id, codeForm(annaCode)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.sent != 1 {
		t.Errorf("%+v", r)
	}
}

// The owner says "it's not me" before the login is complete.
func TestUser_TheNewLoginIsEndedOnThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	id := dialled(t, f)
	w.answer = func(call string) error {
		if call == "AcceptToken" {
			return &Refusal{Reason: SessionEnded, Code: "SESSION_REVOKED"}
		}
		return nil
	}
	if r := answer(t, f, id, codeForm(annaCode)); r.Reason != "login_ended" || w.loose(t) != 0 || len(w.entries) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestUser_ACodeThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna().kind = "" // logs in at once
	f, _ := w.flowsOf(0)
	if r, _ := w.follow(t, f, clientForm, phoneForm(annaPhone)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
		t.Errorf("%+v", r)
	}
}

func TestUser_AnAccountIsSetUpOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anna()
	f, _ := w.flowsOf(0)
	if r := answer(t, f, dialled(t, f), codeForm(annaCode)); r.Type != flow.CreateEntry {
		t.Fatalf("%+v", r)
	}
	r := answer(t, f, dialled(t, f), codeForm(annaCode))
	if r.Reason != "already_configured" || !strings.Contains(r.Message, "Telegram user (@anna)") || w.loose(t) != 0 || w.in() != 2 || w.logins != 3 {
		t.Errorf("%+v, %d loose of %d, %d logins", r, w.loose(t), w.in(), w.logins)
	}
}

func TestUser_GivenUpAtAnyStepNothingStaysLoggedIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for step := 0; step < 5; step++ {
		for _, how := range []string{"given up", "swept"} {
			w := newWorld(t)
			anna := w.anna()
			anna.password = password
			f, _ := w.flowsOf(0)
			r, id := w.follow(t, f)
			for i, b := range []string{clientForm, phoneForm(annaPhone), codeForm(annaCode), passwordForm(password)} {
				if i == 3 {
					w.refuse = func(_ int, device string) error {
						if strings.HasSuffix(device, "sender 1") {
							return &Refusal{Reason: Unreachable}
						}
						return nil
					}
				}
				if i < step {
					r = answer(t, f, id, b)
				}
			}
			if step == 4 && (r.StepID != stepFinish || w.in() == 0) {
				t.Fatalf("%+v", r)
			}
			if how == "given up" {
				if err := f.GiveUp(ctx, id); err != nil {
					t.Error(err)
				}
			} else {
				w.pass(16 * time.Minute)
				if err := f.Sweep(ctx); err != nil {
					t.Error(err)
				}
				if _, err := tryAnswer(f, id, `{}`); !fault.Is(err, fault.UnknownFlow) {
					t.Errorf("answered when it was over: %v", err)
				}
			}
			if w.loose(t) != 0 || len(w.flows) != 0 {
				t.Errorf("%s after %d steps: %d loose, %d flows", how, step, w.loose(t), len(w.flows))
			}
		}
	}
}
