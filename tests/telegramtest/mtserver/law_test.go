package mtserver_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/neo"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"github.com/gotd/td/transport"

	"telegram-client/tests/telegramtest/mtserver"
)

// held runs a client that has made one call and keeps its connection until the returned function is called, which
// returns the result of one more call.
func held(t *testing.T, c *client) (again func() error) {
	t.Helper()
	ready, next := make(chan error), make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
			err := nearest(ctx, api)
			ready <- err
			if err != nil {
				return err
			}
			select {
			case <-next:
				return nearest(ctx, api)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	return sync.OnceValue(func() error { close(next); return <-result })
}

func TestLaw1_SecondConnectionKillsTheKey(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	c := newClient(t, s, 1)
	first := held(t, c)
	if err := c.run(t.Context(), nearest); !tgerr.Is(err, "AUTH_KEY_DUPLICATED") || !tgerr.IsCode(err, 406) {
		t.Errorf("second connection: %v", err)
	}
	if err := first(); !tgerr.Is(err, "AUTH_KEY_UNREGISTERED") {
		t.Errorf("first connection: %v", err)
	}
	if err := c.run(t.Context(), nearest); !tgerr.Is(err, "AUTH_KEY_UNREGISTERED") {
		t.Errorf("afterwards: %v", err)
	}
	if diff := cmp.Diff([]mtserver.KeyID{c.key.ID}, h.killed); diff != "" {
		t.Error(diff)
	}
	if got := s.Stats(c.key.ID).MostAlive; got != 2 {
		t.Errorf("%d connections alive at once, want 2", got)
	}
	if got := s.Sessions(c.key.ID); got != nil {
		t.Errorf("a dead key has sessions %v", got)
	}
}

func TestLaw1_OneAfterTheOther(t *testing.T) {
	t.Parallel()
	h := &handler{closed: make(chan *mtserver.Session, 1)}
	s := started(t, h)
	c := newClient(t, s, 1)
	for range 3 {
		if err := c.run(t.Context(), nearest); err != nil {
			t.Fatal(err)
		}
		<-h.closed
	}
	got := s.Stats(c.key.ID)
	if got.MostAlive != 1 || got.Connections != 3 || got.RoundTrips != 6 {
		t.Errorf("%+v", got)
	}
	for _, x := range s.Connections(c.key.ID) {
		// A client that ends its connection with something unread resets it.
		if x.Alive || x.EndedBy != "fin" && x.EndedBy != "reset" {
			t.Errorf("%+v", x)
		}
	}
}

func TestLaw1_OtherKeysDoNotMatter(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	first := held(t, newClient(t, s, 1))
	second := held(t, newClient(t, s, 1))
	for _, again := range []func() error{first, second} {
		if err := again(); err != nil {
			t.Error(err)
		}
	}
}

func TestLaw1_LingeringConnectionIsAlive(t *testing.T) {
	t.Parallel()
	h := &handler{closed: make(chan *mtserver.Session, 2)}
	s := started(t, h)
	s.Faults().Linger(true)
	c := newClient(t, s, 1)
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	if err := c.run(t.Context(), nearest); !tgerr.Is(err, "AUTH_KEY_DUPLICATED") {
		t.Errorf("%v, though the first connection has not ended", err)
	}
	s.Faults().Linger(false)
	<-h.closed
	<-h.closed
	if got := s.Stats(c.key.ID).Alive; got != 0 {
		t.Errorf("%d alive after the fault", got)
	}
}

// freezer is a client whose process is stopped: it sends nothing, and its socket stays open.
type freezer struct {
	transport.Conn
	mu     sync.Mutex
	frozen bool
}

func (f *freezer) Send(ctx context.Context, b *bin.Buffer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.frozen {
		return nil
	}
	return f.Conn.Send(ctx, b)
}

func (f *freezer) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frozen = true
}

func TestLaw1_FrozenPeerIsAliveUntilItsPingIsOverdue(t *testing.T) {
	t.Parallel()
	now := neo.NewTime(time.Now())
	h := &handler{closed: make(chan *mtserver.Session, 2)}
	s := started(t, h, func(o *mtserver.Options) { o.Clock = now })
	c := newClient(t, s, 1)
	pinged := make(chan struct{})
	f := &freezer{}
	c.protect = func(tc transport.Conn) transport.Conn { f.Conn = tc; return &pongs{Conn: f, pinged: pinged} }
	c.options = func(o *mtproto.Options) {
		o.PingInterval = 10 * time.Millisecond // then 40 s without a ping end the connection
		o.PingTimeout = 40 * time.Second
	}
	result := make(chan error, 1)
	go func() {
		result <- c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-pinged
	f.freeze()
	now.Travel(30 * time.Second)
	if got := s.Stats(c.key.ID).Alive; got != 1 {
		t.Fatalf("%d alive while frozen, want 1", got)
	}
	now.Travel(11 * time.Second)
	<-h.closed
	if err := <-result; err == nil {
		t.Error("the client did not notice the end")
	}
	second := &client{server: s, dc: 1, key: c.key, salt: c.salt}
	second.options = func(o *mtproto.Options) { o.Clock = now }
	if err := second.run(t.Context(), nearest); err != nil {
		t.Errorf("after the end: %v", err)
	}
	got := s.Connections(c.key.ID)
	if got[0].EndedBy != "delay" || got[0].BytesAfterEnd != 0 {
		t.Errorf("%+v", got[0])
	}
}

// pongs tells of the second frame received: the first is the session, the second a pong or salts.
type pongs struct {
	transport.Conn
	pinged chan struct{}
	n      int
}

func (p *pongs) Recv(ctx context.Context, b *bin.Buffer) error {
	err := p.Conn.Recv(ctx, b)
	if err == nil {
		if p.n++; p.n == 3 {
			close(p.pinged)
		}
	}
	return err
}

func TestStats_CountsWhatComesAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	c := newClient(t, s, 1)
	var socket transport.Conn
	c.protect = func(tc transport.Conn) transport.Conn { socket = tc; return tc }
	late := []byte("a client that goes on writing...")
	err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		for _, x := range s.Sessions(c.key.ID) {
			x.Close(false)
		}
		return socket.Send(ctx, &bin.Buffer{Buf: late})
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return s.Connections(c.key.ID)[0].BytesAfterEnd >= int64(len(late)) })
	if x := s.Connections(c.key.ID)[0]; x.EndedBy != "server" || x.Requests != 1 {
		t.Errorf("%+v", x)
	}
}

// eventually waits until ok returns true.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not happen")
		}
	}
}
