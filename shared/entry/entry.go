// Package entry says what an entry is: one configured Telegram account, with its options and its target.
//
// It holds values and the rules they obey. Keeping them is the business of redisstore, delivering to the target that
// of homeassistant, and what an entry is doing right now is reported as a [Status].
package entry

import (
	"fmt"
	"strings"
	"time"

	"telegram-client/shared/filter"
	"telegram-client/shared/health"
	"telegram-client/shared/seal"
)

// Domain is the name of the integration in Home Assistant, and the prefix of its events and services.
const Domain = "telegram_client"

// An ID names an entry: "tg_" and 26 letters and digits, derived from the Telegram account. One account has the same
// id for ever, also after it was removed and added again, and an id never looks like a number.
type ID string

const idPrefix = "tg_"

// NewID derives the id of the entry of a Telegram account. The ring's naming key decides it.
func NewID(ring *seal.Keyring, account int64) ID {
	return ID(idPrefix + ring.Name("entry", fmt.Sprint(account)))
}

// ParseID reports whether s has the form of an ID.
func ParseID(s string) (ID, bool) {
	rest, ok := strings.CutPrefix(s, idPrefix)
	if !ok || len(rest) != 26 || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", false
	}
	return ID(s), true
}

// ClientType says what kind of account an entry is.
type ClientType string

// The client types. An account that logged in by QR code is a [Client].
const (
	Client ClientType = "client"
	Bot    ClientType = "bot"
)

// An Account is what Telegram says about the entry's own account: the sensors, and `me` in events.
// Username, names and phone are empty where Telegram has none.
type Account struct {
	ID         int64
	Username   string
	FirstName  string
	LastName   string
	Phone      string
	Restricted bool
	Premium    bool
}

// App is how a login presents itself to Telegram.
type App struct {
	ID   int // api_id
	Hash seal.Text
}

// An Entry is a configured account.
type Entry struct {
	ID         ID
	Account    Account
	ClientType ClientType
	App        App
	BotToken   seal.Text // of a bot
	Options    filter.Options
	Target     Target
	CreatedAt  time.Time
	ModifiedAt time.Time
	// Removing is true for a tombstone: the entry takes no calls, and its logins are being ended since RemovingSince.
	Removing      bool
	RemovingSince time.Time
	// Revision grows with every change of the record; a change based on an old one is refused.
	Revision int64
}

// Title returns the entry's title as Home Assistant shows it: "Telegram bot (@kitchen_bot)". Accounts without a
// username show their phone number.
func (e *Entry) Title() string {
	kind := "user"
	if e.ClientType == Bot {
		kind = "bot"
	}
	name := "@" + e.Account.Username
	if e.Account.Username == "" {
		name = e.Account.Phone
		if name != "" && !strings.HasPrefix(name, "+") {
			name = "+" + name
		}
	}
	if name == "" {
		name = fmt.Sprint(e.Account.ID)
	}
	return fmt.Sprintf("Telegram %s (%s)", kind, name)
}

// UniqueID returns the account's Telegram id as text, as Home Assistant wants unique ids.
func (e *Entry) UniqueID() string { return fmt.Sprint(e.Account.ID) }

// State is the loading state of an entry in Home Assistant's words.
type State string

// The states of an entry.
const (
	Loaded     State = "loaded"      // connected
	SetupRetry State = "setup_retry" // connecting or flood-waiting
	SetupError State = "setup_error" // needs its owner
	NotLoaded  State = "not_loaded"  // paused or being removed
)

// A Status is what the listener last reported about an entry. The zero Status is that of an entry no listener has
// looked at yet.
type Status struct {
	Connected bool
	Since     time.Time // of Connected; zero: never looked at
	Health    []health.Condition
	// TargetUnreachableSince is zero while the target answers.
	TargetUnreachableSince time.Time
}

// Sent are the ids of the messages that services last touched; 0 is none.
type Sent struct{ LastSent, LastEdited, LastDeleted int }

// Queue is the state of an entry's outbox.
type Queue struct {
	Waiting   int
	OldestAge time.Duration
	Dead      int
	Dropped   int
}

// Device is one login of the account as its owner sees it in Telegram's list of devices.
type Device struct {
	Purpose string // "listener" or "sender"
	Name    string // "Home Assistant · sender 1"
	State   string // "ok", "reauth_required", "resting"
}

// An Overview is everything there is to show about an entry.
type Overview struct {
	Entry   Entry
	Status  Status
	Sent    Sent
	Queue   Queue
	Devices []Device
}

// State returns the loading state and, unless loaded, the reason as a health code.
func (o *Overview) State() (State, string) {
	switch {
	case o.Entry.Removing:
		return NotLoaded, "removing"
	case o.Entry.Target.Paused:
		return NotLoaded, "paused"
	}
	for _, c := range o.Status.Health {
		if c.Code.NeedsOwner() {
			return SetupError, string(c.Code)
		}
	}
	if o.Status.Connected {
		return Loaded, ""
	}
	for _, c := range o.Status.Health {
		if c.Code.KeepsAway() {
			return SetupRetry, string(c.Code)
		}
	}
	return SetupRetry, string(health.Connecting)
}
