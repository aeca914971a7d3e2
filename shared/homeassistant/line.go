package homeassistant

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// idleAfter closes a connection that was not used: with it ends a burst, and the proof that belongs to it.
	idleAfter = 15 * time.Second
	// provedFor is how long a proof holds on a connection that is in constant use.
	provedFor = time.Minute
	// keptTries is how often a connection may turn out to be closed between a proof and what relies on it.
	keptTries  = 2
	mostAnswer = 64 << 10
)

// errNotProved is the error of a request that would have gone over a connection about which nothing is proved.
var errNotProved = errors.New("a new connection")

// A line is one kept-alive connection, used for one attempt at a time.
type line struct {
	client *http.Client
	// anew is false while a request must go over the connection there is. Only the attempt that has the line changes
	// it; the transport reads it from a goroutine of its own.
	mu     sync.Mutex
	anew   bool
	proved time.Time // when the connection passed the probe; zero: it did not
}

func newLine(o Options) *line {
	l := &line{}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			l.mu.Lock()
			anew := l.anew
			l.proved = time.Time{}
			l.mu.Unlock()
			if !anew {
				return nil, errNotProved
			}
			return o.Dial(ctx, network, address)
		},
		Proxy:               nil, // a proxy would be dialled instead of the address that was checked
		MaxConnsPerHost:     1,
		IdleConnTimeout:     idleAfter,
		TLSHandshakeTimeout: o.Timeout,
		DisableCompression:  true,
	}
	l.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return l
}

func (l *line) isProved(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.proved.IsZero() && now.Sub(l.proved) < provedFor
}

func (l *line) prove(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proved = now
}

func (l *line) disprove() { l.prove(time.Time{}) }

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes one request. With anew false it fails with errNotProved, and nothing was sent, if the connection is gone.
func (l *line) do(ctx context.Context, o Options, anew bool, method, url string, header http.Header, body []byte) (answer, error) {
	l.mu.Lock()
	l.anew = anew
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("not an address")
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("User-Agent", "telegram-client")
	resp, err := l.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, b}, nil
}

// lines are a target's connections. The one used last is used first, so that a quiet target has one.
type lines struct {
	options Options
	mu      sync.Mutex
	free    []*line
	closed  bool
}

func (s *lines) take() *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		l := s.free[n-1]
		s.free = s.free[:n-1]
		return l
	}
	return newLine(s.options)
}

func (s *lines) give(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.client.CloseIdleConnections()
		return
	}
	s.free = append(s.free, l)
}

// Close ends the connections; those in use end with their attempt.
func (s *lines) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.free {
		l.client.CloseIdleConnections()
	}
	s.free = nil
}
