package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/listener/supervisor"
	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/filter"
	"telegram-client/shared/message"
	"telegram-client/shared/process"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// listen serves the world's entries until the test ends: what Telegram tells of is committed, and delivered to nobody.
func (w *world) listen(t *testing.T) {
	t.Helper()
	var numbers process.Numbers
	if err := (process.Environ{}).Load(&numbers); err != nil {
		t.Fatal(err)
	}
	s := supervisor.Compose(supervisor.Parts{Store: w.store, Dialer: w.dialer, Ring: w.ring, Numbers: numbers, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// killed makes a call whose process is killed when Telegram has carried out the n-th request of a method and not answered
// it yet.
func (d *desk) killed(t *testing.T, pids func() []int, b *story.Bridge, method string, n int, body fields) {
	t.Helper()
	for range n - 1 { // those before it pass
		arrived, release := d.telegram.Faults().HoldAnswer(method)
		go func() { <-arrived; release() }() // ends with the request
	}
	arrived, release := d.telegram.Faults().HoldAnswer(method)
	defer release()
	answered := make(chan story.Answer, 1)
	go func() { // ends with the process, at the latest with the desk's context
		a, _ := b.Call(d.ctx, "sendmessages", "POST", sendPath, body)
		answered <- a
	}()
	select {
	case <-arrived:
	case a := <-answered:
		t.Fatalf("answered before Telegram did: %d %s", a.Status, a.Body)
	case <-d.ctx.Done():
		t.Fatal("the request did not arrive")
	}
	all := pids()
	if len(all) != 1 {
		t.Fatalf("%d processes", len(all))
	}
	if err := syscall.Kill(all[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.Status != http.StatusBadGateway {
		t.Errorf("the killed call was answered with %d %s", a.Status, a.Body)
	}
}

// A process of the built function is killed at each request of an upload and of an album, after Telegram has carried it
// out and before its answer is there. The same call comes again, to another process: each item is sent once, and the answer
// names the ids.
func TestFunction_KilledWhileItSendsFilesSendsThemOnce(t *testing.T) {
	t.Parallel()
	type step struct {
		method string
		n      int
	}
	upload := []step{{"upload.saveFilePart", 1}, {"upload.saveFilePart", 3}, {"messages.uploadMedia", 1}}
	const always, never = telegramtest.Always, telegramtest.Never
	for _, c := range []struct {
		account string
		files   int
		caption string
		forms   []telegramtest.Choice // in which Telegram answers a random_id that comes again
		steps   []step
	}{
		{"bot", 1, "the door", []telegramtest.Choice{never}, upload},
		{"bot", 1, "the door", []telegramtest.Choice{always, never}, []step{{"messages.sendMedia", 1}}},
		{"bot", 1, "", []telegramtest.Choice{always}, []step{{"messages.sendMedia", 1}}},
		{"bot", 3, "the doors", []telegramtest.Choice{never}, []step{{"messages.uploadMedia", 2}}},
		{"bot", 3, "the doors", []telegramtest.Choice{always, never}, []step{{"messages.sendMultiMedia", 1}}},
		{"user", 1, "the door", []telegramtest.Choice{never}, upload},
		{"user", 1, "the door", []telegramtest.Choice{always, never}, []step{{"messages.sendMedia", 1}}},
		{"user", 3, "", []telegramtest.Choice{never}, []step{{"messages.uploadMedia", 2}}},
		{"user", 3, "the doors", []telegramtest.Choice{always, never}, []step{{"messages.sendMultiMedia", 1}}},
	} {
		for _, form := range c.forms {
			for _, at := range c.steps {
				t.Run(fmt.Sprintf("%s %d files %q %s %d refused %s", c.account, c.files, c.caption, at.method, at.n, form), func(t *testing.T) {
					t.Parallel()
					d := map[string]func(*testing.T) *desk{"bot": botDesk, "user": func(t *testing.T) *desk { return userDesk(t) }}[c.account](t)
					d.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = form })
					d.meet()
					if c.account == "bot" && form == always {
						d.listen(t) // a bot has no history to look into
					}
					d.send(fields{"target_username": "alice", "message": "learns the peer"})
					f, b := d.function(t, "sendmessages", "FILES_ROOT="+d.root, "FILE_DEADLINE=8s", "CALL_DEADLINE=4s", "SENDER_WAIT=2s",
						"LEASE_MARGIN=200ms", "QUARANTINE=100ms", "RESET_REST=50ms", "LISTENER_LEASE=300ms", "LISTENER_MUTE=200ms", "LISTENER_RENEW=100ms")
					var names []any
					var data [][]byte
					for i := range c.files {
						// 512 KB is one part: this has three.
						one := bytes.Repeat([]byte{byte('a' + i), '\n'}, 600<<10)
						names, data = append(names, d.put(fmt.Sprintf("%d.txt", i), one)), append(data, one)
					}
					body := fields{"config_entry_id": d.entryID, "target_id": d.alice.ID, "file": names, "idempotency_key": "k"}
					if c.caption != "" {
						body["message"] = c.caption
					}
					d.killed(t, f.Processes, b, at.method, at.n, body)
					a := untilFree(d.ctx, t, b, "sendmessages", message.SendMessages, body)
					if a.Status != http.StatusOK {
						t.Fatalf("%d %s", a.Status, a.Body)
					}
					if n := f.Started(); n != 2 {
						t.Errorf("%d processes were started, want the killed one and another", n)
					}
					d.sentOnce(t, a, c.caption, data)
					// Once more: the answer that is kept.
					again := untilFree(d.ctx, t, b, "sendmessages", message.SendMessages, body)
					if again.Status != http.StatusOK || !bytes.Equal(a.Body, again.Body) {
						t.Errorf("%d %s, after %s", again.Status, again.Body, a.Body)
					}
					d.sentOnce(t, again, c.caption, data)
				})
			}
		}
	}
}

// sentOnce checks that alice has got just these files, and that the answer names their messages.
func (d *desk) sentOnce(t *testing.T, a story.Answer, caption string, data [][]byte) {
	t.Helper()
	var made struct {
		Results []struct {
			IDs []int `json:"message_ids"`
		}
	}
	if err := json.Unmarshal(a.Body, &made); err != nil {
		t.Fatal(err)
	}
	all := d.files()
	if len(all) != len(data) || len(made.Results) != 1 || len(made.Results[0].IDs) != len(data) {
		t.Fatalf("%d of %d files arrived: %s", len(all), len(data), a.Body)
	}
	for i, f := range all {
		want := ""
		if i == 0 {
			want = caption
		}
		if !bytes.Equal(f.Data, data[i]) || f.Caption != want || f.Message != made.Results[0].IDs[i] {
			t.Errorf("file %d: %d bytes, %q, message %d of %v", i, len(f.Data), f.Caption, f.Message, made.Results[0].IDs)
		}
	}
}

// Who waits for a sender that uploads is told to come again, and a text goes out when the upload is done.
func TestFunction_WaitingBehindAnUploadIsBusy(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.send(fields{"target_username": "alice", "message": "learns the peer"})
	_, b := d.function(t, "sendmessages", "FILES_ROOT="+d.root, "SENDER_WAIT=100ms")
	arrived, release := d.telegram.Faults().HoldAnswer("upload.saveFilePart")
	defer release()
	uploaded := make(chan story.Answer, 1)
	go func() { // ends with the call
		a, _ := b.Call(d.ctx, "sendmessages", "POST", sendPath, fields{"config_entry_id": d.entryID, "target_id": d.alice.ID, "file": d.put("a.txt", []byte("a"))})
		uploaded <- a
	}()
	select {
	case <-arrived:
	case a := <-uploaded:
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	text := fields{"config_entry_id": d.entryID, "target_id": d.alice.ID, "message": "behind it"}
	a, err := send(d.ctx, b, text)
	if err != nil || a.Status != http.StatusTooManyRequests || a.Get("error", "code") != "sender_busy" || a.Get("error", "retry_after") == "" || a.Get("error", "retry_after") == "0" {
		t.Errorf("%v %d %s", err, a.Status, a.Body)
	}
	release()
	if a := <-uploaded; a.Status != http.StatusOK || len(d.files()) != 1 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := untilFree(d.ctx, t, b, "sendmessages", message.SendMessages, text); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// What the owner writes on the phone while a service uploads is delivered at once; what the service sends then is no event.
func TestOwnActions_AnUploadHoldsNothing(t *testing.T) {
	t.Parallel()
	ctx, stage := setUp(t, bridge.Options{})
	p := &phoneAndServices{Stage: stage, t: t, ctx: ctx, me: stage.Telegram.User("owner_of_all"), alice: stage.Telegram.User("alice")}
	stage.Home.Listen("telegram_client_"+string(filter.NewMessage), func(homeassistanttest.Trigger) {})
	p.login(p.eventBus())
	p.say(p.alice, "hers")

	told := func(want ...string) {
		t.Helper()
		var got []string
		err := stage.Home.Wait(ctx, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
			got = nil
			for _, a := range all {
				if one := tell(a); one != "" {
					got = append(got, one)
				}
			}
			return slices.Contains(got, want[len(want)-1])
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, events (-want +got):\n%s", err, diff)
		}
	}
	data := base64.StdEncoding.EncodeToString([]byte("a text"))
	for i, c := range []struct {
		method string
		body   map[string]any
	}{
		{"upload.saveFilePart", map[string]any{"message": "caption", "file": map[string]any{"data": data, "filename": "a.txt"}}},
		{"messages.uploadMedia", map[string]any{"file": []any{map[string]any{"data": data, "filename": "a.txt"}, map[string]any{"data": data, "filename": "b.txt"}}}},
	} {
		c.body["target_username"] = "alice"
		arrived, release := stage.Telegram.Faults().HoldAnswer(c.method)
		done := make(chan struct{})
		go func() { // ends with the call
			defer close(done)
			if a, err := p.Bridge.Call(ctx, "", "POST", "/services/telegram_client/send_messages", c.body); err != nil || a.Status != http.StatusOK {
				t.Errorf("%v %d %s", err, a.Status, a.Body)
			}
		}()
		select {
		case <-arrived:
		case <-done:
			t.Fatal("answered before Telegram did")
		}
		// Uncaptioned, as the files will be.
		stage.Telegram.SayFile(p.me.ID, p.alice.ID, "", telegramtest.File{Kind: "document", Name: "phone.txt", Data: []byte("by phone")})
		first := p.say(p.me, fmt.Sprintf("by phone %d", i+1))
		want := []string{"new_message hers"}
		for n := range i + 1 {
			want = append(want, "new_message ", fmt.Sprintf("new_message by phone %d", n+1))
		}
		told(want...)
		if first == 0 {
			t.Error("the phone wrote nothing")
		}
		release()
		<-done
	}
	p.say(p.alice, "the end")
	told("new_message hers", "new_message ", "new_message by phone 1", "new_message ", "new_message by phone 2", "new_message the end")
}
