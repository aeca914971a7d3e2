package redistest

import (
	"fmt"
	"net"
	"sync"
)

// A Tap stands between a client and a server and counts how often the client has waited for the server: each time bytes
// of the client follow bytes of the server, or are a connection's first, is a round trip. It listens on a port of the
// loopback.
type Tap struct {
	listener      net.Listener
	network, addr string // of the server
	running       sync.WaitGroup

	mu     sync.Mutex
	trips  int
	ends   map[net.Conn]bool
	closed bool
}

// Tap opens a tap in front of the server. The caller closes it.
func (s *Server) Tap() (*Tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a tap: %w", err)
	}
	t := &Tap{listener: l, network: "unix", addr: s.socket(), ends: map[net.Conn]bool{}}
	if s.options.Cluster || s.options.TCP {
		t.network, t.addr = "tcp", s.Addr()
	}
	t.running.Go(t.accept) // ends with Close
	return t, nil
}

// URL is the tap's address, as redisstore.ParseURL reads it.
func (t *Tap) URL() string { return "redis://" + t.listener.Addr().String() }

// Trips returns how many round trips there have been.
func (t *Tap) Trips() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trips
}

// Close ends the tap and what runs through it.
func (t *Tap) Close() {
	t.mu.Lock()
	t.closed = true
	for c := range t.ends {
		c.Close()
	}
	t.mu.Unlock()
	t.listener.Close()
	t.running.Wait()
}

func (t *Tap) accept() {
	for {
		client, err := t.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(t.network, t.addr)
		if err != nil {
			client.Close()
			continue
		}
		if !t.add(client, server) {
			return
		}
	}
}

// add lets bytes run between two ends until one of them ends.
func (t *Tap) add(client, server net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		client.Close()
		server.Close()
		return false
	}
	t.ends[client], t.ends[server] = true, true
	asked := false // guarded by t.mu, as the counts are
	t.running.Go(func() {
		t.copy(server, client, func() {
			if !asked {
				t.trips++
			}
			asked = true
		})
	})
	t.running.Go(func() { t.copy(client, server, func() { asked = false }) })
	return true
}

func (t *Tap) copy(to, from net.Conn, note func()) {
	defer func() {
		to.Close()
		from.Close()
		t.mu.Lock()
		delete(t.ends, from)
		t.mu.Unlock()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			t.mu.Lock()
			note()
			t.mu.Unlock()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil { // also io.EOF
			return
		}
	}
}
