package control

import (
	"errors"
	"net/http"

	"telegram-client/tests/telegramtest"
)

// code has the address in the query, as "to": a plus in front of a number is not needed.
func (a api) code(r *http.Request) (any, error) {
	return map[string]string{"code": a.s.LastCode(r.URL.Query().Get("to"))}, nil
}

func (a api) deliver(r *http.Request) (any, error) {
	var x struct {
		Phone string                  `json:"phone"`
		By    []telegramtest.Delivery `json:"by"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.DeliverCodes(x.Phone, x.By...)
}

func (a api) banPhone(r *http.Request) (any, error) {
	var x struct {
		Phone  string `json:"phone"`
		Banned bool   `json:"banned"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	a.s.BanPhone(x.Phone, x.Banned)
	return done, nil
}

func (a api) acceptToken(r *http.Request) (any, error) {
	var x struct {
		Account int64  `json:"account"`
		Link    string `json:"link"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.AcceptToken(x.Account, x.Link)
}

func (a api) changePassword(r *http.Request) (any, error) {
	var x struct {
		Password  string `json:"password"`
		Hint      string `json:"hint"`
		EndOthers bool   `json:"end_others"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.ChangePassword(id, x.Password, x.Hint, x.EndOthers)
}

func (a api) freeze(r *http.Request) (any, error) {
	var x struct {
		Frozen bool `json:"frozen"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.Freeze(id, x.Frozen)
}

func (a api) deactivate(r *http.Request) (any, error) {
	var x struct {
		Banned bool `json:"banned"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.Deactivate(id, x.Banned)
}

func (a api) addContact(r *http.Request) (any, error) {
	var x struct {
		Account int64 `json:"account"`
		Contact int64 `json:"contact"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.AddContact(x.Account, x.Contact)
}

func (a api) pending(r *http.Request) (any, error) {
	account, err := query(r, "account")
	if err != nil {
		return nil, err
	}
	return a.s.Pending(account), nil
}

func (a api) confirm(r *http.Request) (any, error) { return a.answer(r, a.s.Confirm) }
func (a api) deny(r *http.Request) (any, error)    { return a.answer(r, a.s.Deny) }

func (a api) answer(r *http.Request, answer func(int64) error) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return done, answer(id)
}
