package mtserver

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/gotd/td/crypto"
)

// authKey is an auth key and all that is known of its use. The server's mutex guards it.
type authKey struct {
	key  crypto.AuthKey
	dc   int
	salt int64
	dead bool
	// live are the connections that are alive with this key: what law 1 is about.
	live      map[*conn]struct{}
	mostAlive int
	uses      []*use // in the order of their first use
	memories  map[int64]*memory
}

// use is what one connection did with one key.
type use struct {
	conn     *conn
	frames   int
	requests int
	trips    int
}

// NewKey makes an auth key as if it had been exchanged with a data centre, for tests that need many and do not test
// the exchange (which costs a client most of a second).
func (s *Server) NewKey(dc int) (crypto.AuthKey, int64, error) {
	var value crypto.Key
	if _, err := rand.Read(value[:]); err != nil {
		return crypto.AuthKey{}, 0, fmt.Errorf("make an auth key: %w", err)
	}
	key, salt := value.WithID(), randomLong()
	s.addKey(dc, key, salt)
	return key, salt, nil
}

func (s *Server) addKey(dc int, key crypto.AuthKey, salt int64) *authKey {
	k := &authKey{key: key, dc: dc, salt: salt, live: map[*conn]struct{}{}, memories: map[int64]*memory{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key.ID] = k
	return k
}

// lookUp returns a key of a data centre, or nil.
func (s *Server) lookUp(dc int, id KeyID) *authKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil || k.dc != dc {
		return nil
	}
	return k
}

// Key returns a key with its value.
func (s *Server) Key(id KeyID) (crypto.AuthKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil {
		return crypto.AuthKey{}, false
	}
	return k.key, true
}

// Sessions returns the live sessions of a key. A dead key has none.
func (s *Server) Sessions(id KeyID) []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[id]
	if k == nil || k.dead {
		return nil
	}
	var sessions []*Session
	for _, u := range k.uses {
		if _, alive := k.live[u.conn]; !alive {
			continue
		}
		for _, x := range u.conn.order {
			if x.Key == id {
				sessions = append(sessions, x)
			}
		}
	}
	return sessions
}

// Destroy forgets a key: the next message with it gets transport error -404. Its counts are forgotten too.
func (s *Server) Destroy(id KeyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, id)
}

// Kill makes a key answer 401 AUTH_KEY_UNREGISTERED to every request from now on, as after AUTH_KEY_DUPLICATED.
func (s *Server) Kill(id KeyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.keys[id]; k != nil {
		k.dead = true
	}
}

// RotateSalts makes every salt that a client knows stale.
func (s *Server) RotateSalts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		k.salt = randomLong()
	}
}

func (s *Server) salt(k *authKey) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return k.salt
}

func randomLong() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.LittleEndian.Uint64(b[:]))
}
