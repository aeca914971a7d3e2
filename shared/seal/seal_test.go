package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ring(t testing.TB, naming byte, keys ...byte) *Keyring {
	t.Helper()
	var raw [][]byte
	for _, k := range keys {
		raw = append(raw, bytes.Repeat([]byte{k}, 32))
	}
	r, err := NewKeyring(bytes.Repeat([]byte{naming}, 32), raw...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeyring_OpensWhatItSealed(t *testing.T) {
	t.Parallel()
	r := ring(t, 0, 1)
	rapid.Check(t, func(rt *rapid.T) {
		name, plain := rapid.String().Draw(rt, "name"), rapid.SliceOf(rapid.Byte()).Draw(rt, "plain")
		sealed := r.Seal(name, plain)
		got, err := r.Open(name, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			rt.Fatalf("%q, %v", got, err)
		}
		if len(plain) > 3 && bytes.Contains(sealed, plain) {
			rt.Fatal("it stands in clear")
		}
		if bytes.Equal(sealed, r.Seal(name, plain)) {
			rt.Fatal("sealed twice it looks the same")
		}
		if _, err := r.Open(name+"x", sealed); !errors.Is(err, ErrNotSealed) {
			rt.Fatalf("moved to another name: %v", err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(rt, "damaged byte")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if _, err := r.Open(name, sealed); !errors.Is(err, ErrNotSealed) && !errors.Is(err, ErrUnknownKey) {
			rt.Fatalf("damaged: %v", err)
		}
		if _, err := r.Open(name, sealed[:at]); !errors.Is(err, ErrNotSealed) && !errors.Is(err, ErrUnknownKey) {
			rt.Fatalf("cut: %v", err)
		}
	})
}

func TestKeyring_Rotation(t *testing.T) {
	t.Parallel()
	old := ring(t, 0, 1).Seal("n", []byte("x"))
	if got, err := ring(t, 0, 2, 1).Open("n", old); err != nil || string(got) != "x" {
		t.Errorf("the old key no longer opens: %q, %v", got, err)
	}
	fresh := ring(t, 0, 2, 1).Seal("n", []byte("x"))
	if _, err := ring(t, 0, 2).Open("n", fresh); err != nil {
		t.Errorf("the new key did not seal: %v", err)
	}
	if _, err := ring(t, 0, 2).Open("n", old); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key that is gone: %v", err)
	}
}

func TestKeyring_NamesAreStableAndKeptApart(t *testing.T) {
	t.Parallel()
	r := ring(t, 0, 1)
	seen := map[string]string{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "b", "c"}, {"", "abc"}, {"abc", ""}, {"1:a", "bc"}} {
		for _, purpose := range []string{"p", "q"} {
			n := r.Name(purpose, parts...)
			if len(n) != 26 || strings.Trim(n, "abcdefghijklmnopqrstuvwxyz234567") != "" {
				t.Errorf("%q is no name", n)
			}
			what := fmt.Sprintf("%q %q", purpose, parts)
			if other, ok := seen[n]; ok {
				t.Errorf("%s and %s have one name", what, other)
			}
			seen[n] = what
		}
	}
	if r.Name("p", "a") != ring(t, 0, 9, 8).Name("p", "a") {
		t.Error("the seal keys decide a name")
	}
	if r.Name("p", "a") == ring(t, 1, 1).Name("p", "a") {
		t.Error("the naming key does not decide a name")
	}
	// This one stands in the stores of those who run the bridge.
	if got := ring(t, 7, 1).Name("entry", "2000001"); got != "qxnbeczyqykh6c4fcagukwzpeu" {
		t.Errorf("the name of an account has changed: %s", got)
	}
}

func TestParseKeyring(t *testing.T) {
	t.Parallel()
	good := NewKey()
	r, err := ParseKeyring(good, " "+NewKey()+" , "+good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open("n", r.Seal("n", nil)); err != nil {
		t.Error(err)
	}
	// 43 letters and digits, as AWS Secrets Manager generates them.
	if _, err := ParseKeyring(strings.Repeat("aZ9", 14)+"x", strings.TrimRight(good, "=")); err != nil {
		t.Error(err)
	}
	short := base64.StdEncoding.EncodeToString([]byte("short-secret"))
	for _, x := range []struct{ naming, keys, want string }{
		{"", good, "naming key"}, {good, "", "seal key 1"}, {good, good + ",", "seal key 2"}, {good, "no-base64!", "seal key 1"},
		{short, good, "naming key: has 12 bytes"}, {good, good + "," + short, "seal key 2: has 12 bytes"},
	} {
		_, err := ParseKeyring(x.naming, x.keys)
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "no-base64") || strings.Contains(err.Error(), short) {
			t.Errorf("%q: %v", x.want, err)
		}
	}
	if _, err := NewKeyring(make([]byte, 32)); err == nil {
		t.Error("no seal key")
	}
}

func TestText_NeverShows(t *testing.T) {
	t.Parallel()
	const secret = "SECRET-token"
	type hidden struct{ token Text }
	values := map[string]any{"itself": NewText(secret), "pointer": ptr(NewText(secret)), "field": struct{ T Text }{NewText(secret)},
		"hidden field": hidden{NewText(secret)}, "pointer to hidden": &hidden{NewText(secret)}, "list": []Text{NewText(secret)}, "map": map[string]Text{"a": NewText(secret)}}
	for what, v := range values {
		var shown []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%08.3f"} {
			shown = append(shown, fmt.Sprintf(verb, v))
		}
		if b, err := json.Marshal(v); err == nil {
			shown = append(shown, string(b))
		}
		for _, h := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(h(&b)).Info("x", "value", v)
			shown = append(shown, b.String())
		}
		for _, s := range shown {
			if strings.Contains(s, secret) || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", secret)) || strings.Contains(s, fmt.Sprint([]byte(secret)[:4])) {
				t.Errorf("%s shows: %s", what, s)
			}
		}
	}
	if a, b := NewText(secret), NewText(secret); a.Reveal() != secret || a != b || NewText(secret) == NewText("other") {
		t.Error("a text is not its secret")
	}
	if z := NewText(""); !z.IsZero() || z != (Text{}) || z.Reveal() != "" || z.String() != "" || fmt.Sprint(z) != "" {
		t.Error("no secret is not nothing")
	}
}

func ptr[T any](v T) *T { return &v }
