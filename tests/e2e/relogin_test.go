package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/authorization"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// A sender that alone is lost comes back without a code: the listener, which works, lets it in. Receiving goes on, and an
// account with a password is asked for that only.
func TestReauth_TheListenerLetsALostSenderIn(t *testing.T) {
	t.Parallel()
	for _, secret := range []bool{false, true} {
		t.Run(name("password", secret), func(t *testing.T) {
			t.Parallel()
			stage, err := story.SetUp(context.Background(), bridge.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := stage.Strike(); err != nil {
					t.Error(err)
				}
			})
			ctx, cancel := context.WithTimeout(context.Background(), 2*stepTime)
			t.Cleanup(cancel)
			stage.Telegram.Behave(func(b *telegramtest.Behaviour) { b.Unconfirmed = telegramtest.Never }) // that is health, too
			w := &world{telegram: stage.Telegram}
			user, alice := w.user("anna_lee"), w.user("alice")
			if secret {
				user = w.user("anna_two", withPassword)
			}
			d := &dialogue{world: w, t: t, ctx: ctx, bridge: stage.Bridge}
			d.begin("client")
			d.logIn(user)
			id := d.entered()
			d.until("a connected entry", func(a story.Answer) bool { return a.Get("state") == "loaded" }, string(id))
			var listener int64
			for _, a := range stage.Telegram.Authorizations(user.ID) {
				if a.Device == authorization.Listener.Device() {
					listener = a.ID
				} else if err := stage.Telegram.EndAuthorization(a.ID); err != nil {
					t.Fatal(err)
				}
			}
			call := map[string]any{"config_entry_id": id, "target_username": "alice", "message": "hi"}
			if a, err := send(ctx, stage.Bridge, call); err != nil || a.Status != 409 || a.Get("error", "code") != "reauth_required" {
				t.Fatalf("%v %d %s", err, a.Status, a.Body)
			}
			codes := w.codes()
			d.reauth(string(id))
			d.want("reauth_confirm")
			d.answer(map[string]any{})
			if secret {
				d.want("password")
				d.answer(map[string]any{"password": password})
			}
			d.aborted("reauth_successful")
			if n := w.codes() - codes; n != 0 {
				t.Errorf("%d codes were sent", n)
			}
			if a, err := send(ctx, stage.Bridge, call); err != nil || a.Status != 200 {
				t.Fatalf("%v %d %s", err, a.Status, a.Body)
			}
			if diff := cmp.Diff(announced(1), w.alive(t, user.ID)); diff != "" {
				t.Errorf("devices (-want +got):\n%s", diff)
			}
			for _, a := range stage.Telegram.Authorizations(user.ID) {
				if a.ID == listener && a.Ended != "" {
					t.Errorf("the listener's login is %s", a.Ended)
				}
			}
			texts := map[string]int{}
			for _, m := range stage.Telegram.Read(alice.ID, user.ID) {
				texts[m.Text]++
			}
			if texts["hi"] != 1 {
				t.Errorf("alice got %v", texts)
			}
			d.until("a healthy entry", func(a story.Answer) bool { return a.Get("health") == "[]" }, string(id))
		})
	}
}

// until looks at an entry until it is so.
func (d *dialogue) until(what string, reached func(story.Answer) bool, id string) {
	d.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := d.bridge.Want(d.ctx, 200, "entries", "GET", "/config/entries/"+id, nil)
		if err == nil && reached(a) {
			return
		}
		select {
		case <-tick.C:
		case <-d.ctx.Done():
			d.t.Fatalf("want %s: %s %s %v", what, a.Get("state"), a.Get("health"), err)
		}
	}
}
