//go:build localstack

package localstack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/program"
	"telegram-client/localstack/stack"
	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/lambdatest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// patience bounds the whole test; its parts have bounds of their own.
const patience = 9 * time.Minute

// transcript keeps what everything prints, to be shown if the test fails.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

// deployed is the stack with all that it is told its story with.
type deployed struct {
	story.Parts
	t          *testing.T
	stack      *stack.Stack
	listener   *program.Program
	program    string // of the listener
	outputs    map[string]string
	servers    string
	parameters map[string]string
}

func TestLocalStack_TheWholeStoryWithAnUpdateInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := deploy(ctx, t)
	cast, err := story.Tell(ctx, d.Parts)
	if err != nil {
		t.Fatal(err)
	}
	d.twentyAtOnce(ctx, cast)
	d.update(ctx, cast)
	if err := story.Remove(ctx, d.Parts, cast); err != nil {
		t.Fatal(err)
	}
	if unknown := d.Telegram.Unknown(); len(unknown) > 0 {
		t.Errorf("Telegram was asked for %q, which it does not know", unknown)
	}
}

// deploy builds and deploys everything. It ends with the test.
func deploy(ctx context.Context, t *testing.T) *deployed {
	t.Helper()
	began := time.Now()
	said := func(what string) { t.Logf("%s after %.0f s", what, time.Since(began).Seconds()) }
	log := &transcript{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(log.b.String())
		}
	})
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(ctx, stack.Options{Root: root, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	said("LocalStack is up")
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	d := &deployed{t: t, stack: s, servers: filepath.Join(t.TempDir(), "servers.json")}
	d.Telegram, d.Home, d.Say = telegramtest.New(t), home, t.Logf
	if err := os.WriteFile(d.servers, d.Telegram.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	if d.program, err = lambdatest.Build(ctx, "telegram-client/listener", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := s.Build(ctx); err != nil {
		t.Fatal(err)
	}
	said("everything is built")
	redis := redistest.StartWith(t, redistest.Options{TCP: true})
	// The automations of the home for tests acknowledge by their answer alone.
	d.parameters = map[string]string{"RedisUrl": redis.URL(), "TelegramServers": d.servers, "TargetConfirm": "false"}
	if err := s.Deploy(ctx, d.parameters); err != nil {
		t.Fatal(err)
	}
	said("the stack is deployed")
	if d.outputs, err = s.Outputs(ctx); err != nil {
		t.Fatal(err)
	}
	token, err := s.Secret(ctx, d.outputs["ApiTokensSecret"])
	if err != nil {
		t.Fatal(err)
	}
	d.startListener(ctx)
	t.Cleanup(func() { d.endListener() })
	// The one address that a person is told: it says where the others are.
	entries := &story.Bridge{Address: func(string) string { return strings.TrimRight(d.outputs["EntriesUrl"], "/") }, Token: token, Client: s.Client()}
	config, err := entries.Want(ctx, 200, "entries", "GET", "/config", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Bridge = &story.Bridge{Token: token, Client: s.Client(), Address: func(function string) string {
		address := config.Get("functions", function)
		if function == "listener" {
			address = d.listener.URL()
		}
		if address == "" {
			t.Errorf("GET /config does not say where %s is: %s", function, config.Body)
		}
		return address
	}}
	return d
}

func (d *deployed) startListener(ctx context.Context) {
	d.t.Helper()
	var err error
	if d.listener, err = d.stack.StartListener(ctx, d.program, d.outputs, "TELEGRAM_SERVERS="+d.servers); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployed) endListener() {
	d.t.Helper()
	if err := d.listener.End(); err != nil {
		d.t.Error(err)
	}
}

// send sends one message to the friend.
func (d *deployed) send(ctx context.Context, cast *story.Cast, text string) (story.Answer, error) {
	return d.Bridge.Call(ctx, "sendmessages", "POST", "/services/telegram_client/send_messages",
		map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "message": text, "idempotency_key": text})
}

// received returns the texts that the friend got from the bot and that begin with prefix, in order.
func (d *deployed) received(cast *story.Cast, prefix string) []string {
	var texts []string
	for _, m := range d.Telegram.Read(cast.Friend.ID, cast.Bot.ID) {
		if !m.Out && strings.HasPrefix(m.Text, prefix) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// twentyAtOnce: twenty execution environments want the one sender at the same time. Those that are told that it is busy
// come again with the same key, as an automation does.
func (d *deployed) twentyAtOnce(ctx context.Context, cast *story.Cast) {
	d.t.Helper()
	began := time.Now()
	const calls = 20
	var want []string
	var all sync.WaitGroup
	for n := range calls {
		text := fmt.Sprintf("number %02d", n)
		want = append(want, text)
		all.Go(func() {
			for ctx.Err() == nil {
				a, err := d.send(ctx, cast, text)
				if err == nil && a.Status == 429 && a.Get("error", "code") == "sender_busy" {
					continue
				}
				if err != nil || a.Status != 200 {
					d.t.Errorf("%s: %v %d %s", text, err, a.Status, a.Body)
				}
				return
			}
		})
	}
	all.Wait()
	got := d.received(cast, "number ")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("sent (-want +got):\n%s", diff)
	}
	for _, login := range d.Telegram.Authorizations(cast.Bot.ID) {
		if s, err := d.Telegram.Stats(login.ID); err != nil || s.MostAlive > 1 || login.Ended != "" {
			d.t.Errorf("%s: %d connections alive at once, ended %q, %v", login.Device, s.MostAlive, login.Ended, err)
		}
	}
	d.t.Logf("twenty senders at once took %.1f s", time.Since(began).Seconds())
}

// update: the token and the seal key are rotated in Secrets Manager and the stack is updated, which starts everything
// anew, while a friend writes and messages are sent. Nothing is lost, and the addresses stay.
func (d *deployed) update(ctx context.Context, cast *story.Cast) {
	d.t.Helper()
	keys, err := d.stack.Secret(ctx, d.outputs["SealKeysSecret"])
	if err != nil {
		d.t.Fatal(err)
	}
	old, fresh := d.Bridge.Token, strings.Repeat("n", 43)
	for arn, text := range map[string]string{d.outputs["ApiTokensSecret"]: fresh + "," + old, d.outputs["SealKeysSecret"]: seal.NewKey() + "," + keys} {
		if err := d.stack.PutSecret(ctx, arn, text); err != nil {
			d.t.Fatal(err)
		}
	}
	d.endListener()
	d.parameters["Generation"] = "2"
	updated := make(chan error, 1)
	go func() { updated <- d.stack.Deploy(ctx, d.parameters) }() // ends with ctx at the latest
	began, pace := time.Now(), time.NewTicker(250*time.Millisecond)
	defer pace.Stop()
	var said, sent []string
	for n, done := 0, false; !done; n++ {
		text := fmt.Sprintf("during the update %02d", n)
		d.Telegram.Say(cast.Friend.ID, cast.Bot.ID, text)
		said = append(said, text)
		for {
			// LocalStack cuts calls off whose environment it replaces; the key makes the repeat harmless. A call that was
			// cut off has its lease until it ends by itself.
			a, err := d.send(ctx, cast, "sent "+text)
			if err == nil && a.Status == 200 {
				sent = append(sent, "sent "+text)
				break
			}
			if err := ctx.Err(); err != nil {
				d.t.Fatalf("the last answer: %d %s", a.Status, a.Body)
			}
		}
		select {
		case err := <-updated:
			if err != nil {
				d.t.Fatal(err)
			}
			done = true
		case <-pace.C:
		}
	}
	d.t.Logf("the update took %.0f s", time.Since(began).Seconds())
	outputs, err := d.stack.Outputs(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	if diff := cmp.Diff(d.outputs, outputs); diff != "" {
		d.t.Errorf("outputs before and after the update (-want +got):\n%s", diff)
	}
	d.startListener(ctx)
	d.Bridge.Token = fresh
	if _, err := d.Bridge.Want(ctx, 200, "entries", "GET", "/config/entries/"+cast.EntryID, nil); err != nil {
		d.t.Errorf("with the new token: %v", err)
	}
	if diff := cmp.Diff(sent, d.received(cast, "sent ")); diff != "" {
		d.t.Errorf("sent during the update (-want +got):\n%s", diff)
	}
	arrived := func(accepted []homeassistanttest.Accepted) (texts []string) {
		for _, text := range said {
			for _, a := range accepted {
				if bytes.Contains(a.Body, []byte(`"`+text+`"`)) {
					texts = append(texts, text)
				}
			}
		}
		return texts
	}
	err = d.Home.Wait(ctx, func(accepted []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		return len(arrived(accepted)) >= len(said)
	})
	if diff := cmp.Diff(said, arrived(d.Home.Accepted())); diff != "" {
		d.t.Errorf("events of the update: %v (-want +got):\n%s", err, diff)
	}
	d.t.Logf("during the update %d messages were sent and %d arrived, the last %.0f s after it began", len(sent), len(said), time.Since(began).Seconds())
}
