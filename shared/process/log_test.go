package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/seal"
)

func TestScrub(t *testing.T) {
	t.Parallel()
	token := "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-"
	tests := map[string]string{
		"plain words, 12:30 and a:b":                                  "plain words, 12:30 and a:b",
		"dial redis://user:pa/ss@127.0.0.1:6379/0: refused":           "dial redis://127.0.0.1:6379/***: refused",
		`Post "http://192.168.1.5:8123/api/webhook/k3x": EOF`:         `Post "http://192.168.1.5:8123/***": EOF`,
		"see https://my.telegram.org/apps. Then http://h:1/ and ://x": "see https://my.telegram.org/***. Then http://h:1/ and ://x",
		"https://h?token=1":                                           "https://h/***",
		"token " + token + " refused":                                 "token *** refused",
		"1:2 " + token + "," + token:                                  "1:2 ***,***",
		"socks5://me:" + token + "@proxy:1080":                        "socks5://proxy:1080",
		"tg://login?token=abc":                                        "tg://login/***",
	}
	for in, want := range tests {
		if got := scrub(in); got != want {
			t.Errorf("scrub(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

type prints struct{ Token string }

func (p prints) String() string { return "prints http://h/secret" }

func TestLogger_HidesSecrets(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprint("json=", asJSON), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := NewLogger(&out, slog.LevelInfo, asJSON)
			log.With("api_hash", "SECRET").WithGroup("g").Error("at http://u:SECRET@h/SECRET",
				"token", "SECRET", "bot-token", "SECRET", "apiHash", "SECRET", "phone", 48123456789, "code", "SECRET", "password", "SECRET",
				"Authorization", "Bearer SECRET", "set_cookie", "SECRET", "target_url", "https://h/api/webhook/SECRET",
				"text", seal.NewText("SECRET"), "texts", []seal.Text{seal.NewText("SECRET")},
				"error", fmt.Errorf("send: %w", &url.Error{Op: "Post", URL: "http://h/SECRET", Err: errors.New("EOF")}),
				"struct", struct {
					Token string `json:"token"`
					Deep  []map[string]string
				}{"SECRET", []map[string]string{{"secret": "SECRET", "at": "http://h/SECRET"}}},
				"printer", prints{"SECRET"}, "bytes", []byte("SECRET"), slog.Group("inner", "session", "SECRET"))
			if strings.Contains(out.String(), "SECRET") || strings.Contains(out.String(), "48123456789") {
				t.Errorf("a secret shows:\n%s", out.String())
			}
			for _, kept := range []string{"***", "send: Post", "http://h/***", "EOF", "6 bytes"} {
				if !strings.Contains(out.String(), kept) {
					t.Errorf("%q is lost:\n%s", kept, out.String())
				}
			}
		})
	}
}

func TestLogger_ShowsTheRest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	NewLogger(&out, slog.LevelDebug, true).Debug("sent", "error_code", "flood_wait", "status", 429, "entry", "tg_x", "ms", int64(3), "token", "", "after", time.Second, "list", []int{1, 2})
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{"level": "DEBUG", "msg": "sent", "error_code": "flood_wait", "status": 429.0, "entry": "tg_x", "ms": 3.0, "token": "", "after": 1e9, "list": []any{1.0, 2.0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}
