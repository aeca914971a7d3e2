package telegramtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gotd/td/crypto/srp"
	"github.com/gotd/td/tg"
)

// ask sends a code to a number and returns the answer.
func (l *login) ask(phone string) (tg.AuthSentCodeClass, error) {
	return l.AuthSendCode(context.Background(), &tg.AuthSendCodeRequest{PhoneNumber: phone, APIID: 7, APIHash: "hash"})
}

// hashOf sends a code and returns its hash.
func (l *login) hashOf(t *testing.T, phone string) string {
	t.Helper()
	sent, err := l.ask(phone)
	if err != nil {
		t.Fatal(err)
	}
	x, ok := sent.(*tg.AuthSentCode)
	if !ok {
		t.Fatalf("sent %T", sent)
	}
	return x.PhoneCodeHash
}

func (l *login) enter(phone, hash, code string) (tg.AuthAuthorizationClass, error) {
	r := &tg.AuthSignInRequest{PhoneNumber: phone, PhoneCodeHash: hash}
	if code != "" {
		r.SetPhoneCode(code)
	}
	return l.AuthSignIn(context.Background(), r)
}

// proof is what a client makes of a password, by code that is not the server's.
func proof(t *testing.T, p *tg.AccountPassword, password string) *tg.InputCheckPasswordSRP {
	t.Helper()
	algo, ok := p.CurrentAlgo.(*tg.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow)
	if !ok {
		t.Fatalf("algorithm %T", p.CurrentAlgo)
	}
	a, err := srp.NewSRP(nil).Hash([]byte(password), p.SRPB, p.SecureRandom, srp.Input{Salt1: algo.Salt1, Salt2: algo.Salt2, G: algo.G, P: algo.P})
	if err != nil {
		t.Fatal(err)
	}
	return &tg.InputCheckPasswordSRP{SRPID: p.SRPID, A: a.A, M1: a.M1}
}

func (l *login) password(t *testing.T) *tg.AccountPassword {
	t.Helper()
	p, err := l.AccountGetPassword(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// enterUser returns a new login of a user without a password.
func enterUser(t *testing.T, s *Server, user Account, device string) *login {
	t.Helper()
	l := newLogin(s, device)
	l.dc = user.DC
	if _, err := l.enter(user.Phone, l.hashOf(t, user.Phone), s.LastCode(user.Phone)); err != nil {
		t.Fatalf("%s logs in: %v", device, err)
	}
	return l
}

func TestUserLogin_NumbersAreRefused(t *testing.T) {
	t.Parallel()
	s := silent(full, func(o *Options) { o.Apps = map[int]string{7: "hash"} })
	alice, far := s.User("alice"), s.User("faraway", func(a *Account) { a.DC = 2 })
	s.BanPhone("+49 30 99", true)
	s.BanPhone("4930999999", true)
	l := newLogin(s, "phone")
	for phone, want := range map[string]string{
		"": "PHONE_NUMBER_INVALID", "alice": "PHONE_NUMBER_INVALID", "+49 30 1234567": "PHONE_NUMBER_INVALID",
		"0301234567": "PHONE_NUMBER_INVALID", "+" + far.Phone: "PHONE_MIGRATE_2", "+4930999999": "PHONE_NUMBER_BANNED",
	} {
		code := map[string]int{"PHONE_NUMBER_INVALID": 406, "PHONE_MIGRATE_2": 303, "PHONE_NUMBER_BANNED": 400}[want]
		_, err := l.ask(phone)
		refused(t, err, code, want)
	}
	_, err := l.AuthSendCode(context.Background(), &tg.AuthSendCodeRequest{PhoneNumber: alice.Phone, APIID: 7, APIHash: "other"})
	refused(t, err, 400, "API_ID_INVALID")
	for range 5 {
		l.hashOf(t, alice.Phone)
	}
	_, err = l.ask(alice.Phone)
	refused(t, err, 420, "FLOOD_WAIT_86400")
}

func TestUserLogin_CodesAreRefused(t *testing.T) {
	t.Parallel()
	c := newSteps()
	b := full
	b.CodesPerDay = 20
	s := silent(b, at(c))
	alice := s.User("alice")
	l, other := newLogin(s, "phone"), newLogin(s, "other")
	hash := l.hashOf(t, alice.Phone)
	code := s.LastCode(alice.Phone)
	for _, x := range []struct {
		l                *login
		hash, code, want string
	}{
		{l, "", code, "PHONE_CODE_HASH_EMPTY"}, {l, hash, "", "PHONE_CODE_EMPTY"}, {l, hash, "x" + code, "PHONE_CODE_INVALID"},
		{l, "unknown", code, "PHONE_CODE_EXPIRED"}, {other, hash, code, "PHONE_CODE_EXPIRED"},
	} {
		_, err := x.l.enter(alice.Phone, x.hash, x.code)
		refused(t, err, 400, x.want)
	}
	l.hashOf(t, alice.Phone)
	_, err := l.enter(alice.Phone, hash, code)
	refused(t, err, 400, "PHONE_CODE_EXPIRED") // the newest one counts
	hash = l.hashOf(t, alice.Phone)
	for range 5 {
		_, err := l.enter(alice.Phone, hash, "wrong")
		refused(t, err, 400, "PHONE_CODE_INVALID")
	}
	_, err = l.enter(alice.Phone, hash, s.LastCode(alice.Phone))
	refused(t, err, 400, "PHONE_CODE_EXPIRED")
	hash = l.hashOf(t, alice.Phone)
	c.advance(301 * time.Second)
	_, err = l.enter(alice.Phone, hash, s.LastCode(alice.Phone))
	refused(t, err, 400, "PHONE_CODE_EXPIRED")
	hash = l.hashOf(t, alice.Phone)
	if _, err := l.AuthCancelCode(context.Background(), &tg.AuthCancelCodeRequest{PhoneNumber: alice.Phone, PhoneCodeHash: hash}); err != nil {
		t.Error(err)
	}
	_, err = l.enter(alice.Phone, hash, s.LastCode(alice.Phone))
	refused(t, err, 400, "PHONE_CODE_EXPIRED")
	if all := s.Authorizations(0); len(all) != 0 {
		t.Errorf("logins: %+v", all)
	}
}

func TestUserLogin_NobodyHasTheNumber(t *testing.T) {
	t.Parallel()
	for _, how := range []Choice{Always, Never} {
		b := full
		b.Unoccupied = how
		s := silent(b)
		l := newLogin(s, "phone")
		hash := l.hashOf(t, "15550001111")
		a, err := l.enter("15550001111", hash, s.LastCode("15550001111"))
		if how == Always {
			refused(t, err, 400, "PHONE_NUMBER_UNOCCUPIED")
		} else if _, ok := a.(*tg.AuthAuthorizationSignUpRequired); !ok || err != nil {
			t.Errorf("got %T, %v", a, err)
		}
	}
}

func TestUserLogin_EveryDelivery(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice := s.User("alice")
	for _, by := range deliveries {
		if err := s.DeliverCodes(alice.Phone, by, BySMS); err != nil {
			t.Fatal(err)
		}
		l := newLogin(s, string(by))
		s.Behave(func(b *Behaviour) { b.CodesPerDay = 100 })
		sent, err := l.ask(alice.Phone)
		if err != nil {
			t.Fatalf("%s: %v", by, err)
		}
		switch x := sent.(type) {
		case *tg.AuthSentCode:
			if _, ok := x.NextType.(*tg.AuthCodeTypeSMS); !ok || x.Timeout == 0 || x.Type.TypeName() != by.sentType("12345").TypeName() {
				t.Errorf("%s: %+v", by, x)
			}
			if by == SetUpEmail || by == ByFirebase {
				if code := s.LastCode(alice.Phone); code != "" {
					t.Errorf("%s: code %q", by, code)
				}
				continue
			}
			r := &tg.AuthSignInRequest{PhoneNumber: alice.Phone, PhoneCodeHash: x.PhoneCodeHash}
			if by == ByEmail {
				_, err := l.enter(alice.Phone, x.PhoneCodeHash, s.LastCode(alice.Phone))
				refused(t, err, 400, "PHONE_CODE_EMPTY")
				r.SetEmailVerification(&tg.EmailVerificationCode{Code: s.LastCode(alice.Phone)})
			} else {
				r.SetPhoneCode(s.LastCode(alice.Phone))
			}
			if _, err := l.AuthSignIn(context.Background(), r); err != nil {
				t.Errorf("%s: %v", by, err)
			}
		case *tg.AuthSentCodeSuccess:
			if _, err := l.UpdatesGetState(context.Background()); by != NoCode || err != nil {
				t.Errorf("%s: %T, %v", by, x, err)
			}
		case *tg.AuthSentCodePaymentRequired:
			if by != PaymentRequired {
				t.Errorf("%s: %T", by, x)
			}
		}
	}
	if err := s.DeliverCodes(alice.Phone, "pigeon"); err == nil {
		t.Error("codes come by pigeon")
	}
}

func TestUserLogin_CodeIsSentAgain(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice := s.User("alice")
	if err := s.DeliverCodes(alice.Phone, ByApp, BySMS); err != nil {
		t.Fatal(err)
	}
	l := newLogin(s, "phone")
	first := l.hashOf(t, alice.Phone)
	old := s.LastCode(alice.Phone)
	if read := s.Read(alice.ID, serviceID); len(read) != 1 || !strings.Contains(read[0].Text, old) {
		t.Errorf("in the app: %+v", read)
	}
	again := func(hash string) (tg.AuthSentCodeClass, error) {
		return l.AuthResendCode(context.Background(), &tg.AuthResendCodeRequest{PhoneNumber: alice.Phone, PhoneCodeHash: hash})
	}
	sent, err := again(first)
	if err != nil {
		t.Fatal(err)
	}
	second := sent.(*tg.AuthSentCode)
	if _, ok := second.Type.(*tg.AuthSentCodeTypeSMS); !ok || second.NextType != nil {
		t.Errorf("sent again: %+v", second)
	}
	_, err = l.enter(alice.Phone, first, old)
	refused(t, err, 400, "PHONE_CODE_EXPIRED")
	_, err = again(second.PhoneCodeHash)
	refused(t, err, 406, "SEND_CODE_UNAVAILABLE")
	if _, err := l.enter(alice.Phone, second.PhoneCodeHash, s.LastCode(alice.Phone)); err != nil {
		t.Error(err)
	}
}

func TestUserLogin_AddressIsSetUpFirst(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice := s.User("alice")
	if err := s.DeliverCodes(alice.Phone, SetUpEmail); err != nil {
		t.Fatal(err)
	}
	l, ctx := newLogin(s, "phone"), context.Background()
	hash := l.hashOf(t, alice.Phone)
	_, err := l.enter(alice.Phone, hash, "12345")
	refused(t, err, 400, "PHONE_CODE_INVALID")
	purpose := &tg.EmailVerifyPurposeLoginSetup{PhoneNumber: alice.Phone, PhoneCodeHash: hash}
	send := func(address string) error {
		_, err := l.AccountSendVerifyEmailCode(ctx, &tg.AccountSendVerifyEmailCodeRequest{Purpose: purpose, Email: address})
		return err
	}
	verify := func(code string) (tg.AccountEmailVerifiedClass, error) {
		return l.AccountVerifyEmail(ctx, &tg.AccountVerifyEmailRequest{Purpose: purpose, Verification: &tg.EmailVerificationCode{Code: code}})
	}
	refused(t, send("nobody"), 400, "EMAIL_INVALID")
	purpose.PhoneCodeHash = "unknown"
	refused(t, send("alice@example.org"), 400, "PHONE_HASH_EXPIRED")
	purpose.PhoneCodeHash = hash
	_, err = verify("123456")
	refused(t, err, 400, "EMAIL_VERIFY_EXPIRED")
	if err := send("alice@example.org"); err != nil {
		t.Fatal(err)
	}
	_, err = verify("wrong")
	refused(t, err, 400, "CODE_INVALID")
	verified, err := verify(s.LastCode("alice@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	sent := verified.(*tg.AccountEmailVerifiedLogin).SentCode.(*tg.AuthSentCode)
	if _, err := l.enter(alice.Phone, sent.PhoneCodeHash, s.LastCode(alice.Phone)); err != nil {
		t.Error(err)
	}
}

func TestUserLogin_PasswordIsChecked(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice := s.User("alice", func(a *Account) { a.Password, a.PasswordHint = "correct horse", "staple" })
	l := newLogin(s, "phone")
	_, err := l.AccountGetPassword(ctx)
	refused(t, err, 401, "AUTH_KEY_UNREGISTERED")
	_, err = l.enter(alice.Phone, l.hashOf(t, alice.Phone), s.LastCode(alice.Phone))
	refused(t, err, 401, "SESSION_PASSWORD_NEEDED")
	p := l.password(t)
	if !p.HasPassword || p.Hint != "staple" {
		t.Errorf("%+v", p)
	}
	_, err = l.AuthCheckPassword(ctx, &tg.InputCheckPasswordSRP{SRPID: p.SRPID, A: []byte{0}, M1: []byte{1}})
	refused(t, err, 400, "PASSWORD_HASH_INVALID")
	_, err = l.AuthCheckPassword(ctx, proof(t, p, "correct horse"))
	refused(t, err, 400, "SRP_ID_INVALID")
	_, err = l.AuthCheckPassword(ctx, proof(t, l.password(t), "wrong horse"))
	refused(t, err, 400, "PASSWORD_HASH_INVALID")
	p = l.password(t)
	if err := s.ChangePassword(alice.ID, "new horse", "", false); err != nil {
		t.Fatal(err)
	}
	_, err = l.AuthCheckPassword(ctx, proof(t, p, "correct horse"))
	refused(t, err, 400, "SRP_PASSWORD_CHANGED")
	if all := s.Pending(alice.ID); len(all) != 1 || all[0].Device != "phone" || len(s.Authorizations(alice.ID)) != 0 {
		t.Errorf("waiting: %+v", all)
	}
	if _, err := l.AuthCheckPassword(ctx, proof(t, l.password(t), "new horse")); err != nil {
		t.Fatal(err)
	}
	if p := l.password(t); !p.HasPassword {
		t.Errorf("%+v", p)
	}
	if all := s.Pending(alice.ID); len(all) != 0 || len(s.Authorizations(alice.ID)) != 1 {
		t.Errorf("waiting: %+v", all)
	}
}

func TestUserLogin_GuessingPasswordsIsLimited(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice := s.User("alice", func(a *Account) { a.Password = "correct horse" })
	l := newLogin(s, "phone")
	_, err := l.enter(alice.Phone, l.hashOf(t, alice.Phone), s.LastCode(alice.Phone))
	refused(t, err, 401, "SESSION_PASSWORD_NEEDED")
	guess := func() error {
		_, err := l.AuthCheckPassword(ctx, &tg.InputCheckPasswordSRP{SRPID: l.password(t).SRPID, A: []byte{5}, M1: []byte{1}})
		return err
	}
	for range 5 {
		refused(t, guess(), 400, "PASSWORD_HASH_INVALID")
	}
	refused(t, guess(), 420, "FLOOD_WAIT_3600")
	// Given up: nothing stays in the list of devices.
	if _, err := l.AuthLogOut(ctx); err != nil || len(s.Pending(0)) != 0 {
		t.Errorf("waiting: %+v, %v", s.Pending(0), err)
	}
	_, err = l.AccountGetPassword(ctx)
	refused(t, err, 401, "AUTH_KEY_UNREGISTERED")
}
