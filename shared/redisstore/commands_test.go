package redisstore

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

// asked sends a command and returns what came of it.
func (w *world) asked(id entry.ID, c entry.Command, d time.Duration) <-chan error {
	came := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		came <- w.Ask(ctx, id, c)
	}()
	return came
}

// next reads the commands after a place until there is one of a kind.
func (w *world) next(id entry.ID, after string, kind entry.CommandKind) entry.Command {
	w.t.Helper()
	for {
		all, err := w.Commands(ctx(w.t), id, after, 10*time.Second)
		if err != nil || len(all) == 0 {
			w.t.Fatalf("no command %s: %v", kind, err)
		}
		for _, c := range all {
			if after = c.ID; c.Kind == kind {
				return c
			}
		}
	}
}

func TestAsk_TheListenerAnswers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		claim := w.listen(id)
		flood := fault.At(fault.FloodWait, "id", "Telegram asks to wait 31 seconds.").After(31 * time.Second)
		for _, answer := range []error{nil, flood} {
			sent := entry.Command{Kind: entry.AnswerCallback, Callback: &entry.CallbackAnswer{QueryID: 1 << 60, Text: "Done", Alert: true}}
			came := w.asked(id, sent, time.Minute)
			got := w.next(id, claim.Commands, entry.AnswerCallback)
			if diff := cmp.Diff(sent, got, cmpopts.IgnoreFields(entry.Command{}, "ID", "Reply", "Until"), secrets); diff != "" {
				t.Error(diff)
			}
			if left := got.Until.Sub(w.now()); left < 30*time.Second || left > time.Minute {
				t.Errorf("%v are left", left)
			}
			if err := w.Answer(ctx(t), id, claim.Lease, got, answer); err != nil {
				t.Fatal(err)
			}
			claim.Commands = got.ID
			if err := <-came; answer == nil && err != nil || answer != nil && cmp.Diff(answer, err) != "" {
				t.Errorf("answered %v, heard %v", answer, err)
			}
		}
	})
}

// A token that a Mint carries is not to be read in the store, and comes as it was.
func TestAsk_MintKeepsItsSecret(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		claim := w.listen(id)
		came := w.asked(id, entry.Command{Kind: entry.Mint, Login: sealText("PLANTED-token")}, time.Minute)
		got := w.next(id, claim.Commands, entry.Mint)
		if got.Login.Reveal() != "PLANTED-token" {
			t.Error("another token")
		}
		raw, err := w.client.XRange(ctx(t), key(id, partCommands), "-", "+").Result()
		if err != nil || len(raw) == 0 {
			t.Fatal(err)
		}
		for _, m := range raw {
			if blob, _ := m.Values["c"].(string); blob == "" || strings.Contains(blob, "PLANTED") {
				t.Errorf("%q", blob)
			}
		}
		if err := w.Answer(ctx(t), id, claim.Lease, got, nil); err != nil {
			t.Fatal(err)
		}
		if err := <-came; err != nil {
			t.Error(err)
		}
	})
}

// Nobody serves the entry, or whoever does is busy for too long: whoever asks is told, and the command is not carried out
// later.
func TestAsk_ListenerIsAway(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		if err := <-w.asked(id, entry.Command{Kind: entry.Touch}, time.Minute); !fault.Is(err, fault.ListenerAway) {
			t.Errorf("nobody serves it: %v", err)
		}
		claim := w.listen(id)
		if err := <-w.asked(id, entry.Command{Kind: entry.Touch}, 100*time.Millisecond); !fault.Is(err, fault.ListenerAway) {
			t.Errorf("nobody answers in time: %v", err)
		}
		all, err := w.Commands(ctx(t), id, claim.Commands, 0)
		if err != nil || len(all) > 0 {
			t.Errorf("still to be carried out: %+v, %v", all, err)
		}
		given, cancel := context.WithCancel(context.Background())
		cancel()
		if err := w.Ask(given, id, entry.Command{Kind: entry.Touch}); !errors.Is(err, context.Canceled) {
			t.Errorf("whoever asks went: %v", err)
		}
		if err := w.Ask(ctx(t), entry.NewID(testRing, 9), entry.Command{Kind: entry.Touch}); !fault.Is(err, fault.UnknownEntry) {
			t.Errorf("no entry: %v", err)
		}
	})
}

// A command that could not be taken back in time has no kind any more.
func TestCommands_AfterItsTimeItIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		claim := w.listen(id)
		if _, _, err := w.send(ctx(t), id, entry.Command{Kind: entry.Touch, Reply: "mark"}, -time.Millisecond); err != nil {
			t.Fatal(err)
		}
		all, err := w.Commands(ctx(t), id, claim.Commands, 0)
		if err != nil || len(all) != 1 || all[0].Kind != "" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// Only whoever serves the entry answers for it.
func TestAnswer_OfAFormerListenerIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		old := w.listen(id)
		came := w.asked(id, entry.Command{Kind: entry.Touch}, time.Minute)
		c := w.next(id, old.Commands, entry.Touch)
		w.pass(2 * time.Minute)
		now := w.listen(id)
		if err := w.Answer(ctx(t), id, old.Lease, c, nil); !isLost(err) {
			t.Errorf("a former listener's answer: %v", err)
		}
		refused := fault.New(fault.TelegramError, "No.")
		if err := w.Answer(ctx(t), id, now.Lease, c, refused); err != nil {
			t.Fatal(err)
		}
		if err := <-came; !fault.Is(err, fault.TelegramError) {
			t.Errorf("heard %v", err)
		}
	})
}
