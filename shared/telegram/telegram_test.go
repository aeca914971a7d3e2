package telegram_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"go.uber.org/goleak"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/telegramtest/mtserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var app = authorization.App{App: entry.App{ID: 7, Hash: seal.NewText("hash")}, Device: "Home Assistant · sender 1"}

var serverRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// answers is what a server of a test says to each method; a method that is not there is refused.
type answers map[uint32]func(r *mtserver.Request) (bin.Encoder, error)

// handler answers from a table and remembers.
type handler struct {
	answers answers
	closed  chan *mtserver.Session

	mu       sync.Mutex
	requests []*mtserver.Request
}

func (h *handler) Handle(_ context.Context, r *mtserver.Request) (bin.Encoder, error) {
	h.mu.Lock()
	h.requests = append(h.requests, r)
	h.mu.Unlock()
	if a := h.answers[r.Method]; a != nil {
		return a(r)
	}
	if r.Method == tg.HelpGetNearestDCRequestTypeID {
		return &tg.NearestDC{Country: "PL", ThisDC: r.DC, NearestDC: r.DC}, nil
	}
	return nil, tgerr.New(400, fmt.Sprintf("INPUT_METHOD_INVALID_%d", r.Method))
}

func (h *handler) Closed(_ mtserver.KeyID, s *mtserver.Session) {
	if h.closed != nil {
		h.closed <- s
	}
}

func (h *handler) seen() []*mtserver.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*mtserver.Request(nil), h.requests...)
}

// world is a server, and a dialer that knows it.
type world struct {
	*mtserver.Server
	handler *handler
	dialer  *telegram.Dialer
}

func newWorld(t *testing.T, a answers) *world {
	t.Helper()
	h := &handler{answers: a, closed: make(chan *mtserver.Session, 100)}
	s := mtserver.New(mtserver.Options{RSA: serverRSA()}, h)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	servers := telegram.Servers{Default: 2, DCs: map[int][]string{}, Keys: []exchange.PublicKey{s.PublicKey()}}
	for dc := 1; dc <= 2; dc++ {
		servers.DCs[dc] = []string{s.Addr(dc).String()}
	}
	return &world{s, h, &telegram.Dialer{Servers: servers, Version: "0.1.0"}}
}

// session returns one that works with a data centre.
func (w *world) session(t *testing.T, dc int) (authorization.Session, mtserver.KeyID) {
	t.Helper()
	key, salt, err := w.NewKey(dc)
	if err != nil {
		t.Fatal(err)
	}
	return authorization.Session{DC: dc, Keys: map[int]authorization.Key{dc: {Auth: key.Value, Salt: salt}}}, key.ID
}

// free is a guard that allows everything.
type free struct{}

func (free) Check() error { return nil }

// within returns a context with a deadline far enough for any call.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// nearest makes a call and checks its answer.
func nearest(ctx context.Context, api *tg.Client) error {
	dc, err := api.HelpGetNearestDC(ctx)
	if err == nil && dc.Country != "PL" {
		return fmt.Errorf("unexpected answer %v", dc)
	}
	return err
}
