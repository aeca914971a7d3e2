package filter

import (
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// Names finds the accounts that from_users names. A *peer.Book is one.
type Names interface {
	Lookup(peer.Target) (peer.ID, bool)
	// Phone finds the contact with a number, given in digits.
	Phone(digits string) (peer.ID, bool)
}

// A Problem is an option for which its event is off.
type Problem struct {
	Event Event
	Fault *fault.Fault // Field is the path of the option: "new_message.pattern"
}

// A Subject is what filters look at of something that happened.
type Subject struct {
	Event     Event
	Chat      peer.ID // 0: not known
	Sender    peer.ID // 0: not known
	Outgoing  bool
	Forwarded bool
	Text      string
}
