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
	Requests    int // requests, without repetitions of one message
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
	FramesIn   int
	Requests   int
	RoundTrips int
	BytesIn    int64
	BytesOut   int64
	// BytesAfterEnd are those of BytesIn that came after this end had closed the connection.
	BytesAfterEnd int64
}

// Stats returns the counts of a key. An unknown key has none.
func (s *Server) Stats(k KeyID) Stats { return Stats{} }

// Connections returns the counts of each connection that used a key, in the order of their first use.
func (s *Server) Connections(k KeyID) []ConnStats { return nil }
