package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/shared/textparse"
)

// texts measures the parsers of formatted text, on what people write and on what is hard, and what a send allocates
// between the HTTP request and the connection to Telegram.
func texts() error {
	const size = 1 << 20
	for _, m := range []struct {
		name, text string
		mode       textparse.Mode
	}{
		{"html", "<b>Door</b> opened at <i>11:30</i>, see <a href=\"https://example.org/?a=1&amp;b=2\">the camera</a>.\n", textparse.HTML},
		{"html_tags", "<b>", textparse.HTML},
		{"markdown", "**Door** opened at __11:30__, see [the camera](https://example.org).\n", textparse.Markdown},
		{"markdown_stars", "**", textparse.Markdown},
	} {
		source := strings.Repeat(m.text, size/len(m.text))
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				textparse.Parse(m.mode, source)
			}
		})
		show("parse_"+m.name+"_mb_s", float64(len(source))/(1<<20)/(float64(r.NsPerOp())/1e9), "MB/s")
		show("parse_"+m.name+"_allocs_per_mb", float64(r.AllocsPerOp())/(float64(len(source))/(1<<20)), "allocs")
	}
	ring, err := seal.NewKeyring(make([]byte, 32), make([]byte, 32))
	if err != nil {
		return fmt.Errorf("make a keyring: %w", err)
	}
	const token = "token-of-the-benchmark"
	s := service.New(service.Options{Pool: stillPool{}, Ring: ring, Clock: clock.System, Deadline: time.Minute})
	api := httpapi.SendMessages(s, httpapi.Settings{Tokens: httpapi.NewTokens(seal.NewText(token)), Log: slog.New(slog.DiscardHandler)})
	allocs := testing.AllocsPerRun(200, func() {
		r := httptest.NewRequest("POST", "/services/telegram_client/send_messages", strings.NewReader(sendBody))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			err = fmt.Errorf("send: %d %s", w.Code, w.Body)
		}
	})
	if err != nil {
		return err
	}
	show("send_allocs", allocs, "allocs")
	return nil
}

const sendBody = `{"config_entry_id":"tg_k3vq7aaaaaaaaaaaaaaaaaaaaa","target_id":1001,"message":"<b>Hi</b> there","parse_mode":"html"}`

// stillPool lends an authorization that Telegram answers at once, with a peer that is known.
type stillPool struct{}

func (stillPool) Do(ctx context.Context, _ authorization.Request, use func(context.Context, *authorization.Call) error) error {
	book := peer.NewBook(1)
	alice := &tg.User{ID: 1001, AccessHash: 5, FirstName: "Alice"}
	alice.SetFlags()
	book.Learn([]tg.UserClass{alice}, nil)
	return use(ctx, &authorization.Call{API: tg.NewClient(stillTelegram{}), Entry: entry.Entry{ClientType: entry.Bot}, Peers: book})
}

type stillTelegram struct{}

// Invoke answers messages.sendMessage, by the bytes that stand on the wire.
func (stillTelegram) Invoke(_ context.Context, in bin.Encoder, out bin.Decoder) error {
	var b bin.Buffer
	if err := in.Encode(&b); err != nil {
		return err
	}
	b.Reset()
	if err := (&tg.UpdateShortSentMessage{Out: true, ID: 71, Pts: 5, PtsCount: 1, Date: 1795339400}).Encode(&b); err != nil {
		return err
	}
	return out.Decode(&b)
}
