package mtserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/exchange"
)

// exchangeKey makes an auth key with the client, beginning with a frame that has arrived.
func (c *conn) exchangeKey(ctx context.Context, first frame) error {
	c.first = &first
	r, err := exchange.NewExchanger(steps{c}, c.dc).
		WithClock(skewed{c.server.opt.Clock, c.server}).
		Server(exchange.PrivateKey{RSA: c.server.rsaOf(c.dc)}).Run(ctx)
	var refused *exchange.ServerExchangeError
	if errors.As(err, &refused) {
		c.sendTransportError(refused.Code)
	}
	if err != nil {
		return fmt.Errorf("exchange a key: %w", err)
	}
	c.server.addKey(c.dc, r.Key, r.ServerSalt)
	return nil
}

// steps is the connection as the key exchange uses it.
type steps struct{ *conn }

func (s steps) Recv(ctx context.Context, b *bin.Buffer) error {
	f, err := s.next(ctx)
	if err != nil {
		return err
	}
	if f.end != "" {
		s.first = &f // arrive deals with it
		return errEnded
	}
	s.noteRequest(nil, f.place)
	b.ResetTo(f.data)
	return nil
}

func (s steps) Send(_ context.Context, b *bin.Buffer) error {
	s.conn.send(b.Copy(), true)
	return nil
}

func (s steps) Close() error { return nil }

var errEnded = errors.New("the client ended the connection")

// sendTransportError sends a code such as 404 outside any message.
func (c *conn) sendTransportError(code int32) {
	var b bin.Buffer
	b.PutInt32(-code)
	c.send(b.Buf, true)
}
