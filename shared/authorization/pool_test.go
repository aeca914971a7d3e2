package authorization_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

// A line is a dialer whose server answers what the test says, and which notices two connections of one key.
type line struct {
	t      *testing.T
	answer func(key byte, n int) error // to the n-th request with a key

	mu    sync.Mutex
	open  map[byte]int
	asked map[byte]int
	dials []string
	reset bool
}

func (l *line) Use(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, use func(context.Context, *tg.Client) error) (authorization.Ending, error) {
	key := s.Keys[s.DC].Auth[0]
	l.mu.Lock()
	l.open[key]++
	if l.open[key] > 1 {
		l.t.Errorf("key %d is used over %d connections at once", key, l.open[key])
	}
	l.dials = append(l.dials, a.Device)
	l.mu.Unlock()
	err := use(ctx, tg.NewClient(invoker(func() error {
		if err := g.Check(); err != nil {
			return err
		}
		l.mu.Lock()
		l.asked[key]++
		n := l.asked[key]
		l.mu.Unlock()
		return l.answer(key, n)
	})))
	l.mu.Lock()
	l.open[key]--
	l.mu.Unlock()
	k := s.Keys[s.DC]
	k.Salt++
	s.Keys[s.DC] = k
	return authorization.Ending{Session: s, Reset: l.reset}, err
}

func (l *line) Elsewhere(context.Context, authorization.App, authorization.Session, *authorization.CDN, authorization.Guard, func(context.Context, *tg.Client) error) (authorization.Ending, error) {
	l.t.Error("a connection elsewhere")
	return authorization.Ending{}, nil
}

type invoker func() error

func (f invoker) Invoke(context.Context, bin.Encoder, bin.Decoder) error { return f() }

type house struct {
	*authorization.Pool
	store *redisstore.Store
	line  *line
	id    entry.ID
}

func newHouse(t *testing.T, senders int) *house {
	t.Helper()
	return newHouseOf(t, senders, redisstore.Options{})
}

func newHouseOf(t *testing.T, senders int, o redisstore.Options) *house {
	t.Helper()
	ring, err := seal.ParseKeyring(seal.NewKey(), seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	client, err := redisstore.ParseURL(redistest.Start(t).URL(), 2)
	if err != nil {
		t.Fatal(err)
	}
	store := redisstore.New(client, ring, o)
	t.Cleanup(func() { _ = store.Close() })
	h := &house{store: store, id: entry.NewID(ring, 1),
		line: &line{t: t, open: map[byte]int{}, asked: map[byte]int{}, answer: func(byte, int) error { return nil }}}
	n := login.NewEntry{Entry: entry.Entry{ID: h.id, Account: entry.Account{ID: 1}}, State: []byte("s")}
	for i, name := range authorization.Names(senders) {
		n.Authorizations = append(n.Authorizations, login.Made{Name: name, Session: authorization.Session{DC: 2,
			Keys: map[int]authorization.Key{2: {Auth: [256]byte{byte(i)}}}}})
	}
	if _, _, err := store.CreateEntry(within(t), n); err != nil {
		t.Fatal(err)
	}
	h.Pool = authorization.NewPool(store, h.line, clock.System, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return h
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func ask(ctx context.Context, c *authorization.Call) error {
	_, err := c.API.HelpGetNearestDC(ctx)
	return err
}

func (h *house) request() authorization.Request {
	return authorization.Request{Entry: h.id, For: 25 * time.Second, Wait: 20 * time.Second}
}

func refusal(fate authorization.Fate, code int, text string) error {
	return &authorization.FateError{Fate: fate, Err: fault.New(fault.ReauthRequired, "Log in again.").Because(tgerr.New(code, text))}
}

func TestDo_ManyCallsOneConnectionForEachKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := h.Do(within(t), h.request(), ask); err != nil {
				t.Errorf("Do: %v", err)
			}
		})
	}
	wg.Wait()
	if len(h.line.dials) != 20 {
		t.Errorf("%d connections for 20 calls", len(h.line.dials))
	}
}

func TestDo_KeepsSaltsAndWhatWasLearnt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	alice := peer.Target{Username: "Alice"}
	err := h.Do(within(t), h.request(), func(ctx context.Context, c *authorization.Call) error {
		u := &tg.User{ID: 7}
		u.SetAccessHash(70)
		u.SetUsername("alice")
		c.Peers.Learn([]tg.UserClass{u}, nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r := h.request()
	r.Targets = []peer.Target{alice}
	err = h.Do(within(t), r, func(_ context.Context, c *authorization.Call) error {
		if _, id, ok := c.Peers.Find(alice); !ok || id != 7 {
			t.Errorf("@alice is %d, %v", id, ok)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	g, err := h.store.Acquire(within(t), h.request())
	if err != nil || g.Session.Keys[2].Salt != 2 {
		t.Errorf("salt %d, %v", g.Session.Keys[2].Salt, err)
	}
}

func TestDo_GivesBackWhenTheCallerGaveUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	ctx, cancel := context.WithCancel(within(t))
	err := h.Do(ctx, h.request(), func(ctx context.Context, c *authorization.Call) error {
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	r := h.request()
	r.Wait = 0
	if err := h.Do(within(t), r, ask); err != nil {
		t.Errorf("the sender is not free: %v", err)
	}
}

func TestDo_EndedLoginIsDroppedAndAnotherTried(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2)
	h.line.answer = func(key byte, _ int) error {
		if key == 1 {
			return refusal(authorization.Ended, 401, "AUTH_KEY_UNREGISTERED")
		}
		return nil
	}
	r := h.request()
	r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{1}}
	if err := h.Do(within(t), r, ask); err != nil {
		t.Fatal(err)
	}
	devices, err := h.store.Authorizations(within(t), h.id)
	if err != nil || devices[1].State != "reauth_required" || devices[2].State != "ok" {
		t.Errorf("devices %v, %v", devices, err)
	}
	// With none left the owner has to log in.
	h.line.answer = func(byte, int) error { return refusal(authorization.Ended, 401, "SESSION_REVOKED") }
	if err := h.Do(within(t), h.request(), ask); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("error %v", err)
	}
	if err := h.Do(within(t), h.request(), ask); !fault.Is(err, fault.ReauthRequired) {
		t.Errorf("error %v", err)
	}
}

func TestDo_NothingIsRepeatedOnceSomethingWasDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2)
	h.line.answer = func(_ byte, n int) error {
		if n == 2 {
			return refusal(authorization.Ended, 401, "SESSION_REVOKED")
		}
		return nil
	}
	runs := 0
	err := h.Do(within(t), h.request(), func(ctx context.Context, c *authorization.Call) error {
		runs++
		if err := ask(ctx, c); err != nil {
			return err
		}
		return ask(ctx, c)
	})
	if !fault.Is(err, fault.ReauthRequired) || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestDo_ResetConnectionRests(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	h.line.reset = true
	if err := h.Do(within(t), h.request(), ask); err != nil {
		t.Fatal(err)
	}
	r := h.request()
	r.Wait = 0
	if err := h.Do(within(t), r, ask); !fault.Is(err, fault.SenderResting) || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("error %v", err)
	}
}

func TestDo_AnsweredRepeatMakesNoConnection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	r := h.request()
	r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{4}}
	if err := h.Do(within(t), r, func(_ context.Context, c *authorization.Call) error {
		c.Done.Answer = []byte("42")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	dials := len(h.line.dials)
	if err := h.Do(within(t), r, func(_ context.Context, c *authorization.Call) error {
		if c.API != nil || c.Repeat == nil || string(c.Repeat.Answer) != "42" {
			t.Errorf("API %v, repeat %+v", c.API, c.Repeat)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(h.line.dials) != dials {
		t.Error("a connection was made")
	}
}

func TestDo_BrokenConnectionLeavesAnUnsureOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	c, err := h.store.ClaimEntry(within(t), h.id, "", false, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	h.line.answer = func(byte, int) error { return fault.New(fault.TelegramAway, "The connection broke.") }
	r := h.request()
	r.Intent = authorization.Intent{Kinds: []outbox.Kind{outbox.Send}, Texts: []string{"abcdefghijklmnopqrstuvwxyz"}}
	if err := h.Do(within(t), r, ask); !fault.Is(err, fault.TelegramAway) {
		t.Fatal(err)
	}
	now := time.Now()
	items := []outbox.Item{{Type: "t", OccurredAt: now, Class: outbox.Durable, ExpiresAt: now.Add(time.Hour),
		Own: &outbox.Own{Kind: outbox.Send, Marks: []string{"m"}, Text: "abcdefghijklmnopqrstuvwxyz", MessageIDs: []int{1}}}}
	if err := h.store.Commit(within(t), h.id, c.Lease, outbox.Commit{State: []byte("s"), Items: items}); err != nil {
		t.Fatal(err)
	}
	got, err := h.store.Claim(within(t), h.id, c.Lease, outbox.Claim{Limit: 1})
	if err != nil || len(got.Items) != 0 {
		t.Errorf("what may be our own doing was delivered: %v, %v", got.Items, err)
	}
}
