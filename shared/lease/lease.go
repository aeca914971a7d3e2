// Package lease is the exclusive, expiring right to use one authorization.
//
// There is one kind of lease. Holding it is the only licence to have a connection open with the authorization's key
// (Telegram ends a login whose key is used over two connections at once). The store grants it, renews it and takes it
// back; this package is what the holder knows: a random nonce that every script of the holder compares, an epoch that
// grows with each grant, and an end. A holder asks [Lease.Check] before every write on its socket. The end is kept by
// the monotonic clock and by the wall clock, whichever is reached first: the monotonic clock stands still while a
// machine sleeps, the wall clock may be set back, and a process that was frozen must not speak after it thaws.
//
// What the lease cannot promise: bytes that the holder's kernel still holds when it is frozen may leave later. That is
// why the store quarantines an authorization whose lease expired before it grants the next one.
package lease

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// ErrExpired is returned by Check once the lease has ended, and ErrLost once the store has said that it belongs to
// somebody else or was given back.
var (
	ErrExpired = errors.New("the lease has expired")
	ErrLost    = errors.New("the lease was lost")
)

// NewNonce returns a random owner's mark.
func NewNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// A Lease is a granted right, as its holder sees it. It is safe for concurrent use.
type Lease struct {
	nonce string
	epoch int64
	now   func() time.Time

	mu   sync.Mutex
	wall time.Time // no monotonic reading
	mono time.Time
	lost bool
}

// New returns a lease that was asked for at the time asked and granted for d from then on. Counting from the question
// and not from the answer makes the holder stop before the store does, never after.
func New(nonce string, epoch int64, asked time.Time, d time.Duration, now func() time.Time) *Lease {
	l := &Lease{nonce: nonce, epoch: epoch, now: now}
	l.extend(asked, d)
	return l
}

// Nonce returns the owner's mark.
func (l *Lease) Nonce() string { return l.nonce }

// Epoch returns how many leases of this authorization were granted up to this one.
func (l *Lease) Epoch() int64 { return l.epoch }

// Extend records that a renewal asked for at the time asked was granted for d from then on. A lease that ended before
// stays ended: what happened in between is not known.
func (l *Lease) Extend(asked time.Time, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.check() == nil {
		l.extend(asked, d)
	}
}

func (l *Lease) extend(asked time.Time, d time.Duration) {
	l.mono = asked.Add(d)
	l.wall = asked.Round(0).Add(d)
}

// Lose ends the lease: the store said that it is somebody else's, or the holder gives it back.
func (l *Lease) Lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
}

// Check returns nil while the holder may use the authorization, else [ErrLost] or [ErrExpired]. An expired lease does
// not come back, even if a clock is set back.
func (l *Lease) Check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.check()
}

func (l *Lease) check() error {
	if l.lost {
		return ErrLost
	}
	now := l.now()
	if l.over(now, now.Round(0)) {
		l.mono, l.wall = time.Time{}, time.Time{}
		return ErrExpired
	}
	return nil
}

// over reports whether one of the two clocks has reached the end.
func (l *Lease) over(mono, wall time.Time) bool { return !mono.Before(l.mono) || !wall.Before(l.wall) }

// Until returns when the lease ends by the monotonic clock.
func (l *Lease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mono
}
