package redisstore

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
)

// The demo takes an in-process store where there is no other. It is not the real thing, but the scripts run on it.
func TestInProcessStore(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	w := &world{t: t}
	w.clock = &clock{&w.ahead}
	w.Store = New(redis.NewClient(&redis.Options{Addr: m.Addr(), DisableIdentity: true, Protocol: 2}), testRing, Options{OwnStore: true, Now: w.clock.now})
	w.Store.ahead = func() time.Duration { return time.Duration(w.ahead.Load()) }
	t.Cleanup(func() { _ = w.Close() })

	if err := w.Check(ctx(t)); err != nil {
		t.Errorf("Check: %v", err)
	}
	id := w.newEntry(1, 1)
	if ids, err := w.Entries(ctx(t)); err != nil || len(ids) != 1 {
		t.Errorf("entries %v, %v", ids, err)
	}
	c := w.listen(id)
	if err := w.RenewEntry(ctx(t), id, c.Lease, 30*time.Second); err != nil {
		t.Error(err)
	}
	r := w.sends(id, "Hi")
	r.Idempotency = &authorization.Idempotency{Key: "k", RandomIDs: []int64{5}}
	g := w.acquire(r)
	w.commit(id, c.Lease, w.outgoing(id, "a", 5, "Hi"), w.outgoing(id, "b", 6, "phone"), w.event("c", "other"))
	second := make(chan error)
	go func() {
		r := request(id)
		r.Wait = 20 * time.Second
		g, err := w.Acquire(ctx(t), r)
		if err == nil {
			err = w.Finish(ctx(t), g, authorization.Result{})
		}
		second <- err
	}()
	res := marked(5)
	res.Outcome.Answer = []byte("x")
	w.finish(g, res)
	if err := <-second; err != nil {
		t.Errorf("one that waited: %v", err)
	}
	if diff := cmp.Diff([]string{`"text":"phone"`, "other"}, w.drain(id, c.Lease), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("delivered:\n%s", diff)
	}
	if g := w.acquire(r); g.Repeat == nil || string(g.Repeat.Answer) != "x" {
		t.Errorf("repeat %+v", g.Repeat)
	}
	if o, err := w.Overview(ctx(t), id); err != nil || len(o.Devices) != 2 {
		t.Errorf("overview %+v, %v", o.Devices, err)
	}
	w.newFlow("f")
	if err := w.PutFlow(ctx(t), w.take("f")); err != nil {
		t.Error(err)
	}
	if err := w.MarkRemoving(ctx(t), id); err != nil {
		t.Error(err)
	}
	if all, err := w.Commands(ctx(t), id, c.Commands, time.Second); err != nil || len(all) == 0 || all[len(all)-1].Kind != entry.Remove {
		t.Errorf("commands %v, %v", all, err)
	}
	if err := w.Forget(ctx(t), id, c.Lease); err != nil {
		t.Error(err)
	}
}
