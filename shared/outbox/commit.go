package outbox

import (
	"errors"
	"time"

	"telegram-client/shared/peer"
)

// A Commit moves an entry's update state, its events and what was learnt on in one atomic step.
type Commit struct {
	// State is the update state after the items, as listener/updates writes it.
	State  []byte
	Items  []Item
	Learnt []peer.Record
}

// A Claim asks for the next items to deliver.
type Claim struct {
	// Busy are the lanes in flight, of which nothing is wanted.
	Busy  []string
	Limit int
	// Now ignores all pauses after failed attempts: Home Assistant says that it is there.
	Now bool
}

// Claimed is what is due: at most one item per lane, its oldest. Next is when something else becomes due without a new
// commit; zero: nothing waits.
type Claimed struct {
	Items []Item
	Next  time.Time
	// Expired are items that were dropped by age or limit since the last claim, by event type.
	Expired []Dropped
}

// Dropped says of events that they were given up.
type Dropped struct {
	Type        string
	Reason      string // "max_age", "limit", "gap"
	Count       int
	First, Last time.Time // when they occurred
}

// A Settlement tells the store what became of a claimed item.
type Settlement struct {
	Item     Item
	Decision Decision
	Reason   string // for dead letters
}

// A Pull is what the reader of an entry's events asks for.
type Pull struct {
	// Revision is that of the record that names the target: if there is another one by now the answer is [ErrChanged].
	Revision int64
	// Reader is a random mark of the reader; one that was not there before takes the place of the one that was.
	Reader string
	// After is the batch that the reader has; it is acknowledged. Empty: the reader does not say.
	After string
	// Most and MostBytes are how much a new batch may hold, but for its first event; Most 0: only acknowledge.
	Most, MostBytes int
	// Wait is how long the reader waits from now on for the bell to ring.
	Wait time.Duration
}

// ErrChanged says that an entry is not any more what it was read as.
var ErrChanged = errors.New("the entry has changed meanwhile")

// Pulled is what the reader of an entry's events gets.
type Pulled struct {
	// Batch names what the reader has once it has this, and Items are what of it is not acknowledged yet: lanes in order,
	// their Attempts with this one. Empty: there was no batch yet.
	Batch string
	Items []Item
	More  bool
	// Queries are the callback queries that were acknowledged: they wait for an answer.
	Queries []int64
}

// A DeadLetter is an event that the target has refused for good.
type DeadLetter struct {
	Item     Item
	Attempts int
	Reason   string
	At       time.Time // when it was given up
}
