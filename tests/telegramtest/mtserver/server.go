package mtserver

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/proto"
	"github.com/gotd/td/tg"
)

// A KeyID names an auth key. Keys are per data centre.
type KeyID = [8]byte

// A Handler answers requests.
type Handler interface {
	// Handle answers one request. Requests of one connection are handled one after another, those of different
	// connections at the same time. A *tgerr.Error becomes an rpc_error, nil and nil leave the request without an answer
	// for ever, any other error becomes a 500 with its text. A request that arrived is carried out even if its
	// connection has ended since, as Telegram does; ctx ends with the server.
	Handle(ctx context.Context, r *Request) (bin.Encoder, error)
	// Closed says that the connection of a session ended. It is called once per session, after the last Handle for it.
	Closed(k KeyID, s *Session)
}

// A KillHandler is a [Handler] that wants to know when a key dies of AUTH_KEY_DUPLICATED.
type KillHandler interface {
	Handler
	// Killed is called once, before the answer that says so is sent.
	Killed(k KeyID)
}

// A Request is a call without its wrappings.
type Request struct {
	Session *Session
	Key     KeyID
	DC      int
	MsgID   int64
	// Method is the TL id of the innermost call, and Body that call with the id still in it.
	Method uint32
	Body   *bin.Buffer
	// WithoutUpdates says that this call was wrapped in invokeWithoutUpdates.
	WithoutUpdates bool
	// Layer and Init are those of this call or of an earlier one of the session; 0 and nil if there never were any.
	// The Query of Init is not kept.
	Layer int
	Init  *tg.InitConnectionRequest
}

// Options of a server.
type Options struct {
	// DCs is how many data centres there are; 0 is two. Their ids are 1 to DCs.
	DCs int
	// Clock is the server's clock; nil is the system's.
	Clock clock.Clock
	// RSA is the key that clients know the server by; nil makes one.
	RSA *rsa.PrivateKey
	// Logger gets what happens on the wire; nil drops it.
	Logger *slog.Logger
	// Listen are the addresses to listen on, by data centre in order and the CDN behind them; where there is none, 127.0.0.1:0.
	Listen []string
	// CDN makes a further data centre, with the id CDNID, that clients know by this key; nil makes none.
	// https://core.telegram.org/cdn
	CDN *rsa.PrivateKey
}

// CDNID is the data centre of Options.CDN, numbered as Telegram's are.
const CDNID = 203

// A Server speaks MTProto for several data centres.
type Server struct {
	opt     Options
	handler Handler
	faults  Faults
	rsaErr  error
	cipher  crypto.Cipher
	ids     atomic.Pointer[proto.MessageIDGen]
	wg      sync.WaitGroup // accept loops and the goroutines of connections

	mu        sync.Mutex
	cancel    context.CancelFunc
	closed    bool
	listeners []net.Listener // by data centre - 1, and the CDN's behind them
	keys      map[KeyID]*authKey
	conns     map[*conn]struct{}
	accepted  int64
}

// New returns a server that is not started yet.
func New(o Options, h Handler) *Server {
	if o.DCs == 0 {
		o.DCs = 2
	}
	if o.Clock == nil {
		o.Clock = clock.System
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opt:     o,
		handler: h,
		cipher:  crypto.NewServerCipher(rand.Reader),
		keys:    map[KeyID]*authKey{},
		conns:   map[*conn]struct{}{},
	}
	s.faults.server = s
	s.newMessageIDs()
	if s.opt.RSA == nil {
		s.opt.RSA, s.rsaErr = rsa.GenerateKey(rand.Reader, 2048)
	}
	return s
}

// Start listens on all data centres. The server runs until ctx ends or it is closed.
func (s *Server) Start(ctx context.Context) error {
	if s.rsaErr != nil {
		return fmt.Errorf("make an RSA key: %w", s.rsaErr)
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
	var all []int
	for dc := 1; dc <= s.opt.DCs; dc++ {
		all = append(all, dc)
	}
	if s.opt.CDN != nil {
		all = append(all, CDNID)
	}
	for i, dc := range all {
		address := "127.0.0.1:0"
		if len(s.opt.Listen) > i && s.opt.Listen[i] != "" {
			address = s.opt.Listen[i]
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			s.closed = true
			cancel()
			for _, l := range s.listeners {
				l.Close()
			}
			return fmt.Errorf("listen for data centre %d: %w", dc, err)
		}
		s.listeners = append(s.listeners, l)
		s.wg.Go(func() { s.accept(ctx, dc, l) })
	}
	context.AfterFunc(ctx, s.stop)
	return nil
}

func (s *Server) accept(ctx context.Context, dc int, l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				s.opt.Logger.Error("accept", "dc", dc, "error", err)
			}
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			nc.Close()
			return
		}
		s.accepted++
		c := newConn(s, dc, s.accepted, nc)
		s.conns[c] = struct{}{}
		s.wg.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.wg.Done()
			c.run(ctx)
		}()
	}
}

// Close ends all connections and waits until everything has stopped.
func (s *Server) Close() {
	s.stop()
	s.wg.Wait()
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if s.cancel != nil {
		s.cancel()
	}
	for _, l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.endLocked("server")
		c.nc.Close()
	}
}

func (s *Server) endLingering() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.lingers != "" {
			c.endLocked(c.lingers)
			c.frames.push(frame{end: c.lingers})
		}
	}
}

// Addr returns where a data centre listens; the zero address if there is no such data centre or it was not started.
func (s *Server) Addr(dc int) netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dc == CDNID && s.opt.CDN != nil {
		dc = s.opt.DCs + 1
	}
	if dc < 1 || dc > len(s.listeners) {
		return netip.AddrPort{}
	}
	return addrPort(s.listeners[dc-1].Addr())
}

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		p := tcp.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// PublicKey returns the key that clients know the server by.
func (s *Server) PublicKey() exchange.PublicKey {
	return exchange.PrivateKey{RSA: s.opt.RSA}.Public()
}

// PublicKeyPEM returns the same as PEM ("RSA PUBLIC KEY").
func (s *Server) PublicKeyPEM() string { return publicPEM(s.opt.RSA) }

// CDNKeyPEM returns the key of the CDN, "" if there is none.
func (s *Server) CDNKeyPEM() string {
	if s.opt.CDN == nil {
		return ""
	}
	return publicPEM(s.opt.CDN)
}

func publicPEM(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{
		Type:  "RSA PUBLIC KEY",
		Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey),
	}))
}

// rsaOf is the key of a data centre.
func (s *Server) rsaOf(dc int) *rsa.PrivateKey {
	if dc == CDNID {
		return s.opt.CDN
	}
	return s.opt.RSA
}

// Faults returns the faults of the wire.
func (s *Server) Faults() *Faults { return &s.faults }

// now is the server's time: what a client is compared with.
func (s *Server) now() time.Time { return s.opt.Clock.Now().Add(s.faults.clockSkew()) }

// newMessageIDs starts the message ids anew: a generator never goes back in time, a skewed clock does.
func (s *Server) newMessageIDs() { s.ids.Store(proto.NewMessageIDGen(s.now)) }

// skewed is the server's time as a clock for the key exchange.
type skewed struct {
	clock.Clock
	server *Server
}

func (k skewed) Now() time.Time { return k.server.now() }
