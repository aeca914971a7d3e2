package control

import (
	"errors"
	"net/http"
	"time"

	"telegram-client/tests/telegramtest"
)

// What people do besides writing.

func (a api) pin(r *http.Request) (any, error) {
	var x struct {
		As    int64 `json:"as"`
		Chat  int64 `json:"chat"`
		ID    int   `json:"id"`
		Unpin bool  `json:"unpin"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.Pin(x.As, x.Chat, x.ID, x.Unpin)
}

func (a api) read(r *http.Request) (any, error) {
	var x struct {
		As       int64 `json:"as"`
		Chat     int64 `json:"chat"`
		UpTo     int   `json:"up_to"`
		Contents []int `json:"contents"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	if len(x.Contents) > 0 {
		return done, a.s.ReadContents(x.As, x.Chat, x.Contents...)
	}
	return done, a.s.ReadHistory(x.As, x.Chat, x.UpTo)
}

func (a api) typing(r *http.Request) (any, error) {
	var x struct {
		From     int64  `json:"from"`
		To       int64  `json:"to"`
		Action   string `json:"action"`
		Progress int    `json:"progress"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.Type(x.From, x.To, x.Action, x.Progress)
}

func (a api) status(r *http.Request) (any, error) {
	var x struct {
		Account int64               `json:"account"`
		Status  telegramtest.Status `json:"status"`
		At      int64               `json:"at"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	var at time.Time
	if x.At != 0 {
		at = time.Unix(x.At, 0)
	}
	return done, a.s.SetStatus(x.Account, x.Status, at)
}

func (a api) score(r *http.Request) (any, error) {
	var x struct {
		User  int64 `json:"user"`
		Chat  int64 `json:"chat"`
		Game  int   `json:"game"`
		Score int   `json:"score"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.Score(x.User, x.Chat, x.Game, x.Score)
}

func (a api) press(r *http.Request) (any, error) {
	var x struct {
		telegramtest.Pressing
		Bot  int64  `json:"bot"`
		Data string `json:"data"`
		Old  bool   `json:"old"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	if x.Bot != 0 {
		return queried(a.s.PressInline(x.User, x.Bot, x.Data, x.Old))
	}
	return queried(a.s.Press(x.Pressing))
}

func (a api) ask(r *http.Request) (any, error) {
	var x telegramtest.Asking
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return queried(a.s.Ask(x))
}

func queried(id int64, err error) (any, error) { return map[string]int64{"query": id}, err }

func (a api) callbackAnswer(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return a.s.CallbackAnswer(id)
}

func (a api) inlineAnswer(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return a.s.InlineAnswer(id)
}

func (a api) channels(*http.Request) (any, error) { return a.s.Channels(), nil }

func (a api) addChannel(r *http.Request) (any, error) {
	var x telegramtest.Channel
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return a.s.AddChannel(x)
}

func (a api) promote(r *http.Request) (any, error) {
	var x struct {
		Account int64 `json:"account"`
		By      int64 `json:"by"`
		Admin   bool  `json:"admin"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.Promote(id, x.Account, x.By, x.Admin)
}

func (a api) quiet(r *http.Request) (any, error) {
	var x struct {
		Quiet bool `json:"quiet"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.SetQuiet(id, x.Quiet)
}

func (a api) tooLong(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return done, a.s.PushTooLong(id)
}

func (a api) title(r *http.Request) (any, error) {
	var x struct {
		By    int64  `json:"by"`
		Title string `json:"title"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.SetTitle(x.By, id, x.Title)
}

func (a api) photo(r *http.Request) (any, error) {
	var x struct {
		By  int64 `json:"by"`
		Has bool  `json:"has"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.SetPhoto(x.By, id, x.Has)
}
