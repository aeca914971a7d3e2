package attachment_test

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"telegram-client/shared/attachment"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/seal"
)

// folder is a configuration folder with what may be in one.
func folder(t testing.TB) string {
	t.Helper()
	base := t.TempDir()
	root := filepath.Join(base, "config")
	for _, dir := range []string{root, filepath.Join(root, "www"), filepath.Join(root, ".storage"), filepath.Join(base, "other")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"config/www/door.txt": "door", "config/empty": "", "config/.storage/auth": "login", "config/secrets.yaml": "x: y", "other/secret": "outside",
	} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": "../other/secret", "inside": "www/door.txt", "sneaky": ".storage/auth", "plain": "secrets.yaml", "loop": "loop", "far": "/etc/hostname"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func read(a *attachment.Opener, f message.File) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	opened, err := a.Open(ctx, f)
	if err != nil {
		return "", err
	}
	defer opened.Body.Close()
	b, err := io.ReadAll(opened.Body)
	return string(b), err
}

func TestOpen_Paths(t *testing.T) {
	t.Parallel()
	root := folder(t)
	a := attachment.New(attachment.Options{Root: root})
	for _, name := range []string{"www/door.txt", "./www/../www/door.txt", "inside", filepath.Join(root, "www/door.txt"), "/config/www/door.txt"} {
		if got, err := read(a, message.File{Path: name}); err != nil || got != "door" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]struct {
		code fault.Code
		says string
	}{
		"www/none": {fault.FileNotFound, "no such file"}, "www/door.txt/x": {fault.FileNotFound, "no such file"}, "a\x00b": {fault.FileNotFound, "no such file"},
		"../other/secret": {fault.FileRefused, "outside"}, "/etc/hostname": {fault.FileRefused, "outside"}, "out": {fault.FileRefused, "outside"}, "far": {fault.FileRefused, "outside"},
		"www": {fault.FileRefused, "folder"}, "pipe": {fault.FileRefused, "pipe"}, "empty": {fault.FileRefused, "empty"}, "loop": {fault.FileRefused, "cannot be opened"},
		".storage/auth": {fault.FileRefused, ".storage"}, ".STORAGE/auth": {fault.FileRefused, ".storage"}, "sneaky": {fault.FileRefused, ".storage"},
		"secrets.yaml": {fault.FileRefused, "FILES_ALLOW_SECRETS"}, "plain": {fault.FileRefused, "FILES_ALLOW_SECRETS"},
	} {
		_, err := read(a, message.File{Path: name})
		if !fault.Is(err, want.code) || !strings.Contains(fault.Of(err).Message, want.says) {
			t.Errorf("%q: %v, want %s that says %q", name, err, want.code, want.says)
		}
	}
	open := attachment.New(attachment.Options{Root: root, Secrets: true})
	if got, err := read(open, message.File{Path: "secrets.yaml"}); err != nil || got != "x: y" {
		t.Errorf("allowed secrets: %q, %v", got, err)
	}
	if _, err := read(open, message.File{Path: ".storage/auth"}); !fault.Is(err, fault.FileRefused) {
		t.Errorf("allowed secrets open .storage: %v", err)
	}
	small := attachment.New(attachment.Options{Root: root, Limit: 3})
	if _, err := read(small, message.File{Path: "www/door.txt"}); !fault.Is(err, fault.FileTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := read(attachment.New(attachment.Options{}), message.File{Path: "x"}); !strings.Contains(fault.Of(err).Message, "FILES_ROOT") {
		t.Errorf("no root: %v", err)
	}
}

func TestOpen_WhatTheBridgeWroteDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"full": "door", "empty": "", "large": "doors"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := attachment.New(attachment.Options{Limit: 4})
	f, err := a.Open(t.Context(), message.File{Spooled: filepath.Join(dir, "full"), Filename: `C:\pictures\door.txt`})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Body.Close()
	if b, err := io.ReadAll(f.Body); err != nil || string(b) != "door" || f.Name != "door.txt" || f.Size != 4 {
		t.Errorf("%q, %v, %+v", b, err, f)
	}
	for name, want := range map[string]fault.Code{"empty": fault.FileRefused, "large": fault.FileTooLarge, "gone": fault.Internal} {
		if _, err := read(a, message.File{Spooled: filepath.Join(dir, name)}); fault.Of(err).Code != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen_NothingOutside(f *testing.F) {
	root := folder(f)
	a := attachment.New(attachment.Options{Root: root})
	for _, s := range []string{"www/door.txt", "../other/secret", "out", "sneaky", "/config/../other/secret", "www/../../other/secret", ".storage/./auth", "secrets.yaml"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, err := read(a, message.File{Path: name}); err == nil && got != "door" && name != "" {
			t.Errorf("%q gives %q", name, got)
		}
	})
}

// site answers what an address can do wrong.
func site(t *testing.T) (*httptest.Server, func() []string) {
	t.Helper()
	seen := make(chan string, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		w.Header().Set("Content-Disposition", `attachment; filename="a/b.txt"`)
		io.WriteString(w, "fine")
	})
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>log in</html>") })
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "5000000000") })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, strings.Repeat("x", 60))
	})
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/drips", func(w http.ResponseWriter, r *http.Request) {
		drip := time.NewTicker(10 * time.Millisecond)
		defer drip.Stop()
		for r.Context().Err() == nil {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			<-drip.C
		}
	})
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/broken", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s, func() []string {
		var all []string
		for len(seen) > 0 {
			all = append(all, <-seen)
		}
		return all
	}
}

func TestOpen_Addresses(t *testing.T) {
	t.Parallel()
	s, _ := site(t)
	local := dialpolicy.Policy{Loopback: true}
	a := attachment.New(attachment.Options{Policy: local, Limit: 1 << 20, Stall: 200 * time.Millisecond})
	f, err := a.Open(t.Context(), message.File{URL: s.URL + "/ok"})
	if err != nil || f.Name != "b.txt" || f.Size != 4 {
		t.Fatalf("%+v, %v", f, err)
	}
	f.Body.Close()
	if got, err := read(a, message.File{URL: s.URL + "/to?u=/ok"}); err != nil || got != "fine" {
		t.Errorf("redirected: %q, %v", got, err)
	}
	for path, want := range map[string]struct {
		code fault.Code
		says string
	}{
		"/html": {fault.FileRefused, "web page"}, "/nothing": {fault.FileRefused, "nothing"}, "/large": {fault.FileTooLarge, "larger"},
		"/drips": {fault.FileRefused, "too slowly"}, "/endless": {fault.FileTooLarge, "larger"}, "/cut": {fault.FileRefused, "ended before"}, "/silent": {fault.FileRefused, "stopped"},
		"/gone": {fault.FileNotFound, "404"}, "/broken": {fault.FileRefused, "500"}, "/round": {fault.FileRefused, "leads on"},
		"/to?u=http://169.254.169.254/latest": {fault.AddressRefused, "addresses of this kind"}, "/to?u=file:///etc/hostname": {fault.FileRefused, "http://"},
	} {
		_, err := read(a, message.File{URL: s.URL + path})
		if !fault.Is(err, want.code) || !strings.Contains(fault.Of(err).Message, want.says) {
			t.Errorf("%s: %v, want %s that says %q", path, err, want.code, want.says)
		}
		if err != nil && strings.Contains(err.Error(), s.Listener.Addr().String()) {
			t.Errorf("%s: the fault repeats the address: %v", path, err)
		}
	}
	if _, err := read(attachment.New(attachment.Options{}), message.File{URL: s.URL + "/ok"}); !fault.Is(err, fault.AddressRefused) {
		t.Errorf("loopback is dialled: %v", err)
	}
}

func TestOpen_HTTPSLeadsToNothingLess(t *testing.T) {
	t.Parallel()
	plain, _ := site(t)
	var sealed *httptest.Server
	sealed = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			io.WriteString(w, "fine")
		case "/stay":
			http.Redirect(w, r, sealed.URL+"/there", http.StatusFound)
		default:
			http.Redirect(w, r, plain.URL+"/ok", http.StatusFound)
		}
	}))
	t.Cleanup(sealed.Close)
	roots := x509.NewCertPool()
	roots.AddCert(sealed.Certificate())
	a := attachment.New(attachment.Options{Policy: dialpolicy.Policy{Loopback: true}})
	a.Trust(roots)
	if got, err := read(a, message.File{URL: sealed.URL + "/stay"}); err != nil || got != "fine" {
		t.Errorf("from https to https: %q, %v", got, err)
	}
	if got, err := read(a, message.File{URL: sealed.URL + "/away"}); !fault.Is(err, fault.FileRefused) {
		t.Errorf("from https to http: %q, %v", got, err)
	}
}

func TestOpen_TokenGoesToHomeAssistantOnly(t *testing.T) {
	t.Parallel()
	home, atHome := site(t)
	other, elsewhere := site(t)
	a := attachment.New(attachment.Options{Policy: dialpolicy.Policy{Loopback: true}, HomeAssistant: home.URL, Token: seal.NewText("sesame")})
	for name, c := range map[string]struct {
		address      string
		home, others []string // what they are shown
	}{
		"Home Assistant":                  {home.URL + "/ok", []string{"Bearer sesame"}, nil},
		"somebody else":                   {other.URL + "/ok", nil, []string{""}},
		"Home Assistant leads on":         {home.URL + "/to?u=/ok", []string{"Bearer sesame"}, nil},
		"Home Assistant leads away":       {home.URL + "/to?u=" + other.URL + "/ok", nil, []string{""}},
		"somebody leads there":            {other.URL + "/to?u=" + home.URL + "/ok", []string{""}, nil},
		"away, and back by somebody else": {home.URL + "/to?u=" + url.QueryEscape(other.URL+"/to?u="+home.URL+"/ok"), []string{""}, nil},
	} {
		if _, err := read(a, message.File{URL: c.address}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := atHome(); !slices.Equal(got, c.home) {
			t.Errorf("%s: Home Assistant got %q", name, got)
		}
		if got := elsewhere(); !slices.Equal(got, c.others) {
			t.Errorf("%s: somebody else got %q", name, got)
		}
	}
}
