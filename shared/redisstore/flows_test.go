package redisstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/seal"
)

func (w *world) newFlow(id string) login.Flow {
	w.t.Helper()
	f := login.Flow{ID: id, StepID: "token", ClientType: entry.Bot, App: entry.App{ID: 1, Hash: seal.NewText("hash")},
		ExpiresAt: w.now().Add(15 * time.Minute).UTC().Truncate(time.Millisecond)}
	if err := w.NewFlow(ctx(w.t), f); err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) take(id string) *login.Held {
	w.t.Helper()
	h, err := w.TakeFlow(ctx(w.t), id, 30*time.Second)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func TestFlow_OneAnswersAtATime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		f := w.newFlow("f1")
		h := w.take("f1")
		if diff := cmp.Diff(f, h.Flow, secrets); diff != "" {
			t.Errorf("taken:\n%s", diff)
		}
		if _, err := w.TakeFlow(ctx(t), "f1", time.Second); !fault.Is(err, fault.FlowBusy) || fault.Of(err).RetryAfter <= 0 {
			t.Errorf("taken twice: %v", err)
		}
		h.Flow.Made = []login.Made{{Name: authorization.Listener, Session: session(3), LoggedIn: true, Done: true, Rests: true}}
		h.Flow.Making, h.Flow.Home, h.Flow.ByQR, h.Flow.Hint = "tg_x", 2, true, "a hint"
		h.Flow.Names, h.Flow.Asks = authorization.Names(1), authorization.Sender(1)
		h.Flow.Guesses, h.Flow.Phone = 3, seal.NewText("48600100200")
		h.Flow.Code = &login.Code{Hash: seal.NewText("hash of a code"), Kind: login.ByEmail, Where: "a***", Length: 5, Next: login.BySMS, Wait: time.Minute}
		h.Flow.Mailed = &login.Code{Hash: seal.NewText("another"), Kind: login.ByEmail, Length: 6}
		h.Flow.Token = &login.Token{Token: []byte("token"), ExpiresAt: f.ExpiresAt}
		h.Flow.Signed = &login.Signed{Account: entry.Account{ID: 1001, Phone: "48600100200"}, BotToken: seal.NewText("1:x"), State: []byte("s"), At: f.ExpiresAt}
		if err := w.NoteFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		read, err := w.ReadFlow(ctx(t), "f1")
		if diff := cmp.Diff(h.Flow, read, secrets); err != nil || diff != "" {
			t.Errorf("noted: %v\n%s", err, diff)
		}
		if err := w.PutFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		if err := w.PutFlow(ctx(t), h); err != nil {
			t.Errorf("a repeated put: %v", err)
		}
		if err := w.NoteFlow(ctx(t), &login.Held{Flow: f, Lease: w.take("f1").Lease}); err != nil {
			t.Fatal(err)
		}
		if err := w.NoteFlow(ctx(t), h); !isLost(err) {
			t.Errorf("noted by one who gave it back: %v", err)
		}
		if _, err := w.TakeFlow(ctx(t), "other", time.Second); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("unknown: %v", err)
		}
		if _, err := w.ReadFlow(ctx(t), "other"); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestFlow_EndsAndIsDropped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.newFlow("f1")
		h := w.take("f1")
		h.Flow.Last = &login.End{EntryID: "tg_x"}
		if err := w.PutFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.TakeFlow(ctx(t), "f1", time.Second); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("an ended flow was taken: %v", err)
		}
		w.pass(16 * time.Minute)
		if f, err := w.ReadFlow(ctx(t), "f1"); err != nil || f.Last == nil || f.Last.EntryID != "tg_x" {
			t.Errorf("its end: %+v, %v", f.Last, err)
		}
		if h, err := w.TakeExpired(ctx(t), time.Second); err != nil || h != nil {
			t.Errorf("an ended flow was swept: %v, %v", h, err)
		}
		w.newFlow("f2")
		if err := w.DropFlow(ctx(t), w.take("f2")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ReadFlow(ctx(t), "f2"); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("a dropped flow: %v", err)
		}
		ttl, err := w.client.PTTL(ctx(t), flowKey("f1")).Result()
		if err != nil || ttl <= 23*time.Hour || ttl > 25*time.Hour {
			t.Errorf("kept for %v, %v", ttl, err)
		}
		left, err := w.client.ZRange(ctx(t), flowsKey, 0, -1).Result()
		if err != nil || len(left) != 0 {
			t.Errorf("index: %v, %v", left, err)
		}
	})
}

func TestTakeExpired_WhatIsPastItsTimeOrWhoseProcessDied(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		sweep := func(want string) *login.Held {
			t.Helper()
			h, err := w.TakeExpired(ctx(t), 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if h != nil {
				got = h.Flow.ID
			}
			if got != want {
				t.Fatalf("swept %q, wanted %q", got, want)
			}
			return h
		}
		w.newFlow("died")
		w.newFlow("left")
		w.take("died")
		w.pass(31 * time.Second)
		sweep("")
		if _, err := w.TakeFlow(ctx(t), "died", time.Second); !fault.Is(err, fault.FlowBusy) {
			t.Errorf("in quarantine: %v", err)
		}
		w.pass(60 * time.Second)
		h := sweep("died")
		if err := w.DropFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		sweep("")
		w.pass(14 * time.Minute)
		if _, err := w.TakeFlow(ctx(t), "left", time.Second); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("past its time: %v", err)
		}
		h = sweep("left")
		sweep("")
		// It could not be logged out: it is tried again later.
		h.Flow.GivenUp, h.Flow.ExpiresAt = w.now().UTC(), w.now().Add(time.Minute).UTC()
		h.Flow.Made = []login.Made{{Session: session(1), LoggedIn: true}}
		if err := w.PutFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		sweep("")
		w.pass(61 * time.Second)
		h = sweep("left")
		// One that has ended but still holds something.
		h.Flow.Last, h.Flow.ExpiresAt = &login.End{Reason: "x"}, w.now().Add(time.Minute)
		if err := w.PutFlow(ctx(t), h); err != nil {
			t.Fatal(err)
		}
		w.pass(61 * time.Second)
		sweep("left")
		// An index entry without a flow is forgotten.
		if err := w.indexFlow(ctx(t), "ghost", w.now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		sweep("")
		if n, err := w.client.ZScore(ctx(t), flowsKey, "ghost").Result(); err == nil {
			t.Errorf("the ghost is still there: %v", n)
		}
	})
}
