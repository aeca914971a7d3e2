// Package seal keeps secrets: [Text] prints as three stars, and a [Keyring] encrypts what is stored.
//
// Sealed bytes are AES-256-GCM: one byte format, eight bytes key id, twelve bytes nonce, then ciphertext and tag. The
// name under which the bytes are stored is the associated data, so a record moved to another name does not open. A
// keyring holds several keys: the first seals, all open, which is how keys are rotated. A naming key, which is never
// rotated, turns ids into names that reveal nothing ([Keyring.Name]).
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	keySize   = 32
	idSize    = 8
	nonceSize = 12
	format    = 1
)

// ErrUnknownKey is returned by Open for bytes sealed with a key that the keyring does not hold.
var ErrUnknownKey = errors.New("sealed with a key that is not in the keyring")

// ErrNotSealed is returned by Open for bytes that are damaged, moved to another name, or were never sealed.
var ErrNotSealed = errors.New("sealed record is damaged or does not belong here")

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// A Keyring seals and opens records and makes names. It is safe for concurrent use.
type Keyring struct {
	keys   []key
	naming []byte
}

// NewKeyring makes a keyring of raw keys: one naming key and at least one seal key, each 32 bytes. The first seal
// key seals, all open.
func NewKeyring(naming []byte, sealKeys ...[]byte) (*Keyring, error) {
	if len(naming) != keySize {
		return nil, fmt.Errorf("naming key has %d bytes, wants %d", len(naming), keySize)
	}
	if len(sealKeys) == 0 {
		return nil, errors.New("no seal key")
	}
	r := &Keyring{naming: append([]byte(nil), naming...)}
	for i, raw := range sealKeys {
		if len(raw) != keySize {
			return nil, fmt.Errorf("seal key %d has %d bytes, wants %d", i+1, len(raw), keySize)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("seal key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("seal key %d: %w", i+1, err)
		}
		k := key{aead: aead}
		sum := sha256.Sum256(append([]byte("telegram-client seal key id\x00"), raw...))
		copy(k.id[:], sum[:])
		r.keys = append(r.keys, k)
	}
	return r, nil
}

// ParseKeyring makes a keyring of its two configuration values: NAMING_KEY, one key, and SEAL_KEYS, keys separated by
// commas, each 32 bytes in base64, whose padding may be left out: 43 random letters and digits are a key.
func ParseKeyring(naming, sealKeys string) (*Keyring, error) {
	n, err := parseKey(naming)
	if err != nil {
		return nil, fmt.Errorf("naming key: %w", err)
	}
	var keys [][]byte
	for i, s := range strings.Split(sealKeys, ",") {
		k, err := parseKey(s)
		if err != nil {
			return nil, fmt.Errorf("seal key %d: %w", i+1, err)
		}
		keys = append(keys, k)
	}
	return NewKeyring(n, keys...)
}

func parseKey(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(s), "="))
	if err != nil {
		return nil, errors.New("is not base64")
	}
	if len(b) != keySize {
		return nil, fmt.Errorf("has %d bytes, wants %d", len(b), keySize)
	}
	return b, nil
}

// NewKey returns a fresh key in the form that ParseKeyring reads.
func NewKey() string {
	var b [keySize]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// Seal encrypts plain for storage under name.
func (r *Keyring) Seal(name string, plain []byte) []byte {
	k := r.keys[0]
	out := make([]byte, 0, 1+idSize+nonceSize+len(plain)+k.aead.Overhead())
	out = append(out, format)
	out = append(out, k.id[:]...)
	var nonce [nonceSize]byte
	rand.Read(nonce[:])
	out = append(out, nonce[:]...)
	return k.aead.Seal(out, nonce[:], plain, []byte(name))
}

// Open decrypts what Seal made for the same name. Its errors are [ErrUnknownKey] and [ErrNotSealed].
func (r *Keyring) Open(name string, sealed []byte) ([]byte, error) {
	const head = 1 + idSize + nonceSize
	if len(sealed) < head || sealed[0] != format {
		return nil, fmt.Errorf("open %s: %w", name, ErrNotSealed)
	}
	id := [idSize]byte(sealed[1 : 1+idSize])
	for _, k := range r.keys {
		if k.id != id {
			continue
		}
		plain, err := k.aead.Open(nil, sealed[1+idSize:head], sealed[head:], []byte(name))
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, ErrNotSealed)
		}
		return plain, nil
	}
	return nil, fmt.Errorf("open %s: %w", name, ErrUnknownKey)
}

var nameEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Name returns 26 lower-case letters and digits that stand for parts of the given purpose: the same for the same
// naming key for ever, and meaningless without it. Parts are kept apart, so ("a", "bc") and ("ab", "c") differ.
func (r *Keyring) Name(purpose string, parts ...string) string {
	mac := hmac.New(sha256.New, r.naming)
	for _, s := range append([]string{purpose}, parts...) {
		fmt.Fprintf(mac, "%d:%s,", len(s), s)
	}
	return nameEncoding.EncodeToString(mac.Sum(nil)[:16])
}
