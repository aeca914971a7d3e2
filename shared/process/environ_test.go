package process

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/seal"
)

func environ(vars ...string) Environ {
	e := Environ{Name: "test", Vars: map[string]string{}}
	for _, pair := range vars {
		name, value, _ := strings.Cut(pair, "=")
		e.Vars[name] = value
	}
	return e
}

func TestLoad_FillsSettings(t *testing.T) {
	t.Parallel()
	naming, sealing := seal.NewKey(), seal.NewKey()
	e := environ("REDIS_URL=redis://u:p@h", "NAMING_KEY="+naming, "SEAL_KEYS="+sealing+","+seal.NewKey(), "API_TOKENS=first-token-of-the-test, second-token-of-the-test",
		"TELEGRAM_TEST_DC=true", "TELEGRAM_PROXY=socks5://u:p@127.0.0.1:1080", "TELEGRAM_SERVERS= ",
		`FUNCTION_URLS={"configflow":"https://a.example/","entries":"https://c.example"}`, "TARGET_TYPE=webhook", "TARGET_URL=http://h/api/webhook/x", "TARGET_TIME_ZONE=Europe/Warsaw")
	var (
		store     Store
		keys      Keys
		access    Access
		telegram  Telegram
		functions Functions
		target    TargetDefaults
		listening Listening
	)
	if err := e.Load(&store, &keys, &access, &telegram, &functions, &target, &listening); err != nil {
		t.Fatal(err)
	}
	if got := store.RedisURL.Reveal(); got != "redis://u:p@h" {
		t.Errorf("REDIS_URL %q", got)
	}
	if _, err := keys.Keyring(); err != nil {
		t.Error(err)
	}
	var tokens []string
	for _, token := range access.Tokens {
		tokens = append(tokens, token.Reveal())
	}
	if d := cmp.Diff([]string{"first-token-of-the-test", "second-token-of-the-test"}, tokens); d != "" {
		t.Error(d)
	}
	if !telegram.TestDC || telegram.Proxy.IsZero() || telegram.ServersFile != "" {
		t.Errorf("%+v", telegram)
	}
	if d := cmp.Diff(URLs{"configflow": "https://a.example", "entries": "https://c.example"}, functions.URLs); d != "" {
		t.Error(d)
	}
	if target.MaxAge.Hours() != 24 || target.URL.Reveal() != "http://h/api/webhook/x" {
		t.Errorf("%+v", target)
	}
	if listening.Address != "127.0.0.1:8080" {
		t.Error(listening.Address)
	}
}

func TestLoad_NamesEveryProblemAndNoSecret(t *testing.T) {
	t.Parallel()
	e := environ("REDIS_URL=", "NAMING_KEY=c2VjcmV0LW5hbWluZw==", "SEAL_KEYS=%secret%", "API_TOKENS=secret,secret-secret-secret\tx,secret-3-secret-3-secret-3",
		"TELEGRAM_TEST_DC=secret", "TARGET_TYPE=event", "TARGET_URL=ftp://secret", "TARGET_TIME_ZONE=Nowhere", "TARGET_MAX_AGE=0s", "FUNCTION_URLS=[secret]")
	err := e.Load(&Store{}, &Keys{}, &Access{}, &Telegram{}, &TargetDefaults{}, &Functions{})
	var m *Misconfigured
	if !errors.As(err, &m) {
		t.Fatalf("error %v", err)
	}
	want := []string{
		"REDIS_URL: is not set",
		"NAMING_KEY: naming key: has 13 bytes, wants 32",
		"SEAL_KEYS: seal key 1: is not base64",
		"API_TOKENS: 3 tokens; one is valid, or two while one replaces the other",
		"API_TOKENS: token 1 is shorter than 16 characters",
		"API_TOKENS: token 2 has characters that no header can carry",
		`TELEGRAM_TEST_DC: is neither "true" nor "false"`,
		"TARGET_TOKEN: is not set; TARGET_TYPE event needs it",
		"TARGET_URL: is no http or https address",
		"TARGET_TIME_ZONE: is no time zone such as Europe/Warsaw",
		"TARGET_MAX_AGE: is not longer than nothing",
		"FUNCTION_URLS: is not a JSON object of addresses by name",
	}
	if d := cmp.Diff(want, m.Problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a secret shows: %v", err)
	}
}

func TestSettings_ThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		vars []string
		into any
		want string
	}{
		"two kinds of servers": {[]string{"TELEGRAM_SERVERS=s.json", "TELEGRAM_TEST_DC=1"}, &Telegram{}, "TELEGRAM_TEST_DC: TELEGRAM_SERVERS is set too; choose one"},
		"proxy without a port": {[]string{"TELEGRAM_PROXY=socks5://h"}, &Telegram{}, "TELEGRAM_PROXY: is not of the form socks5://host:port"},
		"address, no type":     {[]string{"TARGET_URL=http://h/x"}, &TargetDefaults{}, "TARGET_TYPE: is not set, but TARGET_URL is; choose webhook or event"},
		"webhook, no address":  {[]string{"TARGET_TYPE=webhook"}, &TargetDefaults{}, "TARGET_URL: is not set; TARGET_TYPE webhook needs it"},
		"pull, no owner":       {[]string{"TARGET_TYPE=pull"}, &TargetDefaults{}, "TARGET_OWNER: is not set; TARGET_TYPE pull needs it"},
		"unknown type":         {[]string{"TARGET_TYPE=mail"}, &TargetDefaults{}, "TARGET_TYPE: is none of webhook, event, pull"},
		"relative address":     {[]string{`FUNCTION_URLS={"a":"/x"}`}, &Functions{}, `FUNCTION_URLS: the address of "a" is no http or https address`},
		"no folder":            {[]string{"FILES_ROOT=environ.go"}, &Files{}, "FILES_ROOT: is no folder that can be seen from here"},
		"a folder elsewhere":   {[]string{"FILES_DOWNLOADS=../x"}, &Files{}, "FILES_DOWNLOADS: is no folder below FILES_ROOT, such as downloads"},
		"the whole root":       {[]string{"FILES_DOWNLOADS=www/.."}, &Files{}, "FILES_DOWNLOADS: is FILES_ROOT itself; name a folder below it, such as downloads"},
		"no time for files":    {[]string{"FILE_DEADLINE=0s"}, &Numbers{}, "FILE_DEADLINE: is too small"},
		"format":               {[]string{"LOG_FORMAT=xml"}, &Logging{}, `LOG_FORMAT: is neither "json" nor "text"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := environ(test.vars...).Load(test.into)
			if d := cmp.Diff([]string{test.want}, misconfigured(err)); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
		})
	}
}

func TestMisconfigured_AreCollectedFromJoinedErrors(t *testing.T) {
	t.Parallel()
	a := &Misconfigured{Problems: []string{"A: is not set", "B: is not set"}}
	err := fmt.Errorf("build: %w", errors.Join(a, errors.New("other"), Wrong("C", errors.New("names no file")), a))
	if d := cmp.Diff([]string{"A: is not set", "B: is not set", "C: names no file"}, misconfigured(err)); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if got := misconfigured(errors.New("other")); got != nil {
		t.Error(got)
	}
}
