package telegramtest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest"
)

// The defects of gotd's update manager (facts/gotd.md) that belong to the common box. That they show here says that
// the server tells things as Telegram does; when gotd repairs one, its test fails and can go.

// states is the manager's store.
type states struct {
	mu    sync.Mutex
	state updates.State
	moved chan struct{} // has a token when the state has moved
}

func (s *states) set(change func(*updates.State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
	select {
	case s.moved <- struct{}{}:
	default:
	}
	return nil
}

func (s *states) pts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Pts
}

func (s *states) GetState(context.Context, int64) (updates.State, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, true, nil
}

func (s *states) SetState(_ context.Context, _ int64, to updates.State) error {
	return s.set(func(x *updates.State) { *x = to })
}

func (s *states) SetPts(_ context.Context, _ int64, pts int) error {
	return s.set(func(x *updates.State) { x.Pts = pts })
}

func (s *states) SetQts(_ context.Context, _ int64, qts int) error {
	return s.set(func(x *updates.State) { x.Qts = qts })
}

func (s *states) SetDate(_ context.Context, _ int64, date int) error {
	return s.set(func(x *updates.State) { x.Date = date })
}

func (s *states) SetSeq(_ context.Context, _ int64, seq int) error {
	return s.set(func(x *updates.State) { x.Seq = seq })
}

func (s *states) SetDateSeq(_ context.Context, _ int64, date, seq int) error {
	return s.set(func(x *updates.State) { x.Date, x.Seq = date, seq })
}

func (s *states) GetChannelPts(context.Context, int64, int64) (int, bool, error) {
	return 0, false, nil
}
func (s *states) SetChannelPts(context.Context, int64, int64, int) error { return nil }
func (s *states) ForEachChannels(context.Context, int64, func(context.Context, int64, int) error) error {
	return nil
}

// scene is a bot that logged in when all was well, and has been away since.
type scene struct {
	*telegramtest.Server
	t          *testing.T
	alice, bot telegramtest.Account
	device     *device
	heard      *heard
	handler    telegram.UpdateHandler // heard, if there is no other
	states     *states
	tooLong    int
	old        telegramtest.Message // from before
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := started(t, plain)
	c := &scene{
		Server: s, t: t, alice: s.User("alice"), bot: s.Bot("helper_bot"), device: newDevice(s, "listener").keyed(t),
		heard: newHeard(), states: &states{moved: make(chan struct{}, 1)},
	}
	c.handler = c.heard
	c.old = s.Say(c.alice.ID, c.bot.ID, "old")
	if err := c.device.run(within(t), func(ctx context.Context, client *telegram.Client) error {
		if _, err := client.Auth().Bot(ctx, c.bot.Token); err != nil {
			return err
		}
		state, err := client.API().UpdatesGetState(ctx)
		if err == nil {
			c.states.state = updates.State{Pts: state.Pts, Qts: state.Qts, Date: state.Date, Seq: state.Seq}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *scene) say(text string) { c.Say(c.alice.ID, c.bot.ID, text) }

// come lets the bot connect with gotd's manager.
func (c *scene) come(use func(ctx context.Context)) {
	c.t.Helper()
	manager := updates.New(updates.Config{Handler: c.handler, Storage: c.states, OnTooLong: func() { c.tooLong++ }})
	c.device.handler = manager
	if err := c.device.run(within(c.t), func(ctx context.Context, client *telegram.Client) error {
		if _, err := client.Self(ctx); err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		done, begun := make(chan error, 1), make(chan struct{})
		go func() { // ends with stop
			done <- manager.Run(ctx, client.API(), c.bot.ID, updates.AuthOptions{
				IsBot: true, OnStart: func(context.Context) { close(begun) },
			})
		}()
		select {
		case <-begun: // before that it hands everything on as it comes
		case err := <-done:
			return err
		}
		use(ctx)
		stop()
		<-done
		return nil
	}); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits until a text has been handled.
func (c *scene) hears(ctx context.Context, text string) {
	c.t.Helper()
	c.heard.until(ctx, c.t, func(all []tg.UpdatesClass) bool { return slices.Contains(texts(all), text) })
}

// differences counts how often the difference was asked for.
func (c *scene) differences() int {
	return c.Count(func(e telegramtest.Event) bool {
		return e.Kind == telegramtest.Requested && e.Method == "updates.getDifference"
	})
}

// moves waits until the manager has stored where it stands.
func (c *scene) moves(ctx context.Context) {
	c.t.Helper()
	select {
	case <-c.states.moved:
	case <-ctx.Done():
		c.t.Error("the state did not move")
	}
}

func (c *scene) until(ctx context.Context, reached func() bool) {
	c.t.Helper()
	if err := c.Until(ctx, reached); err != nil {
		c.t.Error(err)
	}
}

func (c *scene) wantTexts(want ...string) {
	c.t.Helper()
	if diff := cmp.Diff(want, texts(c.heard.list())); diff != "" {
		c.t.Errorf("handled (-want +got):\n%s", diff)
	}
}

func TestDefect_EditBesideANewMessageIsDropped(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	c.say("new")
	if err := c.Edit(c.alice.ID, c.old.ID, "edited"); err != nil {
		t.Fatal(err)
	}
	c.come(func(ctx context.Context) {
		c.hears(ctx, "new")
		c.say("next")
		c.hears(ctx, "next")
		c.say("last")
		c.hears(ctx, "last")
	})
	for _, u := range c.heard.list() {
		for _, x := range u.(*tg.Updates).Updates {
			if _, ok := x.(*tg.UpdateEditMessage); ok {
				t.Error("the edit was handled")
			}
		}
	}
	if got := c.Read(c.bot.ID, c.alice.ID)[0]; got.Text != "edited" {
		t.Errorf("the edit did not happen: %+v", got)
	}
}

func TestDefect_NoDifferenceAfterAReconnect(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	c.come(func(ctx context.Context) {
		c.moves(ctx) // by the answer to the first difference
		before := len(c.History(0))
		c.Faults().LosePushes(c.bot.ID, 1) // if it is back at once
		c.cut(ctx)
		c.say("missed")
		c.Faults().Reset()
		c.until(ctx, func() bool {
			return slices.ContainsFunc(c.History(before), func(e telegramtest.Event) bool { return e.Method == "users.getUsers" })
		})
		c.say("next")
		c.hears(ctx, "next")
	})
	// The difference was asked for because of the gap before "next", not before.
	said := slices.IndexFunc(c.History(0), func(e telegramtest.Event) bool { return e.Text == "next" })
	early := 0
	for _, e := range c.History(0)[:said] {
		if e.Kind == telegramtest.Requested && e.Method == "updates.getDifference" {
			early++
		}
	}
	if early != 1 {
		t.Errorf("%d differences before the next message, want that of the start alone", early)
	}
	c.wantTexts("missed", "next")
}

// cut resets the connection of the bot and waits until the server has noticed.
func (c *scene) cut(ctx context.Context) {
	c.t.Helper()
	disconnects := func() int {
		return c.Count(func(e telegramtest.Event) bool { return e.Kind == telegramtest.Disconnected })
	}
	before := disconnects()
	for _, x := range c.Sessions(c.Authorizations(c.bot.ID)[0].ID) {
		x.Close(true)
	}
	c.until(ctx, func() bool { return disconnects() > before })
}

func TestDefect_FirstDifferenceIsNotRepeated(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	c.say("missed")
	c.Faults().Fail("updates.getDifference", 400, "TIMEOUT", 1)
	c.come(func(ctx context.Context) {
		c.until(ctx, func() bool { return c.differences() == 1 })
		c.say("next")
		c.hears(ctx, "missed")
	})
	if c.differences() < 2 {
		t.Errorf("%d differences", c.differences())
	}
	said := slices.IndexFunc(c.History(0), func(e telegramtest.Event) bool { return e.Text == "next" })
	for i, e := range c.History(0) {
		if e.Kind == telegramtest.Difference && i < said {
			t.Error("the difference was asked for again before there was something new")
		}
	}
}

func TestDefect_PtsMovesOnWhenTheHandlerFails(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	failed := 0
	c.handler = telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
		if slices.Contains(texts([]tg.UpdatesClass{u}), "refused") {
			failed++
			return errors.New("the disk is full")
		}
		return c.heard.Handle(ctx, u)
	})
	c.say("refused")
	c.come(func(ctx context.Context) {
		for c.states.pts() < c.Pts(c.bot.ID) && ctx.Err() == nil {
			c.moves(ctx)
		}
	})
	if failed != 1 {
		t.Fatalf("handled %d times", failed)
	}
	c.come(func(ctx context.Context) {
		c.say("next")
		c.hears(ctx, "next")
	})
	if failed != 1 {
		t.Errorf("the refused message was told again, %d times", failed)
	}
	c.wantTexts("next")
}

func TestDefect_MinUserMakesItAskWithoutEnd(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	if err := c.Edit(c.alice.ID, c.old.ID, "edited"); err != nil {
		t.Fatal(err)
	}
	c.Behave(func(b *telegramtest.Behaviour) { b.MinUsers = true })
	c.come(func(ctx context.Context) {
		c.until(ctx, func() bool { return c.differences() > 20 })
		c.Behave(func(b *telegramtest.Behaviour) { b.MinUsers = false })
		c.say("next")
		c.hears(ctx, "next")
	})
}

func TestDefect_SkippedMessagesAreNotFetched(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	c.Behave(func(b *telegramtest.Behaviour) { b.TooLongAfter = 2 })
	for _, text := range []string{"one", "two", "three"} {
		c.say(text)
	}
	c.come(func(ctx context.Context) {
		c.until(ctx, func() bool { return c.differences() == 2 })
		c.say("next")
		c.hears(ctx, "next")
	})
	if c.tooLong != 1 {
		t.Errorf("told %d times that the difference is too long", c.tooLong)
	}
	c.wantTexts("next")
}
