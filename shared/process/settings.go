package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"telegram-client/shared/seal"
)

// Store says where the store is.
type Store struct {
	// RedisURL is redis://, rediss://, or the forms for Sentinel and Cluster that redisstore documents.
	RedisURL seal.Text `env:"REDIS_URL,required"`
}

// Keys are the keys of what is stored: see seal.ParseKeyring. Both are backed up together.
type Keys struct {
	NamingKey seal.Text `env:"NAMING_KEY,required"`
	SealKeys  seal.Text `env:"SEAL_KEYS,required"` // several, separated by commas: the first seals, all open
}

// Keyring returns the keys in use.
func (k *Keys) Keyring() (*seal.Keyring, error) {
	return seal.ParseKeyring(k.NamingKey.Reveal(), k.SealKeys.Reveal())
}

// Check tells whether the keys can be used.
func (k *Keys) Check() []string {
	good := seal.NewKey()
	var problems []string
	if _, err := seal.ParseKeyring(k.NamingKey.Reveal(), good); err != nil {
		problems = append(problems, "NAMING_KEY: "+err.Error())
	}
	if _, err := seal.ParseKeyring(good, k.SealKeys.Reveal()); err != nil {
		problems = append(problems, "SEAL_KEYS: "+err.Error())
	}
	return problems
}

// Access says who may use the API.
type Access struct {
	// Tokens are one bearer token, or while it is being changed two.
	Tokens []seal.Text `env:"API_TOKENS,required" envSeparator:","`
}

// shortestToken keeps out what can be guessed; a generated token is longer.
const shortestToken = 16

// Check tells whether the tokens can be used.
func (a *Access) Check() []string {
	var problems []string
	if n := len(a.Tokens); n > 2 {
		problems = append(problems, fmt.Sprintf("API_TOKENS: %d tokens; one is valid, or two while one replaces the other", n))
	}
	for i, t := range a.Tokens {
		switch s := t.Reveal(); {
		case len(s) < shortestToken:
			problems = append(problems, fmt.Sprintf("API_TOKENS: token %d is shorter than %d characters", i+1, shortestToken))
		case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
			problems = append(problems, fmt.Sprintf("API_TOKENS: token %d has characters that no header can carry", i+1))
		}
	}
	return problems
}

// Telegram says which servers are Telegram, and how to reach them. Nothing set: the real one.
type Telegram struct {
	// ServersFile names a JSON file with the addresses and public keys of other servers.
	ServersFile string `env:"TELEGRAM_SERVERS"`
	// TestDC is true for Telegram's own test servers.
	TestDC bool `env:"TELEGRAM_TEST_DC"`
	// Proxy is socks5://[user:password@]host:port.
	Proxy seal.Text `env:"TELEGRAM_PROXY"`
}

// Check tells whether the settings go together.
func (t *Telegram) Check() []string {
	var problems []string
	if t.ServersFile != "" && t.TestDC {
		problems = append(problems, "TELEGRAM_TEST_DC: TELEGRAM_SERVERS is set too; choose one")
	}
	if !t.Proxy.IsZero() {
		if u, err := url.Parse(t.Proxy.Reveal()); err != nil || u.Scheme != "socks5" && u.Scheme != "socks5h" || u.Port() == "" {
			problems = append(problems, "TELEGRAM_PROXY: is not of the form socks5://host:port")
		}
	}
	return problems
}

// Files says which files calls may name, and where to put what they fetch.
type Files struct {
	// Root is the folder whose files can be named by their paths: Home Assistant's configuration folder. Empty: none.
	Root string `env:"FILES_ROOT"`
	// AllowSecrets lets secrets.yaml be sent.
	AllowSecrets bool `env:"FILES_ALLOW_SECRETS"`
	// Downloads is the folder below Root in which fetched files are put.
	Downloads string `env:"FILES_DOWNLOADS" envDefault:"downloads"`
	// Loopback and Private let addresses be asked for files that are those of this machine, or of the home's network.
	Loopback bool `env:"FILES_LOOPBACK"`
	Private  bool `env:"FILES_PRIVATE"`
}

// Check tells whether the settings can be used.
func (f *Files) Check() []string {
	var problems []string
	if f.Root != "" {
		if st, err := os.Stat(f.Root); err != nil || !st.IsDir() {
			problems = append(problems, "FILES_ROOT: is no folder that can be seen from here")
		}
	}
	switch {
	case !filepath.IsLocal(f.Downloads):
		problems = append(problems, "FILES_DOWNLOADS: is no folder below FILES_ROOT, such as downloads")
	case filepath.Clean(f.Downloads) == ".":
		problems = append(problems, "FILES_DOWNLOADS: is FILES_ROOT itself; name a folder below it, such as downloads")
	}
	return problems
}

// Functions says where each function is, for GET /config.
type Functions struct {
	URLs URLs `env:"FUNCTION_URLS"`
}

// URLs are base addresses by the name of the function, without a slash at the end. In the environment: a JSON object.
type URLs map[string]string

// UnmarshalText reads the JSON object.
func (u *URLs) UnmarshalText(text []byte) error {
	var m map[string]string
	if err := json.Unmarshal(text, &m); err != nil {
		return errors.New("is not a JSON object of addresses by name")
	}
	for name, address := range m {
		if a, err := url.Parse(address); err != nil || a.Scheme != "https" && a.Scheme != "http" || a.Host == "" {
			return fmt.Errorf("the address of %q is no http or https address", name)
		}
		m[name] = strings.TrimRight(address, "/")
	}
	*u = m
	return nil
}

// TargetDefaults are what a new entry's target is made of. Changing them changes no entry.
type TargetDefaults struct {
	Type     string        `env:"TARGET_TYPE"` // webhook, event, pull; empty: none, it is set by the API
	URL      seal.Text     `env:"TARGET_URL"`
	Secret   seal.Text     `env:"TARGET_SECRET"` // of webhook
	Token    seal.Text     `env:"TARGET_TOKEN"`  // of event
	Owner    string        `env:"TARGET_OWNER"`
	TimeZone string        `env:"TARGET_TIME_ZONE"`
	Confirm  bool          `env:"TARGET_CONFIRM"`
	MaxAge   time.Duration `env:"TARGET_MAX_AGE" envDefault:"24h"`
}

// Check tells whether the settings go together.
func (d *TargetDefaults) Check() []string {
	var problems []string
	need := func(name string, missing bool) {
		if missing {
			problems = append(problems, fmt.Sprintf("%s: is not set; TARGET_TYPE %s needs it", name, d.Type))
		}
	}
	switch d.Type {
	case "":
		if !d.URL.IsZero() {
			problems = append(problems, "TARGET_TYPE: is not set, but TARGET_URL is; choose webhook or event")
		}
	case "webhook":
		need("TARGET_URL", d.URL.IsZero())
	case "event":
		need("TARGET_URL", d.URL.IsZero())
		need("TARGET_TOKEN", d.Token.IsZero())
	case "pull":
		need("TARGET_OWNER", d.Owner == "")
	default:
		problems = append(problems, "TARGET_TYPE: is none of webhook, event, pull")
	}
	if !d.URL.IsZero() {
		if u, err := url.Parse(d.URL.Reveal()); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			problems = append(problems, "TARGET_URL: is no http or https address")
		}
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil {
		problems = append(problems, "TARGET_TIME_ZONE: is no time zone such as Europe/Warsaw")
	}
	if d.MaxAge <= 0 {
		problems = append(problems, "TARGET_MAX_AGE: is not longer than nothing")
	}
	return problems
}

// Listening says on which port a program answers that does not run in Lambda.
type Listening struct {
	Address string `env:"LISTEN" envDefault:"127.0.0.1:8080"`
}
