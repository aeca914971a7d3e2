package telegram_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/telegram/dcs"

	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
)

func TestServers_AreTelegrams(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]struct {
		ours   telegram.Servers
		theirs dcs.List
	}{
		"production": {telegram.Production(), dcs.Prod()},
		"test":       {telegram.Test(), dcs.Test()},
	} {
		want := map[int]map[string]bool{}
		for _, o := range pair.theirs.Options {
			if o.MediaOnly || o.CDN {
				continue
			}
			if want[o.ID] == nil {
				want[o.ID] = map[string]bool{}
			}
			want[o.ID][net.JoinHostPort(net.ParseIP(o.IPAddress).String(), fmt.Sprint(o.Port))] = true
		}
		got := map[int]map[string]bool{}
		for id, addresses := range pair.ours.DCs {
			got[id] = map[string]bool{}
			for _, a := range addresses {
				got[id][a] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(pair.ours.Keys) != 2 || pair.ours.Keys[0].RSA.N.BitLen() != 2048 {
			t.Errorf("%s: %d keys", name, len(pair.ours.Keys))
		}
		// https://core.telegram.org/mtproto/auth_key names the fingerprints.
		if got := uint64(pair.ours.Keys[1].Fingerprint()); got != 0xd09d1d85de64fd85 {
			t.Errorf("%s: key %#x", name, got)
		}
	}
}

func TestConfig_Servers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pem := newWorld(t, nil).PublicKeyPEM()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.json", fmt.Sprintf(`{"dcs":[{"id":3,"address":"127.0.0.1:10443"},{"id":1,"address":"telegram:1"},{"id":1,"address":"[::1]:2"}],"public_keys":[%q]}`, pem))
	s, problems := telegram.Config{ServersFile: good}.Servers()
	if problems != nil || s.Default != 1 || len(s.Keys) != 1 {
		t.Errorf("%v, default %d, %d keys", problems, s.Default, len(s.Keys))
	}
	if diff := cmp.Diff(map[int][]string{3: {"127.0.0.1:10443"}, 1: {"telegram:1", "[::1]:2"}}, s.DCs); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		name   string
		config telegram.Config
		want   []string
	}{
		{"nothing", telegram.Config{}, nil},
		{"test servers", telegram.Config{TestDC: true, Proxy: seal.NewText("socks5://me:secret@127.0.0.1:1080")}, nil},
		{"both", telegram.Config{ServersFile: good, TestDC: true}, []string{"TELEGRAM_TEST_DC: TELEGRAM_SERVERS is set too; choose one"}},
		{"no file", telegram.Config{ServersFile: filepath.Join(dir, "none")}, []string{"TELEGRAM_SERVERS: open " + filepath.Join(dir, "none") + ": no such file or directory"}},
		{"no JSON", telegram.Config{ServersFile: write("a", "dcs: []")}, []string{"TELEGRAM_SERVERS: is not the JSON of servers: invalid character 'd' looking for beginning of value"}},
		{"unknown member", telegram.Config{ServersFile: write("b", `{"dc":[]}`)}, []string{`TELEGRAM_SERVERS: is not the JSON of servers: unknown field "dc"`}},
		{"everything", telegram.Config{
			ServersFile: write("c", `{"dcs":[{"id":0,"address":"127.0.0.1"},{"id":2,"address":"h:1"},{"id":2,"address":"h:1"},{"id":3,"address":"h:99999"}],"public_keys":["x"]} 1`),
			Proxy:       seal.NewText("http://me:secret@proxy:1"),
		}, []string{
			"TELEGRAM_SERVERS: has something after the JSON object",
			`TELEGRAM_SERVERS: "id" of dcs[0] is not a number from 1 on`,
			`TELEGRAM_SERVERS: "address" of dcs[0] is not of the form host:port`,
			"TELEGRAM_SERVERS: dcs[2] is there twice",
			`TELEGRAM_SERVERS: "address" of dcs[3] is not of the form host:port`,
			"TELEGRAM_SERVERS: public_keys[0] is not an RSA public key in PEM form",
			"TELEGRAM_PROXY: is not of the form socks5://host:port",
		}},
		{"empty", telegram.Config{ServersFile: write("d", `{}`)}, []string{
			`TELEGRAM_SERVERS: "dcs" names no data centre`, `TELEGRAM_SERVERS: "public_keys" has no key`,
		}},
	} {
		_, got := test.config.Servers()
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestProxy_IsWhatIsDialled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.dialer.Servers.DCs[1] = append([]string{"127.0.0.1:1"}, w.dialer.Servers.DCs[1]...) // nobody there: the next is tried
	p := newProxy(t, "me", "secret")
	w.dialer.Servers.Proxy = seal.NewText("socks5://me:secret@" + p.address)
	s, key := w.session(t, 1)
	ending, err := w.dialer.Use(within(t), app, s, free{}, nearest)
	if err != nil || ending.Reset {
		t.Fatalf("%v, reset %v", err, ending.Reset)
	}
	if got := p.asked(); len(got) != 2 || got[1] != w.Addr(1).String() {
		t.Errorf("the proxy was asked for %v", got)
	}
	<-w.handler.closed
	if c := w.Connections(key)[0]; c.EndedBy != "fin" {
		t.Errorf("ended by %q", c.EndedBy)
	}
	w.dialer.Servers.Proxy = seal.NewText("socks5://me:wrong@" + p.address)
	_, err = w.dialer.Use(within(t), app, s, free{}, nearest)
	if !fault.Is(err, fault.TelegramAway) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v, want that Telegram is away, without the password", err)
	}
}

// proxyServer is a SOCKS5 server (RFC 1928, 1929) as far as a client with a password needs one.
type proxyServer struct {
	address, user, password string

	mu   sync.Mutex
	want []string
}

func newProxy(t *testing.T, user, password string) *proxyServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxyServer{address: l.Addr().String(), user: user, password: password}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer nc.Close(); p.serve(nc.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return p
}

func (p *proxyServer) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want
}

func (p *proxyServer) serve(nc *net.TCPConn) {
	read := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(nc, b)
		return b
	}
	read(int(read(2)[1]))
	nc.Write([]byte{5, 2}) // name and password
	user := read(int(read(2)[1]))
	password := read(int(read(1)[0]))
	if string(user) != p.user || string(password) != p.password {
		nc.Write([]byte{1, 1})
		return
	}
	nc.Write([]byte{1, 0})
	read(4) // connect, IPv4
	ip := net.IP(read(4))
	to := net.JoinHostPort(ip.String(), fmt.Sprint(binary.BigEndian.Uint16(read(2))))
	p.mu.Lock()
	p.want = append(p.want, to)
	p.mu.Unlock()
	up, err := net.Dial("tcp", to)
	if err != nil {
		nc.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}) // connection refused
		return
	}
	defer up.Close()
	nc.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	var wg sync.WaitGroup
	wg.Go(func() { io.Copy(up, nc); up.(*net.TCPConn).CloseWrite() })
	io.Copy(nc, up)
	nc.CloseWrite()
	wg.Wait()
}
