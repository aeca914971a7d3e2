package mtserver_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"github.com/gotd/td/transport"
	"go.uber.org/goleak"

	"telegram-client/tests/telegramtest/mtserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serverRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// handler answers help.getConfig, and what a test says for other methods.
type handler struct {
	answer func(ctx context.Context, r *mtserver.Request) (bin.Encoder, error)

	mu       sync.Mutex
	requests []*mtserver.Request
	closed   chan *mtserver.Session
	killed   []mtserver.KeyID
}

func (h *handler) Handle(ctx context.Context, r *mtserver.Request) (bin.Encoder, error) {
	h.mu.Lock()
	h.requests = append(h.requests, r)
	h.mu.Unlock()
	switch {
	case h.answer != nil:
		return h.answer(ctx, r)
	case r.Method == tg.HelpGetConfigRequestTypeID:
		return &tg.Config{ThisDC: r.DC}, nil
	case r.Method == tg.HelpGetNearestDCRequestTypeID:
		return &tg.NearestDC{Country: "PL", ThisDC: r.DC, NearestDC: r.DC}, nil
	}
	return nil, tgerr.New(400, fmt.Sprintf("INPUT_METHOD_INVALID_%d", r.Method))
}

func (h *handler) Closed(_ mtserver.KeyID, s *mtserver.Session) {
	if h.closed != nil {
		h.closed <- s
	}
}

func (h *handler) Killed(k mtserver.KeyID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.killed = append(h.killed, k)
}

func (h *handler) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.requests)
}

// started returns a running server.
func started(t *testing.T, h *handler, change ...func(*mtserver.Options)) *mtserver.Server {
	t.Helper()
	o := mtserver.Options{RSA: serverRSA()}
	for _, c := range change {
		c(&o)
	}
	s := mtserver.New(o, h)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// client is a bare mtproto.Conn.
type client struct {
	server  *mtserver.Server
	dc      int
	key     crypto.AuthKey
	salt    int64
	options func(*mtproto.Options)
	protect func(transport.Conn) transport.Conn
	handler mtproto.Handler
}

func newClient(t *testing.T, s *mtserver.Server, dc int) *client {
	t.Helper()
	key, salt, err := s.NewKey(dc)
	if err != nil {
		t.Fatal(err)
	}
	return &client{server: s, dc: dc, key: key, salt: salt}
}

// run connects and calls use.
func (c *client) run(ctx context.Context, use func(ctx context.Context, api *tg.Client) error) error {
	o := mtproto.Options{
		DC:         c.dc,
		PublicKeys: []exchange.PublicKey{c.server.PublicKey()},
		Key:        c.key,
		Salt:       c.salt,
		Handler:    c.handler,
	}
	if c.options != nil {
		c.options(&o)
	}
	conn := mtproto.New(func(ctx context.Context) (transport.Conn, error) {
		tc, err := dial(ctx, c.server.Addr(c.dc))
		if err == nil && c.protect != nil {
			tc = c.protect(tc)
		}
		return tc, err
	}, o)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result error
	err := conn.Run(ctx, func(ctx context.Context) error {
		result = use(ctx, tg.NewClient(conn))
		cancel()
		return result
	})
	if result != nil {
		return result
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func dial(ctx context.Context, a netip.AddrPort) (transport.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", a.String())
	if err != nil {
		return nil, err
	}
	return transport.Abridged.Handshake(nc)
}

// nearest makes a call and checks its answer.
func nearest(ctx context.Context, api *tg.Client) error {
	dc, err := api.HelpGetNearestDC(ctx)
	if err == nil && dc.Country != "PL" {
		return fmt.Errorf("unexpected answer %v", dc)
	}
	return err
}
