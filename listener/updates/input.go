package updates

import (
	"time"

	"github.com/gotd/td/tg"
)

// An Input is something that happened: [Pushed], [Answered], [Failed], [Connected], [Disconnected] or [Woken].
type Input interface{ input() }

// Pushed is a container that Telegram pushed.
type Pushed struct{ Updates tg.UpdatesClass }

// Answered is the answer to the request of that number: *tg.UpdatesState or a tg.UpdatesDifferenceClass.
type Answered struct {
	ID     int64
	Result any
}

// Failed says that the request of that number got an error instead of an answer.
type Failed struct {
	ID  int64
	Err error
}

// Connected says that a connection stands, or that Telegram has made a new session of it and may have dropped pushes.
type Connected struct{}

// Disconnected says that the connection is gone, and with it every request that was not answered.
type Disconnected struct{}

// Woken says that the time has come that [Output.Wake] named. It may come early or often.
type Woken struct{}

func (Pushed) input()       {}
func (Answered) input()     {}
func (Failed) input()       {}
func (Connected) input()    {}
func (Disconnected) input() {}
func (Woken) input()        {}

// An Output is what follows.
type Output struct {
	// Ready are updates in their order, with the state to be written down together with them. A batch may be empty: then
	// only the state has moved.
	Ready []Batch
	// Ask are calls to be made.
	Ask []Request
	// Wake is when to call again if nothing happens before; zero: never.
	Wake time.Time
}

// A Request is a call that the engine wants made. Exactly one Answered or Failed follows, or Disconnected.
type Request struct {
	ID int64
	// State: updates.getState. Channel, a bare id: updates.getChannelDifference from ChannelPts on. Otherwise Difference:
	// updates.getDifference.
	State      bool
	Channel    int64
	ChannelPts int
	Difference tg.UpdatesGetDifferenceRequest
}

// A Batch are updates that came together.
type Batch struct {
	Updates []Update
	Users   []tg.UserClass
	Chats   []tg.ChatClass
	// Date is when Telegram made the container, Unix seconds; 0 if it does not say.
	Date int
	// Replayed: fetched with a difference, because they were missed.
	Replayed bool
	// Gaps are what cannot be fetched.
	Gaps []Gap
	// State is the state after these updates.
	State State

	origin *origin // the container
}

// An Update is one update. A short message was made into an UpdateNewMessage with what the short form tells; Short is
// then the short form itself.
type Update struct {
	TL    tg.UpdateClass
	Short tg.UpdatesClass
}

// A Gap is a stretch of a box that Telegram will not tell any more.
type Gap struct {
	Channel  int64 // bare id; 0 is the account's common box
	From, To int   // pts, both known; what is between is lost. 0: not known
	// After and Before bound when it happened, Unix seconds; 0: not known.
	After, Before int
}
