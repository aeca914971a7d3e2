package bridge

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"telegram-client/shared/process"
	"telegram-client/shared/seal"
)

// secretsFile holds what the first start made, in the form of the environment: NAME=value.
const secretsFile = "secrets.env"

// The names in it.
const (
	namingKey = "NAMING_KEY"
	sealKeys  = "SEAL_KEYS"
	apiTokens = "API_TOKENS"
	holder    = "HOLDER"
)

const secretsHead = `# Made by the first start. Back this file up together with the store: without NAMING_KEY and SEAL_KEYS nothing that is
# stored can be read, and every account has to be logged in again. API_TOKENS opens the API; two are valid, separated by a
# comma, while one replaces the other. HOLDER is the mark of this installation. A variable of the environment wins.
`

// ReadTokens returns the tokens of the API as the data folder has them; none if there is no data folder yet.
func ReadTokens(dir string) ([]seal.Text, error) {
	stored, err := readSecrets(filepath.Join(dir, secretsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return split(stored[apiTokens]), nil
}

func split(tokens string) []seal.Text {
	var all []seal.Text
	for t := range strings.SplitSeq(tokens, ",") {
		if t = strings.TrimSpace(t); t != "" {
			all = append(all, seal.NewText(t))
		}
	}
	return all
}

// secrets are what the bridge needs to know and tell nobody.
type secrets struct {
	keys   process.Keys
	tokens []seal.Text
	holder string
	// fresh is true if the token of the API was made just now.
	fresh bool
}

// loadSecrets reads the secrets of a data folder, which it makes if there are none. What given has wins and is not
// written.
func loadSecrets(dir string, given process.Keys, tokens []seal.Text) (secrets, error) {
	name := filepath.Join(dir, secretsFile)
	stored, err := readSecrets(name)
	first := errors.Is(err, fs.ErrNotExist)
	switch {
	case first:
		stored = map[string]string{namingKey: seal.NewKey(), sealKeys: seal.NewKey(), apiTokens: newToken(), holder: newMark()}
		if err := writeSecrets(name, stored); err != nil {
			return secrets{}, err
		}
	case err != nil:
		return secrets{}, err
	}
	var lacking []string
	for _, n := range []string{namingKey, sealKeys, apiTokens, holder} {
		if stored[n] == "" {
			lacking = append(lacking, fmt.Sprintf("DATA_DIR: %s lacks %s; restore it from a backup", name, n))
		}
	}
	if len(lacking) > 0 {
		return secrets{}, &process.Misconfigured{Problems: lacking}
	}
	s := secrets{
		keys:   process.Keys{NamingKey: seal.NewText(stored[namingKey]), SealKeys: seal.NewText(stored[sealKeys])},
		tokens: split(stored[apiTokens]), holder: stored[holder], fresh: first,
	}
	if !given.NamingKey.IsZero() {
		s.keys.NamingKey = given.NamingKey
	}
	if !given.SealKeys.IsZero() {
		s.keys.SealKeys = given.SealKeys
	}
	if len(tokens) > 0 {
		s.tokens, s.fresh = tokens, false
	}
	problems := append(s.keys.Check(), (&process.Access{Tokens: s.tokens}).Check()...)
	if len(problems) > 0 {
		return secrets{}, &process.Misconfigured{Problems: problems}
	}
	return s, nil
}

func readSecrets(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the secrets: %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return nil, fmt.Errorf("keep the secrets to their owner: %w", err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if k, v, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			all[strings.TrimSpace(k)] = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return all, nil
}

// writeSecrets writes the file whole or not at all, and to the disk before anything is sealed with it.
func writeSecrets(name string, all map[string]string) error {
	var b strings.Builder
	b.WriteString(secretsHead)
	for _, n := range []string{namingKey, sealKeys, apiTokens, holder} {
		fmt.Fprintf(&b, "%s=%s\n", n, all[n])
	}
	if err := writeFile(name, b.String()); err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	return nil
}

// writeFile replaces a file that only its owner may read.
func writeFile(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there if all went well
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func newToken() string {
	var b [24]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func newMark() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
