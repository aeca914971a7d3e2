package control_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest"
)

// Another process makes a user, and logs it in by what the API tells.
func TestControl_UserLogsIn(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	var alice telegramtest.Account
	r.must("POST", "/accounts", fields{"username": "alice", "phone": "+49 30 5550", "dc": 2}, &alice)
	if alice.Phone != "49305550" {
		t.Fatalf("%+v", alice)
	}
	r.must("POST", "/deliveries", fields{"phone": alice.Phone, "by": []string{"sms"}}, nil)
	r.must("POST", "/behaviour", fields{"unconfirmed": "always"}, nil)
	address := s.Addr(2)
	c := telegram.NewClient(7, "hash", telegram.Options{
		PublicKeys: []telegram.PublicKey{s.Wire().PublicKey()}, DC: 2,
		DCList: dcs.List{Options: []tg.DCOption{{ID: 2, IPAddress: address.Addr().String(), Port: int(address.Port())}}},
	})
	if err := c.Run(ctx, func(ctx context.Context) error {
		ask := func(context.Context, *tg.AuthSentCode) (string, error) {
			var x struct{ Code string }
			r.must("GET", "/codes?to="+alice.Phone, nil, &x)
			return x.Code, nil
		}
		if err := auth.NewFlow(auth.CodeOnly(alice.Phone, auth.CodeAuthenticatorFunc(ask)), auth.SendCodeOptions{}).Run(ctx, c.Auth()); err != nil {
			return err
		}
		var logins []telegramtest.Authorization
		r.must("GET", fmt.Sprintf("/authorizations?account=%d", alice.ID), nil, &logins)
		if len(logins) != 1 || !logins[0].Unconfirmed {
			t.Fatalf("logins: %+v", logins)
		}
		r.must("POST", fmt.Sprintf("/authorizations/%d/confirm", logins[0].ID), nil, nil)
		r.must("POST", fmt.Sprintf("/accounts/%d/password", alice.ID), fields{"password": "x", "end_others": true}, nil)
		_, err := c.API().UpdatesGetState(ctx)
		if !tgerr.Is(err, "SESSION_REVOKED") {
			t.Errorf("afterwards: %v", err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestControl_QRCodeIsScanned(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	var alice telegramtest.Account
	r.must("POST", "/accounts", fields{"username": "alice", "password": "x"}, &alice)
	address := s.Addr(1)
	c := telegram.NewClient(7, "hash", telegram.Options{
		PublicKeys: []telegram.PublicKey{s.Wire().PublicKey()}, DC: 1, Device: telegram.DeviceConfig{DeviceModel: "sender"},
		DCList: dcs.List{Options: []tg.DCOption{{ID: 1, IPAddress: address.Addr().String(), Port: int(address.Port())}}},
	})
	if err := c.Run(ctx, func(ctx context.Context) error {
		token, err := c.QR().Export(ctx)
		if err != nil {
			return err
		}
		r.must("POST", "/tokens/accept", fields{"account": alice.ID, "link": token.URL()}, nil)
		if _, err := c.QR().Import(ctx); !tgerr.Is(err, "SESSION_PASSWORD_NEEDED") {
			t.Errorf("import: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var pending []telegramtest.Authorization
	r.must("GET", "/pending", nil, &pending)
	var devices []string
	for _, p := range pending {
		devices = append(devices, p.Device)
	}
	if diff := cmp.Diff([]string{"sender"}, devices); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
}

func TestControl_SaysWhatIsWrongWithUsers(t *testing.T) {
	t.Parallel()
	r, _ := newRemote(t)
	var alice telegramtest.Account
	r.must("POST", "/accounts", fields{"username": "alice", "phone": "4930555"}, &alice)
	r.must("POST", "/phones/ban", fields{"phone": "4930555", "banned": true}, nil)
	r.must("POST", fmt.Sprintf("/accounts/%d/freeze", alice.ID), fields{"frozen": true}, nil)
	r.must("POST", fmt.Sprintf("/accounts/%d/deactivate", alice.ID), fields{"banned": false}, nil)
	for path, body := range map[string]any{
		"/accounts":                 fields{"username": "other", "phone": "+49 30 555"},
		"/deliveries":               fields{"phone": "4930555", "by": []string{"pigeon"}},
		"/tokens/accept":            fields{"account": alice.ID, "link": "tg://login?token=" + base64.URLEncoding.EncodeToString([]byte("x"))},
		"/accounts/5/password":      fields{"password": "x"},
		"/accounts/5/freeze":        fields{"frozen": true},
		"/contacts":                 fields{"account": alice.ID, "contact": 5},
		"/authorizations/5/deny":    nil,
		"/authorizations/5/confirm": nil,
	} {
		if got := r.do("POST", path, body, nil); got != http.StatusBadRequest {
			t.Errorf("%s: %d", path, got)
		}
	}
}
