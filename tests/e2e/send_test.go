package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/redisstore"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

const sendPath = "/services/telegram_client/send_messages"

func send(ctx context.Context, b *story.Bridge, call map[string]any) (story.Answer, error) {
	return b.Call(ctx, "sendmessages", "POST", sendPath, call)
}

func TestSend_TwoRoundTripsToAKnownPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.senders(t, w.store, 25*time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if a, err := send(ctx, b, map[string]any{"target_username": "alice", "message": "learns the peer"}); err != nil || a.Status != 200 {
		t.Fatalf("%v %s", err, a.Body)
	}
	login := w.senderLogin(t)
	before, _ := w.telegram.Stats(login.ID)
	w.telegram.Wire().Faults().Delay(20*time.Millisecond, 20*time.Millisecond)
	if a, err := send(ctx, b, map[string]any{"config_entry_id": w.entryID, "target_id": w.alice.ID, "message": "hi"}); err != nil || a.Status != 200 {
		t.Fatalf("%v %s", err, a.Body)
	}
	after, _ := w.telegram.Stats(login.ID)
	if trips := after.RoundTrips - before.RoundTrips; trips != 2 {
		t.Errorf("%d round trips to Telegram, want 2", trips)
	}
	if n := after.Connections - before.Connections; n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	if d := cmp.Diff([]string{"learns the peer", "hi"}, w.received()); d != "" {
		t.Error(d)
	}
}

func TestSend_SeveralTargetsShareAConnectionAndFailAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	robert := w.telegram.User("robert")
	if err := w.telegram.Block(robert.ID, w.bot.ID, true); err != nil {
		t.Fatal(err)
	}
	b := w.senders(t, w.store, 25*time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	before, _ := w.telegram.Stats(w.senderLogin(t).ID)
	a, err := send(ctx, b, map[string]any{"target_username": []string{"robert", "alice"}, "message": "hi"})
	if err != nil || a.Status != 207 {
		t.Fatalf("status %d, %v: %s", a.Status, err, a.Body)
	}
	if !strings.Contains(string(a.Body), `"user_is_blocked"`) {
		t.Errorf("no word of the block: %s", a.Body)
	}
	after, _ := w.telegram.Stats(w.senderLogin(t).ID)
	if n := after.Connections - before.Connections; n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	if d := cmp.Diff([]string{"hi"}, w.received()); d != "" {
		t.Error(d)
	}
}

func TestSend_TwentyAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.senders(t, w.store, 50*time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const calls = 20
	var want []string
	var wg sync.WaitGroup
	for n := range calls {
		text := fmt.Sprintf("number %02d", n)
		want = append(want, text)
		wg.Go(func() {
			if a, err := send(ctx, b, map[string]any{"config_entry_id": w.entryID, "target_username": "alice", "message": text}); err != nil || a.Status != 200 {
				t.Errorf("%s: %v %s", text, err, a.Body)
			}
		})
	}
	wg.Wait()
	got := w.received()
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	for _, login := range w.telegram.Authorizations(w.bot.ID) {
		if s, _ := w.telegram.Stats(login.ID); s.MostAlive > 1 {
			t.Errorf("%s had %d connections alive at once", login.Device, s.MostAlive)
		}
		if login.Ended != "" {
			t.Errorf("%s is %s", login.Device, login.Ended)
		}
	}
}

// The answer of Telegram is lost, and with it the connection; the same call comes again.
func TestSend_RepeatAfterALostAnswerSendsOnce(t *testing.T) {
	t.Parallel()
	for _, form := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never} {
		t.Run("refused "+string(form), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.telegram.Behave(func(b *telegramtest.Behaviour) { b.RefuseRepeated = form })
			store := w.newStore(t, redisstore.Numbers{Rest: 50 * time.Millisecond, Quarantine: 50 * time.Millisecond, Margin: 100 * time.Millisecond})
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if a, err := send(ctx, w.senders(t, store, 25*time.Second), map[string]any{"target_username": "alice", "message": "learns the peer"}); err != nil || a.Status != 200 {
				t.Fatalf("%v %s", err, a.Body)
			}
			call := map[string]any{"config_entry_id": w.entryID, "target_id": w.alice.ID, "message": "once", "idempotency_key": "k"}
			w.telegram.Wire().Faults().DropAnswers(1)
			a, err := send(ctx, w.senders(t, store, 4*time.Second), call)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status == 200 {
				t.Fatalf("an answer that never came was reported: %s", a.Body)
			}
			a, err = send(ctx, w.senders(t, store, 4*time.Second), call)
			if err != nil {
				t.Fatal(err)
			}
			// With the id refused and no listener to tell it, the outcome cannot be proved; it must not be made up.
			want := 200
			if form == telegramtest.Always {
				want = 409
			}
			if a.Status != want {
				t.Errorf("status %d, want %d: %s", a.Status, want, a.Body)
			}
			if d := cmp.Diff([]string{"learns the peer", "once"}, w.received()); d != "" {
				t.Errorf("sent (-want +got):\n%s", d)
			}
		})
	}
}

func TestSend_DryRunSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a, err := send(ctx, w.senders(t, w.store, 25*time.Second), map[string]any{"target_username": "alice", "message": "hi", "dry_run": true})
	if err != nil || a.Status != 200 || a.Get("dry_run") != "true" {
		t.Fatalf("%v %s", err, a.Body)
	}
	if got := w.received(); len(got) != 0 {
		t.Errorf("sent %q", got)
	}
}
