package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
)

// Tokens are the bearer tokens that open the API: one, or two while one replaces the other. The zero Tokens open
// nothing.
type Tokens struct{ hashes [][sha256.Size]byte }

// NewTokens returns tokens. Empty ones are left out: they would open the API to everybody.
func NewTokens(tokens ...seal.Text) Tokens {
	var t Tokens
	for _, token := range tokens {
		if !token.IsZero() {
			t.hashes = append(t.hashes, sha256.Sum256([]byte(token.Reveal())))
		}
	}
	return t
}

// allow reports whether the request bears one of the tokens. How long it takes tells nothing about how close a wrong
// one came: hashes of equal length are compared, and all of them.
func (t Tokens) allow(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	hash := sha256.Sum256([]byte(strings.TrimSpace(given)))
	match := 0
	for _, h := range t.hashes {
		match |= subtle.ConstantTimeCompare(h[:], hash[:])
	}
	return match == 1 && strings.EqualFold(scheme, "Bearer")
}

// Guard returns a handler that answers only whoever bears one of the tokens: for what is served beside an [API].
func (t Tokens) Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !t.allow(r) {
			Fail(w, r, unauthorized())
			return
		}
		h.ServeHTTP(w, r)
	})
}

func unauthorized() *fault.Fault {
	return fault.New(fault.Unauthorized, "The request has no valid token. Send it as the header Authorization: Bearer <token>.")
}
