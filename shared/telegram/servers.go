package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"

	"telegram-client/shared/seal"
)

// Servers says where Telegram's data centres are and by which keys they are known.
type Servers struct {
	// DCs are the addresses (host:port) of each data centre, in the order in which they are tried.
	DCs map[int][]string
	// Keys are the servers' public keys.
	Keys []exchange.PublicKey
	// Default is the data centre for accounts of which nothing is known yet.
	Default int
	// Proxy is socks5://[user:password@]host:port; zero: none.
	Proxy seal.Text
}

// The addresses are those that Telegram's own clients are built with (tdesktop, mtproto_dc_options.cpp), without the
// ones for media. gotd has the same list in telegram/dcs, together with every way to reach them that a plain
// connection has no use for.

// Production returns Telegram's own data centres.
func Production() Servers {
	return Servers{Default: 2, Keys: telegramKeys(), DCs: map[int][]string{
		1: {"149.154.175.52:443", "149.154.175.53:443", "[2001:b28:f23d:f001::a]:443"},
		2: {"149.154.167.41:443", "[2001:67c:4e8:f002::a]:443"},
		3: {"149.154.175.100:443", "[2001:b28:f23d:f003::a]:443"},
		4: {"149.154.167.91:443", "[2001:67c:4e8:f004::a]:443"},
		5: {"91.108.56.191:443", "[2001:b28:f23f:f005::a]:443"},
	}}
}

// Test returns Telegram's test data centres, which have accounts of their own.
func Test() Servers {
	return Servers{Default: 2, Keys: telegramKeys(), DCs: map[int][]string{
		1: {"149.154.175.10:443", "[2001:b28:f23d:f001::e]:443"},
		2: {"149.154.167.40:443", "[2001:67c:4e8:f002::e]:443"},
		3: {"149.154.175.117:443", "[2001:b28:f23d:f003::e]:443"},
	}}
}

// telegramsKeys are Telegram's public keys: the one of its production servers and the one of its test servers.
// https://core.telegram.org/mtproto/auth_key, as in gotd's mtproto/_data/public_keys.pem.
const telegramsKeys = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAyMEdY1aR+sCR3ZSJrtztKTKqigvO/vBfqACJLZtS7QMgCGXJ6XIR
yy7mx66W0/sOFa7/1mAZtEoIokDP3ShoqF4fVNb6XeqgQfaUHd8wJpDWHcR2OFwv
plUUI1PLTktZ9uW2WE23b+ixNwJjJGwBDJPQEQFBE+vfmH0JP503wr5INS1poWg/
j25sIWeYPHYeOrFp/eXaqhISP6G+q2IeTaWTXpwZj4LzXq5YOpk4bYEQ6mvRq7D1
aHWfYmlEGepfaYR8Q0YqvvhYtMte3ITnuSJs171+GDqpdKcSwHnd6FudwGO4pcCO
j4WcDuXc2CTHgH8gFTNhp/Y8/SpDOhvn9QIDAQAB
-----END RSA PUBLIC KEY-----
-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA6LszBcC1LGzyr992NzE0ieY+BSaOW622Aa9Bd4ZHLl+TuFQ4lo4g
5nKaMBwK/BIb9xUfg0Q29/2mgIR6Zr9krM7HjuIcCzFvDtr+L0GQjae9H0pRB2OO
62cECs5HKhT5DZ98K33vmWiLowc621dQuwKWSQKjWf50XYFw42h21P2KXUGyp2y/
+aEyZ+uVgLLQbRA1dEjSDZ2iGRy12Mk5gpYc397aYp438fsJoHIgJ2lgMv5h7WY9
t6N/byY9Nw9p21Og3AoXSL2q/2IJ1WRUhebgAdGVMlV1fkuOQoEzR7EdpqtQD9Cs
5+bfo3Nhmcyvk5ftB0WkJ9z6bNZ7yxrP8wIDAQAB
-----END RSA PUBLIC KEY-----
`

func telegramKeys() []exchange.PublicKey {
	parsed, _ := crypto.ParseRSAPublicKeys([]byte(telegramsKeys)) // a test reads them
	var keys []exchange.PublicKey
	for _, k := range parsed {
		keys = append(keys, exchange.PublicKey{RSA: k})
	}
	return keys
}

// Config is what the environment says about the servers. The zero Config means Telegram's own, reached directly.
type Config struct {
	ServersFile string    // TELEGRAM_SERVERS: the name of a file for ParseServers
	TestDC      bool      // TELEGRAM_TEST_DC
	Proxy       seal.Text // TELEGRAM_PROXY
}

// Servers returns the servers, or every problem of the configuration: lines that begin with a variable's name and show
// no secret.
func (c Config) Servers() (s Servers, problems []string) {
	switch {
	case c.ServersFile != "" && c.TestDC:
		problems = append(problems, "TELEGRAM_TEST_DC: TELEGRAM_SERVERS is set too; choose one")
	case c.ServersFile != "":
		text, err := os.ReadFile(c.ServersFile)
		if err != nil {
			problems = append(problems, "TELEGRAM_SERVERS: "+err.Error())
			break
		}
		var wrong []string
		s, wrong = ParseServers(text)
		for _, w := range wrong {
			problems = append(problems, "TELEGRAM_SERVERS: "+w)
		}
	case c.TestDC:
		s = Test()
	default:
		s = Production()
	}
	s.Proxy = c.Proxy
	if !c.Proxy.IsZero() {
		if _, err := parseProxy(c.Proxy); err != nil {
			problems = append(problems, "TELEGRAM_PROXY: "+err.Error())
		}
	}
	if len(problems) > 0 {
		return Servers{}, problems
	}
	return s, nil
}

// ParseServers reads the JSON form of Servers:
//
//	{"dcs":[{"id":1,"address":"127.0.0.1:10443"}],"public_keys":["-----BEGIN RSA PUBLIC KEY-----…"]}
//
// A data centre with several addresses stands there several times. It returns every problem.
func ParseServers(text []byte) (Servers, []string) {
	var file struct {
		DCs []struct {
			ID      int    `json:"id"`
			Address string `json:"address"`
		} `json:"dcs"`
		PublicKeys []string `json:"public_keys"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return Servers{}, []string{"is not the JSON of servers: " + strings.TrimPrefix(err.Error(), "json: ")}
	}
	var problems []string
	if _, err := d.Token(); err != io.EOF {
		problems = append(problems, "has something after the JSON object")
	}
	s := Servers{DCs: map[int][]string{}}
	if len(file.DCs) == 0 {
		problems = append(problems, `"dcs" names no data centre`)
	}
	for i, dc := range file.DCs {
		if dc.ID < 1 || dc.ID > 9999 {
			problems = append(problems, fmt.Sprintf(`"id" of dcs[%d] is not a number from 1 on`, i))
		}
		if !isAddress(dc.Address) {
			problems = append(problems, fmt.Sprintf(`"address" of dcs[%d] is not of the form host:port`, i))
		}
		if slices.Contains(s.DCs[dc.ID], dc.Address) {
			problems = append(problems, fmt.Sprintf("dcs[%d] is there twice", i))
		}
		s.DCs[dc.ID] = append(s.DCs[dc.ID], dc.Address)
		if s.Default == 0 || dc.ID < s.Default {
			s.Default = dc.ID
		}
	}
	if len(s.DCs[2]) > 0 {
		s.Default = 2 // as Telegram's own
	}
	if len(file.PublicKeys) == 0 {
		problems = append(problems, `"public_keys" has no key`)
	}
	for i, text := range file.PublicKeys {
		keys, err := crypto.ParseRSAPublicKeys([]byte(text))
		if err != nil || len(keys) == 0 {
			problems = append(problems, fmt.Sprintf("public_keys[%d] is not an RSA public key in PEM form", i))
		}
		for _, k := range keys {
			s.Keys = append(s.Keys, exchange.PublicKey{RSA: k})
		}
	}
	if len(problems) > 0 {
		return Servers{}, problems
	}
	return s, nil
}

func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1<<16
}

var errProxy = errors.New("is not of the form socks5://host:port")

// parseProxy reads the address of a proxy. Its errors do not show it: it may hold a password.
func parseProxy(text seal.Text) (*url.URL, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Scheme != "socks5" && u.Scheme != "socks5h" || !isAddress(u.Host) || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, errProxy
	}
	return u, nil
}
