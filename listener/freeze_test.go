package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/telegramtest"
	"telegram-client/tests/telegramtest/mtserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listening is a listener in a process of its own.
type listening struct {
	command *exec.Cmd
	exited  chan error
}

func launch(t *testing.T, binary string, environment []string) *listening {
	t.Helper()
	l := &listening{command: exec.Command(binary), exited: make(chan error, 1)}
	l.command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environment...)
	if os.Getenv("LOG") != "" {
		l.command.Stderr = os.Stderr
	}
	if err := l.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { l.exited <- l.command.Wait() }() // ends with the process, which the cleanup ends
	t.Cleanup(func() {
		l.signal(t, syscall.SIGCONT)
		l.signal(t, syscall.SIGTERM)
		if err := <-l.exited; err != nil {
			t.Errorf("the listener ended with %v", err)
		}
	})
	return l
}

func (l *listening) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := l.command.Process.Signal(s); err != nil {
		t.Errorf("signal %v: %v", s, err)
	}
}

// A listener that is frozen past its lease is succeeded by another, and says nothing when it thaws.
func TestListener_FrozenPastItsLease(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "listener")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	server := telegramtest.New(t, func(o *telegramtest.Options) { o.RSA = key })
	servers := filepath.Join(dir, "servers.json")
	if err := os.WriteFile(servers, server.ServersJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	redis := redistest.Start(t)
	home, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	home.Automation("hook", func(homeassistanttest.Trigger) {})

	naming, sealing := seal.NewKey(), seal.NewKey()
	ring, err := seal.ParseKeyring(naming, sealing)
	if err != nil {
		t.Fatal(err)
	}
	client, err := redisstore.ParseURL(redis.URL(), 4)
	if err != nil {
		t.Fatal(err)
	}
	store := redisstore.New(client, ring, redisstore.Options{})
	t.Cleanup(func() { store.Close() })
	alice, bot := server.User("alice"), server.Bot("kitchen_bot")
	id, authKey := makeEntry(t, server, store, ring, bot, home.WebhookURL("hook"))

	environment := []string{
		"REDIS_URL=" + redis.URL(), "NAMING_KEY=" + naming, "SEAL_KEYS=" + sealing, "TELEGRAM_SERVERS=" + servers, "LISTEN=127.0.0.1:0",
		"TARGET_LOOPBACK=true", "LISTENER_LEASE=3s", "LISTENER_MUTE=2s", "LISTENER_RENEW=500ms", "QUARANTINE=3s", "LOG_LEVEL=debug",
	}
	say := func(n int) {
		server.Say(alice.ID, bot.ID, fmt.Sprint("message ", n))
		if _, err := home.WaitAccepted(ctx, n); err != nil {
			t.Fatal(err)
		}
		for { // until it is settled: else it rightly comes again
			o, err := store.Overview(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if o.Queue.Waiting == 0 {
				return
			}
		}
	}
	first := launch(t, binary, environment)
	say(1)
	for i, holder := range []*listening{first, launch(t, binary, environment)} {
		holder.signal(t, syscall.SIGSTOP)
		connections := len(server.Wire().Connections(authKey))
		say(2 + 2*i)
		before := server.Wire().Connections(authKey)
		if len(before) != connections+1 {
			t.Errorf("%d connections, then %d: nobody took over", connections, len(before))
		}
		holder.signal(t, syscall.SIGCONT)
		say(3 + 2*i)
		for i, c := range server.Wire().Connections(authKey) {
			if i < len(before) && !before[i].Alive && (c.BytesAfterEnd > 0 || c.BytesIn != before[i].BytesIn) {
				t.Errorf("connection %d, ended by %q: %d bytes, after the thaw %d, %d after its end", i+1, c.EndedBy, before[i].BytesIn, c.BytesIn, c.BytesAfterEnd)
			}
		}
	}
	if s := server.Wire().Stats(authKey); s.MostAlive > 1 {
		t.Errorf("%d connections of one key at once", s.MostAlive)
	}
	seen := map[string]bool{}
	for _, a := range home.Accepted() {
		if seen[a.ID] {
			t.Errorf("event %s came twice", a.ID)
		}
		seen[a.ID] = true
	}
}

// makeEntry logs a bot in for a listener and makes an entry of it. It returns the listener's key.
func makeEntry(t *testing.T, server *telegramtest.Server, store *redisstore.Store, ring *seal.Keyring, bot telegramtest.Account, webhook string) (entry.ID, mtserver.KeyID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	list, problems := telegram.ParseServers(server.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(strings.Join(problems, "\n"))
	}
	dialer := &telegram.Dialer{Servers: list, Version: "test"}
	key, salt, err := server.Wire().NewKey(bot.DC)
	if err != nil {
		t.Fatal(err)
	}
	app := entry.App{ID: 7, Hash: seal.NewText("hash")}
	session := authorization.Session{DC: bot.DC, Keys: map[int]authorization.Key{bot.DC: {Auth: key.Value, Salt: salt}}}
	var account entry.Account
	var state login.UpdateState
	ending, err := dialer.Connect(ctx, authorization.App{App: app, Device: authorization.Listener.Device()}, session, nil, nil, func(ctx context.Context, l login.Line) (err error) {
		if account, err = l.SignInBot(ctx, seal.NewText(bot.Token)); err == nil {
			state, err = l.State(ctx)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, made, err := store.CreateEntry(ctx, login.NewEntry{
		Entry: entry.Entry{
			ID: entry.NewID(ring, account.ID), Account: account, ClientType: entry.Bot, App: app, BotToken: seal.NewText(bot.Token),
			Target:    entry.Target{Type: entry.Webhook, URL: seal.NewText(webhook), Generation: 1, Confirmed: true},
			CreatedAt: time.Now().Add(-10 * time.Second).UTC(),
		},
		Authorizations: []login.Made{{Name: authorization.Listener, Session: ending.Session, LoggedIn: true}},
		State:          fmt.Appendf(nil, `{"pts":%d,"qts":%d,"date":%d,"seq":%d}`, state.Pts, state.Qts, state.Date, state.Seq),
	})
	if err != nil || !made {
		t.Fatalf("make the entry: %v, %v", made, err)
	}
	raw, err := hex.DecodeString(server.Authorizations(bot.ID)[0].Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	return entry.NewID(ring, account.ID), mtserver.KeyID(raw)
}
