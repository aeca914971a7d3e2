package mtserver

import "time"

// Faults are what a test makes go wrong on the wire. They hold for all keys and data centres, from now on, until they
// are used up or taken back. It is safe for concurrent use.
type Faults struct {
}

// Delay makes every frame take so long from the client to the server, and back. Opening a connection takes both.
func (f *Faults) Delay(in, out time.Duration) {}

// DropFrames loses the next n frames that arrive. Frames of a key exchange count.
func (f *Faults) DropFrames(n int) {}

// DropAnswers loses the next n answers to requests (rpc_result). The requests are carried out.
func (f *Faults) DropAnswers(n int) {}

// LosePushes loses the next n pushes.
func (f *Faults) LosePushes(n int) {}

// Silence makes the server read and carry out everything and send nothing at all, as a dead peer seems to.
func (f *Faults) Silence(on bool) {}

// Linger makes connections never end at FIN or reset; those that linger end when it is taken back.
func (f *Faults) Linger(on bool) {}

// Skew sets the server's clock that far ahead of the real one; negative: behind.
func (f *Faults) Skew(d time.Duration) {}

// Reset takes all faults back.
func (f *Faults) Reset() {}
