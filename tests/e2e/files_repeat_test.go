package e2e

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/message"
	"telegram-client/shared/redisstore"
	"telegram-client/tests/telegramtest"
)

// left makes a call whose caller leaves when Telegram has carried out a request of it, and has not said so.
func (d *desk) left(method string, call fields) {
	d.t.Helper()
	arrived, release := d.telegram.Faults().HoldAnswer(method)
	d.t.Cleanup(release)
	gone, leave := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() { // ends when its caller has left
		defer close(done)
		_, _ = send(gone, d.bridge, call)
	}()
	select {
	case <-arrived:
	case <-d.ctx.Done():
		d.t.Fatal("nothing was sent")
	}
	leave()
	<-done
}

// Telegram's answer to the request that sends files is lost; the same call comes again and uploads again, but sends with
// the same random_ids.
func TestFiles_RepeatAfterALostAnswerSendsOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user   bool
		form   telegramtest.Choice
		method string
		files  int
		status int
	}{
		"bot, one":              {false, telegramtest.Never, "messages.sendMedia", 1, 200},
		"bot, album":            {false, telegramtest.Never, "messages.sendMultiMedia", 3, 200},
		"bot, one, refused":     {false, telegramtest.Always, "messages.sendMedia", 1, 409}, // nothing tells the id
		"user, one, refused":    {true, telegramtest.Always, "messages.sendMedia", 1, 200},
		"user, album, refused":  {true, telegramtest.Always, "messages.sendMultiMedia", 3, 200},
		"user, album, answered": {true, telegramtest.Never, "messages.sendMultiMedia", 3, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d *desk
			if c.user {
				d = userDesk(t)
			} else {
				d = botDesk(t)
			}
			d.store = d.newStore(t, redisstore.Numbers{Rest: 50 * time.Millisecond, Quarantine: 50 * time.Millisecond, Margin: 100 * time.Millisecond})
			d = d.world.desk(t, d.me, 5*time.Second)
			d.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = c.form })
			var files []string
			for i := range c.files {
				files = append(files, d.put(string(rune('a'+i))+".txt", []byte{byte('a' + i)}))
			}
			// What could be taken for it: the same text without files, with other ones, and with more.
			d.send(fields{"target_username": "alice", "message": "caption"})
			d.send(fields{"target_username": "alice", "message": "caption", "file": d.put("x.jpg", telegramtest.Picture(9, 9, 1))})
			d.call(message.SendMessages, 200, fields{"target_username": "alice", "message": "caption", "file": append([]string{files[0]}, append([]string{files[0]}, files...)...)})
			decoys := len(d.files())

			call := fields{"config_entry_id": d.entryID, "target_id": d.alice.ID, "message": "caption", "file": files, "idempotency_key": "k"}
			d.left(c.method, call)
			a := untilFree(d.ctx, t, d.bridge, "sendmessages", message.SendMessages, call)
			if a.Status != c.status {
				t.Fatalf("status %d, want %d: %s", a.Status, c.status, a.Body)
			}
			sent := d.files()[decoys:]
			if len(sent) != c.files {
				t.Errorf("%d files were sent", len(sent))
			}
			if c.status != 200 {
				return
			}
			o := d.call(message.SendMessages, 200, call) // once more: the answer is kept
			var want []int
			for _, f := range sent {
				want = append(want, f.Message)
			}
			if diff := cmp.Diff(want, o.Results[0].MessageIDs); diff != "" {
				t.Errorf("%s: %s", diff, a.Body)
			}
		})
	}
}

// The first of two albums was sent and nothing tells its ids: the second one is sent all the same, once. The sender is kept
// no longer for it than a call without files keeps one.
func TestFiles_RepeatSendsTheRestOfWhatNothingProves(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.store = d.newStore(t, redisstore.Numbers{Rest: 50 * time.Millisecond, Quarantine: 50 * time.Millisecond, Margin: 100 * time.Millisecond})
	d = d.world.desk(t, d.me, 5*time.Second)
	d.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = telegramtest.Always })
	d.send(fields{"target_username": "alice", "message": "learns the peer"})
	var files []string
	for i := range 12 {
		files = append(files, d.put(string(rune('a'+i))+".txt", []byte{byte('a' + i)}))
	}
	call := fields{"config_entry_id": d.entryID, "target_id": d.alice.ID, "file": files, "idempotency_key": "k"}
	d.left("messages.sendMultiMedia", call)
	for range 2 {
		a := untilFree(d.ctx, t, d.bridge, "sendmessages", message.SendMessages, call)
		var o outcome
		if err := json.Unmarshal(a.Body, &o); err != nil || a.Status != 409 || len(o.Results) != 1 || len(o.Results[0].MessageIDs) != 2 {
			t.Errorf("%v, %d %s", err, a.Status, a.Body)
		}
		if n := len(d.files()); n != 12 {
			t.Errorf("%d of 12 files were sent", n)
		}
	}
}

// Once its files are with Telegram a call holds the account's events, and waits for no flood that a text would not wait for.
func TestFiles_WaitAfterTheUploadNoLongerThanTexts(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	d = d.world.desk(t, d.me, 10*time.Second) // with files: 20 s
	file := d.put("a.txt", []byte("a"))
	for _, method := range []string{"messages.sendMedia", "messages.editMessage"} {
		verb, body := message.SendMessages, fields{"target_username": "alice", "file": file}
		if method == "messages.editMessage" {
			verb, body = message.EditMessage, fields{"target_username": "alice", "message": d.send(body), "file": file}
		}
		d.telegram.Faults().Fail(method, 420, "FLOOD_WAIT_12", 1)
		if o := d.call(verb, 429, body); o.Error.Code != "flood_wait" || o.Error.RetryAfter != 12 {
			t.Errorf("%s: %s", method, o.Body)
		}
	}
}
