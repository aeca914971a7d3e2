package mtserver

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"

	"github.com/gotd/td/tg"
)

// ErrClosed is returned for what is sent to a connection that has ended.
var ErrClosed = errors.New("the connection has ended")

// A Session is a session id on one connection. The same session id on a further connection is another Session.
type Session struct {
	ID     int64
	Key    KeyID
	DC     int
	Remote netip.AddrPort
	// Connection numbers the connections of the server; it is the one of ConnStats.
	Connection int64

	wants atomic.Bool
}

// WantsUpdates reports whether the session subscribed to updates: it did with its first request that was not wrapped
// in invokeWithoutUpdates.
func (s *Session) WantsUpdates() bool { return s.wants.Load() }

// Push sends updates to the session, whether it wants them or not. nil means that they are on their way, not that the
// client has them.
func (s *Session) Push(ctx context.Context, u tg.UpdatesClass) error { return ErrClosed }

// Close ends the session's connection from the server's side: in order (FIN), or abruptly (RST).
func (s *Session) Close(abrupt bool) {}
