package authorization_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/redistest"
	"telegram-client/tests/telegramtest/mtserver"
)

const (
	home, away = 2, 1 // data centres of the account and of a file
	cdn        = 3
)

// embassies are two data centres of Telegram's, of which the account has its home in one, and a CDN.
type embassies struct {
	*mtserver.Server
	cdn *mtserver.Server

	mu       sync.Mutex
	loggedIn map[mtserver.KeyID]bool
	passes   [][]byte // exported and not imported yet
	nobody   bool     // is let in, whatever is imported
	asked    []string // the methods, with their data centre
	plain    []string // those that were not wrapped or introduced as they have to be
}

var names = map[uint32]string{
	tg.AuthExportAuthorizationRequestTypeID: "export", tg.AuthImportAuthorizationRequestTypeID: "import",
	tg.HelpGetNearestDCRequestTypeID: "nearest", tg.HelpGetCDNConfigRequestTypeID: "cdns", tg.HelpGetConfigRequestTypeID: "config",
	tg.UploadGetCDNFileRequestTypeID: "file",
}

func (e *embassies) Handle(_ context.Context, r *mtserver.Request) (bin.Encoder, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := fmt.Sprintf("%s %d", names[r.Method], r.DC)
	e.asked = append(e.asked, name)
	if !r.WithoutUpdates || r.Init == nil || r.Init.DeviceModel != "Home Assistant · sender 1" {
		e.plain = append(e.plain, name)
	}
	if r.Method == tg.AuthImportAuthorizationRequestTypeID {
		var q tg.AuthImportAuthorizationRequest
		if err := q.Decode(r.Body); err != nil {
			return nil, err
		}
		known := func(p []byte) bool { return string(p) == string(q.Bytes) }
		if q.ID != 1 || !slices.ContainsFunc(e.passes, known) {
			return nil, tgerr.New(400, "AUTH_BYTES_INVALID")
		}
		e.passes = slices.DeleteFunc(e.passes, known)
		e.loggedIn[r.Key] = !e.nobody
		return &tg.AuthAuthorization{User: &tg.User{ID: 1, Self: true}}, nil
	}
	if !e.loggedIn[r.Key] {
		return nil, tgerr.New(401, "AUTH_KEY_UNREGISTERED")
	}
	switch r.Method {
	case tg.AuthExportAuthorizationRequestTypeID:
		pass := make([]byte, 16)
		rand.Read(pass)
		e.passes = append(e.passes, pass)
		return &tg.AuthExportedAuthorization{ID: 1, Bytes: pass}, nil
	case tg.HelpGetNearestDCRequestTypeID:
		return &tg.NearestDC{ThisDC: r.DC, NearestDC: r.DC}, nil
	case tg.HelpGetCDNConfigRequestTypeID:
		return &tg.CDNConfig{PublicKeys: []tg.CDNPublicKey{{DCID: 7, PublicKey: "another's"}, {DCID: cdn, PublicKey: publicKey()}}}, nil
	case tg.HelpGetConfigRequestTypeID:
		at := netip.MustParseAddrPort(e.cdn.Addr(cdn).String())
		option := tg.DCOption{ID: cdn, CDN: true, IPAddress: at.Addr().String(), Port: int(at.Port())}
		obfuscated, own := option, option
		obfuscated.TCPObfuscatedOnly, obfuscated.Port = true, 1
		own.CDN, own.Port = false, 1
		return &tg.Config{DCOptions: []tg.DCOption{obfuscated, own, option}}, nil
	}
	return nil, tgerr.New(400, "INPUT_METHOD_INVALID")
}

func (e *embassies) Closed(mtserver.KeyID, *mtserver.Session) {}

// took returns what was asked since it was last called.
func (e *embassies) took() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	asked := e.asked
	e.asked = nil
	return asked
}

// set changes the embassies while nobody asks them.
func (e *embassies) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

// stall is a CDN: it gives files, to anybody who does not say who it is.
type stall struct {
	t *testing.T

	mu    sync.Mutex
	calls int
}

func (s *stall) Handle(_ context.Context, r *mtserver.Request) (bin.Encoder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if r.WithoutUpdates || r.Init == nil || r.Init.DeviceModel != "n/a" || r.Init.SystemVersion != "n/a" {
		s.t.Errorf("a CDN was told %+v", r.Init)
	}
	if r.Method != tg.UploadGetCDNFileRequestTypeID {
		return nil, tgerr.New(400, "CDN_METHOD_INVALID")
	}
	return &tg.UploadCDNFile{Bytes: []byte("part")}, nil
}

func (s *stall) Closed(mtserver.KeyID, *mtserver.Session) {}

var serverRSA = [2]func() *rsa.PrivateKey{sync.OnceValue(newRSA), sync.OnceValue(newRSA)}

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func publicKey() string {
	der := x509.MarshalPKCS1PublicKey(&serverRSA[1]().PublicKey)
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))
}

// A mission is an account with one sender at the embassies.
type mission struct {
	*authorization.Pool
	*embassies
	stall *stall
	store *redisstore.Store
	clock *restingClock
	id    entry.ID
	key   mtserver.KeyID // of the sender at home
}

// restingClock lets no test wait for a rest; it says how long the rests would have been.
type restingClock struct {
	clock.Clock
	mu    sync.Mutex
	rests []time.Duration
}

func (c *restingClock) Timer(d time.Duration) clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rests = append(c.rests, d)
	return c.Clock.Timer(0)
}

func newMission(t *testing.T) *mission {
	t.Helper()
	m := &mission{embassies: &embassies{loggedIn: map[mtserver.KeyID]bool{}}, stall: &stall{t: t}, clock: &restingClock{Clock: clock.System}}
	m.Server = mtserver.New(mtserver.Options{RSA: serverRSA[0]()}, m.embassies)
	m.cdn = mtserver.New(mtserver.Options{RSA: serverRSA[1](), DCs: cdn}, m.stall)
	dialer := &telegram.Dialer{Version: "1"}
	for _, s := range []*mtserver.Server{m.Server, m.cdn} {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
	}
	dialer.Servers = telegram.Servers{Default: home, Keys: []exchange.PublicKey{m.PublicKey()},
		DCs: map[int][]string{home: {m.Addr(home).String()}, away: {m.Addr(away).String()}}}
	ring, err := seal.ParseKeyring(seal.NewKey(), seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	client, err := redisstore.ParseURL(redistest.Start(t).URL(), 2)
	if err != nil {
		t.Fatal(err)
	}
	m.store = redisstore.New(client, ring, redisstore.Options{})
	t.Cleanup(func() { _ = m.store.Close() })
	m.id = entry.NewID(ring, 1)
	n := login.NewEntry{Entry: entry.Entry{ID: m.id, Account: entry.Account{ID: 1}, App: entry.App{ID: 7, Hash: seal.NewText("hash")}}, State: []byte("s")}
	for _, name := range authorization.Names(1) {
		key, salt, err := m.NewKey(home)
		if err != nil {
			t.Fatal(err)
		}
		m.key, m.loggedIn[key.ID] = key.ID, true
		n.Authorizations = append(n.Authorizations, login.Made{Name: name, LoggedIn: true,
			Session: authorization.Session{DC: home, Keys: map[int]authorization.Key{home: {Auth: key.Value, Salt: salt}}}})
	}
	if _, _, err := m.store.CreateEntry(within(t), n); err != nil {
		t.Fatal(err)
	}
	m.Pool = authorization.NewPool(m.store, dialer, m.clock, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return m
}

func (m *mission) do(t *testing.T, use func(ctx context.Context, c *authorization.Call) error) error {
	t.Helper()
	return m.Do(within(t), authorization.Request{Entry: m.id, For: 50 * time.Second, Wait: 20 * time.Second}, use)
}

func nearest(ctx context.Context, api *tg.Client) error {
	_, err := api.HelpGetNearestDC(ctx)
	return err
}

func getFile(ctx context.Context, api *tg.Client) error {
	part, err := api.UploadGetCDNFile(ctx, &tg.UploadGetCDNFileRequest{FileToken: []byte("token"), Limit: 4096})
	if err != nil {
		return err
	}
	if f, ok := part.(*tg.UploadCDNFile); !ok || string(f.Bytes) != "part" {
		return fmt.Errorf("got %v", part)
	}
	return nil
}

// goAway is a call that asks something elsewhere.
func (m *mission) goAway(t *testing.T) error {
	t.Helper()
	return m.do(t, func(ctx context.Context, c *authorization.Call) error { return c.Elsewhere(ctx, away, nearest) })
}

// keys returns the keys that the store has of data centres.
func (m *mission) keys(t *testing.T, dcs ...int) map[int]authorization.Key {
	t.Helper()
	g, err := m.store.Acquire(within(t), authorization.Request{Entry: m.id, For: time.Second, Wait: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.store.Finish(within(t), g, authorization.Result{Untouched: true}); err != nil {
		t.Fatal(err)
	}
	var have []int
	for dc := range g.Session.Keys {
		have = append(have, dc)
	}
	slices.Sort(have)
	if diff := cmp.Diff(dcs, have); diff != "" || g.Session.DC != home {
		t.Fatalf("keys of data centres (home %d):\n%s", g.Session.DC, diff)
	}
	return g.Session.Keys
}

func (m *mission) expect(t *testing.T, what string, asked ...string) {
	t.Helper()
	if diff := cmp.Diff(asked, m.took()); diff != "" {
		t.Errorf("%s asked:\n%s", what, diff)
	}
}

// lawful checks that no key was used over two connections at once.
func (m *mission) lawful(t *testing.T, s *mtserver.Server, keys map[int]authorization.Key, dc int, connections int) {
	t.Helper()
	got := s.Stats(keyID(keys[dc]))
	if got.MostAlive != 1 || got.Connections != connections {
		t.Errorf("data centre %d: %+v, want %d connections one after the other", dc, got, connections)
	}
}

func keyID(k authorization.Key) mtserver.KeyID { return crypto.Key(k.Auth).ID() }
