package authorization_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
)

func TestElsewhere_MakesAKeyOnceAndLetsItIn(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	own := errors.New("use fails")
	err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		return c.Elsewhere(ctx, away, func(ctx context.Context, api *tg.Client) error {
			return errors.Join(nearest(ctx, api), nearest(ctx, api), own)
		})
	})
	if !errors.Is(err, own) {
		t.Fatal(err)
	}
	m.expect(t, "the first call", "export 2", "import 1", "nearest 1", "nearest 1")
	first := m.keys(t, away, home)

	// The key is kept although the use failed. At home nothing more is opened.
	err = m.do(t, func(ctx context.Context, c *authorization.Call) error {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := c.Elsewhere(ctx, away, nearest); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return c.Elsewhere(ctx, home, nearest)
	})
	if err != nil {
		t.Fatal(err)
	}
	m.expect(t, "the second call", "nearest 1", "nearest 1", "nearest 1", "nearest 2")
	keys := m.keys(t, away, home)
	if keys[away].Auth != first[away].Auth {
		t.Error("the key was made anew")
	}
	m.lawful(t, m.Server, keys, away, 4)
	m.lawful(t, m.Server, keys, home, 2)
	if len(m.plain) > 0 {
		t.Errorf("not introduced, or with updates: %v", m.plain)
	}

	// A salt that changed is kept too.
	m.RotateSalts()
	if err := m.goAway(t); err != nil {
		t.Fatal(err)
	}
	if now := m.keys(t, away, home); now[away].Salt == keys[away].Salt {
		t.Error("the stale salt is kept")
	}
}

func TestElsewhere_KeyThatIsNotLetInAnyMore(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	if err := m.goAway(t); err != nil {
		t.Fatal(err)
	}
	before := m.keys(t, away, home)
	m.took()

	m.set(func() { m.loggedIn[keyID(before[away])] = false })
	runs := 0
	err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		return c.Elsewhere(ctx, away, func(ctx context.Context, api *tg.Client) error {
			runs++
			done := make(chan error)
			for range 2 {
				go func() { done <- nearest(ctx, api) }()
			}
			return errors.Join(<-done, <-done)
		})
	})
	if err != nil || runs != 1 {
		t.Fatalf("%d runs, %v", runs, err)
	}
	if asked := m.took(); slices.Index(asked, "export 2") < 0 || len(asked) != 6 {
		t.Errorf("asked %v", asked)
	}
	after := m.keys(t, away, home)
	if after[away].Auth != before[away].Auth {
		t.Error("another key was made")
	}

	// Letting in does not help: that key is dropped, the login is what it was.
	m.set(func() { m.loggedIn[keyID(before[away])], m.nobody = false, true })
	err = m.goAway(t)
	var fate *authorization.FateError
	if !fault.Is(err, fault.TelegramError) || errors.As(err, &fate) {
		t.Errorf("error %v", err)
	}
	m.keys(t, home)
	m.set(func() { m.nobody = false })
	if err := m.goAway(t); err != nil {
		t.Error(err)
	}
}

func TestElsewhere_ForgottenKeyIsMadeAnew(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	if err := m.goAway(t); err != nil {
		t.Fatal(err)
	}
	before := m.keys(t, away, home)
	m.took()
	m.Destroy(keyID(before[away]))
	if err := m.goAway(t); err != nil {
		t.Fatal(err)
	}
	m.expect(t, "the call", "export 2", "import 1", "nearest 1")
	after := m.keys(t, away, home)
	if after[away].Auth == before[away].Auth {
		t.Error("the forgotten key is kept")
	}

	// When something was answered already, use is not called again: it may have acted on it.
	runs := 0
	err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		return c.Elsewhere(ctx, away, func(ctx context.Context, api *tg.Client) error {
			runs++
			if err := nearest(ctx, api); err != nil {
				return err
			}
			m.Destroy(keyID(after[away]))
			return nearest(ctx, api)
		})
	})
	var fate *authorization.FateError
	if !fault.Is(err, fault.TelegramError) || errors.As(err, &fate) || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
	m.keys(t, home)
}

func TestElsewhere_HomeDecidesOnTheLogin(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	m.set(func() { m.loggedIn[m.key] = false })
	if err := m.goAway(t); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("error %v", err)
	}
	if _, err := m.store.Acquire(within(t), authorization.Request{Entry: m.id, For: time.Second}); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("the ended login is lent: %v", err)
	}
}

func TestElsewhere_ResetConnectionRests(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	linger := func(on bool) func(context.Context, *tg.Client) error {
		return func(ctx context.Context, api *tg.Client) error {
			defer m.Faults().Linger(on)
			return nearest(ctx, api)
		}
	}
	err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		if err := c.Elsewhere(ctx, away, linger(true)); err != nil {
			return err
		}
		m.Faults().Linger(false)
		if len(m.clock.rests) > 0 {
			t.Error("it rested before anything was reset")
		}
		return c.Elsewhere(ctx, away, linger(false))
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.clock.rests) != 1 || m.clock.rests[0] > 2*time.Second || m.clock.rests[0] < time.Second {
		t.Errorf("within the call the key rested %v", m.clock.rests)
	}
	r := authorization.Request{Entry: m.id, For: time.Second}
	if _, err := m.store.Acquire(within(t), r); !fault.Is(err, fault.SenderResting) {
		t.Errorf("after the call the login does not rest: %v", err)
	}
}

func TestElsewhere_DuplicatedKeyStopsAllUse(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	var told error
	if err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		told = c.Elsewhere(ctx, away, func(ctx context.Context, api *tg.Client) error {
			return &authorization.FateError{Fate: authorization.Duplicated, Err: fault.New(fault.SenderResting, "Twice.").Because(tgerr.New(406, "AUTH_KEY_DUPLICATED"))}
		})
		return nil // whatever the caller makes of it
	}); err != nil {
		t.Fatal(err)
	}
	if !fault.Is(told, fault.SenderResting) {
		t.Errorf("error %v", told)
	}
	all, err := m.store.Standings(within(t), m.id)
	if err != nil || all[1].Fate != authorization.Duplicated {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestElsewhere_NothingWithoutTheLease(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	var kept *authorization.Call
	if err := m.do(t, func(_ context.Context, c *authorization.Call) error { kept = c; return nil }); err != nil {
		t.Fatal(err)
	}
	m.took()
	if err := kept.Elsewhere(within(t), away, nearest); !errors.Is(err, lease.ErrLost) {
		t.Errorf("error %v", err)
	}
	m.expect(t, "a call that is over")
}

func TestCDN_IsReachedWithItsOwnKeys(t *testing.T) {
	t.Parallel()
	m := newMission(t)
	// The file's data centre is asked meanwhile, as reuploads need it.
	err := m.do(t, func(ctx context.Context, c *authorization.Call) error {
		return c.Elsewhere(ctx, away, func(ctx context.Context, api *tg.Client) error {
			for range 2 {
				if err := c.CDN(ctx, cdn, func(ctx context.Context, there *tg.Client) error {
					return errors.Join(getFile(ctx, there), nearest(ctx, api), getFile(ctx, there))
				}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	m.expect(t, "the call", "export 2", "import 1", "cdns 2", "config 2", "nearest 1", "nearest 1")
	before := m.keys(t, away, home, cdn)
	m.lawful(t, m.cdn, before, cdn, 2)

	// It has forgotten the key.
	m.cdn.Destroy(keyID(before[cdn]))
	err = m.do(t, func(ctx context.Context, c *authorization.Call) error { return c.CDN(ctx, cdn, getFile) })
	if err != nil {
		t.Fatal(err)
	}
	m.expect(t, "the next call", "cdns 2", "config 2")
	if after := m.keys(t, away, home, cdn); after[cdn].Auth == before[cdn].Auth {
		t.Error("the forgotten key is kept")
	}

	for dc, code := range map[int]fault.Code{4: fault.TelegramError, 7: fault.TelegramError, home: fault.TelegramError} {
		err := m.do(t, func(ctx context.Context, c *authorization.Call) error { return c.CDN(ctx, dc, getFile) })
		if !fault.Is(err, code) {
			t.Errorf("a CDN %d: %v", dc, err)
		}
	}
}
