package telegram

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"telegram-client/shared/authorization"
)

// endWait is how long Telegram has to end its side after this one was ended. It answers a FIN within a round trip.
const endWait = 300 * time.Millisecond

// errTooLate is what a write gets after the connection's deadline by either clock.
var errTooLate = errors.New("the deadline of the connection has passed")

// socket is a TCP connection that asks before it writes and that only its owner ends. gotd closes connections at once
// and from any goroutine; here that only stops the socket, and end does the rest when all goroutines are gone.
type socket struct {
	net.Conn              // what the transport talks to; with a proxy a wrapping of tcp
	tcp      *net.TCPConn // what is ended

	guard authorization.Guard // may be nil
	now   func() time.Time
	mono  time.Time // the deadline; zero: none
	wall  time.Time // the same without a monotonic reading
	fail  func(error)

	mu      sync.Mutex
	stopped bool
	muted   bool // a write was refused: nothing more is sent, no end either
	heard   bool
	wrote   bool
}

func newSocket(nc net.Conn, tcp *net.TCPConn, g authorization.Guard, deadline time.Time, now func() time.Time, fail func(error)) *socket {
	s := &socket{Conn: nc, tcp: tcp, guard: g, now: now, fail: fail}
	if !deadline.IsZero() {
		s.mono, s.wall = deadline, deadline.Round(0)
	}
	return s
}

// Write writes if the guard and the deadline allow it. A refusal is final.
func (s *socket) Write(b []byte) (int, error) {
	s.mu.Lock()
	stopped, muted := s.stopped, s.muted
	s.mu.Unlock()
	if stopped || muted {
		return 0, net.ErrClosed
	}
	if err := s.allowed(); err != nil {
		s.mu.Lock()
		s.muted = true
		s.mu.Unlock()
		s.fail(err)
		return 0, err
	}
	n, err := s.Conn.Write(b)
	if n > 0 {
		s.mu.Lock()
		s.wrote = true
		s.mu.Unlock()
	}
	return n, err
}

func (s *socket) allowed() error {
	if s.guard != nil {
		if err := s.guard.Check(); err != nil {
			return fmt.Errorf("write to Telegram: %w", err)
		}
	}
	if s.mono.IsZero() {
		return nil
	}
	if now := s.now(); !now.Before(s.mono) || !now.Round(0).Before(s.wall) {
		return errTooLate
	}
	return nil
}

// Read reads.
func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n > 0 {
		s.mu.Lock()
		s.heard = true
		s.mu.Unlock()
	}
	return n, err
}

// SetReadDeadline keeps a stopped socket stopped: gotd sets the deadline anew before each read.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	return s.Conn.SetReadDeadline(t)
}

// SetWriteDeadline does the same for writes.
func (s *socket) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	return s.Conn.SetWriteDeadline(t)
}

// Close stops the socket: reads and writes return, the connection stands.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil // the end has its own deadline
	}
	s.stopped = true
	past := time.Unix(1, 0)
	if err := s.Conn.SetDeadline(past); err != nil {
		return fmt.Errorf("stop a connection: %w", err)
	}
	return nil
}

// end ends the connection: this side, then what the peer still sends up to its end. It reports whether it had to be
// reset instead. Nobody else may use the socket any more.
func (s *socket) end() (reset bool) {
	s.Close()
	if s.muted {
		// The right to use this connection is gone, and with it the right to wait on it.
		return s.reset()
	}
	if err := s.tcp.CloseWrite(); err != nil {
		s.tcp.Close() // the peer has reset it
		return false
	}
	if err := s.tcp.SetReadDeadline(time.Now().Add(endWait)); err != nil {
		return s.reset()
	}
	// A peer that has reset the connection knows that it is over as well as one that has ended it.
	if _, err := io.Copy(io.Discard, s.tcp); errors.Is(err, os.ErrDeadlineExceeded) {
		return s.reset()
	}
	s.tcp.Close()
	return false
}

func (s *socket) reset() bool {
	s.tcp.SetLinger(0)
	s.tcp.Close()
	return true
}

// state says whether anything was sent and anything received.
func (s *socket) state() (wrote, heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrote, s.heard
}
