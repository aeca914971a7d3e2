package redisstore

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	optionsflow "telegram-client/shared/flow/options"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

func TestOptionsFlow_IsKeptAndWrittenByWhoReadIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		f := optionsflow.Flow{ID: "f1", Entry: "tg_x", StepID: "init", ExpiresAt: w.now().Add(time.Minute).UTC().Truncate(time.Millisecond),
			Draft: filter.Options{UserUpdate: filter.Chats{Chats: "5"}}}
		if _, err := w.OptionsFlow(ctx(t), "f1"); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("none: %v", err)
		}
		if _, err := w.PutOptionsFlow(ctx(t), f); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("put, none: %v", err)
		}
		if err := w.NewOptionsFlow(ctx(t), f); err != nil {
			t.Fatal(err)
		}
		again := f
		again.StepID = "other"
		if err := w.NewOptionsFlow(ctx(t), again); err != nil {
			t.Fatal(err)
		}
		got, err := w.OptionsFlow(ctx(t), "f1")
		if err != nil || got.Revision != 1 || got.StepID != "init" || got.Draft.UserUpdate.Chats != "5" || !got.ExpiresAt.Equal(f.ExpiresAt) {
			t.Fatalf("%+v, %v", got, err)
		}
		var wg sync.WaitGroup
		var written, busy atomic.Int64
		for range 8 {
			wg.Go(func() {
				mine := got
				mine.StepID = "user_update"
				switch revision, err := w.PutOptionsFlow(ctx(t), mine); {
				case err == nil && revision == 2:
					written.Add(1)
				case fault.Is(err, fault.FlowBusy):
					busy.Add(1)
				default:
					t.Errorf("revision %d, %v", revision, err)
				}
			})
		}
		wg.Wait()
		if written.Load() != 1 || busy.Load() != 7 {
			t.Errorf("%d have written, %d were too late", written.Load(), busy.Load())
		}
		if got, err = w.OptionsFlow(ctx(t), "f1"); err != nil || got.StepID != "user_update" {
			t.Errorf("%+v, %v", got, err)
		}
		if ttl, err := w.client.PTTL(ctx(t), optionsFlowKey("f1")).Result(); err != nil || ttl < 23*time.Hour || ttl > 25*time.Hour {
			t.Errorf("it is kept for %v, %v", ttl, err)
		}
		if err := w.DropOptionsFlow(ctx(t), "f1"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OptionsFlow(ctx(t), "f1"); !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("dropped: %v", err)
		}
	})
}

func TestPeers_AreThoseLearnt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		if _, err := w.Peers(ctx(t), "tg_x"); !fault.Is(err, fault.UnknownEntry) {
			t.Errorf("no entry: %v", err)
		}
		id := w.newEntry(2000001, 1)
		book := peer.NewBook(2000001)
		for _, n := range []int64{1001, 1002} {
			u := &tg.User{ID: n, AccessHash: n}
			u.SetFlags()
			book.Learn([]tg.UserClass{u}, nil)
		}
		learnt := book.Changed()
		if err := w.Commit(ctx(t), id, w.listen(id).Lease, outbox.Commit{State: []byte("s"), Learnt: learnt}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Peers(ctx(t), id)
		if err != nil {
			t.Fatal(err)
		}
		byID := map[peer.ID]peer.Record{}
		for _, r := range got {
			byID[r.ID] = r
		}
		if diff := cmp.Diff(map[peer.ID]peer.Record{1001: learnt[0], 1002: learnt[1]}, byID); diff != "" {
			t.Error(diff)
		}
	})
}

// One option of another kind than it was, as an older or newer program may have stored it, costs its event and not the
// whole record.
func TestEntry_OptionsThatCannotBeReadDoNotSpoilIt(t *testing.T) {
	t.Parallel()
	store := &Store{ring: testRing}
	const id = entry.ID("tg_x")
	sealed := testRing.Seal(key(id, partEntry), []byte(`{"AppID":7,"Options":{"new_message":{"chats":{}},"user_update":{"chats":"5"}}}`))
	e, err := store.openEntry(id, sealed, 1, 0)
	if err != nil || e.App.ID != 7 || e.Options.UserUpdate.Chats != "5" || len(e.Options.Unreadable) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}
