package telegram

import (
	"context"
	"errors"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/proto/codec"
	"github.com/gotd/td/transport"
)

// A transportError is a code that Telegram sends instead of a message. It is no codec.ProtocolErr on purpose: at one
// with code 404 gotd makes a new key in place and goes on, and the login would be gone without anybody knowing.
type transportError struct{ code int32 }

func (e *transportError) Error() string {
	return fmt.Sprintf("transport error -%d: %v", e.code, codec.ProtocolErr{Code: e.code})
}

// channel is the transport of a connection.
type channel struct {
	transport.Conn
	watch *watch
	fail  func(error)
}

// Recv receives a frame; a transport error ends the connection.
func (c *channel) Recv(ctx context.Context, b *bin.Buffer) error {
	err := c.Conn.Recv(ctx, b)
	var p *codec.ProtocolErr
	if errors.As(err, &p) {
		e := &transportError{p.Code}
		c.fail(e)
		return e
	}
	return err
}

// Send sends a frame, and behind the first one the ping that lets Telegram end the connection should this process
// freeze. It costs no round trip.
func (c *channel) Send(ctx context.Context, b *bin.Buffer) error {
	if err := c.Conn.Send(ctx, b); err != nil {
		return err
	}
	if c.watch == nil {
		return nil
	}
	if ping := c.watch.takePing(); ping != nil {
		return c.Conn.Send(ctx, ping)
	}
	return nil
}
