package telegram

import (
	"errors"
	"net"
	"testing"
	"time"
)

// A machine that slept has a wall clock that moved on and a monotonic clock that stood still.
func TestSocket_DeadlineHoldsByEitherClock(t *testing.T) {
	t.Parallel()
	start := time.Now()
	deadline := start.Add(time.Minute)
	for _, test := range []struct {
		name string
		now  time.Time
		ok   bool
	}{
		{"in time", start.Add(59 * time.Second), true},
		{"monotonic clock", deadline, false},
		{"wall clock", deadline.Round(0), false},
	} {
		ours, theirs := pair(t)
		var failed error
		s := newSocket(ours, ours, nil, deadline, func() time.Time { return test.now }, func(err error) { failed = err })
		_, err := s.Write([]byte{1})
		if test.ok && err != nil || !test.ok && (!errors.Is(err, errTooLate) || !errors.Is(failed, errTooLate)) {
			t.Errorf("%s: %v", test.name, err)
		}
		if !test.ok {
			if _, err := s.Write([]byte{1}); err == nil {
				t.Errorf("%s: a refusal is not final", test.name)
			}
			if !s.end() {
				t.Errorf("%s: a socket that may not speak said that it ends", test.name)
			}
			theirs.SetReadDeadline(time.Now().Add(time.Minute))
			if n, err := theirs.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("%s: %d bytes were sent", test.name, n)
			}
		}
		ours.Close()
		theirs.Close()
	}
}

func TestSocket_StaysStopped(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t)
	defer theirs.Close()
	s := newSocket(ours, ours, nil, time.Time{}, time.Now, func(error) {})
	s.Close()
	s.SetReadDeadline(time.Time{}) // as gotd does before each read
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("a stopped socket reads")
	}
	if _, err := s.Write([]byte{1}); err == nil {
		t.Error("a stopped socket writes")
	}
	theirs.Write([]byte{1, 2, 3}) // what comes late is read up to the end
	theirs.CloseWrite()
	if s.end() {
		t.Error("the socket was reset, though its peer has ended")
	}
}

// pair returns both ends of a TCP connection.
func pair(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}
