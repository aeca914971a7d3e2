package service

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
)

// proofStore tells of one message more each time that it is asked, as a listener that catches up.
type proofStore struct {
	Store
	all []authorization.Proof
	n   int
}

func (s *proofStore) Proofs(context.Context, entry.ID, string) ([]authorization.Proof, error) {
	s.n = min(s.n+1, len(s.all))
	return s.all[:s.n], nil
}

// repeated returns the delivery of a bot that comes again with its key, and what makes proofs of its files' messages.
func repeated(t *testing.T, store *proofStore, deadline time.Duration) (*delivery, func(chat peer.ID, id int) authorization.Proof) {
	t.Helper()
	ring, err := seal.NewKeyring(make([]byte, 32), []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	names := outbox.NewNames(ring, "tg_x")
	d := &delivery{
		s: New(Options{Store: store, Clock: clock.System, Ring: ring, Deadline: deadline}), key: "k", names: names, used: map[used]bool{},
		call: &authorization.Call{Entry: entry.Entry{ClientType: entry.Bot}},
	}
	return d, func(chat peer.ID, id int) authorization.Proof {
		return authorization.Proof{Chat: names.Chat(chat), Text: names.Text(outbox.Send, chat, ""), MessageID: id}
	}
}

var voiceNote = []item{{"", media.Voice}}

func sentBefore(context.Context) ([]sent, error) { return nil, errSentBefore }

// Two files that go alone and have no caption were sent by a call that was killed; the listener tells of one after another.
// Another message of the same id, in another chat, is neither.
func TestSendAll_ProofsGiveEachMessageItsOwnID(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	store := &proofStore{}
	d, of := repeated(t, store, time.Minute)
	store.all = []authorization.Proof{of(1002, 72), of(1001, 71), of(1001, 72)}
	d.used[used{d.names.Chat(1002), 72}] = true
	at, r := chat{id: 1001}, Result{}
	if err := d.sendAll(ctx, &r, &at, []batch{{items: voiceNote, send: sentBefore}, {items: voiceNote, send: sentBefore}}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.MessageIDs, []int{71, 72}) {
		t.Errorf("message_ids %v", r.MessageIDs)
	}
}

// What nothing proves keeps its place, and the rest is sent after it; a repeat asks again for it alone.
func TestSendAll_TheRestIsSentThoughNothingProvesTheBeginning(t *testing.T) {
	t.Parallel()
	store := &proofStore{}
	d, of := repeated(t, store, time.Minute)
	at, r := chat{id: 1001}, Result{}
	asked := 0
	batches := []batch{
		{items: []item{{"", media.Photo}, {"", media.Photo}}, send: func(context.Context) ([]sent, error) { asked++; return nil, errSentBefore }},
		{items: voiceNote, send: func(context.Context) ([]sent, error) { return []sent{{id: 73}}, nil }},
	}
	over := waiting(t.Context(), time.Now()) // no time is left
	if err := d.sendAll(over, &r, &at, batches, time.Time{}); !fault.Is(err, fault.UnknownOutcome) {
		t.Errorf("%v", err)
	}
	if !slices.Equal(r.MessageIDs, []int{0, 0, 73}) || d.call.Done.Sent.LastSent != 73 {
		t.Errorf("message_ids %v, %+v", r.MessageIDs, d.call.Done)
	}
	batches[1].send = func(context.Context) ([]sent, error) { t.Error("it was sent twice"); return nil, errSentBefore }
	d.proofs = []authorization.Proof{of(1001, 71), of(1001, 72)}
	if err := d.sendAll(over, &r, &at, batches, time.Time{}); err != nil || asked != 2 {
		t.Errorf("asked %d times, %v", asked, err)
	}
	if !slices.Equal(r.MessageIDs, []int{71, 72, 73}) {
		t.Errorf("message_ids %v", r.MessageIDs)
	}
	// A failure that says nothing about what was made ends it.
	r, gone := Result{}, errors.New("gone")
	batches[1].send = func(context.Context) ([]sent, error) { return nil, gone }
	if err := d.sendAll(over, &r, &at, batches, time.Time{}); !errors.Is(err, gone) || !slices.Equal(r.MessageIDs, []int{0, 0}) {
		t.Errorf("message_ids %v, %v", r.MessageIDs, err)
	}
}

// The store was away when a call of files wanted to announce itself: no target gets any of them.
func TestFiles_AreNotSentUnannounced(t *testing.T) {
	t.Parallel()
	d, _ := repeated(t, &proofStore{}, time.Minute)
	d.call = &authorization.Call{} // which cannot announce anything
	f := &fileSending{w: &sending{}}
	for range 2 {
		if err := f.target(t.Context(), d, &chat{}, message.Place{}, &Result{}, nil); err == nil {
			t.Error("it was sent")
		}
	}
}

func TestSleep_AfterTheAnnouncementIsThatOfACallWithoutFiles(t *testing.T) {
	t.Parallel()
	s := New(Options{Clock: clock.System, Deadline: 25 * time.Second})
	long, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	if s.sleep(waiting(long, s.patience()), 30*time.Second) {
		t.Error("it waited for longer than its time")
	}
	if !s.sleep(waiting(long, s.patience()), time.Millisecond) {
		t.Error("it did not wait")
	}
}
