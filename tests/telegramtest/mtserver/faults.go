package mtserver

import (
	"sync"
	"time"
)

// Faults are what a test makes go wrong on the wire. They hold for all keys and data centres, from now on, until they
// are used up or taken back. It is safe for concurrent use.
type Faults struct {
	server *Server

	mu          sync.Mutex
	in, out     time.Duration
	dropFrames  int
	dropAnswers int
	losePushes  int
	silent      bool
	linger      bool
	skew        time.Duration
}

// Delay makes every frame take so long from the client to the server, and back. Opening a connection takes both.
func (f *Faults) Delay(in, out time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in, f.out = in, out
}

func (f *Faults) delays() (in, out time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.in, f.out
}

// DropFrames loses the next n frames that arrive. Frames of a key exchange count.
func (f *Faults) DropFrames(n int) { f.set(&f.dropFrames, n) }

// DropAnswers loses the next n answers to requests (rpc_result). The requests are carried out.
func (f *Faults) DropAnswers(n int) { f.set(&f.dropAnswers, n) }

// LosePushes loses the next n pushes.
func (f *Faults) LosePushes(n int) { f.set(&f.losePushes, n) }

func (f *Faults) set(counter *int, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*counter = n
}

// take uses one of a counter up and reports whether there was one.
func (f *Faults) take(counter *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *counter <= 0 {
		return false
	}
	*counter--
	return true
}

// Silence makes the server read and carry out everything and send nothing at all, as a dead peer seems to.
func (f *Faults) Silence(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silent = on
}

func (f *Faults) isSilent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.silent
}

// Linger makes connections never end at FIN or reset; those that linger end when it is taken back.
func (f *Faults) Linger(on bool) {
	f.mu.Lock()
	f.linger = on
	f.mu.Unlock()
	if !on {
		f.server.endLingering()
	}
}

func (f *Faults) lingers() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.linger
}

// Skew sets the server's clock that far ahead of the real one; negative: behind.
func (f *Faults) Skew(d time.Duration) {
	f.mu.Lock()
	f.skew = d
	f.mu.Unlock()
	f.server.newMessageIDs()
}

func (f *Faults) clockSkew() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.skew
}

// Reset takes all faults back.
func (f *Faults) Reset() {
	f.Delay(0, 0)
	f.DropFrames(0)
	f.DropAnswers(0)
	f.LosePushes(0)
	f.Silence(false)
	f.Linger(false)
	f.Skew(0)
}
