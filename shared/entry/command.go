package entry

// A Command asks something of the listener that serves an entry. Commands travel in the entry's command stream.
type Command struct {
	ID   string // the place in the stream, given by the store
	Kind CommandKind
	// EventID is whom a Confirmed is about.
	EventID string
}

// CommandKind is a kind of command.
type CommandKind string

// The commands.
const (
	// Reload: the entry's record has changed; take it up without losing an event.
	Reload CommandKind = "reload"
	// Confirmed: Home Assistant has acknowledged the event EventID.
	Confirmed CommandKind = "confirmed"
	// Wake: Home Assistant says that it is there; try the target now.
	Wake CommandKind = "wake"
	// Released: events that waited for a call to end can be delivered now.
	Released CommandKind = "released"
	// Remove: end the connection and every login.
	Remove CommandKind = "remove"
)
