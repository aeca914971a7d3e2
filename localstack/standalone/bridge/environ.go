package bridge

import (
	"errors"
	"net"

	"telegram-client/functions"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
)

// Settings are what the environment says about a bridge besides what every function is told.
type Settings struct {
	Listen  string `env:"LISTEN" envDefault:"127.0.0.1:8090"`
	DataDir string `env:"DATA_DIR" envDefault:"data"`
	// RedisURL names a store; none: a child of its own.
	RedisURL seal.Text `env:"REDIS_URL"`
	// Store is "memory" for a child that keeps nothing on the disk.
	Store string `env:"STORE"`
	// What wins over the data folder.
	NamingKey seal.Text   `env:"NAMING_KEY"`
	SealKeys  seal.Text   `env:"SEAL_KEYS"`
	Tokens    []seal.Text `env:"API_TOKENS" envSeparator:","`
}

// Check tells whether the settings go together.
func (s *Settings) Check() []string {
	var problems []string
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		problems = append(problems, "LISTEN: is not of the form host:port, such as "+DefaultListen)
	}
	if !s.RedisURL.IsZero() {
		client, err := redisstore.ParseURL(s.RedisURL.Reveal(), 1)
		if err != nil {
			problems = append(problems, "REDIS_URL: "+err.Error())
		} else {
			client.Close()
		}
	}
	switch {
	case s.Store != "" && s.Store != "memory":
		problems = append(problems, "STORE: is neither \"memory\" nor left out")
	case s.Store != "" && !s.RedisURL.IsZero():
		problems = append(problems, "STORE: REDIS_URL is set too; choose one")
	}
	if good := seal.NewKey(); !s.NamingKey.IsZero() || !s.SealKeys.IsZero() {
		keys := process.Keys{NamingKey: s.NamingKey, SealKeys: s.SealKeys}
		if keys.NamingKey.IsZero() {
			keys.NamingKey = seal.NewText(good)
		}
		if keys.SealKeys.IsZero() {
			keys.SealKeys = seal.NewText(good)
		}
		problems = append(problems, keys.Check()...)
	}
	return append(problems, (&process.Access{Tokens: s.Tokens}).Check()...)
}

// FromEnviron returns the options that the environment asks for, or every problem of it.
func FromEnviron(e process.Environ) (Options, error) {
	var (
		s      Settings
		target process.TargetDefaults
		o      = Options{Log: e.Log}
	)
	wrong := e.Load(&s, &target, &o.Files, &o.Numbers)
	dialer, err := functions.Dialer(e)
	if err = errors.Join(wrong, err); err != nil {
		return Options{}, err
	}
	o.Listen, o.DataDir, o.RedisURL, o.InMemory = s.Listen, s.DataDir, s.RedisURL, s.Store == "memory"
	o.Keys, o.Tokens = process.Keys{NamingKey: s.NamingKey, SealKeys: s.SealKeys}, s.Tokens
	o.Telegram, o.Target = dialer.Servers, functions.Target(target)
	return o, nil
}
