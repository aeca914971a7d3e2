package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun_ServesUntilStandardInputEnds(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "servers.json")
	stdin, hold := io.Pipe()
	out, stdout := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(context.Background(), []string{"-stdin", "-servers", file}, stdin, stdout, os.Stderr)
		stdout.Close()
	}()
	lines := bufio.NewScanner(out)
	var api string
	for lines.Scan() && lines.Text() != "ready" {
		if url, ok := strings.CutPrefix(lines.Text(), "control "); ok {
			api = url
		}
	}
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := web.Get(api + "/servers")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	served, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(served, written) {
		t.Errorf("the file is %q, the API says %q, %v", written, served, err)
	}
	hold.Close()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

func TestRun_FailsForWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "servers.json")
	ctx, stop := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"-servers", file}, nil, stdout, &errs)
		stdout.Close()
	}()
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		continue
	}
	c := client(t, file)
	if err := c.Run(ctx, func(ctx context.Context) error {
		_, err := c.API().AccountGetAccountTTL(ctx)
		return err
	}); !tgerr.Is(err, "METHOD_INVALID") {
		t.Error(err)
	}
	stop()
	if got := <-code; got != 1 || !strings.Contains(errs.String(), "account.getAccountTTL") {
		t.Errorf("exit code %d, %q", got, errs.String())
	}
}

// client is gotd's own client for the servers of a file.
func client(t *testing.T, file string) *telegram.Client {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var servers struct {
		DCs []struct {
			ID      int
			Address netip.AddrPort
		}
		PublicKeys []string `json:"public_keys"`
	}
	if err := json.Unmarshal(b, &servers); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(servers.PublicKeys[0]))
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	list := dcs.List{}
	for _, dc := range servers.DCs {
		list.Options = append(list.Options, tg.DCOption{ID: dc.ID, IPAddress: dc.Address.Addr().String(), Port: int(dc.Address.Port())})
	}
	return telegram.NewClient(7, "hash", telegram.Options{PublicKeys: []telegram.PublicKey{{RSA: key}}, DC: 1, DCList: list})
}

func TestRun_HasACDNIfItIsWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		cdns int
	}{{nil, 0}, {[]string{"-cdn", "-hash-only"}, 1}} {
		file := filepath.Join(t.TempDir(), "servers.json")
		ctx, stop := context.WithCancel(t.Context())
		out, stdout := io.Pipe()
		code := make(chan int, 1)
		go func() {
			code <- run(ctx, append(c.args, "-servers", file), nil, stdout, os.Stderr)
			stdout.Close()
		}()
		said := 0
		for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
			if strings.HasPrefix(lines.Text(), "cdn 203 ") {
				said++
			}
		}
		telegram := client(t, file)
		if err := telegram.Run(ctx, func(ctx context.Context) error {
			keys, err := telegram.API().HelpGetCDNConfig(ctx)
			if err != nil {
				return err
			}
			config, err := telegram.API().HelpGetConfig(ctx)
			if err != nil {
				return err
			}
			listed := 0
			for _, o := range config.DCOptions {
				if o.CDN && o.ID == 203 {
					listed++
				}
			}
			if len(keys.PublicKeys) != c.cdns || listed != c.cdns || said != c.cdns {
				t.Errorf("%v: %d keys, %d listed, %d said", c.args, len(keys.PublicKeys), listed, said)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		stop()
		if got := <-code; got != 0 {
			t.Errorf("exit code %d", got)
		}
	}
}

func TestRun_RefusesWrongArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
	}{{[]string{"-nothing"}, 2}, {[]string{"-control", "nowhere:port"}, 1}, {[]string{"-listen", "256.0.0.1:1"}, 1}} {
		var errs bytes.Buffer
		if got := run(t.Context(), c.args, strings.NewReader(""), io.Discard, &errs); got != c.code || errs.Len() == 0 {
			t.Errorf("%v: exit code %d, %q", c.args, got, errs.String())
		}
	}
}
