// Package e2e runs the parts of the product together, as they are deployed, against a Telegram server for tests, a real
// store and a stand-in for Home Assistant.
package e2e

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/authorization"
	"telegram-client/shared/flow"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/shared/telegram"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

const patience = 60 * time.Second

// A world has a bot that is logged in and a friend whom it knows.
type world struct {
	telegram   *telegramtest.Server
	redis      *redistest.Server
	store      *redisstore.Store
	dialer     *telegram.Dialer
	keys       process.Keys
	ring       *seal.Keyring
	bot, alice telegramtest.Account
	entryID    string
}

func newWorld(t *testing.T, options ...telegramtest.Option) *world {
	t.Helper()
	w := newEmptyWorld(t, options...)
	w.bot = w.telegram.Bot("kitchen_bot")
	w.login(t)
	return w
}

// setUp sets a stage up, which goes away with the test, and returns how long the test may take with it.
func setUp(t *testing.T, o bridge.Options) (context.Context, *story.Stage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	stage, err := story.SetUp(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stage.Strike(); err != nil {
			t.Error(err)
		}
	})
	return ctx, stage
}

// newEmptyWorld returns a world in which nobody is logged in.
func newEmptyWorld(t *testing.T, options ...telegramtest.Option) *world {
	t.Helper()
	w := &world{telegram: telegramtest.New(t, options...), redis: redistest.Start(t), keys: story.NewKeys()}
	servers, problems := telegram.ParseServers(w.telegram.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.dialer = &telegram.Dialer{Servers: servers, Version: "test", Clock: clock.System, Log: slog.New(slog.DiscardHandler)}
	ring, err := w.keys.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	w.ring = ring
	w.store = w.newStore(t, redisstore.Numbers{})
	w.alice = w.telegram.User("alice")
	return w
}

func (w *world) newStore(t *testing.T, n redisstore.Numbers) *redisstore.Store {
	t.Helper()
	return w.storeAt(t, w.redis.URL(), n)
}

func (w *world) storeAt(t *testing.T, url string, n redisstore.Numbers) *redisstore.Store {
	t.Helper()
	client, err := redisstore.ParseURL(url, 8)
	if err != nil {
		t.Fatal(err)
	}
	s := redisstore.New(client, w.ring, redisstore.Options{OwnStore: true, Numbers: n})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// login makes the entry as the config flow does.
func (w *world) login(t *testing.T) {
	t.Helper()
	flows := login.New(login.Config{Store: w.store, Telegram: w.dialer, Keyring: w.ring})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := flows.Start(ctx)
	for _, in := range []map[string]any{{"api_id": 1, "api_hash": "0123456789abcdef0123456789abcdef", "client_type": "bot"}, {"token": w.bot.Token}} {
		if err != nil {
			t.Fatal(err)
		}
		r, err = flows.Answer(ctx, r.FlowID, input(t, in))
	}
	if err != nil || r.Type != flow.CreateEntry {
		t.Fatalf("no entry: %+v, %v", r, err)
	}
	w.entryID = r.EntryID
}

func input(t *testing.T, in map[string]any) flow.Input {
	t.Helper()
	out := flow.Input{}
	for k, v := range in {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[k] = raw
	}
	return out
}

// senders serves the function sendmessages on a port and returns it as a bridge. Each call of it is a new instance.
func (w *world) senders(t *testing.T, s *redisstore.Store, deadline time.Duration) *story.Bridge {
	t.Helper()
	token := "token-of-the-e2e-tests"
	pool := authorization.NewPool(s, w.dialer, clock.System, slog.New(slog.DiscardHandler))
	sender := service.New(service.Options{Pool: pool, Store: s, Ring: w.ring, Clock: clock.System, Deadline: deadline, Wait: 20 * time.Second})
	api := httpapi.SendMessages(sender, httpapi.Settings{
		Tokens: httpapi.NewTokens(seal.NewText(token)), Deadlines: httpapi.Deadlines{Text: deadline}, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return &story.Bridge{Address: func(string) string { return server.URL }, Token: token, Client: server.Client()}
}

// received returns the texts that alice got from the bot, in order.
func (w *world) received() []string {
	var texts []string
	for _, m := range w.telegram.Read(w.alice.ID, w.bot.ID) {
		if !m.Out {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// senderLogin returns the bot's login that sends.
func (w *world) senderLogin(t *testing.T) telegramtest.Authorization {
	t.Helper()
	for _, a := range w.telegram.Authorizations(w.bot.ID) {
		if a.Ended == "" && a.Device == authorization.Sender(1).Device() {
			return a
		}
	}
	t.Fatal("the bot has no sender")
	return telegramtest.Authorization{}
}
