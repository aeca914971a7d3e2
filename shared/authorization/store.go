package authorization

import (
	"context"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// An Intent is what a call is about to do, told to the store with its lease or by Call.Announce: while the lease is held,
// outgoing events of these kinds wait, and if it expires those that match the texts are known to be its doing. The zero
// Intent holds nothing.
type Intent struct {
	Kinds []outbox.Kind
	// Texts are keyed hashes (outbox.Names.Text) of the texts to be sent or edited in; media without a caption have that of
	// the empty text in their chat.
	Texts []string
}

// Idempotency makes a call that is made twice act once.
type Idempotency struct {
	Key  string
	Body [32]byte // hash of what the call asks for
	// RandomIDs are stored before anything is sent; a repeat gets the first call's.
	RandomIDs []int64
}

// A Repeat is what the store knows of an earlier call with the same idempotency key and body.
type Repeat struct {
	// Answer is the earlier call's answer; nil if it never finished. The Grant has no lease if it was the last word.
	Answer []byte
	// RandomIDs are those of the earlier call, to be used again with the same authorization.
	RandomIDs []int64
	// Sent are the ids that held events proved to be the earlier call's doing, by chat mark and in order of arrival.
	Sent []Proof
}

// A Proof is a message that is known to have been sent by an earlier call: hashes as in outbox.Own, that of its chat
// (the item's lane), and its id.
type Proof struct {
	Chat      string
	Text      string
	Mark      string
	MessageID int
	Date      int64
}

// A Request asks for the use of a sender.
type Request struct {
	// Entry is whose; empty: the oldest entry's, which costs one more trip to the store.
	Entry  entry.ID
	Intent Intent
	// Targets are whose peers are wanted, in any number at no further trip.
	Targets []peer.Target
	// Idempotency is nil for a call that may be repeated.
	Idempotency *Idempotency
	// For is how long the call may take: the lease is For + 15 s and is not renewed, but for a call that may take more
	// than LongCall.
	For time.Duration
	// Wait is how long to wait, first come first served, for a sender to become free.
	Wait time.Duration
	// Only names the one authorization to take; empty: any sender.
	Only Name
}

// LongCall is how long a call may take whose lease lasts for all of it. One that may take longer, because it moves files,
// has a lease of the usual length that is renewed.
const LongCall = time.Minute

// A Grant is the use of an authorization.
type Grant struct {
	Entry   entry.Entry
	Name    Name
	Session Session
	Lease   *lease.Lease
	// Term is how long the lease lasts from each renewal; 0: it is not renewed.
	Term  time.Duration
	Peers []peer.Record
	// Repeat is set if the call was made before.
	Repeat *Repeat
	// Key is the request's idempotency key; empty: none.
	Key string
}

// A Mark says of a message that it is this call's doing.
type Mark struct {
	Kind      outbox.Kind
	Box       peer.ID // the channel; 0 is the account's common box
	MessageID int
	Version   int64 // edits: edit_date, or pts
	// Scheduled is outbox.Names.Scheduled of a message that is yet to be sent, in place of Box and MessageID; the mark
	// is kept for a week after Due.
	Scheduled string
	Due       time.Time
}

// An Outcome is what a call did. The zero Outcome: nothing.
type Outcome struct {
	Marks  []Mark
	Learnt []peer.Record
	Sent   entry.Sent
	// Answer is the whole answer, kept for repeats of a call with an idempotency key; nil keeps none.
	Answer []byte
	// Open says that Answer is not the last word: some of the call is still to be sent (a flood wait) or its fate is not
	// known. A repeat gets the Answer so far together with a grant and the random ids, and goes on.
	Open bool
	// Unsure: something was sent whose answer never came. Events that match the intent's texts are then taken for this
	// call's doing, as after a lease that expired. Pool sets it when a connection broke.
	Unsure bool
}

// A Result gives a grant back.
type Result struct {
	Fate    Fate
	Session *Session // nil: as it was
	Outcome Outcome
	// Untouched: Telegram carried out nothing of the call, so a repeat may use another authorization.
	Untouched bool
}

// A Store grants and takes back the use of authorizations. A use costs one trip each way however many targets it has
// (warm, sender free, entry named), and one more if it announces something.
type Store interface {
	// Acquire grants the use of a sender: the lease, what the call is about to do, the entry and the peers in one atomic
	// step. It waits up to r.Wait, first come first served. If an earlier call of the same key is finished, and not Open, the
	// Grant has its Answer and neither session nor lease. Faults: unknown_entry, no_entry, removal_in_progress, reauth_required (no
	// authorization works), sender_busy and sender_resting with a time to retry, in_progress, idempotency_key_reused,
	// store_unavailable.
	Acquire(ctx context.Context, r Request) (*Grant, error)
	// Extend renews the lease of a grant: it lasts for its Term from now on. It fails with lease.ErrLost if the grant is not the caller's
	// any more, or has expired.
	Extend(ctx context.Context, g *Grant) error
	// Announce records what the holder of a grant is about to do, in place of what it said when it acquired it. Events that
	// are committed from then on wait for it; a grant that expired before is judged by what it said before. It fails with
	// lease.ErrLost if the grant is not the caller's any more, or has expired: then nothing may be done.
	Announce(ctx context.Context, g *Grant, i Intent) error
	// Finish gives a grant back and records what the call did in one atomic step: marks drop held events and those to
	// come, the rest of what is held is released. It fails with lease.ErrLost if the grant is not the caller's any more;
	// the marks and the answer are kept also then, for they are true.
	Finish(ctx context.Context, g *Grant, r Result) error
	// Proofs returns what the events of an entry have proved so far about the call with an idempotency key: the Sent of
	// its Repeat as it is now.
	Proofs(ctx context.Context, id entry.ID, key string) ([]Proof, error)
}

// A Claim is an entry that a listener serves, and all that is needed to begin.
type Claim struct {
	Entry   entry.Entry
	Session Session
	// Fate is Ended if Telegram has ended the listener's login: there is nothing to connect with (Session is zero), but
	// the outbox is delivered and a tombstone is cleared. It is Duplicated if the login is in doubt after
	// AUTH_KEY_DUPLICATED: nothing connects with it for Rest, then one probe decides. The outbox is delivered meanwhile.
	Fate  Fate
	Rest  time.Duration
	Lease *lease.Lease
	State []byte // the update state; nil: none yet
	// Renewed is the update state as of the login of a new listener authorization, if there was one since the last
	// commit: its qts, seq and date belong to the new authorization, pts to the account. The next commit drops it.
	Renewed []byte
	Peers   []peer.Record
	// Commands is the place in the command stream from which to read. It is a little before the claim, so that what was
	// confirmed while nobody listened is heard.
	Commands string
}

// App and device under which a connection presents itself.
type App struct {
	entry.App
	Device string
}

// A Guard is asked before every write on a socket; an error ends the connection at once. *lease.Lease is one.
type Guard interface{ Check() error }

// An Ending says how a connection ended.
type Ending struct {
	// Session has the salts as last learnt.
	Session Session
	// Reset is true if the peer did not end in time and the connection was reset.
	Reset bool
}

// A CDN is a data centre that is not Telegram's own, as Telegram describes it.
type CDN struct {
	Addresses []string // host:port, in the order in which they are tried
	Keys      []string // RSA public keys by which it is known, in PEM form
}

// A Dialer opens the connections of an authorization: one to the account's home data centre, others for what lies elsewhere.
type Dialer interface {
	// Use connects to the session's home data centre, runs use with an API whose every call says that it wants no
	// updates, and ends the connection in order before it returns. The deadline of ctx is obeyed also on a dead
	// connection. A key is never made. Errors are faults; what ends the authorization is in FateOf's words.
	Use(ctx context.Context, a App, s Session, g Guard, use func(ctx context.Context, api *tg.Client) error) (Ending, error)
	// Elsewhere is Use for a data centre that is not the account's home: s.DC of a session that is of there. If the session
	// has no key one is made before use is called; the Ending has it whatever comes of use. A FateError is about that key
	// alone. With cdn it is that CDN's, which is not told who asks.
	Elsewhere(ctx context.Context, a App, s Session, cdn *CDN, g Guard, use func(ctx context.Context, api *tg.Client) error) (Ending, error)
}

// A FateError is an error of a connection that decides the authorization's fate.
type FateError struct {
	Fate Fate
	Err  error
}

// Error returns what happened.
func (e *FateError) Error() string { return e.Err.Error() }

// Unwrap returns what happened.
func (e *FateError) Unwrap() error { return e.Err }
