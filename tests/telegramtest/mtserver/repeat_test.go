package mtserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/proto"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/transport"

	"telegram-client/tests/telegramtest/mtserver"
)

// twice sends every frame two times.
type twice struct{ transport.Conn }

func (c twice) Send(ctx context.Context, b *bin.Buffer) error {
	again := &bin.Buffer{Buf: b.Copy()}
	if err := c.Conn.Send(ctx, b); err != nil {
		return err
	}
	return c.Conn.Send(ctx, again)
}

func TestRepeat_MessageIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	c := newClient(t, s, 1)
	c.protect = func(tc transport.Conn) transport.Conn { return twice{tc} }
	if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		return nearest(ctx, api)
	}); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(c.key.ID); h.count() != 2 || got.Requests != 2 {
		t.Errorf("%d carried out, %d counted, want 2", h.count(), got.Requests)
	}
}

func TestRepeat_LostAnswerIsSentAgain(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	s.Faults().DropAnswers(2)
	c := newClient(t, s, 1)
	c.options = func(o *mtproto.Options) { o.RetryInterval = 20 * time.Millisecond }
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	if h.count() != 1 {
		t.Errorf("carried out %d times, want once", h.count())
	}
}

func TestRepeat_LostRequestIsCarriedOutWhenItComesAgain(t *testing.T) {
	t.Parallel()
	h := &handler{}
	s := started(t, h)
	s.Faults().DropFrames(1)
	c := newClient(t, s, 1)
	c.options = func(o *mtproto.Options) { o.RetryInterval = 20 * time.Millisecond }
	if err := c.run(t.Context(), nearest); err != nil {
		t.Fatal(err)
	}
	if h.count() != 1 {
		t.Errorf("carried out %d times, want once", h.count())
	}
}

func TestRepeat_AnswerThatIsNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	h := &handler{answer: func(ctx context.Context, r *mtserver.Request) (bin.Encoder, error) {
		if r.Method == tg.HelpGetConfigRequestTypeID {
			close(began)
			<-release
		}
		return &tg.NearestDC{Country: "PL"}, nil
	}}
	s := started(t, h)
	c := newClient(t, s, 1)
	c.options = func(o *mtproto.Options) { o.RetryInterval = 20 * time.Millisecond }
	err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		short, cancel := context.WithCancel(ctx)
		go func() { <-began; cancel() }()
		_, err := api.HelpGetConfig(short) // returns when the server has dropped it
		if !errors.Is(err, context.Canceled) {
			t.Errorf("dropped call: %v", err)
		}
		close(release)
		return nearest(ctx, api)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSkew_MessageIDsTooFarOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		off  time.Duration
		want string
	}{
		{20 * time.Second, ""},
		{-280 * time.Second, ""},
		{40 * time.Second, "msg_id too high"},
		{-310 * time.Second, "msg_id too low"},
	} {
		t.Run(test.off.String(), func(t *testing.T) {
			t.Parallel()
			s := started(t, &handler{})
			c := newClient(t, s, 1)
			c.options = func(o *mtproto.Options) {
				o.MessageID = proto.NewMessageIDGen(func() time.Time { return time.Now().Add(test.off) })
			}
			err := c.run(t.Context(), nearest)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !contains(err, test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestSkew_OfTheServer(t *testing.T) {
	t.Parallel()
	h := &handler{closed: make(chan *mtserver.Session, 1)}
	s := started(t, h)
	c := newClient(t, s, 1)
	for _, skew := range []time.Duration{20 * time.Second, -20 * time.Second, 0} {
		s.Faults().Skew(skew)
		if err := c.run(t.Context(), nearest); err != nil {
			t.Errorf("%v: %v", skew, err)
		}
		<-h.closed // the server has seen the end, too: the next connection is not a second one
	}
}
