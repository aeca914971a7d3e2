package telegramtest

import (
	"encoding/hex"
	"errors"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

// authorization is one login of an account: one device in its list. It may have a key in each data centre.
type authorization struct {
	id      int64
	account *account
	keys    []mtserver.KeyID // the first one is where it logged in
	dc      int
	apiID   int
	device  tg.InitConnectionRequest // the last one
	created time.Time
	ended   string // why; "" while it is alive
	// unconfirmed says that the owner has not said yet that the login was his.
	unconfirmed bool

	// seq, qts and date are the authorization's own (A7).
	seq      int
	qts      int
	numbered []numbered

	sent map[int64]*stored // by random_id (A1)
}

// number is the id, also of no authorization.
func (a *authorization) number() int64 {
	if a == nil {
		return 0
	}
	return a.id
}

// exported is an authorization on its way to another data centre.
type exported struct {
	authorization *authorization
	dc            int
	bytes         string
}

// Why an authorization ends.
const (
	loggedOut  = "logged out"
	terminated = "terminated" // from another device
	revoked    = "revoked"    // the token
	duplicated = "duplicated" // law 1
	forgotten  = "forgotten"  // the key
	replaced   = "replaced"   // by another login with the key
)

// An Authorization is what a test knows of a login.
type Authorization struct {
	ID      int64     `json:"id"`
	Account int64     `json:"account"`
	Device  string    `json:"device"`
	System  string    `json:"system"`
	App     string    `json:"app"`
	APIID   int       `json:"api_id"`
	DC      int       `json:"dc"`
	Keys    []string  `json:"keys"` // ids of the auth keys, hexadecimal
	Created time.Time `json:"created"`
	// Ended is empty while the authorization is alive, else why it is not: "logged out", "terminated" from another
	// device, "revoked" token, "duplicated" (AUTH_KEY_DUPLICATED), "forgotten" key, "replaced" by another login.
	Ended string `json:"ended,omitempty"`
	// Unconfirmed says that Telegram asks the owner whether the login was his (Server.Confirm, Server.Deny).
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Sessions is how many sessions are connected, and Subscribed how many of them want updates.
	Sessions   int `json:"sessions"`
	Subscribed int `json:"subscribed"`
}

// Authorizations returns the logins of an account, 0 for those of all, in the order of login. Those that have ended are
// among them.
func (s *Server) Authorizations(account int64) []Authorization {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Authorization{}
	for _, a := range s.order {
		if account == 0 || a.account.id == account {
			all = append(all, s.public(a))
		}
	}
	return all
}

func (s *Server) public(a *authorization) Authorization {
	p := Authorization{
		ID: a.id, Account: a.account.id, Device: a.device.DeviceModel, System: a.device.SystemVersion,
		App: a.device.AppVersion, APIID: a.apiID, DC: a.dc, Created: a.created, Ended: a.ended,
		Unconfirmed: a.unconfirmed,
	}
	for _, k := range a.keys {
		p.Keys = append(p.Keys, hex.EncodeToString(k[:]))
	}
	if a.ended == "" {
		for _, k := range a.keys {
			for _, x := range s.wire.Sessions(k) {
				p.Sessions++
				if x.WantsUpdates() {
					p.Subscribed++
				}
			}
		}
	}
	return p
}

// of returns the living logins of an account.
func (s *Server) of(a *account) []*authorization {
	var all []*authorization
	for _, x := range s.order {
		if x.account == a && x.ended == "" {
			all = append(all, x)
		}
	}
	return all
}

// logIn makes an authorization of a key. id is 0 if none was promised.
func (s *Server) logIn(a *account, r *mtserver.Request, apiID int, id int64) *authorization {
	if old := s.keys[r.Key]; old != nil {
		s.end(old, replaced)
	}
	if id == 0 {
		id = s.newID()
	}
	x := &authorization{
		id: id, account: a, keys: []mtserver.KeyID{r.Key}, dc: r.DC, apiID: apiID,
		created: s.opt.Clock.Now(), sent: map[int64]*stored{},
		seq: 1, qts: 1,
	}
	if r.Init != nil {
		x.device = *r.Init
	}
	s.authorizations[x.id] = x
	s.order = append(s.order, x)
	s.keys[r.Key] = x
	delete(s.ended, r.Key)
	s.note(Event{Kind: LoggedIn, Account: a.id, Authorization: x.id, Text: x.device.DeviceModel})
	return x
}

// end ends an authorization. Its keys stay, and are not logged in.
func (s *Server) end(a *authorization, why string) {
	if a.ended != "" {
		return
	}
	a.ended = why
	for _, k := range a.keys {
		delete(s.keys, k)
		s.ended[k] = why
	}
	s.note(Event{Kind: LoggedOut, Account: a.account.id, Authorization: a.id, Text: why})
}

var errNoAuthorization = errors.New("there is no such authorization")

// EndAuthorization ends a login as its owner does from another device. The client is answered 401 SESSION_REVOKED from
// now on, and hears of it only when it asks (A11), but with Behaviour.TellEnded.
func (s *Server) EndAuthorization(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[id]
	if a == nil || a.ended != "" {
		return errNoAuthorization
	}
	s.endOnPhone(a)
	return nil
}

func (s *Server) endOnPhone(a *authorization) {
	s.end(a, terminated)
	if s.behaviour.TellEnded {
		for _, x := range s.subscribers(a) {
			s.send(a, x, &tg.UpdatesTooLong{})
		}
	}
}

// ForgetKeys ends a login such that its keys are unknown from now on: transport error -404.
func (s *Server) ForgetKeys(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[id]
	if a == nil || a.ended != "" {
		return errNoAuthorization
	}
	s.end(a, forgotten)
	for _, k := range a.keys {
		s.wire.Destroy(k)
	}
	return nil
}

// AuthorizationStats are the counts of all keys of a login.
type AuthorizationStats struct {
	Alive       int   `json:"alive"`      // connections now
	MostAlive   int   `json:"most_alive"` // connections of one key at once
	Connections int   `json:"connections"`
	Requests    int   `json:"requests"`
	RoundTrips  int   `json:"round_trips"`
	BytesIn     int64 `json:"bytes_in"` // from the client
	BytesOut    int64 `json:"bytes_out"`
}

// Stats returns the counts of a login, also of one that has ended. mtserver.Stats says what they mean.
func (s *Server) Stats(authorization int64) (AuthorizationStats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[authorization]
	if a == nil {
		return AuthorizationStats{}, errNoAuthorization
	}
	var sum AuthorizationStats
	for _, k := range a.keys {
		x := s.wire.Stats(k)
		sum.Alive += x.Alive
		sum.MostAlive = max(sum.MostAlive, x.MostAlive)
		sum.Connections += x.Connections
		sum.Requests += x.Requests
		sum.RoundTrips += x.RoundTrips
		sum.BytesIn += x.BytesIn
		sum.BytesOut += x.BytesOut
	}
	return sum, nil
}

// Sessions returns the connected sessions of a login, so that a test can end their connections.
func (s *Server) Sessions(authorization int64) []*mtserver.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[authorization]
	if a == nil {
		return nil
	}
	var all []*mtserver.Session
	for _, k := range a.keys {
		all = append(all, s.wire.Sessions(k)...)
	}
	return all
}
