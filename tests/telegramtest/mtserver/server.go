package mtserver

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/tg"
)

// A KeyID names an auth key. Keys are per data centre.
type KeyID = [8]byte

// A Handler answers requests.
type Handler interface {
	// Handle answers one request. Requests of one connection are handled one after another, those of different
	// connections at the same time. A *tgerr.Error becomes an rpc_error, nil and nil leave the request without an answer
	// for ever, any other error becomes a 500 with its text. ctx ends with the connection.
	Handle(ctx context.Context, r *Request) (bin.Encoder, error)
	// Closed says that the connection of a session ended. It is called once per session, after the last Handle for it.
	Closed(k KeyID, s *Session)
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
	// Listen are the addresses to listen on, by data centre in order; where there is none, 127.0.0.1:0.
	Listen []string
}

// A Server speaks MTProto for several data centres.
type Server struct {
	opt     Options
	handler Handler
	faults  Faults
	rsaErr  error
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
	s := &Server{opt: o, handler: h}
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
	return errors.New("not yet")
}

// Close ends all connections and waits until everything has stopped.
func (s *Server) Close() {}

// Addr returns where a data centre listens; the zero address if there is no such data centre or it was not started.
func (s *Server) Addr(dc int) netip.AddrPort { return netip.AddrPort{} }

// PublicKey returns the key that clients know the server by.
func (s *Server) PublicKey() exchange.PublicKey {
	return exchange.PrivateKey{RSA: s.opt.RSA}.Public()
}

// PublicKeyPEM returns the same as PEM ("RSA PUBLIC KEY").
func (s *Server) PublicKeyPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{
		Type:  "RSA PUBLIC KEY",
		Bytes: x509.MarshalPKCS1PublicKey(&s.opt.RSA.PublicKey),
	}))
}

// Sessions returns the live sessions of a key.
func (s *Server) Sessions(k KeyID) []*Session { return nil }

// Destroy forgets a key: the next message with it gets transport error -404.
func (s *Server) Destroy(k KeyID) {}

// Kill makes a key answer 401 AUTH_KEY_UNREGISTERED to every request from now on, as after AUTH_KEY_DUPLICATED.
func (s *Server) Kill(k KeyID) {}

// RotateSalts makes every salt that a client knows stale.
func (s *Server) RotateSalts() {}

// Faults returns the faults of the wire.
func (s *Server) Faults() *Faults { return &s.faults }
