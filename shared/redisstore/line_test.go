package redisstore

import (
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// A line stands between a client and a server and is as bad as a test wants it.
type line struct {
	addr string
	// cut is how many answers of the server come through before one ends the connection in its place; below 0: all do.
	cut atomic.Int64
	// rate is how many bytes pass in a second; 0: as many as there are. It is set before the first connection.
	rate int
}

// newLine opens a line to a server, which is closed at the end of the test.
func newLine(t *testing.T, server string) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	l := &line{addr: ln.Addr().String()}
	l.cut.Store(-1)
	go func() { // ends with the listener
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go l.carry(there, client, false)
			go l.carry(client, there, true)
		}
	}()
	return l
}

// carry passes on what comes, until one of the two ends.
func (l *line) carry(to, from net.Conn, answers bool) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if answers && n > 0 && l.cut.Load() >= 0 && l.cut.Add(-1) < 0 {
			return
		}
		if n > 1000 && l.rate > 0 {
			<-time.After(time.Duration(n) * time.Second / time.Duration(l.rate))
		}
		if _, wrong := to.Write(piece[:n]); wrong != nil || err != nil {
			return
		}
	}
}
