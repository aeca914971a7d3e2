package telegramtest

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

// Options of a server. The zero value is a server for tests.
type Options struct {
	// Seed is what chance is drawn from; the same seed and the same order of requests give the same answers. 0 is 1.
	Seed uint64
	// DCs is how many data centres there are; 0 is two.
	DCs int
	// Listen are the addresses to listen on by data centre; where there is none, a free port of 127.0.0.1.
	Listen []string
	// Clock is the server's clock; nil is the system's.
	Clock clock.Clock
	// Logger gets what happens on the wire; nil drops it.
	Logger *slog.Logger
	// RSA is the key that clients know the server by; nil makes one.
	RSA *rsa.PrivateKey
	// Apps are the api ids that are accepted, with their hashes; nil accepts all.
	Apps map[int]string
	// Behaviour is what the server starts with.
	Behaviour Behaviour
	// HashOnly makes the server forget the bytes of what comes by upload.saveBigFilePart, and keep its size and hash: for
	// uploads that would not fit in memory. What was sent so cannot be downloaded.
	HashOnly bool
	// CDN is the key of a CDN's data centre, which those are sent to who download what File.CDN says; nil makes none.
	// https://core.telegram.org/cdn
	CDN *rsa.PrivateKey
}

// An Option changes the options of [New].
type Option func(*Options)

// A Server is Telegram.
type Server struct {
	opt     Options
	wire    *mtserver.Server
	faults  Faults
	methods map[uint32]method
	names   map[uint32]string // of the whole schema
	t       testing.TB        // nil outside of tests

	mu             sync.Mutex
	random         *rand.Rand
	behaviour      Behaviour
	secret         uint64 // access hashes are made from it
	accounts       map[int64]*account
	accountOrder   []*account
	usernames      map[string]*account // by lower case name
	phones         map[string]*account // by the digits of the number
	tokens         map[string]*account
	entrance       entrance
	groups         map[int64]*group
	groupOrder     []*group
	channels       map[int64]*channel
	channelOrder   []*channel
	queries        map[int64]*question
	uploads        map[uploadKey]*upload
	uploaded       int // uploads that were begun
	onPart         func(file int64, number, total, size int)
	files          map[int64]*file
	references     uint32              // the generation of file references that holds
	cdnFiles       map[string]*cdnFile // by file token
	messages       int64               // numbers given to messages
	authorizations map[int64]*authorization
	order          []*authorization
	keys           map[mtserver.KeyID]*authorization
	exported       map[int64]exported
	ended          map[mtserver.KeyID]string // why a key is not logged in any more
	history        []Event
	changed        chan struct{} // closed and replaced at each event
	unknown        []string
}

// New starts a server that stops with the test. It fails the test for each method that the server does not know.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	var o Options
	for _, change := range options {
		change(&o)
	}
	s := newServer(o)
	s.t = t
	// The test's context ends before its cleanups run, so that connections would end before the test has closed them.
	if err := s.wire.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("start the Telegram server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server outside of tests. It runs until ctx ends or it is closed.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := newServer(o)
	if err := s.wire.Start(ctx); err != nil {
		return nil, fmt.Errorf("start the Telegram server: %w", err)
	}
	return s, nil
}

func newServer(o Options) *Server {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.DCs == 0 {
		o.DCs = 2
	}
	if o.Clock == nil {
		o.Clock = clock.System
	}
	o.Behaviour.setDefaults()
	random := rand.New(rand.NewPCG(o.Seed, 0))
	s := &Server{
		opt:            o,
		random:         random,
		behaviour:      o.Behaviour,
		secret:         random.Uint64(),
		accounts:       map[int64]*account{},
		usernames:      map[string]*account{},
		phones:         map[string]*account{},
		tokens:         map[string]*account{},
		entrance:       newEntrance(),
		groups:         map[int64]*group{},
		channels:       map[int64]*channel{},
		queries:        map[int64]*question{},
		uploads:        map[uploadKey]*upload{},
		files:          map[int64]*file{},
		references:     1,
		cdnFiles:       map[string]*cdnFile{},
		authorizations: map[int64]*authorization{},
		keys:           map[mtserver.KeyID]*authorization{},
		exported:       map[int64]exported{},
		ended:          map[mtserver.KeyID]string{},
		changed:        make(chan struct{}),
	}
	s.addService()
	s.methods, s.names = s.table(), tg.TypesMap()
	s.wire = mtserver.New(mtserver.Options{
		DCs: o.DCs, Clock: o.Clock, RSA: o.RSA, Logger: o.Logger, Listen: o.Listen, CDN: o.CDN,
	}, handler{s})
	return s
}

// Close ends all connections and waits until everything has stopped.
func (s *Server) Close() {
	s.faults.release()
	s.wire.Close()
}

// Wire returns what is below: connections, keys, and the faults of the network.
func (s *Server) Wire() *mtserver.Server { return s.wire }

// Faults returns the faults above the wire.
func (s *Server) Faults() *Faults { return &s.faults }

// Addr returns where a data centre listens.
func (s *Server) Addr(dc int) netip.AddrPort { return s.wire.Addr(dc) }

// ServersJSON returns the file that TELEGRAM_SERVERS names for programs that are to use this server.
func (s *Server) ServersJSON() []byte {
	type dc struct {
		ID      int    `json:"id"`
		Address string `json:"address"`
	}
	file := struct {
		DCs        []dc     `json:"dcs"`
		PublicKeys []string `json:"public_keys"`
	}{PublicKeys: []string{s.wire.PublicKeyPEM()}}
	for id := 1; id <= s.opt.DCs; id++ {
		file.DCs = append(file.DCs, dc{ID: id, Address: s.wire.Addr(id).String()})
	}
	b, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		// Strings and numbers always have a JSON form.
		return nil
	}
	return append(b, '\n')
}

// Unknown returns what clients asked for that the server does not know, by its TL name.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.unknown...)
}

// now is the server's time as Telegram writes it.
func (s *Server) now() int { return int(s.opt.Clock.Now().Unix()) }

// date is a time as tests get it.
func date(unix int) time.Time { return time.Unix(int64(unix), 0).UTC() }

// Errors of what tests and people do. What clients do wrong is answered with Telegram's own errors.
var (
	errNoAccount = errors.New("there is no such account")
	errNoPeer    = errors.New("there is no such user or group")
	errNoMessage = errors.New("there is no such message")
)
