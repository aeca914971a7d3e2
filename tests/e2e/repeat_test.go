package e2e

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"telegram-client/shared/message"
	"telegram-client/shared/redisstore"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// A process of a built function is killed after Telegram has carried an edit or a deletion out and before its answer is
// there; the same call, to another process, does no harm.
func TestFunction_KilledEditsAndDeletionsCanBeRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		function, method string
		verb             message.Verb
		kind             telegramtest.Kind
		body             fields
		check            func(*testing.T, story.Answer, []telegramtest.Message)
	}{
		{"editmessage", "messages.editMessage", message.EditMessage, telegramtest.MessageEdited, fields{"text": "after", "inline_keyboard": "Go"},
			func(t *testing.T, a story.Answer, left []telegramtest.Message) {
				if a.Get("modified") != "false" || len(left) != 1 || left[0].Text != "after" {
					t.Errorf("%s %+v", a.Body, left)
				}
			}},
		{"deletemessages", "messages.deleteMessages", message.DeleteMessages, telegramtest.MessageDeleted, fields{},
			func(t *testing.T, a story.Answer, left []telegramtest.Message) {
				if a.Get("ok") != "true" || len(left) != 0 {
					t.Errorf("%s %+v", a.Body, left)
				}
			}},
	} {
		t.Run(c.function, func(t *testing.T) {
			t.Parallel()
			d := botDesk(t)
			id := d.send(fields{"target_username": "alice", "message": "before"})
			f, b := d.function(t, c.function, "CALL_DEADLINE=3s", "SENDER_WAIT=2s", "LEASE_MARGIN=200ms", "QUARANTINE=100ms", "RESET_REST=50ms",
				"LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms")
			c.body["config_entry_id"], c.body["target_id"] = d.entryID, d.alice.ID
			c.body["message"] = id
			if c.verb == message.DeleteMessages {
				delete(c.body, "message")
				c.body["message_ids"] = id
			}
			arrived, release := d.telegram.Faults().HoldAnswer(c.method)
			defer release()
			answered := make(chan story.Answer, 1)
			go func() { // ends with the process, at the latest with the desk's context
				a, _ := b.Call(d.ctx, c.function, "POST", "/services/telegram_client/"+string(c.verb), c.body)
				answered <- a
			}()
			select {
			case <-arrived:
			case a := <-answered:
				t.Fatalf("answered before Telegram did: %d %s", a.Status, a.Body)
			case <-d.ctx.Done():
				t.Fatal("the request did not arrive")
			}
			if err := syscall.Kill(f.Processes()[0], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-answered
			release()
			a := untilFree(d.ctx, t, b, c.function, c.verb, c.body)
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			c.check(t, a, d.telegram.Read(d.alice.ID, d.bot.ID))
			if n := d.telegram.Count(func(e telegramtest.Event) bool { return e.Kind == c.kind }); n != 1 {
				t.Errorf("it was done %d times", n)
			}
		})
	}
}

// untilFree repeats a call until the lease of a dead one has ended.
func untilFree(ctx context.Context, t *testing.T, b *story.Bridge, function string, verb message.Verb, body fields) story.Answer {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		a, err := b.Call(ctx, function, "POST", "/services/telegram_client/"+string(verb), body)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]string{"sender_busy", "sender_resting", "in_progress"}, a.Get("error", "code")) {
			return a
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return a
		}
	}
}

// Formatted text with a mention of somebody who is known, a keyboard and a reply still take two round trips to Telegram
// and two to the store, however many targets there are.
func TestFields_CostNoFurtherTrips(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	robert := d.telegram.User("robert")
	for _, name := range []string{"alice", "robert"} {
		d.send(fields{"target_username": name, "message": "learns the peer"})
	}
	tap, err := d.redis.Tap()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	d.warm(tap)
	login := d.senderLogin(t)
	before, _ := d.telegram.Stats(login.ID)
	trips := tap.Trips()
	d.telegram.Wire().Faults().Delay(20*time.Millisecond, 20*time.Millisecond)
	d.call(message.SendMessages, 200, fields{"target_id": d.alice.ID, "parse_mode": "html", "inline_keyboard": "Go",
		"message": `<b>Hi</b> <a href="tg://user?id=` + itoa(robert.ID) + `">Robert</a> and <a href="@alice">Alice</a>`})
	d.telegram.Wire().Faults().Delay(0, 0)
	after, _ := d.telegram.Stats(login.ID)
	if n := after.RoundTrips - before.RoundTrips; n != 2 {
		t.Errorf("%d round trips to Telegram, want 2", n)
	}
	if n := tap.Trips() - trips; n != 2 {
		t.Errorf("%d trips to the store, want 2", n)
	}
	if m := d.arrived(); len(m.Entities) != 3 {
		t.Errorf("%+v", m.Entities)
	}
	before = after
	d.call(message.SendMessages, 200, fields{"target_id": []int64{d.alice.ID, robert.ID, d.alice.ID}, "message": "Hi"})
	if after, _ = d.telegram.Stats(login.ID); after.Connections-before.Connections != 1 {
		t.Errorf("%d connections for three targets", after.Connections-before.Connections)
	}
}

// warm makes the desk's calls go to the store by way of a tap, over connections that are there.
func (d *desk) warm(tap *redistest.Tap) {
	d.t.Helper()
	d.store = d.storeAt(d.t, tap.URL(), redisstore.Numbers{})
	d.bridge = d.world.desk(d.t, d.me, 25*time.Second).bridge
	d.send(fields{"target_username": "alice", "message": "warm"})
}
