package outbox

import (
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

// A DeadLetter is an event that the target has refused for good.
type DeadLetter struct {
	Item     Item
	Attempts int
	Reason   string
	At       time.Time // when it was given up
}
