package supervisor

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/health"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// ahead is a clock that is ahead of the store's by so much.
type ahead struct {
	clock.Clock
	by time.Duration
}

func (a ahead) Now() time.Time { return a.Clock.Now().Add(a.by) }

func aheadBy(d time.Duration) func(*world) {
	return func(w *world) { w.clock = ahead{clock.System, d} }
}

// fast is a clock by which waiting takes a sixtieth.
type fast struct{ clock.Clock }

func (f fast) Timer(d time.Duration) clock.Timer { return fastTimer{f.Clock.Timer(d / 60)} }

type fastTimer struct{ clock.Timer }

func (f fastTimer) Reset(d time.Duration) { f.Timer.Reset(d / 60) }

func (w *world) pool() *authorization.Pool {
	return authorization.NewPool(w.store, w.dialer, clock.System, w.log())
}

func (w *world) flows() *login.Flows {
	return login.New(login.Config{Store: w.store, Telegram: w.dialer, Keyring: w.ring, Log: w.log()})
}

func old(e *entry.Entry) { e.CreatedAt = time.Now().Add(-3 * time.Hour).UTC() }

// standing is how an authorization stands; the zero one if there is none.
func (w *world) standing(n authorization.Name) authorization.Standing {
	w.t.Helper()
	all, err := w.store.Standings(w.ctx(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == n {
			return s
		}
	}
	return authorization.Standing{}
}

func (w *world) ask(c entry.Command) error { return w.store.Ask(w.ctx(), w.id, c) }

// A sender that nobody has used for a week is used, once, over one connection, and gets no updates.
func TestUpkeep_IdleSenderIsTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aheadBy(8*24*time.Hour))
	w.addEntry(entry.Target{})
	made := w.standing("sender 1").Used
	before, err := w.telegram.Stats(w.login("sender 1"))
	if err != nil {
		t.Fatal(err)
	}
	w.start(func(o *Options) { o.Toucher = w.pool() })
	w.until("it is touched", func() bool { return w.standing("sender 1").Used.After(made) })
	after, err := w.telegram.Stats(w.login("sender 1"))
	if err != nil || after.Requests != before.Requests+1 || after.MostAlive != 1 {
		t.Errorf("%+v, then %+v, %v", before, after, err)
	}
}

// One that is young is left alone, but touched when somebody asks for it.
func TestUpkeep_TouchedWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	w.start(func(o *Options) { o.Toucher = w.pool() })
	w.until("it is connected", func() bool { return w.status().Connected })
	stats := func() int {
		s, err := w.telegram.Stats(w.login("sender 1"))
		if err != nil {
			t.Fatal(err)
		}
		return s.Requests
	}
	before := stats()
	for _, device := range []string{"sender 1", ""} {
		if err := w.ask(entry.Command{Kind: entry.Touch, Device: device}); err != nil {
			t.Fatal(err)
		}
	}
	if n := stats(); n != before+2 {
		t.Errorf("%d requests, then %d", before, n)
	}
	if err := w.ask(entry.Command{Kind: entry.Touch, Device: "listener"}); !fault.Is(err, fault.InvalidField) {
		t.Errorf("the listener's own: %v", err)
	}
	g, err := w.store.Acquire(w.ctx(), authorization.Request{Entry: w.id, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ask(entry.Command{Kind: entry.Touch, Device: "sender 1"}); !fault.Is(err, fault.SenderBusy) {
		t.Errorf("one in use: %v", err)
	}
	if err := w.store.Finish(w.ctx(), g, authorization.Result{Untouched: true}); err != nil {
		t.Error(err)
	}
}

// A sender that its owner has ended is found out at its next use and shown; events go on.
func TestUpkeep_EndedSenderIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start(func(o *Options) { o.Toucher = w.pool() })
	w.say(1, 1)
	w.wants(1)
	if err := w.telegram.EndAuthorization(w.login("sender 1")); err != nil {
		t.Fatal(err)
	}
	if err := w.pool().Touch(w.ctx(), w.id, "sender 1"); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("used: %v", err)
	}
	w.until("it is shown", func() bool { return w.has(health.SenderReauth) })
	for _, c := range w.status().Health {
		if c.Code == health.SenderReauth && c.Placeholders["device"] != "Home Assistant · sender 1" {
			t.Errorf("%+v", c)
		}
	}
	w.say(2, 2)
	w.wants(2)
	if s := w.status(); !s.Connected {
		t.Error("the listener is not connected any more")
	}
	// Logged in again it is not shown any more.
	session, err := w.dialer.NewKey(w.ctx(), authorization.App{}, w.bot.DC)
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.store.Entry(w.ctx(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Renew(w.ctx(), login.NewEntry{Entry: e, Authorizations: []login.Made{{Name: "sender 1", Session: session}}}); err != nil {
		t.Fatal(err)
	}
	w.until("it is not shown any more", func() bool { return !w.has(health.SenderReauth) })
}

// A bot's sender that has ended is replaced in the background, and can be used; the login it cost is counted.
func TestUpkeep_BotGetsANewSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{}, old)
	if err := w.telegram.EndAuthorization(w.login("sender 1")); err != nil {
		t.Fatal(err)
	}
	flows := w.flows()
	w.start(func(o *Options) { o.Toucher, o.Grower, o.Senders = w.pool(), flows, 1 })
	w.until("it is connected", func() bool { return w.status().Connected })
	if err := w.ask(entry.Command{Kind: entry.Touch, Device: "sender 1"}); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("used: %v", err)
	}
	w.until("there is a new one", func() bool {
		return slices.ContainsFunc(w.logins(), func(a telegramtest.Authorization) bool { return a.Device == "Home Assistant · sender 1" })
	})
	w.until("it is part of the entry", func() bool { return w.standing("sender 1").Fate == authorization.Fine })
	w.until("nothing is shown", func() bool { return !w.has(health.SenderReauth) })
	if err := w.ask(entry.Command{Kind: entry.Touch, Device: "sender 1"}); err != nil {
		t.Errorf("the new one: %v", err)
	}
	if g, err := w.store.Growth(w.ctx(), w.id); err != nil || len(g.Tried) != 1 {
		t.Errorf("%+v, %v", g, err)
	}
	if n := len(w.logins()); n != 2 {
		t.Errorf("%d logins", n)
	}
	w.oneConnectionPerKey()
}

// grower is asked for senders.
type grower struct {
	mu    sync.Mutex
	asked []authorization.Name
	err   error
}

func (g *grower) Grow(_ context.Context, _ entry.ID, n authorization.Name) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, n)
	return g.err
}

func (g *grower) times() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

// Restarts do not give further attempts, and what Telegram asks for is obeyed.
func TestUpkeep_GrowthIsCountedAcrossRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{}, old)
	g := &grower{err: fault.New(fault.FloodWait, "Later.").After(3 * time.Hour)}
	grows := func(o *Options) { o.Grower, o.Senders = g, 3 }
	for range 3 {
		s := w.start(grows)
		w.until("it was tried", func() bool { return g.times() == 1 })
		if err := w.ask(entry.Command{Kind: entry.Mint}); !fault.Is(err, fault.FloodWait) || fault.Of(err).RetryAfter < 2*time.Hour {
			t.Errorf("asked for: %v", err)
		}
		s.stop()
	}
	if g.times() != 1 || g.asked[0] != "sender 2" {
		t.Errorf("asked for %v", g.asked)
	}
	kept, err := w.store.Growth(w.ctx(), w.id)
	if err != nil || len(kept.Tried) != 1 || kept.Next().Before(time.Now().Add(2*time.Hour)) {
		t.Errorf("%+v, %v", kept, err)
	}
}

// An entry that was made just now has just spent its logins.
func TestUpkeep_YoungEntryDoesNotGrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	g := &grower{}
	w.start(func(o *Options) { o.Grower, o.Senders = g, 3 })
	if err := w.ask(entry.Command{Kind: entry.Mint}); !fault.Is(err, fault.FloodWait) || g.times() > 0 {
		t.Errorf("%v, %d times", err, g.times())
	}
}

// A sender that was used over two connections rests, is probed once it has, and works again.
func TestUpkeep_SenderInDoubtIsProbed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.numbers.CoolDown = 2 * time.Second })
	w.addEntry(entry.Target{})
	w.start(func(o *Options) { o.Toucher = w.pool() })
	w.until("it is connected", func() bool { return w.status().Connected })
	w.telegram.Faults().Fail("users.getUsers", 406, "AUTH_KEY_DUPLICATED", 1)
	if err := w.pool().Touch(w.ctx(), w.id, "sender 1"); !fault.Is(err, fault.SenderResting) {
		t.Fatalf("used: %v", err)
	}
	if s := w.standing("sender 1"); s.Fate != authorization.Duplicated {
		t.Errorf("%+v", s)
	}
	if err := w.pool().Touch(w.ctx(), w.id, "sender 1"); !fault.Is(err, fault.SenderResting) {
		t.Errorf("while it cools down: %v", err)
	}
	w.until("it works again", func() bool { return w.standing("sender 1").Fate == authorization.Fine })
}

// What a listener is asked for over its own connection.
func TestCommand_AnswersOfTelegramComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	w.start()
	w.telegram.Faults().Fail("messages.setBotCallbackAnswer", 400, "QUERY_ID_INVALID", 1)
	if err := w.ask(entry.Command{Kind: entry.AnswerCallback, Callback: &entry.CallbackAnswer{QueryID: 7}}); !fault.Is(err, fault.NotFound) {
		t.Errorf("answer a callback: %v", err)
	}
	if err := w.ask(entry.Command{Kind: entry.Touch}); !fault.Is(err, fault.Internal) {
		t.Errorf("nobody touches here: %v", err)
	}
	if err := w.ask(entry.Command{Kind: "nonsense"}); !fault.Is(err, fault.ListenerAway) {
		t.Errorf("a command of a later version: %v", err)
	}
}
