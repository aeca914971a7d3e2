package telegramtest

import (
	"fmt"
	"strings"

	"github.com/gotd/td/tg"
)

// account is a user or a bot.
type account struct {
	id        int64
	bot       bool
	firstName string
	lastName  string
	username  string
	phone     string
	token     string // of a bot
	home      int    // data centre
	premium   bool
	expired   bool // the token was revoked
	deleted   bool
	gone      string    // why every request is refused, as 401; "" if they are not
	frozen    bool      //
	password  *verifier // of a user; nil if there is none
	phoneID   int64     // of the phone, in the list of devices

	box      box
	met      map[int64]bool // users who have written to it or are in a group with it
	contacts map[int64]bool
	status   tg.UserStatusClass // nil if it was never said
	// readInbox and readOutbox are up to where it has read chats, and others have read what it wrote, by marked id.
	readInbox, readOutbox map[int64]int
	blocked               map[int64]bool   // bots that it has stopped
	drafts                map[int64]string // by marked id
	waiting               []*stored        // scheduled messages
	lastWaiting           int
	logins                limiter
	resolves              limiter
	guesses               limiter // of its password
}

// number is the id, also of nobody.
func (a *account) number() int64 {
	if a == nil {
		return 0
	}
	return a.id
}

// An Account is what a test knows of a user or a bot.
type Account struct {
	ID        int64  `json:"id"`
	Bot       bool   `json:"bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
	// Phone is a user's number, digits only. Each user has one.
	Phone string `json:"phone,omitempty"`
	// Password is the one of two-step verification, with a hint. It is only taken, and never returned by a list.
	Password     string `json:"password,omitempty"`
	PasswordHint string `json:"password_hint,omitempty"`
	// Token is what a bot logs in with.
	Token string `json:"token,omitempty"`
	// Premium says that the account has paid for it. https://core.telegram.org/api/premium
	Premium bool `json:"premium,omitempty"`
	// DC is where the account lives: it can log in nowhere else.
	DC int `json:"dc"`
}

// Ids are above 32 bits, as Telegram's are by now: a client that cuts them off is to be found out.
const (
	firstUser  = 6_100_000_000
	firstBot   = 7_100_000_000
	firstGroup = 4_500_000_000
)

// User makes a person.
func (s *Server) User(username string, change ...func(*Account)) Account {
	return s.add(Account{Username: username, FirstName: title(username)}, change)
}

// Bot makes a bot.
func (s *Server) Bot(username string, change ...func(*Account)) Account {
	return s.add(Account{Username: username, FirstName: title(username), Bot: true}, change)
}

func (s *Server) add(a Account, change []func(*Account)) Account {
	for _, c := range change {
		c(&a)
	}
	a, err := s.AddAccount(a)
	if err != nil && s.t != nil {
		s.t.Errorf("add the account %q: %v", a.Username, err)
	}
	return a
}

// title makes a name of a username.
func title(username string) string {
	if username == "" {
		return "Nobody"
	}
	words := strings.FieldsFunc(username, func(r rune) bool { return r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// AddAccount makes an account. What is not given of id, token and data centre is chosen.
func (s *Server) AddAccount(a Account) (Account, error) {
	var password *verifier
	if a.Password != "" {
		var err error
		if password, err = newVerifier(a.Password, a.PasswordHint); err != nil {
			return a, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Phone = digits(a.Phone)
	if a.ID == 0 {
		a.ID = firstUser + int64(len(s.accountOrder)) + 1
		if a.Bot {
			a.ID += firstBot - firstUser
		}
	}
	if a.DC == 0 {
		a.DC = 1
	}
	name := strings.ToLower(a.Username)
	switch {
	case a.ID < 0 || s.accounts[a.ID] != nil:
		return a, fmt.Errorf("the id %d cannot be had", a.ID)
	case a.DC < 1 || a.DC > s.opt.DCs:
		return a, fmt.Errorf("there is no data centre %d", a.DC)
	case name != "" && (s.usernames[name] != nil || s.channelNamed(name) != nil):
		return a, fmt.Errorf("the username %q is taken", a.Username)
	case name != "" && !isUsername(name):
		return a, fmt.Errorf("%q cannot be a username", a.Username)
	case !a.Bot && a.Token != "":
		return a, fmt.Errorf("a user has no token")
	case a.Bot && (a.Phone != "" || a.Password != ""):
		return a, fmt.Errorf("a bot has neither a phone number nor a password")
	case a.Phone != "" && s.phones[a.Phone] != nil:
		return a, fmt.Errorf("the number %q is taken", a.Phone)
	}
	if !a.Bot && a.Phone == "" {
		a.Phone = s.newPhone()
	}
	if a.Bot && a.Token == "" {
		a.Token = fmt.Sprintf("%d:AA%s", a.ID, s.letters(33))
	}
	x := &account{
		id: a.ID, bot: a.Bot, firstName: a.FirstName, lastName: a.LastName, username: a.Username, phone: a.Phone,
		token: a.Token, premium: a.Premium, home: a.DC, met: map[int64]bool{}, blocked: map[int64]bool{}, contacts: map[int64]bool{},
		readInbox: map[int64]int{}, readOutbox: map[int64]int{}, drafts: map[int64]string{},
		password: password,
	}
	// Ids and pts of accounts are far apart, so that those of one are never taken for those of another (A8).
	x.box = newBox(100*s.random.IntN(1000)+1, 1000+s.random.IntN(100_000))
	s.accounts[a.ID] = x
	s.accountOrder = append(s.accountOrder, x)
	if name != "" {
		s.usernames[name] = x
	}
	if a.Bot {
		s.tokens[a.Token] = x
	} else {
		s.phones[a.Phone] = x
		x.phoneID = s.newID()
	}
	s.note(Event{Kind: AccountMade, Account: a.ID, Text: a.Username})
	return a, nil
}

func (s *Server) letters(n int) string {
	const from = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	b := make([]byte, n)
	for i := range b {
		b[i] = from[s.random.IntN(len(from))]
	}
	return string(b)
}

// Accounts returns all accounts in the order in which they were made.
func (s *Server) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Account, 0, len(s.accountOrder))
	for _, a := range s.accountOrder {
		all = append(all, a.public())
	}
	return all
}

func (a *account) public() Account {
	return Account{
		ID: a.id, Bot: a.bot, FirstName: a.firstName, LastName: a.lastName, Username: a.username, Phone: a.phone,
		Token: a.token, DC: a.home,
	}
}

// RevokeToken makes a bot's token ACCESS_TOKEN_EXPIRED and ends its logins, as BotFather does.
func (s *Server) RevokeToken(bot int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[bot]
	if a == nil || !a.bot {
		return errNoAccount
	}
	a.expired = true
	for _, x := range s.of(a) {
		s.end(x, revoked)
	}
	return nil
}

// see returns an account as another one sees it: with the access hash that holds for the viewer.
// https://core.telegram.org/api/peers
func (s *Server) see(a, viewer *account, min bool) *tg.User {
	u := &tg.User{ID: a.id, Bot: a.bot, Self: a == viewer, Premium: a.premium, Deleted: a.deleted}
	if a.firstName != "" {
		u.SetFirstName(a.firstName)
	}
	if a.lastName != "" {
		u.SetLastName(a.lastName)
	}
	if a.username != "" {
		u.SetUsername(a.username)
	}
	if a.bot {
		u.SetBotInfoVersion(1)
		u.BotChatHistory = true // privacy mode is off, see group.go
	}
	if min && a != viewer {
		// The hash of a min user serves for its photo only. https://core.telegram.org/api/min
		u.Min = true
		u.SetAccessHash(s.minHash(viewer, a.id))
		return u
	}
	u.SetAccessHash(s.hash(viewer, a.id))
	if a.status != nil {
		u.SetStatus(a.status)
	}
	// https://core.telegram.org/constructor/user: numbers are for oneself and for who has them as a contact.
	u.Contact = viewer.contacts[a.id]
	u.Verified, u.Support = a.id == serviceID, a.id == serviceID
	if a.phone != "" && (a == viewer || u.Contact || a.id == serviceID) {
		u.SetPhone(a.phone)
	}
	return u
}
