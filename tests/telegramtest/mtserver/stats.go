package mtserver

import "net/netip"

// Stats are the counts of one auth key since it was made.
//
// Round trips are what a client had to wait for. Each connection costs one (TCP connect) and one more for each time a
// request arrived after an answer had been sent: a connection and one request are 2, a request refused with
// bad_server_salt and sent again makes it 3, requests sent together cost one. Each of the three steps of a key
// exchange counts as a request. Pings, acknowledgements and get_future_salts do not count, as no client waits for
// them. Without delay ([Faults.Delay]) a request that was sent together with another can arrive after the other's
// answer and then counts: the number is exact only with a delay, and never too low.
type Stats struct {
	Alive       int // connections alive now
	MostAlive   int // most connections alive at once
	Connections int // connections that ever used the key
	Requests    int // requests that arrived, without repetitions of one message
	RoundTrips  int
	BytesIn     int64 // what came through the sockets of these connections
	BytesOut    int64
}

// ConnStats are the counts of one connection of a key.
type ConnStats struct {
	Connection int64
	Remote     netip.AddrPort
	Alive      bool
	// EndedBy is "" while the connection lives, else "fin" or "reset" by the client, "server" if this end closed it, or
	// "delay" if the client had not pinged within its ping_delay_disconnect.
	EndedBy    string
	FramesIn   int // with this key
	Requests   int
	RoundTrips int
	BytesIn    int64 // of the socket
	BytesOut   int64
	// BytesAfterEnd are those of BytesIn that came after this end had closed the connection.
	BytesAfterEnd int64
}

// Stats returns the counts of a key. An unknown key has none.
func (s *Server) Stats(id KeyID) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil {
		return Stats{}
	}
	sum := Stats{Alive: len(k.live), MostAlive: k.mostAlive, Connections: len(k.uses)}
	for _, u := range k.uses {
		sum.Requests += u.requests
		sum.RoundTrips += u.trips
		sum.BytesIn += u.conn.nc.in.Load()
		sum.BytesOut += u.conn.nc.out.Load()
	}
	return sum
}

// Connections returns the counts of each connection that used a key, in the order of their first use.
func (s *Server) Connections(id KeyID) []ConnStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil {
		return nil
	}
	var all []ConnStats
	for _, u := range k.uses {
		_, alive := k.live[u.conn]
		all = append(all, ConnStats{
			Connection:    u.conn.number,
			Remote:        u.conn.remote,
			Alive:         alive,
			EndedBy:       u.conn.endedBy,
			FramesIn:      u.frames,
			Requests:      u.requests,
			RoundTrips:    u.trips,
			BytesIn:       u.conn.nc.in.Load(),
			BytesOut:      u.conn.nc.out.Load(),
			BytesAfterEnd: u.conn.nc.late.Load(),
		})
	}
	return all
}
