package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
