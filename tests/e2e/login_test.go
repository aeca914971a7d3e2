package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/redisstore"
	"telegram-client/tests/telegramtest"
)

// MAP.md, toy 7: afterwards the owner sees exactly the devices that were announced, each with a key of its own.
func TestLogin_MakesTheDevicesThatWereAnnounced(t *testing.T) {
	t.Parallel()
	type account struct {
		way      string
		senders  int
		dc       int // the dialer begins in the first
		password bool
		keys     bool // made as in use
	}
	for _, x := range []account{
		{"client", 1, 2, false, true}, {"client", 1, 1, true, true}, {"client", 3, 2, true, false}, {"client", 3, 1, false, false},
		{"qr", 1, 2, false, false}, {"qr", 1, 1, true, true}, {"qr", 3, 2, true, false}, {"qr", 3, 1, false, false},
	} {
		t.Run(name(x), func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			user := w.user("anna_lee", at(x.dc))
			if x.password {
				user = w.user("anna_two", at(x.dc), withPassword)
			}
			keys := func(*login.Config) {}
			if x.keys {
				keys = withRealKeys
			}
			d := w.logins(t, senders(x.senders), keys)
			d.post("/config/flows", map[string]any{"source": "user"})
			if d.at.Placeholders["devices"] != fmt.Sprint(1+x.senders) || d.at.Placeholders["device_names"] != strings.Join(announced(x.senders), ", ") {
				t.Errorf("%v", d.at.Placeholders)
			}
			d.answer(map[string]any{"api_id": 1, "api_hash": apiHash, "client_type": x.way})
			d.logIn(user)
			id := d.entered()
			if d.at.Title != "Telegram user (@"+user.Username+")" || d.at.Result.ClientType != "client" {
				t.Errorf("%+v", d.at)
			}
			d.wantDevices(id, user, x.senders)
		})
	}
}

func TestLogin_TellsHowTheCodeWasSent(t *testing.T) {
	t.Parallel()
	for by, kind := range map[telegramtest.Delivery]string{
		telegramtest.ByApp: "app", telegramtest.BySMS: "sms", telegramtest.ByCall: "call", telegramtest.ByFlashCall: "flash_call",
		telegramtest.ByMissedCall: "missed_call", telegramtest.ByEmail: "email_code", telegramtest.ByFragment: "fragment_sms",
		telegramtest.BySMSWord: "sms_word", telegramtest.BySMSPhrase: "sms_phrase",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			user := w.user("anna_lee")
			if err := w.telegram.DeliverCodes(user.Phone, by, telegramtest.BySMS); err != nil {
				t.Fatal(err)
			}
			d := w.logins(t)
			d.begin("client")
			d.answer(map[string]any{"phone": user.Phone})
			d.want("otp")
			if p := d.at.Placeholders; p["code_type"] != kind || p["sent"] == "" || p["next_type"] != "sms" || p["next_after"] != "60" {
				t.Errorf("%v", p)
			}
			d.logIn(user)
			d.wantDevices(d.entered(), user, 1)
		})
	}
}

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

// Whatever was answered so far: nothing stays logged in when the flow is given up, or when nobody comes back.
func TestLogin_GivenUpHalfWayNothingStaysLoggedIn(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"code", "password", "pending password", "second code", "finish", "QR accepted", "QR password"} {
		for _, how := range []string{"given up", "swept"} {
			if how == "swept" && way != "code" && way != "finish" && way != "QR accepted" {
				continue
			}
			t.Run(name(way, how), func(t *testing.T) {
				t.Parallel()
				w := newEmptyWorld(t)
				user := w.user("anna_lee", withPassword)
				life := 15 * time.Minute
				if how == "swept" {
					life = 3 * time.Second
				}
				d := w.logins(t, func(c *login.Config) { c.Life = life })
				if strings.HasPrefix(way, "QR") {
					d.begin("qr")
					if err := d.scan(user); err != nil {
						t.Fatal(err)
					}
					if way == "QR password" {
						d.answer(map[string]any{})
						d.want("password")
					}
				} else {
					d.begin("client")
					d.answer(map[string]any{"phone": user.Phone})
				}
				switch way {
				case "password", "second code", "finish", "pending password":
					d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
				}
				switch way {
				case "second code":
					d.telegram.Faults().Fail("auth.acceptLoginToken", 400, "AUTH_TOKEN_EXCEPTION", 1)
					d.answer(map[string]any{"password": password})
					d.want("otp", "base second_code")
				case "finish":
					d.telegram.Faults().Fail("auth.acceptLoginToken", 420, "FLOOD_WAIT_9", 1)
					d.answer(map[string]any{"password": password})
					d.want("finish", "base flood_wait")
				case "pending password":
					d.answer(map[string]any{"password": "wrong"})
					d.want("password", "password invalid_auth")
				}
				if how == "given up" {
					if _, err := d.bridge.Want(d.ctx, 200, "configflow", "DELETE", "/config/flows/"+d.at.FlowID, nil); err != nil {
						t.Fatal(err)
					}
				} else {
					d.sweptAfter(life)
				}
				d.wantNothing(user)
				a, err := d.bridge.Call(d.ctx, "configflow", "POST", "/config/flows/"+d.at.FlowID, map[string]any{})
				if err != nil || a.Status != 404 || a.Get("error", "code") != "unknown_flow" {
					t.Errorf("answered afterwards: %v %d %s", err, a.Status, a.Body)
				}
			})
		}
	}
}

// sweptAfter waits until a sweep has taken the flow.
func (d *dialogue) sweptAfter(life time.Duration) {
	d.t.Helper()
	tick := time.NewTicker(life / 10)
	defer tick.Stop()
	for {
		if err := d.flows.Sweep(d.ctx); err != nil {
			d.t.Fatal(err)
		}
		if _, err := d.store.ReadFlow(d.ctx, d.at.FlowID); err != nil {
			return
		}
		<-tick.C
	}
}

func TestLogin_AnAccountIsSetUpOnce(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	user := w.user("anna_lee", withPassword)
	d := w.logins(t)
	d.begin("client")
	d.logIn(user)
	id := d.entered()
	d.begin("qr")
	d.logIn(user)
	d.aborted("already_configured")
	d.wantDevices(id, user, 1)
}

func TestReauth_OfAUserMakesOnlyWhatHasEnded(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"client", "qr"} {
		for _, ended := range []string{"listener", "sender 1", "all"} {
			for _, secret := range []bool{false, true} {
				if secret != (ended == "sender 1") {
					continue
				}
				t.Run(name(way, ended, secret), func(t *testing.T) {
					t.Parallel()
					w := newEmptyWorld(t)
					user := w.user("anna_lee")
					if secret {
						user = w.user("anna_two", withPassword)
					}
					d := w.logins(t)
					d.begin("client")
					d.logIn(user)
					id := d.entered()
					kept := w.endLogins(t, id, user, ended)
					d.reauth(string(id))
					d.want("reauth_confirm")
					if n := d.at.Placeholders["devices"]; ended != "all" && n != "1" || ended == "all" && n != "2" {
						t.Errorf("%v", d.at.Placeholders)
					}
					d.answer(map[string]any{"client_type": way})
					d.logIn(user)
					d.aborted("reauth_successful")
					d.wantDevices(id, user, 1)
					for _, a := range w.telegram.Authorizations(user.ID) {
						if kept[a.ID] && a.Ended != "" {
							t.Errorf("%s was ended: %s", a.Device, a.Ended)
						}
					}
				})
			}
		}
	}
}

// endLogins ends logins of an entry on the phone, and lets the store learn of it as it does in use. It returns the ids of
// those that are left.
func (w *world) endLogins(t *testing.T, id entry.ID, user telegramtest.Account, which string) map[int64]bool {
	t.Helper()
	kept := map[int64]bool{}
	for _, a := range w.telegram.Authorizations(user.ID) {
		device, _ := strings.CutPrefix(a.Device, "Home Assistant · ")
		if which != "all" && device != which {
			kept[a.ID] = true
			continue
		}
		if err := w.telegram.EndAuthorization(a.ID); err != nil {
			t.Fatal(err)
		}
		w.notice(t, id, device)
	}
	return kept
}

func TestReauth_OfAUserByAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	for _, secret := range []bool{false, true} {
		t.Run(name(secret), func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			user, other := w.user("anna_lee"), w.user("berta_lee")
			if secret {
				other = w.user("berta_two", withPassword, at(2))
			}
			d := w.logins(t)
			d.begin("client")
			d.logIn(user)
			id := d.entered()
			w.endLogins(t, id, user, "listener")
			d.reauth(string(id))
			d.answer(map[string]any{"client_type": "qr"})
			d.logIn(other)
			d.aborted("wrong_account")
			d.wantNothing(other)
			if diff := cmp.Diff([]string{"Home Assistant · sender 1"}, w.alive(t, user.ID)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The job that the entry is for: many sends at once, with one sender and with three.
func TestLogin_OfAUserTwentySendsAtOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(name("senders", n), func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			user := w.user("anna_lee", withPassword)
			d := w.logins(t, senders(n))
			d.begin("client")
			d.logIn(user)
			id := d.entered()
			b := w.senders(t, w.newStore(t, redisstore.Numbers{}), 50*time.Second)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					a, err := send(ctx, b, map[string]any{"config_entry_id": id, "target_username": "alice", "message": fmt.Sprint("number ", i)})
					if err != nil || a.Status != 200 {
						t.Errorf("%v %s", err, a.Body)
					}
				})
			}
			wg.Wait()
			got := map[string]int{}
			for _, m := range w.telegram.Read(w.alice.ID, user.ID) {
				got[m.Text]++
			}
			if len(got) != 20 {
				t.Errorf("%d different messages: %v", len(got), got)
			}
			for text, times := range got {
				if times != 1 {
					t.Errorf("%q was sent %d times", text, times)
				}
			}
			d.wantDevices(id, user, n)
			used := 0
			for _, a := range w.telegram.Authorizations(user.ID) {
				if a.Device == "Home Assistant · listener" {
					continue
				}
				if s, _ := w.telegram.Stats(a.ID); s.Connections > 1 {
					used++
				}
			}
			if used != n {
				t.Errorf("%d of %d senders were used", used, n)
			}
		})
	}
}
