// Package authorization is the pool of an entry's logins at Telegram, and the one way to use them.
//
// An authorization is one login of the account: one device in its owner's list, with an auth key per data centre it
// needed. An entry has one for the listener and one to three senders for the functions. [Pool.Do] takes the lease of a
// free sender, opens its connection, runs the caller's work, and ends connection and lease in that order; nobody uses
// an authorization in any other way, but for the listener, which holds the lease of its own.
//
// The lease of a call is as long as the call may take, and a little more, so that it is a matter of two trips to the store.
// A call that moves files may take a quarter of an hour: would its lease last so long, a process that is killed would keep
// everybody from the sender until then, and the events that its call may have caused from their target; and after each restart
// of the store, which may have forgotten such a lease, nobody could send for as long. So that lease is as short as any
// other and is renewed while the call lives, as the listener's is. It is obeyed in the same way: a lease that is lost or cannot be renewed in
// time lets nothing more be written, and ends the call.
//
// How a lease is granted is the business of the [Store], how a connection is opened that of the [Dialer].
package authorization

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Name names an authorization within its entry.
type Name string

// Listener is the name of the listener's authorization.
const Listener Name = "listener"

// MaxSenders is how many senders an entry can have.
const MaxSenders = 3

// Sender returns the name of the n-th sender, 1 to [MaxSenders].
func Sender(n int) Name { return Name(fmt.Sprintf("sender %d", n)) }

// Names returns the names of the listener and the given number of senders, in the order in which they are made.
func Names(senders int) []Name {
	names := []Name{Listener}
	for n := 1; n <= senders; n++ {
		names = append(names, Sender(n))
	}
	return names
}

// Purpose returns "listener" or "sender".
func (n Name) Purpose() string {
	purpose, _, _ := strings.Cut(string(n), " ")
	return purpose
}

// Device returns the name under which the login stands in the owner's list of devices.
func (n Name) Device() string { return "Home Assistant · " + string(n) }

// A Key is an auth key of one data centre and the server salt last seen with it. It prints as three stars.
type Key struct {
	Auth [256]byte
	Salt int64
}

// String hides the key.
func (k Key) String() string { return "***" }

// Format hides the key, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// LogValue hides the key.
func (k Key) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalJSON refuses to show the key by accident: stored records have a type of their own.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// A Session is what a connection of an authorization is restored from.
type Session struct {
	DC   int         // the account's home data centre
	Keys map[int]Key // by data centre; holds at least DC
}

// Clone returns a copy that shares nothing with s.
func (s Session) Clone() Session {
	keys := make(map[int]Key, len(s.Keys))
	for dc, k := range s.Keys {
		keys[dc] = k
	}
	return Session{DC: s.DC, Keys: keys}
}

// Fate is what became of an authorization in use.
type Fate int

// The fates.
const (
	// Fine: it may be used again at once.
	Fine Fate = iota
	// Rests: the connection had to be reset, so Telegram may believe it alive for a moment; it rests.
	Rests
	// Ended: Telegram does not know it any more (401). It is dropped.
	Ended
	// Duplicated: AUTH_KEY_DUPLICATED. All use stops; one probe after a cool-down decides.
	Duplicated
)
