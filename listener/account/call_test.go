package account

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
)

func ended() error {
	return &authorization.FateError{Fate: authorization.Ended, Err: fault.New(fault.ReauthRequired, "Ended.")}
}

// Telegram ends the login and says nothing: the connection stands. It is found out within a minute.
func TestAccount_SilentEndIsFoundOut(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	w.telegram.answers(func(in bin.Encoder) (bin.Encoder, error) {
		if _, ok := in.(*tg.UsersGetUsersRequest); ok {
			return nil, ended()
		}
		return nil, nil
	})
	began := w.clock.Now()
	for open := true; open; {
		select {
		case <-w.ended:
			open = false
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(time.Second)
		}
	}
	if took := w.clock.Now().Sub(began); w.fate != authorization.Ended || took > 70*time.Second {
		t.Errorf("fate %d after %v", w.fate, took)
	}
	w.reported("the end", has(health.ReauthRequired))
}

// A look that Telegram refuses for a reason of its own changes nothing; what a look finds is taken up.
func TestAccount_LooksFromTimeToTime(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	looks := make(chan int, 100)
	n := 0
	renamed := user(bot)
	renamed.FirstName = "Kitchen"
	w.telegram.answers(func(in bin.Encoder) (bin.Encoder, error) {
		if _, ok := in.(*tg.UsersGetUsersRequest); !ok {
			return nil, nil
		}
		n++
		looks <- n
		if n == 1 {
			return nil, tgerr.New(420, "FLOOD_WAIT_5")
		}
		return &tg.UserClassVector{Elems: []tg.UserClass{renamed}}, nil
	})
	for n := 0; n < 2; {
		select {
		case n = <-looks:
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(time.Second)
		}
	}
	w.item(meEvent)
	if c.ctx.Err() != nil {
		t.Error("the connection was ended: ", context.Cause(c.ctx))
	}
}

func TestAccount_AnswersCallbacks(t *testing.T) {
	t.Parallel()
	w := begin(t)
	var asked []*tg.MessagesSetBotCallbackAnswerRequest
	w.telegram.answers(func(in bin.Encoder) (bin.Encoder, error) {
		r, ok := in.(*tg.MessagesSetBotCallbackAnswerRequest)
		if !ok {
			return nil, nil
		}
		if asked = append(asked, r); r.QueryID == 3 {
			return nil, tgerr.New(400, "QUERY_ID_INVALID")
		}
		return &tg.BoolTrue{}, nil
	})
	came := make(chan error, 1)
	go func() { // waits for the connection
		came <- w.AnswerCallback(t.Context(), entry.CallbackAnswer{QueryID: 1, Text: "Done", Alert: true, URL: "https://t.me/x", CacheFor: 5 * time.Second})
	}()
	c := w.connected()
	if err := <-came; err != nil {
		t.Fatal(err)
	}
	if err := w.AnswerCallback(t.Context(), entry.CallbackAnswer{QueryID: 2}); err != nil {
		t.Fatal(err)
	}
	if err := w.AnswerCallback(t.Context(), entry.CallbackAnswer{QueryID: 3}); !tgerr.Is(err, "QUERY_ID_INVALID") {
		t.Errorf("refused with %v", err)
	}
	full := &tg.MessagesSetBotCallbackAnswerRequest{QueryID: 1, Alert: true, CacheTime: 5}
	full.SetMessage("Done")
	full.SetURL("https://t.me/x")
	full.SetFlags()
	for _, r := range asked {
		r.SetFlags()
	}
	want := []*tg.MessagesSetBotCallbackAnswerRequest{full, {QueryID: 2}, {QueryID: 3}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	w.telegram.mu.Lock()
	w.telegram.refuse = []error{errors.New("away"), errors.New("away"), errors.New("away"), errors.New("away")}
	w.telegram.mu.Unlock()
	c.broken <- errors.New("gone")
	w.reported("the end", func(r Report) bool {
		return has(health.Connecting)(r) && r.Conditions[0].Placeholders["reason"] != "not tried yet"
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.AnswerCallback(ctx, entry.CallbackAnswer{QueryID: 4}); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("without a connection: %v", err)
	}
}

// A call of somebody else may be the first to hear that the login has ended.
func TestAccount_CallOfOthersThatHearsTheEnd(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.connected()
	w.telegram.answers(func(in bin.Encoder) (bin.Encoder, error) {
		if r, ok := in.(*tg.AuthAcceptLoginTokenRequest); ok && string(r.Token) == "token" {
			return nil, ended()
		}
		return nil, nil
	})
	if err := w.AcceptLogin(t.Context(), []byte("token")); fateOf(err) != authorization.Ended {
		t.Errorf("%v", err)
	}
	<-w.ended
	if w.fate != authorization.Ended {
		t.Errorf("fate %d", w.fate)
	}
}

// A login in doubt rests before it is tried; that it works is kept.
func TestAccount_LoginInDoubt(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, _ *world) { o.Claim.Fate, o.Claim.Rest = authorization.Duplicated, 4*time.Minute })
	r := w.reported("the doubt", has(health.Connecting))
	if !r.Conditions[0].Until.Equal(start.Add(4 * time.Minute)) {
		t.Errorf("%+v", r.Conditions)
	}
	w.Dropped(t.Context(), nil)
	w.connectedAfter(time.Second)
	if took := w.clock.Now().Sub(start); took < 4*time.Minute {
		t.Errorf("tried after %v", took)
	}
	w.reported("the connection", func(r Report) bool { return r.Connected })
	if n := w.store.works.Load(); n != 1 {
		t.Errorf("kept %d times", n)
	}
}

func newLogin(hash int64, unconfirmed bool) tg.UpdateClass {
	u := &tg.UpdateNewAuthorization{Hash: hash, Unconfirmed: unconfirmed}
	if unconfirmed {
		u.SetDate(int(start.Unix()))
		u.SetDevice("PLANTED-device")
	}
	return u
}

func TestAccount_LoginsToBeConfirmedAreShown(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	shown := func(is bool) func(Report) bool {
		return func(r Report) bool {
			n := 0
			for _, c := range r.Conditions {
				if c.Code == health.LoginUnconfirmed {
					n++
				}
			}
			return r.Connected && (n == 1) == is && n <= 1
		}
	}
	w.reported("nothing", shown(false))
	c.push(newLogin(1, true))
	r := w.reported("a new login", shown(true))
	if !r.Conditions[0].Since.Equal(start) {
		t.Errorf("%+v", r.Conditions)
	}
	c.push(newLogin(2, true))
	w.reported("another one", shown(true))
	c.push(newLogin(1, false))
	w.reported("one is confirmed", shown(true))
	c.push(newLogin(2, false))
	w.reported("both are", shown(false))
	c.push(newLogin(3, true))
	w.reported("a third", shown(true))
	for gone := false; !gone; { // Telegram confirms it by itself
		select {
		case r := <-w.reports:
			gone = shown(false)(r)
		case <-time.After(time.Millisecond):
			w.clock.Travel(10 * time.Minute)
			w.lease.Extend(w.clock.Now(), 24*time.Hour)
		}
	}
	if took := w.clock.Now().Sub(start); took < 7*24*time.Hour {
		t.Errorf("after %v", took)
	}
}

// What was told while nobody was connected is asked for, of a person's account.
func TestAccount_LoginsToBeConfirmedAreAskedFor(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, w *world) {
		o.Claim.Entry.ClientType = entry.Client
		w.telegram.answer = func(in bin.Encoder) (bin.Encoder, error) {
			if _, ok := in.(*tg.AccountGetAuthorizationsRequest); ok {
				return &tg.AccountAuthorizations{Authorizations: []tg.Authorization{
					{Hash: 1, DateCreated: int(start.Unix())}, {Hash: 2, Unconfirmed: true, DateCreated: int(start.Add(-time.Hour).Unix())}}}, nil
			}
			return nil, nil
		}
	})
	w.connected()
	r := w.reported("the login", func(r Report) bool { return r.Connected && len(r.Conditions) == 1 })
	if r.Conditions[0].Code != health.LoginUnconfirmed || !r.Conditions[0].Since.Equal(start.Add(-time.Hour)) {
		t.Errorf("%+v", r.Conditions)
	}
}
