package control

import (
	"net/http"

	"telegram-client/tests/telegramtest"
)

func (a api) album(r *http.Request) (any, error) {
	var x struct {
		From  int64               `json:"from"`
		To    int64               `json:"to"`
		Text  string              `json:"text"`
		Files []telegramtest.File `json:"files"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return a.s.PostAlbum(x.From, x.To, x.Text, x.Files...)
}

func (a api) files(r *http.Request) (any, error) {
	chat, err := query(r, "chat")
	if err != nil {
		return nil, err
	}
	return a.s.Files(chat), nil
}

func (a api) expire(r *http.Request) (any, error) {
	var x struct {
		References bool `json:"references"`
		Parts      bool `json:"parts"`
		CDNTokens  bool `json:"cdn_tokens"`
		CDN        bool `json:"cdn"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	for _, each := range []struct {
		wanted bool
		expire func()
	}{
		{x.References, a.s.ExpireFileReferences}, {x.Parts, a.s.ForgetParts}, {x.CDNTokens, a.s.ForgetCDNTokens}, {x.CDN, a.s.EmptyCDN},
	} {
		if each.wanted {
			each.expire()
		}
	}
	return done, nil
}
