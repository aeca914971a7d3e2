package mtserver_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"github.com/gotd/td/transport"

	"telegram-client/tests/telegramtest/mtserver"
)

func TestServer_AnswersABareConnectionInTwoRoundTrips(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	s.Faults().Delay(5e6, 5e6)
	c := newClient(t, s, 1)
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	got := s.Stats(c.key.ID)
	if got.BytesIn == 0 || got.BytesOut == 0 {
		t.Error("no bytes counted")
	}
	got.BytesIn, got.BytesOut, got.Alive = 0, 0, 0
	want := mtserver.Stats{MostAlive: 1, Connections: 1, Requests: 1, RoundTrips: 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestServer_CountsATurnForEachWait(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	s.Faults().Delay(5e6, 5e6)
	c := newClient(t, s, 1)
	err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		done := make(chan error)
		for range 3 { // together: one turn
			go func() { done <- nearest(ctx, api) }()
		}
		for range 3 {
			if err := <-done; err != nil {
				return err
			}
		}
		return nearest(ctx, api)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(c.key.ID); got.RoundTrips != 3 || got.Requests != 4 {
		t.Errorf("%+v", got)
	}
}

func TestServer_StaleSaltCostsOneMoreRoundTrip(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	c := newClient(t, s, 1)
	s.RotateSalts()
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(c.key.ID); got.RoundTrips != 3 || got.Requests != 1 || h.count() != 1 {
		t.Errorf("%+v, %d handled", got, h.count())
	}
}

func TestServer_MakesKeysPerDataCentre(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	keys := map[mtserver.KeyID]bool{}
	for dc := 1; dc <= 2; dc++ {
		made := make(chan mtproto.Session, 1)
		c := &client{server: s, dc: dc, handler: onSession(func(x mtproto.Session) { made <- x })}
		if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
			got, err := api.HelpGetNearestDC(ctx)
			if err == nil && got.ThisDC != dc {
				t.Errorf("data centre %d says it is %d", dc, got.ThisDC)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		x := <-made
		keys[x.Key.ID] = true
		if got := s.Stats(x.Key.ID); got.RoundTrips != 5 {
			t.Errorf("a new key and a call took %d round trips, want 5", got.RoundTrips)
		}
		other := &client{server: s, dc: 3 - dc, key: x.Key, salt: x.Salt, protect: refuseProtocolErrors}
		if err := other.run(t.Context(), nearest); err == nil {
			t.Errorf("the key of data centre %d works in the other", dc)
		}
	}
	if len(keys) != 2 {
		t.Errorf("%d keys, want 2", len(keys))
	}
}

func TestServer_DestroyedKeyIsNotFound(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	c := newClient(t, s, 1)
	c.protect = refuseProtocolErrors
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	s.Destroy(c.key.ID)
	seen := &seenError{}
	c.protect = func(tc transport.Conn) transport.Conn { seen.Conn = tc; return seen }
	if err := c.run(t.Context(), nearest); err == nil {
		t.Fatal("the call succeeded")
	}
	if got := seen.code(); got != 404 {
		t.Errorf("transport error %d, want 404", got)
	}
}

func TestServer_UnderstandsEveryTransport(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	for name, p := range map[string]transport.Protocol{
		"abridged": transport.Abridged, "intermediate": transport.Intermediate,
		"padded": transport.PaddedIntermediate, "full": transport.Full,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, s, 2)
			conn := mtproto.New(func(ctx context.Context) (transport.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr(2).String())
				if err != nil {
					return nil, err
				}
				return p.Handshake(nc)
			}, mtproto.Options{Key: c.key, Salt: c.salt})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var result error
			conn.Run(ctx, func(ctx context.Context) error {
				defer cancel()
				result = nearest(ctx, tg.NewClient(conn))
				return result
			})
			if result != nil {
				t.Error(result)
			}
		})
	}
}

func TestServer_SurvivesBadPeers(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	c := newClient(t, s, 1)
	frame := append([]byte{0xef, 0x10}, append(append([]byte{}, c.key.ID[:]...), bytes.Repeat([]byte{7}, 56)...)...)
	for _, garbage := range [][]byte{
		nil, {0xef}, {0xef, 0x7f, 0xff}, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), {0xee, 0xee, 0xee, 0xee, 1, 0, 0, 0, 5},
		append([]byte{0xef, 0x05}, make([]byte, 20)...), // an empty key exchange
		frame, // a known key and rubbish
	} {
		nc, err := net.Dial("tcp", s.Addr(1).String())
		if err != nil {
			t.Fatal(err)
		}
		nc.Write(garbage)
		nc.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, nc)
		nc.Close()
	}
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
}

func TestServer_PacksLargeBodies(t *testing.T) {
	t.Parallel()
	text := string(bytes.Repeat([]byte("all work and no play "), 500))
	s := started(t, &handler{answer: func(_ context.Context, r *mtserver.Request) (bin.Encoder, error) {
		var q tg.HelpGetInviteTextRequest
		if r.Method != tg.HelpGetInviteTextRequestTypeID {
			var a tg.AccountUpdateProfileRequest // any call with a long text
			if err := a.Decode(r.Body); err != nil {
				return nil, err
			}
			if a.About != text {
				return nil, tgerr.New(400, "ABOUT_INVALID")
			}
			return &tg.User{ID: 1}, nil
		}
		if err := q.Decode(r.Body); err != nil {
			return nil, err
		}
		return &tg.HelpInviteText{Message: text}, nil
	}})
	c := newClient(t, s, 1)
	if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if _, err := api.AccountUpdateProfile(ctx, &tg.AccountUpdateProfileRequest{About: text}); err != nil {
			return err
		}
		got, err := api.HelpGetInviteText(ctx)
		if err == nil && got.Message != text {
			t.Error("the answer is another one")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(c.key.ID); got.BytesIn > 4000 || got.BytesOut > 4000 {
		t.Errorf("%d bytes in, %d out: not packed", got.BytesIn, got.BytesOut)
	}
}

func TestServer_ErrorsOfTheHandler(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{answer: func(_ context.Context, r *mtserver.Request) (bin.Encoder, error) {
		if r.Method == tg.HelpGetConfigRequestTypeID {
			return nil, tgerr.New(420, "FLOOD_WAIT_31")
		}
		return nil, io.ErrNoProgress
	}})
	c := newClient(t, s, 1)
	if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if _, err := api.HelpGetConfig(ctx); !tgerr.Is(err, "FLOOD_WAIT") {
			t.Errorf("%v, want a flood wait", err)
		}
		if err := nearest(ctx, api); !tgerr.IsCode(err, 500) {
			t.Errorf("%v, want a 500", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestServer_TelegramClient(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	a := s.Addr(2)
	list := dcs.List{Options: []tg.DCOption{{ID: 2, IPAddress: a.Addr().String(), Port: int(a.Port())}}}
	c := telegram.NewClient(1, "hash", telegram.Options{
		PublicKeys: []telegram.PublicKey{s.PublicKey()},
		DC:         2,
		DCList:     list,
		Device:     telegram.DeviceConfig{DeviceModel: "Home Assistant"},
	})
	if err := c.Run(t.Context(), func(ctx context.Context) error { return nearest(ctx, c.API()) }); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.requests[len(h.requests)-1]
	if last.Layer != tg.Layer || last.Init == nil || last.Init.DeviceModel != "Home Assistant" {
		t.Errorf("layer %d, init %+v: not those of the first call", last.Layer, last.Init)
	}
	if last.Method != tg.HelpGetNearestDCRequestTypeID || last.DC != 2 {
		t.Errorf("%#x in data centre %d", last.Method, last.DC)
	}
}

func TestServer_CloseEndsEverything(t *testing.T) {
	t.Parallel()
	h := &handler{closed: make(chan *mtserver.Session, 1)}
	s := started(t, h)
	c := newClient(t, s, 1)
	err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		s.Close()
		<-ctx.Done()
		return io.EOF
	})
	if err == nil {
		t.Error("the client did not notice")
	}
	if x := <-h.closed; x.Key != c.key.ID {
		t.Errorf("closed %x", x.Key)
	}
	if got := s.Stats(c.key.ID); got.Alive != 0 {
		t.Errorf("%+v", got)
	}
}

// onSession is a handler that tells of the session.
type onSession func(mtproto.Session)

func (f onSession) OnMessage(*bin.Buffer) error       { return nil }
func (f onSession) OnSession(s mtproto.Session) error { f(s); return nil }
