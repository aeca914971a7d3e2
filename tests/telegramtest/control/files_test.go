package control_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"telegram-client/tests/telegramtest"
)

func TestControl_Files(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	picture := telegramtest.Picture(30, 20, 1)
	file := telegramtest.File{Kind: telegramtest.KindPhoto, Data: picture}
	var one telegramtest.Message
	r.must("POST", "/say", telegramtest.Saying{From: alice.ID, To: bot.ID, Text: "look", File: &file}, &one)
	var two []telegramtest.Message
	r.must("POST", "/album", map[string]any{"from": alice.ID, "to": bot.ID, "text": "both", "files": []telegramtest.File{file, file}}, &two)
	var got []telegramtest.SentFile
	r.must("GET", fmt.Sprintf("/files?chat=%d", bot.ID), nil, &got)
	if one.Kind != telegramtest.KindPhoto || len(two) != 2 || two[0].Grouped == 0 || len(got) != 3 || !bytes.Equal(got[2].Data, picture) {
		t.Errorf("said %+v and %+v, found %d", one, two, len(got))
	}
	at := func() string {
		m := s.Show(bot.ID, alice.ID, s.IDFor(bot.ID, one.Number))
		return fmt.Sprint(m.Media)
	}
	before := at()
	r.must("POST", "/files/expire", map[string]bool{"parts": true}, nil)
	if at() != before {
		t.Error("references have changed")
	}
	r.must("POST", "/files/expire", map[string]bool{"references": true}, nil)
	if at() == before {
		t.Error("references have not changed")
	}
	for path, body := range map[string]any{
		"/album":        map[string]any{"from": alice.ID, "to": bot.ID, "files": []telegramtest.File{file}},
		"/files/expire": map[string]bool{"nothing": true},
	} {
		if got := r.do("POST", path, body, nil); got != http.StatusBadRequest {
			t.Errorf("%s: %d", path, got)
		}
	}
}
