package telegramtest

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"math/big"

	"github.com/gotd/td/tg"
)

// The server's side of SRP, written from https://core.telegram.org/api/srp. Telegram's own prime and generator are
// used, so that a client that checks them can be tested.

const (
	srpGenerator = 3
	srpBytes     = 256
	srpRounds    = 100_000
)

var srpPrime, _ = new(big.Int).SetString(""+
	"c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f"+
	"48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37"+
	"20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"+
	"2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4"+
	"a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754"+
	"fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"+
	"e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f"+
	"0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b", 16)

// verifier is what the server keeps of a password.
type verifier struct {
	salt1, salt2 []byte
	v            *big.Int
	hint         string
}

// newVerifier makes what is kept of a password. It takes a tenth of a second, as on Telegram's side it should.
func newVerifier(password, hint string) (*verifier, error) {
	salts := make([]byte, 40+16)
	rand.Read(salts)
	w := &verifier{salt1: salts[:40], salt2: salts[40:], hint: hint}
	inner := saltedHash(saltedHash([]byte(password), w.salt1), w.salt2)
	stretched, err := pbkdf2.Key(sha512.New, string(inner), w.salt1, srpRounds, sha512.Size)
	if err != nil {
		return nil, fmt.Errorf("stretch a password: %w", err)
	}
	x := new(big.Int).SetBytes(saltedHash(stretched, w.salt2))
	w.v = new(big.Int).Exp(big.NewInt(srpGenerator), x, srpPrime)
	return w, nil
}

// algorithm names the salts to a client. https://core.telegram.org/type/PasswordKdfAlgo
func (w *verifier) algorithm() *tg.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow {
	return &tg.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow{
		Salt1: w.salt1, Salt2: w.salt2, G: srpGenerator, P: padded(srpPrime),
	}
}

// srpCheck is one exchange: a client has one try with it (A33).
type srpCheck struct {
	id   int64
	with *verifier
	b    *big.Int // the secret
	gb   *big.Int // what the client is told of it
}

func newSRPCheck(id int64, w *verifier) *srpCheck {
	secret := make([]byte, srpBytes)
	rand.Read(secret)
	x := &srpCheck{id: id, with: w, b: new(big.Int).SetBytes(secret)}
	// g_b = (k*v + g^b) mod p
	x.gb = new(big.Int).Exp(big.NewInt(srpGenerator), x.b, srpPrime)
	x.gb.Add(x.gb, new(big.Int).Mul(srpFactor(), w.v)).Mod(x.gb, srpPrime)
	return x
}

// srpFactor is k = H(p | g).
func srpFactor() *big.Int {
	return new(big.Int).SetBytes(hash(padded(srpPrime), padded(big.NewInt(srpGenerator))))
}

// proves reports whether A and M1 of a client come of the password.
func (x *srpCheck) proves(a, m1 []byte) bool {
	ga := new(big.Int).SetBytes(a)
	if len(a) > srpBytes || ga.Cmp(big.NewInt(1)) <= 0 || ga.Cmp(srpPrime) >= 0 {
		return false
	}
	u := new(big.Int).SetBytes(hash(padded(ga), padded(x.gb)))
	// S = (g_a * v^u)^b mod p
	s := new(big.Int).Exp(x.with.v, u, srpPrime)
	s.Mul(s, ga).Mod(s, srpPrime).Exp(s, x.b, srpPrime)
	mixed := hash(padded(srpPrime))
	subtle.XORBytes(mixed, mixed, hash(padded(big.NewInt(srpGenerator))))
	want := hash(mixed, hash(x.with.salt1), hash(x.with.salt2), padded(ga), padded(x.gb), hash(padded(s)))
	return bytes.Equal(want, m1)
}

// saltedHash is SH of the specification.
func saltedHash(data, salt []byte) []byte { return hash(salt, data, salt) }

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func padded(n *big.Int) []byte { return n.FillBytes(make([]byte, srpBytes)) }
