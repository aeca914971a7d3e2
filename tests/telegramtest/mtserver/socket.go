package mtserver

import (
	"net"
	"sync/atomic"
)

// socket counts what goes through a connection.
type socket struct {
	net.Conn
	in, out, late atomic.Int64
	ended         atomic.Bool
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.in.Add(int64(n))
	if s.ended.Load() {
		s.late.Add(int64(n))
	}
	return n, err
}

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	s.out.Add(int64(n))
	return n, err
}

func (s *socket) closeWrite() {
	if tcp, ok := s.Conn.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
}

func (s *socket) reset() {
	if tcp, ok := s.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	s.Close()
}

// single is a listener of one connection: transport.Listen then finds out that connection's codec, and a peer that
// sends none holds up nobody else.
type single struct{ net.Conn }

func (s single) Accept() (net.Conn, error) { return s.Conn, nil }
func (s single) Addr() net.Addr            { return s.LocalAddr() }
func (s single) Close() error              { return nil }
