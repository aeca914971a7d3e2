package mtserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

func contains(err error, s string) bool { return strings.Contains(err.Error(), s) }

// onMessage is a handler that takes updates.
type onMessage chan tg.UpdatesClass

func (c onMessage) OnSession(mtproto.Session) error { return nil }
func (c onMessage) OnMessage(b *bin.Buffer) error {
	u, err := tg.DecodeUpdates(b)
	if err != nil {
		return err
	}
	c <- u
	return nil
}

func TestPush_ReachesTheSession(t *testing.T) {
	t.Parallel()
	s := started(t, &handler{})
	c := newClient(t, s, 1)
	got := make(onMessage, 4)
	c.handler = got
	if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		if err := nearest(ctx, api); err != nil {
			return err
		}
		sessions := s.Sessions(c.key.ID)
		if len(sessions) != 1 {
			t.Fatalf("%d sessions", len(sessions))
		}
		s.Faults().LosePushes(1)
		for seq := 1; seq <= 2; seq++ {
			if err := sessions[0].Push(ctx, &tg.Updates{Seq: seq}); err != nil {
				return err
			}
		}
		if u, ok := (<-got).(*tg.Updates); !ok || u.Seq != 2 {
			t.Errorf("got %v, want the second one: the first is lost", u)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestPush_OnlyToThoseWhoWantIt(t *testing.T) {
	t.Parallel()
	h := &handler{closed: make(chan *mtserver.Session, 2)}
	s := started(t, h)
	c := newClient(t, s, 1)
	if err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
		var dc tg.NearestDC
		quiet := &tg.InvokeWithoutUpdatesRequest{Query: &tg.HelpGetNearestDCRequest{}}
		for _, call := range []bin.Object{
			quiet, // whether it stands inside or outside does not matter
			&tg.InvokeWithLayerRequest{Layer: tg.Layer, Query: &tg.InitConnectionRequest{DeviceModel: "m", Query: quiet}},
			&tg.InvokeWithoutUpdatesRequest{Query: &tg.InvokeWithLayerRequest{Layer: tg.Layer, Query: &tg.HelpGetNearestDCRequest{}}},
		} {
			if err := api.Invoker().Invoke(ctx, call, &dc); err != nil {
				return err
			}
			if s.Sessions(c.key.ID)[0].WantsUpdates() {
				t.Errorf("%T subscribed to updates", call)
			}
		}
		if err := nearest(ctx, api); err != nil {
			return err
		}
		if !s.Sessions(c.key.ID)[0].WantsUpdates() {
			t.Error("a call without the wrapping did not subscribe to updates")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	x := <-h.closed
	if err := x.Push(t.Context(), &tg.Updates{}); !errors.Is(err, mtserver.ErrClosed) {
		t.Errorf("push to an ended session: %v", err)
	}
}

func TestClose_AbruptAndInOrder(t *testing.T) {
	t.Parallel()
	for _, abrupt := range []bool{false, true} {
		h := &handler{closed: make(chan *mtserver.Session, 1)}
		s := started(t, h)
		c := newClient(t, s, 1)
		err := c.run(t.Context(), func(ctx context.Context, api *tg.Client) error {
			if err := nearest(ctx, api); err != nil {
				return err
			}
			for _, x := range s.Sessions(c.key.ID) {
				x.Close(abrupt)
			}
			<-h.closed
			<-ctx.Done()
			return nil
		})
		want := "EOF"
		if abrupt {
			want = "reset"
		}
		if err != nil && !contains(err, want) {
			t.Errorf("abrupt %v: %v, want %s", abrupt, err, want)
		}
		if got := s.Connections(c.key.ID)[0]; got.Alive || got.EndedBy != "server" {
			t.Errorf("%+v", got)
		}
	}
}
