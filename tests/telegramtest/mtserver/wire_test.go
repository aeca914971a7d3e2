package mtserver_test

import (
	"context"
	"errors"
	"sync"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/proto/codec"
	"github.com/gotd/td/transport"
)

// seenError ends a connection at a transport error and keeps its code: mtproto.Conn itself would make a new key.
type seenError struct {
	transport.Conn
	mu  sync.Mutex
	got int32
}

func (s *seenError) Recv(ctx context.Context, b *bin.Buffer) error {
	err := s.Conn.Recv(ctx, b)
	var p *codec.ProtocolErr
	if errors.As(err, &p) {
		s.mu.Lock()
		s.got = p.Code
		s.mu.Unlock()
		return errors.New("transport error")
	}
	return err
}

func (s *seenError) code() int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

func refuseProtocolErrors(tc transport.Conn) transport.Conn { return &seenError{Conn: tc} }
