package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

// An outgoing message may be our own doing: the store is told what it is, in hashes.
func TestAccount_OutgoingMessageIsMarked(t *testing.T) {
	t.Parallel()
	w := begin(t)
	m := says(72, alice, "answer", start)
	m.SetOut(true)
	w.connected().push(newMessage(101, m))
	it := w.item(messageEvent)
	if it.Own == nil || it.Own.Kind != outbox.Send || len(it.Own.Marks) != 1 || it.Own.MessageIDs[0] != 72 || strings.Contains(it.Own.Text, "answer") {
		t.Errorf("%+v", it.Own)
	}
}

// What was missed comes as replayed; what is older than the entry does not come at all.
func TestAccount_DifferenceIsReplayed(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(r *tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			if r.Pts != 100 {
				return &tg.UpdatesDifferenceEmpty{Date: r.Date, Seq: 1}, nil
			}
			return &tg.UpdatesDifference{
				NewMessages: []tg.MessageClass{says(70, alice, "old", start.Add(-2*time.Hour)), says(71, alice, "missed", start.Add(-time.Minute))},
				Users:       []tg.UserClass{user(alice)}, State: tg.UpdatesState{Pts: 102, Qts: 1, Seq: 1},
			}, nil
		}
	})
	w.connected()
	it := w.item("")
	if !it.Replayed || !strings.Contains(string(it.Body), "missed") {
		t.Errorf("%+v", it)
	}
}

// Login codes do not leave the bridge.
func TestAccount_ServiceMessages(t *testing.T) {
	t.Parallel()
	for _, exported := range []bool{false, true} {
		t.Run(fmt.Sprint(exported), func(t *testing.T) {
			t.Parallel()
			w := begin(t, func(o *Options, _ *world) { o.Claim.Entry.Options.Bridge.ExportServiceMessages = exported })
			c := w.connected()
			c.push(newMessage(101, says(71, int64(serviceAccount), "Your code: 12345. In 2026", start)))
			c.push(newMessage(102, says(72, alice, "after", start)))
			it := w.item("")
			if got := strings.Contains(string(it.Body), "Your code: *****. In 2026"); got != exported || strings.Contains(string(it.Body), "12345") {
				t.Errorf("exported %v: %s", exported, it.Body)
			}
		})
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "1234": "1234", "12345": "*****", "a1234567b12": "a*******b12", "ż 99999 ż": "ż ***** ż"} {
		if diff := cmp.Diff(want, mask(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

// A commit that fails is made again as it was; nothing is received meanwhile.
func TestAccount_CommitIsRepeated(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.StoreUnavailable, "away")
	w := begin(t, func(_ *Options, w *world) { w.store.fail = []error{away, away, away} })
	c := w.connectedAfter(100 * time.Millisecond)
	c.push(newMessage(101, says(71, alice, "hello", start)))
	for range 1000 {
		select {
		case commit := <-w.store.commits:
			w.queue = append(w.queue, commit.Items...)
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
		if len(w.queue) > 0 {
			return
		}
	}
	t.Fatal("never committed")
}

func TestAccount_LostLeaseEndsIt(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.store.mu.Lock()
	w.store.fail = []error{lease.ErrLost}
	w.store.mu.Unlock()
	c.push(newMessage(101, says(71, alice, "hello", start)))
	<-w.ended
	if !errors.Is(w.err, lease.ErrLost) {
		t.Errorf("ended with %v", w.err)
	}
}

func TestAccount_ReloadTakesUpOptionsWithoutReconnecting(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.push(newMessage(101, says(70, alice, "before", start)))
	w.item(messageEvent) // from here on nothing waits for the first difference
	e := w.o.Claim.Entry
	pattern := "["
	e.Options.NewMessage.Pattern = &pattern
	w.Reload(t.Context(), e)
	w.reported("the wrong option", func(r Report) bool {
		return len(r.Conditions) > 0 && r.Conditions[len(r.Conditions)-1].Code == health.OptionsInvalid
	})
	c.push(newMessage(102, says(71, alice, "unwanted", start)))
	w.Reload(t.Context(), w.o.Claim.Entry)
	c.push(newMessage(103, says(72, alice, "wanted", start)))
	if it := w.item(messageEvent); !strings.Contains(string(it.Body), `"wanted"`) {
		t.Errorf("%s", it.Body)
	}
}
