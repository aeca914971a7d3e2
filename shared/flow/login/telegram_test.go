package login

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/seal"
)

// A person is a user's account at Telegram.
type person struct {
	account  entry.Account
	home     int // data centre
	password string
	code     string // the right one, while hash is valid
	hash     string
	kind     Kind
	next     Kind
	unproved bool
	guesses  int // wrong codes until the code is not valid any more; 0: any number
	// apart: the second exported token of a login that was let in names another data centre.
	apart int
}

const (
	annaPhone = "48600100200"
	annaID    = 1001
	annaCode  = "12345"
	password  = " correct horse "
)

// anna is a user without a password.
func (w *world) anna() *person {
	p := &person{account: entry.Account{ID: annaID, Username: "anna", FirstName: "Anna", Phone: annaPhone}, home: 2, kind: ByApp, next: BySMS}
	w.users[annaPhone] = p
	return p
}

// A key is an auth key as Telegram knows it.
type key struct {
	dc       int
	open     bool      // over a connection
	until    time.Time // when Telegram ends that, should its process freeze
	account  int64     // logged in; 0: not
	waits    int64     // let in but for the password
	token    []byte
	expires  time.Time
	accepted int64 // who accepted the token
}

func (p *process) NewKey(_ context.Context, _ authorization.App, dc int) (s authorization.Session, err error) {
	return s, p.do("NewKey", func() error {
		if dc == 0 {
			dc = 2
		}
		s = p.newKey(dc)
		return nil
	})
}

func (w *world) newKey(dc int) authorization.Session {
	w.made++
	var k authorization.Key
	binary.BigEndian.PutUint64(k.Auth[:], w.made)
	w.keys[k.Auth] = &key{dc: dc}
	return authorization.Session{DC: dc, Keys: map[int]authorization.Key{dc: k}}
}

// Connect follows Telegram as the dialer does.
func (p *process) Connect(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, noted func(authorization.Session) error, use func(context.Context, Line) error) (authorization.Ending, error) {
	fresh := func(dc int) error {
		if noted == nil {
			return &Refusal{Reason: NeedsKey, DC: dc}
		}
		if dc == 0 {
			dc = 2
		}
		if err := p.do("NewKey", func() error { s = p.newKey(dc); return nil }); err != nil {
			return err
		}
		return noted(s.Clone())
	}
	if len(s.Keys) == 0 {
		if err := fresh(s.DC); err != nil {
			return authorization.Ending{Session: s}, err
		}
	}
	for moves := 0; ; moves++ {
		reset, err := p.connected(ctx, a, s, g, use)
		var no *Refusal
		if errors.Is(err, errForgotten) {
			err = &Refusal{Reason: Moved, DC: s.DC}
		}
		if !errors.As(err, &no) || no.Reason != Moved || moves == 3 {
			return authorization.Ending{Session: s, Reset: reset}, err
		}
		if noted == nil {
			return authorization.Ending{Session: s}, &Refusal{Reason: NeedsKey, DC: no.DC}
		}
		if err := fresh(no.DC); err != nil {
			return authorization.Ending{Session: s}, err
		}
	}
}

func (p *process) connected(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, use func(context.Context, Line) error) (reset bool, err error) {
	if a.ID == 0 || a.Device == "" {
		return false, errors.New("connected as nobody")
	}
	auth := s.Keys[s.DC].Auth
	p.mu.Lock()
	k := p.keys[auth]
	if k == nil {
		p.mu.Unlock()
		return false, errForgotten
	}
	if k.dc != s.DC {
		p.mu.Unlock()
		return false, fmt.Errorf("a key that data centre %d does not know", s.DC)
	}
	if k.open && p.clock.Before(k.until) {
		p.faults = append(p.faults, "a key is used over two connections at once")
	}
	k.open, k.until = true, p.clock.Add(2*time.Minute)
	p.devices[auth] = a.Device
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		reset = p.hangUp(k)
		p.mu.Unlock()
	}()
	return false, use(ctx, &fakeLine{p, k, a, g})
}

// hangUp ends a connection of a key, and reports whether it had to be reset: Telegram believes it alive for a moment.
func (w *world) hangUp(k *key) (reset bool) {
	k.open = w.resets
	if w.resets {
		k.until = w.clock.Add(2 * time.Second)
	}
	return w.resets
}

// errForgotten is the transport error -404.
var errForgotten = errors.New("transport error -404")

// A fakeLine is a connection to the world's Telegram.
type fakeLine struct {
	p *process
	k *key
	a authorization.App
	g authorization.Guard
}

// call makes one call, unless the process dies.
func (l *fakeLine) call(name string, effect func() error) error {
	if err := l.g.Check(); err != nil {
		return err
	}
	return l.p.do(name, func() error {
		if l.p.answer != nil {
			if err := l.p.answer(name); err != nil {
				return err
			}
		}
		err := effect()
		if l.p.after != nil && err == nil {
			err = l.p.after(name)
		}
		return err
	})
}

// login completes a login, unless it is to be refused.
func (l *fakeLine) login(id int64) error {
	l.p.logins++
	var refused error
	if l.p.refuse != nil {
		refused = l.p.refuse(l.p.logins, l.a.Device)
	}
	if refused != nil && !errors.Is(refused, errUnclear) {
		return refused
	}
	if l.k.account != 0 {
		l.p.faults = append(l.p.faults, "a key is logged in twice")
	}
	l.k.account, l.k.waits, l.k.token, l.k.accepted = id, 0, nil, 0
	if refused != nil {
		return &Refusal{Reason: Unreachable, Err: refused}
	}
	return nil
}

func (l *fakeLine) SignInBot(_ context.Context, token seal.Text) (a entry.Account, err error) {
	return a, l.call("SignInBot", func() error {
		if token.Reveal() == cellarToken && l.k.dc != 4 {
			return &Refusal{Reason: Moved, DC: 4}
		}
		var known bool
		if a, known = l.p.bots[token.Reveal()]; !known {
			return l.refused(&Refusal{Reason: InvalidToken, Code: "ACCESS_TOKEN_INVALID"})
		}
		return l.login(a.ID)
	})
}

// refused counts a login that Telegram refuses anyway.
func (l *fakeLine) refused(err error) error {
	l.p.logins++
	if l.p.refuse != nil {
		if other := l.p.refuse(l.p.logins, l.a.Device); other != nil && !errors.Is(other, errUnclear) {
			return other
		}
	}
	return err
}

func (l *fakeLine) State(context.Context) (s UpdateState, err error) {
	return s, l.call("State", func() error {
		if l.k.account == 0 {
			return errors.New("the state of nobody")
		}
		s = UpdateState{Pts: 5, Qts: 1, Date: int(l.p.clock.Unix()), Seq: int(l.p.made)}
		return nil
	})
}

func (l *fakeLine) Self(context.Context) (a entry.Account, in bool, err error) {
	return a, in, l.call("Self", func() error {
		a, in = l.p.accountOf(l.k.account), l.k.account != 0
		return nil
	})
}

func (w *world) accountOf(id int64) entry.Account {
	for _, b := range w.bots {
		if b.ID == id {
			return b
		}
	}
	for _, u := range w.users {
		if u.account.ID == id {
			return u.account
		}
	}
	return entry.Account{}
}

func (w *world) personOf(id int64) *person {
	for _, u := range w.users {
		if u.account.ID == id {
			return u
		}
	}
	return nil
}

// person finds who has a phone number, and moves the login to the data centre where they are.
func (l *fakeLine) person(phone seal.Text) (*person, error) {
	u := l.p.users[phone.Reveal()]
	switch {
	case u == nil:
		return nil, &Refusal{Reason: InvalidPhone}
	case u.home != l.k.dc:
		return nil, &Refusal{Reason: Moved, DC: u.home}
	}
	return u, nil
}

func (l *fakeLine) send(u *person, kind Kind) Sent {
	l.p.sent++
	u.hash, u.code = fmt.Sprintf("hash %d", l.p.sent), annaCode
	return Sent{Code: Code{Hash: seal.NewText(u.hash), Kind: kind, Length: 5, Next: u.next, Wait: time.Minute}}
}

func (l *fakeLine) SendCode(_ context.Context, phone seal.Text) (s Sent, err error) {
	return s, l.call("SendCode", func() error {
		u, err := l.person(phone)
		switch {
		case err != nil:
			return err
		case u.unproved:
			u.hash = "hash of the set-up"
			s = Sent{Code: Code{Hash: seal.NewText(u.hash), Kind: SetUpEmail}}
			return nil
		}
		if u.kind == "" {
			s.Account = &u.account
			return l.login(u.account.ID)
		}
		s = l.send(u, u.kind)
		return nil
	})
}

func (l *fakeLine) ResendCode(_ context.Context, phone, hash seal.Text) (s Sent, err error) {
	return s, l.call("ResendCode", func() error {
		u, err := l.person(phone)
		switch {
		case err != nil:
			return err
		case u.hash != hash.Reveal():
			return &Refusal{Reason: ExpiredCode}
		case u.next == "":
			return &Refusal{Reason: NoOtherWay}
		}
		s = l.send(u, u.next)
		u.next, s.Code.Next = "", ""
		return nil
	})
}

func (l *fakeLine) SendEmailCode(_ context.Context, phone, hash, email seal.Text) (c Code, err error) {
	return c, l.call("SendEmailCode", func() error {
		u, err := l.person(phone)
		switch {
		case err != nil:
			return err
		case u.hash != hash.Reveal():
			return &Refusal{Reason: ExpiredCode}
		case email.Reveal() == "refused@example.com":
			return &Refusal{Reason: InvalidEmail}
		}
		u.code = "999999"
		c = Code{Hash: hash, Kind: ByEmail, Where: "a***@example.com", Length: 6}
		return nil
	})
}

func (l *fakeLine) VerifyEmail(_ context.Context, phone, hash, code seal.Text) (s Sent, err error) {
	return s, l.call("VerifyEmail", func() error {
		u, err := l.person(phone)
		switch {
		case err != nil:
			return err
		case u.hash != hash.Reveal():
			return &Refusal{Reason: ExpiredCode}
		case u.code != code.Reveal():
			return &Refusal{Reason: InvalidCode}
		}
		u.unproved = false
		s = l.send(u, ByEmail)
		return nil
	})
}

func (l *fakeLine) SignIn(_ context.Context, phone seal.Text, to Code, code seal.Text) (a entry.Account, err error) {
	return a, l.call("SignIn", func() error {
		u, err := l.person(phone)
		switch {
		case err != nil:
			return err
		case u.hash == "" || u.hash != to.Hash.Reveal():
			return &Refusal{Reason: ExpiredCode}
		case u.code != code.Reveal():
			if u.guesses--; u.guesses == 0 {
				u.hash = ""
			}
			return l.refused(&Refusal{Reason: InvalidCode})
		}
		if u.password != "" {
			u.hash = "" // a code is good for one login
			l.k.waits = u.account.ID
			return &Refusal{Reason: PasswordNeeded}
		}
		if err := l.login(u.account.ID); err != nil {
			if l.k.account != 0 {
				u.hash = ""
			}
			return err
		}
		u.hash = ""
		a = u.account
		return nil
	})
}

func (l *fakeLine) Hint(context.Context) (string, error) {
	return "the usual one", l.call("Hint", func() error {
		if l.k.waits == 0 {
			return &Refusal{Reason: SessionEnded}
		}
		return nil
	})
}

func (l *fakeLine) CheckPassword(_ context.Context, password seal.Text) (a entry.Account, err error) {
	return a, l.call("CheckPassword", func() error {
		l.p.hashes++
		u := l.p.personOf(l.k.waits)
		switch {
		case u == nil:
			return &Refusal{Reason: SessionEnded}
		case u.password != password.Reveal():
			return &Refusal{Reason: InvalidPassword}
		}
		a = u.account
		return l.login(u.account.ID)
	})
}

func (l *fakeLine) ExportToken(context.Context) (t Token, err error) {
	return t, l.call("ExportToken", func() error { return l.export(&t) })
}

// export says what becomes of a token: https://core.telegram.org/api/qr-login
func (l *fakeLine) export(t *Token) error {
	k := l.k
	switch u := l.p.personOf(k.accepted); {
	case k.account != 0:
		return &Refusal{Reason: OtherRefusal, Code: "ALREADY_LOGGED_IN"}
	case k.waits != 0:
		return &Refusal{Reason: PasswordNeeded}
	case u != nil && (u.home != k.dc || u.apart != 0 && u.apart != k.dc):
		dc := u.home
		if u.apart != 0 {
			dc = u.apart
		}
		*t = Token{Token: k.token, DC: dc}
		l.p.moving(k.token, k.accepted)
		k.token, k.accepted = nil, 0
		return nil
	case u != nil:
		return l.letIn(u, t)
	}
	l.p.tokens++ // the one before is of no use any more
	k.token, k.expires = fmt.Appendf(nil, "token %d", l.p.tokens), l.p.clock.Add(30*time.Second)
	*t = Token{Token: bytes.Clone(k.token), ExpiresAt: k.expires}
	return nil
}

func (l *fakeLine) letIn(u *person, t *Token) error {
	if u.password != "" {
		l.k.waits, l.k.token, l.k.accepted = u.account.ID, nil, 0
		return &Refusal{Reason: PasswordNeeded}
	}
	if err := l.login(u.account.ID); err != nil {
		return err
	}
	a := u.account
	*t = Token{Account: &a}
	return nil
}

// moving keeps who accepted a token that is to be imported elsewhere.
type moving struct {
	who   int64
	until time.Time
}

func (w *world) moving(token []byte, who int64) {
	w.moves[string(token)] = moving{who, w.clock.Add(30 * time.Second)}
}

func (l *fakeLine) ImportToken(_ context.Context, token []byte) (t Token, err error) {
	return t, l.call("ImportToken", func() error {
		m, has := l.p.moves[string(token)]
		if !has || !l.p.clock.Before(m.until) {
			return &Refusal{Reason: TokenOver}
		}
		u := l.p.personOf(m.who)
		delete(l.p.moves, string(token))
		return l.letIn(u, &t)
	})
}

func (l *fakeLine) AcceptToken(_ context.Context, token []byte) error {
	return l.call("AcceptToken", func() error {
		if l.k.account == 0 {
			return &Refusal{Reason: SessionEnded}
		}
		return l.p.accept(token, l.k.account)
	})
}

// accept lets a key in; the account's owner does it with the phone.
func (w *world) accept(token []byte, account int64) error {
	for _, k := range w.keys {
		if k.token != nil && bytes.Equal(k.token, token) && k.account == 0 {
			if !w.clock.Before(k.expires) {
				return &Refusal{Reason: TokenOver}
			}
			k.accepted = account
			return nil
		}
	}
	return &Refusal{Reason: TokenOver}
}

func (p *process) LogOut(_ context.Context, a authorization.App, s authorization.Session, g authorization.Guard) (ending authorization.Ending, err error) {
	ending.Session = s
	if err := g.Check(); err != nil {
		return ending, err
	}
	if a.ID == 0 || a.Device == "" {
		return ending, errors.New("logged out as nobody")
	}
	return ending, p.do("LogOut", func() error {
		k := p.keys[s.Keys[s.DC].Auth]
		if k == nil {
			return nil
		}
		if k.open && p.clock.Before(k.until) {
			p.faults = append(p.faults, "a key is logged out while it is in use")
		}
		ending.Reset = p.hangUp(k)
		if p.logOuts != nil {
			return p.logOuts
		}
		k.account, k.waits, k.token, k.accepted = 0, 0, nil, 0
		return nil
	})
}
