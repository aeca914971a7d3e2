package e2e

import (
	"strings"
	"testing"

	"telegram-client/tests/telegramtest"
)

func TestLogin_Outcomes(t *testing.T) {
	t.Parallel()
	// Each is carried on until it ends with an entry, or where it ends.
	type outcome struct {
		user func(*telegramtest.Account)
		do   func(d *dialogue, user telegramtest.Account)
		ends string // the reason of the end; empty: an entry is made
	}
	phone := func(d *dialogue, user telegramtest.Account) {
		d.begin("client")
		d.answer(map[string]any{"phone": "+" + user.Phone})
	}
	tests := map[string]outcome{
		"wrong codes": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Behave(func(b *telegramtest.Behaviour) { b.WrongCodes = 100 })
			phone(d, user)
			for range 50 {
				d.answer(map[string]any{"code": wrong(d.telegram.LastCode(user.Phone))})
				d.want("otp", "code invalid_code")
			}
			if n := d.codes(); n != 1 {
				d.t.Errorf("%d codes", n)
			}
		}},
		"guesses": {do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			for i := range 50 {
				d.answer(map[string]any{"code": wrong(d.telegram.LastCode(user.Phone))})
				if i < 5 {
					d.want("otp", "code invalid_code")
				} else {
					d.want("otp", "code expired_code")
				}
			}
			if n := d.codes(); n != 1 {
				d.t.Errorf("%d codes", n)
			}
			d.answer(map[string]any{"resend": true})
			d.want("otp")
		}},
		"expired code": {do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.telegram.Faults().Fail("auth.signIn", 400, "PHONE_CODE_EXPIRED", 1)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.want("otp", "code expired_code")
			if n := d.codes(); n != 2 {
				d.t.Errorf("%d codes", n)
			}
		}},
		"empty code": {do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": ""})
			d.want("otp", "code missing_field")
		}},
		"resend": {do: func(d *dialogue, user telegramtest.Account) {
			_ = d.telegram.DeliverCodes(user.Phone, telegramtest.ByApp, telegramtest.BySMS)
			phone(d, user)
			d.answer(map[string]any{"resend": true})
			d.want("otp")
			if d.at.Placeholders["code_type"] != "sms" {
				d.t.Errorf("%v", d.at.Placeholders)
			}
			d.answer(map[string]any{"resend": true})
			d.want("otp", "base no_other_way")
		}},
		"set-up of an e-mail address": {do: func(d *dialogue, user telegramtest.Account) {
			_ = d.telegram.DeliverCodes(user.Phone, telegramtest.SetUpEmail, telegramtest.ByEmail)
			phone(d, user)
			d.want("email")
			d.answer(map[string]any{"email": "anna@example"})
			d.want("email", "email invalid_email")
			d.answer(map[string]any{"email": "anna@example.org"})
			d.want("email_code")
			d.answer(map[string]any{"code": wrong(d.telegram.LastCode("anna@example.org"))})
			d.want("email_code", "code invalid_code")
			d.answer(map[string]any{"code": d.telegram.LastCode("anna@example.org")})
			d.want("otp")
		}},
		"restarted": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Faults().Fail("auth.sendCode", 500, "AUTH_RESTART", 3)
			phone(d, user)
			d.want("otp")
		}},
		"restarted too often": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Faults().Fail("auth.sendCode", 500, "AUTH_RESTART", 4)
			phone(d, user)
			d.want("phone", "base start_over")
		}},
		"other numbers": {do: func(d *dialogue, user telegramtest.Account) {
			d.begin("client")
			for _, nonsense := range []any{"anna", "+", "0600", 12, []int{1}, strings.Repeat("1", 40)} {
				d.answer(map[string]any{"phone": nonsense})
				if d.at.StepID != "phone" || d.at.Errors["phone"] == "" {
					d.t.Errorf("%v: %+v", nonsense, d.at)
				}
			}
			d.telegram.Faults().Fail("auth.sendCode", 406, "PHONE_NUMBER_INVALID", 1)
			d.answer(map[string]any{"phone": "+" + user.Phone})
			d.want("phone", "phone invalid_phone")
			d.telegram.BanPhone("4930555000", true)
			d.answer(map[string]any{"phone": 4930555000})
			d.want("phone", "phone banned")
		}},
		"nobody's number": {do: func(d *dialogue, user telegramtest.Account) {
			d.begin("client")
			for _, choice := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never} {
				d.telegram.Behave(func(b *telegramtest.Behaviour) { b.Unoccupied = choice })
				d.answer(map[string]any{"phone": "+49 30 5550" + map[telegramtest.Choice]string{telegramtest.Always: "1", telegramtest.Never: "2"}[choice]})
				d.want("otp")
				code := d.telegram.LastCode("493055501")
				if choice == telegramtest.Never {
					code = d.telegram.LastCode("493055502")
				}
				d.answer(map[string]any{"code": code})
				d.want("phone", "phone phone_number_unoccupied")
			}
		}},
		"wrong password": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.want("password")
			if d.at.Placeholders["hint"] != "the usual one" {
				d.t.Errorf("%v", d.at.Placeholders)
			}
			d.answer(map[string]any{"password": "correct horse"})
			d.want("password", "password invalid_auth")
			d.answer(map[string]any{})
			d.want("password", "password missing_field")
		}},
		"password changed": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.telegram.Faults().Fail("auth.checkPassword", 400, "SRP_ID_INVALID", 1)
			d.want("password")
		}},
		"flood of passwords": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.telegram.Faults().Fail("auth.checkPassword", 420, "FLOOD_WAIT_45", 1)
			d.answer(map[string]any{"password": password})
			d.want("password", "base flood_wait")
			if !strings.Contains(d.at.Messages["base"], "45 seconds") {
				d.t.Errorf("%v", d.at.Messages)
			}
		}},
		"flood of codes": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Faults().Fail("auth.sendCode", 420, "FLOOD_WAIT_86400", 1)
			phone(d, user)
			d.want("phone", "base flood_wait")
			if !strings.Contains(d.at.Messages["base"], "24 hours") {
				d.t.Errorf("%v", d.at.Messages)
			}
		}},
		"api id": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Faults().Fail("auth.sendCode", 400, "API_ID_INVALID", 1)
			phone(d, user)
			d.want("user", "api_id invalid_api_id")
			d.telegram.Faults().Fail("auth.sendCode", 400, "API_ID_PUBLISHED_FLOOD", 1)
			d.answer(map[string]any{"api_id": 1, "api_hash": apiHash, "client_type": "client"})
			d.answer(map[string]any{"phone": user.Phone})
			d.want("user", "api_id api_id_published_flood")
			d.answer(map[string]any{"api_id": 1, "api_hash": apiHash, "client_type": "client"})
		}},
		"no code needed": {do: func(d *dialogue, user telegramtest.Account) {
			_ = d.telegram.DeliverCodes(user.Phone, telegramtest.NoCode)
			phone(d, user)
		}},
		"fresh logins may let nobody in": {do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Behave(func(b *telegramtest.Behaviour) { b.FreshCannotAccept = true })
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.want("otp", "base second_code")
			if d.at.Placeholders["device"] != "Home Assistant · sender 1" || !strings.Contains(d.at.Messages["base"], "AUTH_TOKEN_EXCEPTION") {
				d.t.Errorf("%+v", d.at)
			}
		}},
		"fresh logins may let nobody in, password": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			d.telegram.Behave(func(b *telegramtest.Behaviour) { b.FreshCannotAccept = true })
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.answer(map[string]any{"password": password})
			d.want("otp", "base second_code")
		}},
		"an expired token": {do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.telegram.Faults().Fail("auth.acceptLoginToken", 400, "AUTH_TOKEN_EXPIRED", 1)
		}},
		"a refusal": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.telegram.Faults().Fail("auth.exportLoginToken", 400, "SOMETHING_ELSE", 1)
			d.answer(map[string]any{"password": password})
			d.want("otp", "base second_code")
		}},
		"another data centre for the sender": {user: withPassword, do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			d.telegram.Faults().Fail("auth.exportLoginToken", 303, "USER_MIGRATE_2", 1)
			d.answer(map[string]any{"password": password})
			d.want("finish")
		}},
		"QR drawn again": {do: func(d *dialogue, user telegramtest.Account) {
			d.begin("qr")
			first := d.at.DataSchema[0].Selector.QR.Data
			d.answer(map[string]any{})
			d.want("qr", "base qr_not_accepted")
			if d.at.DataSchema[0].Selector.QR.Data == first || !strings.HasPrefix(first, "tg://login?token=") || d.at.Placeholders["expires"] == "" {
				d.t.Errorf("%+v", d.at)
			}
		}},
		"payment":          {do: delivered(telegramtest.PaymentRequired), ends: "payment_required"},
		"firebase":         {do: delivered(telegramtest.ByFirebase), ends: "firebase_required"},
		"firebase at once": {do: delivered(telegramtest.BySMS, telegramtest.ByFirebase), ends: "firebase_required"},
		"reCAPTCHA":        {do: failed("auth.sendCode", 403, "RECAPTCHA_CHECK_login__6LkeY"), ends: "recaptcha_required"},
		"newer app":        {do: failed("auth.sendCode", 406, "UPDATE_APP_TO_LOGIN"), ends: "update_required"},
		"ended on the phone": {do: func(d *dialogue, user telegramtest.Account) {
			phone(d, user)
			arrived, release := d.telegram.Faults().Hold("auth.acceptLoginToken")
			defer release()
			ended := make(chan error, 1)
			go func() { // ends when the sender is about to be let in
				select {
				case <-arrived:
				case <-d.ctx.Done():
				}
				var err error
				for _, a := range d.telegram.Authorizations(user.ID) {
					err = d.telegram.EndAuthorization(a.ID)
				}
				release()
				ended <- err
			}()
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
			if err := <-ended; err != nil {
				d.t.Error(err)
			}
		}, ends: "login_ended"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			change := test.user
			if change == nil {
				change = func(*telegramtest.Account) {}
			}
			user := w.user("anna_lee", change)
			d := w.logins(t)
			test.do(d, user)
			if test.ends != "" {
				d.aborted(test.ends)
				d.wantNothing(user)
				return
			}
			d.logIn(user)
			d.wantDevices(d.entered(), user, 1)
		})
	}
}

// delivered asks for a code that is delivered like this, and again.
func delivered(by ...telegramtest.Delivery) func(*dialogue, telegramtest.Account) {
	return func(d *dialogue, user telegramtest.Account) {
		if err := d.telegram.DeliverCodes(user.Phone, by...); err != nil {
			d.t.Fatal(err)
		}
		d.begin("client")
		d.answer(map[string]any{"phone": user.Phone})
		if d.at.StepID == "otp" {
			d.answer(map[string]any{"resend": true})
		}
	}
}

// failed has a method refused when a code is asked for.
func failed(method string, code int, message string) func(*dialogue, telegramtest.Account) {
	return func(d *dialogue, user telegramtest.Account) {
		d.begin("client")
		d.telegram.Faults().Fail(method, code, message, 1)
		d.answer(map[string]any{"phone": user.Phone})
	}
}

// wrong is a code that is not the right one.
func wrong(code string) string {
	return string('0'+(code[0]-'0'+1)%10) + code[1:]
}

// codes counts those that were sent.
func (w *world) codes() int {
	return w.telegram.Count(func(e telegramtest.Event) bool { return e.Kind == telegramtest.CodeSent })
}
