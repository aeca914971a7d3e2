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
