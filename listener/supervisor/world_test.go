package supervisor

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/clock"
	"go.uber.org/goleak"

	"telegram-client/listener/account"
	"telegram-client/listener/observe"
	"telegram-client/shared/authorization"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/health"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/telegramtest"
	"telegram-client/tests/telegramtest/mtserver"
)

// The engine of patterns has a clock that ends by itself, a second after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

var serverRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// patience is how long a test waits for something that happens at once unless something is wrong.
const patience = 30 * time.Second

// A world is everything that a listener lives among, all of it real but for Telegram and Home Assistant.
type world struct {
	t        *testing.T
	telegram *telegramtest.Server
	home     *homeassistanttest.Home
	redis    *redistest.Server
	store    *redisstore.Store
	dialer   *telegram.Dialer
	ring     *seal.Keyring
	record   string
	clock    clock.Clock
	numbers  redisstore.Numbers
	observer *observe.Observer

	alice, bot telegramtest.Account
	id         entry.ID
}

func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, clock: clock.System, numbers: redisstore.Numbers{Quarantine: time.Second}, telegram: telegramtest.New(t, func(o *telegramtest.Options) { o.RSA = serverRSA() }), redis: redistest.Start(t), record: filepath.Join(t.TempDir(), "home.jsonl"),
		observer: observe.New(nil)}
	for _, c := range change {
		c(w)
	}
	ring, err := seal.NewKeyring(make([]byte, 32), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.ring = ring
	if w.home, err = homeassistanttest.Start(homeassistanttest.Options{Record: w.record}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.home.Close)
	w.store = w.newStore()
	servers, problems := telegram.ParseServers(w.telegram.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.dialer = &telegram.Dialer{Servers: servers, Version: "test", Clock: clock.System, Log: w.log()}
	w.alice, w.bot = w.telegram.User("alice"), w.telegram.Bot("kitchen_bot")
	return w
}

func (w *world) newStore() *redisstore.Store {
	w.t.Helper()
	client, err := redisstore.ParseURL(w.redis.URL(), 8)
	if err != nil {
		w.t.Fatal(err)
	}
	s := redisstore.New(client, w.ring, redisstore.Options{OwnStore: true, Holder: "test", Numbers: w.numbers, Now: w.clock.Now})
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Errorf("close the store: %v", err)
		}
	})
	return s
}

func (w *world) log() *slog.Logger {
	if os.Getenv("LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

var app = entry.App{ID: 7, Hash: seal.NewText("hash")}

// signedIn is a login of the bot.
type signedIn struct {
	Session authorization.Session
	Account entry.Account
	State   login.UpdateState
}

// signIn logs the bot in once more.
func (w *world) signIn(n authorization.Name) (in signedIn) {
	w.t.Helper()
	// A key that is made by the server alone: an exchange costs most of a second.
	key, salt, err := w.telegram.Wire().NewKey(w.bot.DC)
	if err != nil {
		w.t.Fatal(err)
	}
	session := authorization.Session{DC: w.bot.DC, Keys: map[int]authorization.Key{w.bot.DC: {Auth: key.Value, Salt: salt}}}
	ending, err := w.dialer.Connect(w.ctx(), authorization.App{App: app, Device: n.Device()}, session, nil, nil, func(ctx context.Context, l login.Line) (err error) {
		if in.Account, err = l.SignInBot(ctx, seal.NewText(w.bot.Token)); err == nil {
			in.State, err = l.State(ctx)
		}
		return err
	})
	in.Session = ending.Session
	if err != nil {
		w.t.Fatalf("log %s in: %v", n, err)
	}
	return in
}

// addEntry logs the bot in, as a config flow does, and makes an entry that delivers to the target.
func (w *world) addEntry(target entry.Target, change ...func(*entry.Entry)) {
	w.t.Helper()
	n := login.NewEntry{}
	for _, name := range authorization.Names(1) {
		in := w.signIn(name)
		n.Authorizations = append(n.Authorizations, login.Made{Name: name, Session: in.Session, LoggedIn: true})
		if name != authorization.Listener {
			continue
		}
		w.id = entry.NewID(w.ring, in.Account.ID)
		n.State = fmtState(in.State)
		n.Entry = entry.Entry{ID: w.id, Account: in.Account, ClientType: entry.Bot, App: app, BotToken: seal.NewText(w.bot.Token),
			Target: target, CreatedAt: time.Now().Add(-10 * time.Second).UTC()}
	}
	for _, c := range change {
		c(&n.Entry)
	}
	if _, made, err := w.store.CreateEntry(w.ctx(), n); err != nil || !made {
		w.t.Fatalf("make the entry: %v, %v", made, err)
	}
}

// webhook is a target that an automation listens to, confirmed already.
func (w *world) webhook() entry.Target {
	return entry.Target{Type: entry.Webhook, URL: seal.NewText(w.home.WebhookURL("hook")), Generation: 1, Confirmed: true}
}

// A running supervisor.
type running struct {
	*Supervisor
	stop func() // returns when it has ended
}

// start runs a supervisor until the test ends or it is stopped.
func (w *world) start(change ...func(*Options)) *running {
	w.t.Helper()
	o := Options{
		Store: w.store, Connector: w.dialer, LogOuter: w.dialer, Ring: w.ring, Clock: w.clock, Log: w.log(), Holder: "test",
		NewTarget: Targets(dialpolicy.Policy{Loopback: true}, time.Now), Observer: w.observer,
	}
	for _, c := range change {
		c(&o)
	}
	s := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	r := &running{s, func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the supervisor ended with %v", err)
		}
	}}
	w.t.Cleanup(r.stop)
	return r
}

// accepted waits until the home has accepted so many new messages, and returns their texts in order.
func (w *world) accepted(n int) []string {
	w.t.Helper()
	err := w.home.Wait(w.ctx(), func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		return len(texts(all)) >= n
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return texts(w.home.Accepted())
}

// until waits for something that is looked for over and over.
func (w *world) until(what string, reached func() bool) {
	w.t.Helper()
	ctx := w.ctx()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// logins are the authorizations of the bot that Telegram still knows.
func (w *world) logins() []telegramtest.Authorization {
	var alive []telegramtest.Authorization
	for _, a := range w.telegram.Authorizations(w.bot.ID) {
		if a.Ended == "" {
			alive = append(alive, a)
		}
	}
	return alive
}

// login is an authorization as Telegram sees it.
func (w *world) login(n authorization.Name) int64 {
	w.t.Helper()
	for _, a := range w.logins() {
		if a.Device == n.Device() {
			return a.ID
		}
	}
	w.t.Fatalf("Telegram knows no %s", n)
	return 0
}

func (w *world) listenerLogin() int64 { return w.login(authorization.Listener) }

// connections returns how many connections the listener has made so far.
func (w *world) connections() int {
	w.t.Helper()
	s, err := w.telegram.Stats(w.listenerLogin())
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Connections
}

// breakConnection ends the listener's connection on Telegram's side, as a reset.
func (w *world) breakConnection() {
	w.t.Helper()
	before := w.connections()
	w.until("the connection stands", func() bool {
		s, err := w.telegram.Stats(w.listenerLogin())
		return err == nil && s.Alive == 1
	})
	for _, a := range w.logins() {
		if a.Device != authorization.Listener.Device() {
			continue
		}
		for _, k := range a.Keys {
			id, err := hex.DecodeString(k)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, s := range w.telegram.Wire().Sessions(mtserver.KeyID(id)) {
				s.Close(true)
			}
		}
	}
	w.until("it is made anew", func() bool { return w.connections() > before })
}

// oneConnectionPerKey checks law 1 from Telegram's side.
func (w *world) oneConnectionPerKey() {
	w.t.Helper()
	for _, a := range w.telegram.Authorizations(w.bot.ID) {
		s, err := w.telegram.Stats(a.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if s.MostAlive > 1 || a.Ended == "duplicated" {
			w.t.Errorf("%s: %d connections at once, ended %q", a.Device, s.MostAlive, a.Ended)
		}
	}
}

// change changes the entry as the functions do, and tells the listener.
func (w *world) change(f func(*entry.Entry)) {
	w.t.Helper()
	before := w.reloads()
	if _, err := w.store.ChangeEntry(w.ctx(), w.id, func(e *entry.Entry) error { f(e); return nil }); err != nil {
		w.t.Fatal(err)
	}
	w.until("the change is taken up", func() bool {
		now := w.reloads()
		return now[0] > before[0] && now[1] > before[1]
	})
}

// reloads returns how often account and delivery have taken up a changed entry, as the metrics tell.
func (w *world) reloads() (n [2]int) {
	r := httptest.NewRecorder()
	w.observer.Metrics().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(r.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if !strings.Contains(name, `"reloaded"`) {
			continue
		}
		count, _ := strconv.Atoi(value)
		if strings.HasPrefix(name, "telegram_client_events_total") {
			n[0] = count
		} else {
			n[1] = count
		}
	}
	return n
}

func (w *world) status() entry.Status {
	w.t.Helper()
	o, err := w.store.Overview(w.ctx(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return o.Status
}

// drained waits until nothing waits for the home: what it has accepted may not be acknowledged yet, and would come again
// if the answer were cut off.
func (w *world) drained() {
	w.t.Helper()
	w.until("the outbox is empty", func() bool {
		o, err := w.store.Overview(w.ctx(), w.id)
		return err == nil && o.Queue.Waiting == 0
	})
}

func (w *world) has(code health.Code) bool {
	w.t.Helper()
	return slices.ContainsFunc(w.status().Health, func(c health.Condition) bool { return c.Code == code })
}

func (w *world) command(c entry.Command) {
	if err := w.store.SendCommand(w.ctx(), w.id, c); err != nil && w.t.Context().Err() == nil {
		w.t.Errorf("command %s: %v", c.Kind, err)
	}
}

var _ account.Connector = (*telegram.Dialer)(nil)
var _ Everything = (*redisstore.Store)(nil)

// served sets an entry up whose home hears its events, and starts a supervisor; the first message has arrived.
func (w *world) served() {
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	w.say(1, 1)
	w.wants(1)
}
