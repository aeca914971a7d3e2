package redisstore

import (
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/seal"
)

// flowRecord is a flow as it stands in the store, sealed.
type flowRecord struct {
	StepID     string
	Reauth     entry.ID `json:",omitempty"`
	AppID      int
	AppHash    string
	ClientType entry.ClientType
	ExpiresAt  time.Time
	Names      []authorization.Name `json:",omitempty"`
	Asks       authorization.Name   `json:",omitempty"`
	Home       int                  `json:",omitempty"`
	ByQR       bool                 `json:",omitempty"`
	Phone      string               `json:",omitempty"`
	Code       *codeRecord          `json:",omitempty"`
	Mailed     *codeRecord          `json:",omitempty"`
	Guesses    int                  `json:",omitempty"`
	Token      *tokenRecord         `json:",omitempty"`
	Hint       string               `json:",omitempty"`
	Signed     *signedRecord        `json:",omitempty"`
	Made       []madeRecord         `json:",omitempty"`
	Making     entry.ID             `json:",omitempty"`
	GivenUp    time.Time
	Last       *login.End `json:",omitempty"`
}

type codeRecord struct {
	Hash   string
	Kind   login.Kind
	Where  string        `json:",omitempty"`
	Length int           `json:",omitempty"`
	Next   login.Kind    `json:",omitempty"`
	Wait   time.Duration `json:",omitempty"`
}

type tokenRecord struct {
	Token     []byte
	ExpiresAt time.Time
}

type signedRecord struct {
	Account  entry.Account
	BotToken string `json:",omitempty"`
	State    []byte `json:",omitempty"`
	At       time.Time
}

type madeRecord struct {
	Name     authorization.Name
	Session  sessionRecord
	LoggedIn bool `json:",omitempty"`
	Done     bool `json:",omitempty"`
	Rests    bool `json:",omitempty"`
}

func newFlowRecord(f *login.Flow) flowRecord {
	r := flowRecord{StepID: f.StepID, Reauth: f.Reauth, AppID: f.App.ID, AppHash: f.App.Hash.Reveal(), ClientType: f.ClientType,
		ExpiresAt: f.ExpiresAt, Names: f.Names, Asks: f.Asks, Home: f.Home, ByQR: f.ByQR, Phone: f.Phone.Reveal(), Hint: f.Hint,
		Code: newCodeRecord(f.Code), Mailed: newCodeRecord(f.Mailed), Guesses: f.Guesses, Making: f.Making, GivenUp: f.GivenUp, Last: f.Last}
	if t := f.Token; t != nil {
		r.Token = &tokenRecord{t.Token, t.ExpiresAt}
	}
	if s := f.Signed; s != nil {
		r.Signed = &signedRecord{s.Account, s.BotToken.Reveal(), s.State, s.At}
	}
	for _, m := range f.Made {
		r.Made = append(r.Made, madeRecord{m.Name, newSessionRecord(m.Session), m.LoggedIn, m.Done, m.Rests})
	}
	return r
}

func (r *flowRecord) flow(id string) (login.Flow, error) {
	f := login.Flow{ID: id, StepID: r.StepID, Reauth: r.Reauth, App: entry.App{ID: r.AppID, Hash: seal.NewText(r.AppHash)},
		ClientType: r.ClientType, ExpiresAt: r.ExpiresAt, Names: r.Names, Asks: r.Asks, Home: r.Home, ByQR: r.ByQR,
		Phone: seal.NewText(r.Phone), Hint: r.Hint, Code: r.Code.code(), Mailed: r.Mailed.code(), Guesses: r.Guesses, Making: r.Making, GivenUp: r.GivenUp,
		Last: r.Last}
	if t := r.Token; t != nil {
		f.Token = &login.Token{Token: t.Token, ExpiresAt: t.ExpiresAt}
	}
	if s := r.Signed; s != nil {
		f.Signed = &login.Signed{Account: s.Account, BotToken: seal.NewText(s.BotToken), State: s.State, At: s.At}
	}
	for _, m := range r.Made {
		session, err := m.Session.session()
		if err != nil {
			return f, err
		}
		f.Made = append(f.Made, login.Made{Name: m.Name, Session: session, LoggedIn: m.LoggedIn, Done: m.Done, Rests: m.Rests})
	}
	return f, nil
}

func newCodeRecord(c *login.Code) *codeRecord {
	if c == nil {
		return nil
	}
	return &codeRecord{c.Hash.Reveal(), c.Kind, c.Where, c.Length, c.Next, c.Wait}
}

func (r *codeRecord) code() *login.Code {
	if r == nil {
		return nil
	}
	return &login.Code{Hash: seal.NewText(r.Hash), Kind: r.Kind, Where: r.Where, Length: r.Length, Next: r.Next, Wait: r.Wait}
}
