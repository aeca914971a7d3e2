package redisstore

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	messages "telegram-client/shared/message"
)

func aJob() job.Call {
	return job.Call{Verb: messages.SendMessages, Body: json.RawMessage(`{"message":"planted-text","wait":false}`), Key: "key-of-the-call",
		Files: []messages.File{{Data: []byte("planted-bytes"), Filename: "a.jpg"}}}
}

const (
	claimed    = time.Minute
	mostClaims = 2
)

func (w *world) claimJob(id, nonce string) job.Claim {
	w.t.Helper()
	c, err := w.ClaimJob(ctx(w.t), id, nonce, claimed, mostClaims)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) job(id string) (job.View, bool) {
	w.t.Helper()
	v, start, err := w.Job(ctx(w.t), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v, start
}

func (w *world) putJob(id string, c job.Call, same byte) bool {
	w.t.Helper()
	start, err := w.PutJob(ctx(w.t), id, c, [32]byte{same})
	if err != nil {
		w.t.Fatal(err)
	}
	return start
}

func (w *world) openJobs() []string {
	w.t.Helper()
	ids, err := w.OpenJobs(ctx(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

func TestJobs_LiveAndAreAnswered(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id = "j_one"
		if _, _, err := w.Job(ctx(t), id); !fault.Is(err, fault.UnknownJob) {
			t.Errorf("before: %v", err)
		}
		if c := w.claimJob(id, "n"); c.Call != nil {
			t.Errorf("claimed what is not there: %+v", c)
		}
		if !w.putJob(id, aJob(), 1) {
			t.Error("a new job is not to be started")
		}
		if v, start := w.job(id); v.State != job.Queued || v.Progress != (job.Progress{Total: -1}) || v.Answer != nil || start {
			t.Errorf("%+v, start %v", v, start)
		}
		w.pass(jobStart)
		if _, start := w.job(id); !start {
			t.Error("nobody has begun, and nobody is told to")
		}
		if _, start := w.job(id); start {
			t.Error("a second one is told to start it")
		}
		if d := cmp.Diff([]string{id}, w.openJobs()); d != "" {
			t.Error(d)
		}

		c := w.claimJob(id, "first")
		want := aJob()
		if d := cmp.Diff(&want, c.Call); d != "" || c.Age < jobStart {
			t.Errorf("%+v (-want +got):\n%s", c, d)
		}
		if again := w.claimJob(id, "first"); again.Call == nil {
			t.Errorf("the answer of its claim was lost: %+v", again)
		}
		if c := w.claimJob(id, "second"); c.Call != nil || c.Busy <= 0 || c.Busy > claimed {
			t.Errorf("two have it: %+v", c)
		}
		if err := w.KeepJob(ctx(t), id, "second", claimed, job.Progress{}); err != job.ErrLost {
			t.Errorf("kept without a claim: %v", err)
		}
		w.pass(claimed - time.Second)
		if err := w.KeepJob(ctx(t), id, "first", claimed, job.Progress{Bytes: 5_000_000_000, Total: 9_000_000_000}); err != nil {
			t.Fatal(err)
		}
		w.pass(claimed - time.Second)
		if v, start := w.job(id); v.State != job.Running || v.Bytes != 5_000_000_000 || v.Total != 9_000_000_000 || start {
			t.Errorf("%+v, start %v", v, start)
		}
		w.pass(2 * time.Second)
		if _, start := w.job(id); !start {
			t.Error("its runner is gone, and nobody is told to start it")
		}
		if c := w.claimJob(id, "second"); c.Call == nil {
			t.Errorf("not to be had though its claim has ended: %+v", c)
		}
		answer := job.Answer{Status: 207, Body: json.RawMessage(`{"ok":false}`)}
		if err := w.EndJob(ctx(t), id, "first", job.Answer{Status: 500, Body: json.RawMessage(`{}`)}, job.Progress{}, true); err != job.ErrLost {
			t.Errorf("ended by one that lost it: %v", err)
		}
		if v, _ := w.job(id); v.State != job.Running || !slices.Contains(w.openJobs(), id) {
			t.Errorf("ended by one that lost it: %+v, open %v", v, w.openJobs())
		}
		for range 2 {
			if err := w.EndJob(ctx(t), id, "second", answer, job.Progress{Bytes: 9_000_000_000, Total: 9_000_000_000}, false); err != nil {
				t.Fatal(err)
			}
		}
		if v, start := w.job(id); v.State != job.Done || start || cmp.Diff(&answer, v.Answer) != "" || v.Bytes != v.Total {
			t.Errorf("%+v, start %v", v, start)
		}
		if c := w.claimJob(id, "third"); c.Call != nil || c.Busy != 0 {
			t.Errorf("done, and claimed: %+v", c)
		}
		if open := w.openJobs(); len(open) != 0 {
			t.Errorf("still open: %v", open)
		}
		if ttl, err := w.client.PTTL(ctx(t), jobKey(id)).Result(); err != nil || ttl < 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("it is kept for %v, %v", ttl, err)
		}
	})
}

func TestJobs_TheSameKeyIsTheSameJob(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id = "j_same"
		w.putJob(id, aJob(), 1)
		if w.putJob(id, aJob(), 1) {
			t.Error("it is being started already")
		}
		if _, err := w.PutJob(ctx(t), id, aJob(), [32]byte{2}); !fault.Is(err, fault.KeyReused) {
			t.Errorf("another call: %v", err)
		}
		w.pass(jobStart + time.Second)
		if !w.putJob(id, aJob(), 1) {
			t.Error("nobody has it in hand")
		}
		w.claimJob(id, "n1")
		if w.putJob(id, aJob(), 1) {
			t.Error("it runs")
		}
		end := func(nonce string, again bool) {
			t.Helper()
			if err := w.EndJob(ctx(t), id, nonce, job.Answer{Status: 429, Body: json.RawMessage(`{}`)}, job.Progress{}, again); err != nil {
				t.Fatal(err)
			}
		}
		end("n1", true)
		if !w.putJob(id, aJob(), 1) {
			t.Error("its answer asks to try again")
		}
		if v, _ := w.job(id); v.State != job.Queued || v.Answer != nil {
			t.Errorf("%+v", v)
		}
		if c := w.claimJob(id, "n2"); c.Call == nil {
			t.Errorf("%+v", c)
		}
		end("n2", false)
		if w.putJob(id, aJob(), 1) {
			t.Error("its answer is the last word")
		}
		if v, _ := w.job(id); v.State != job.Done {
			t.Errorf("%+v", v)
		}
	})
}

func TestJobs_AreGivenBackAndDropped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id = "j_left"
		w.putJob(id, aJob(), 1)
		w.claimJob(id, "n1")
		if dropped, err := w.DropJob(ctx(t), id); dropped || err != nil {
			t.Errorf("it was begun: %v, %v", dropped, err)
		}
		for range 2 {
			if err := w.LeaveJob(ctx(t), id, "n1", 0); err != nil {
				t.Fatal(err)
			}
		}
		if dropped, err := w.DropJob(ctx(t), id); dropped || err != nil {
			t.Errorf("it had been begun: %v, %v", dropped, err)
		}
		if v, start := w.job(id); v.State != job.Queued || !start {
			t.Errorf("%+v, start %v", v, start)
		}
		if c := w.claimJob(id, "n2"); c.Call == nil {
			t.Errorf("%+v", c)
		}
		w.putJob("j_new", aJob(), 1)
		if dropped, err := w.DropJob(ctx(t), "j_new"); !dropped || err != nil {
			t.Errorf("%v, %v", dropped, err)
		}
		if d := cmp.Diff([]string{id}, w.openJobs()); d != "" {
			t.Error(d)
		}
	})
}

func TestJobs_ThoseThatAreNotKeptAreNotOpen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.putJob("j_old", aJob(), 1)
		w.pass(jobLife + time.Second)
		w.putJob("j_new", aJob(), 1)
		if d := cmp.Diff([]string{"j_new"}, w.openJobs()); d != "" {
			t.Error(d)
		}
		if err := w.client.Del(ctx(t), jobKey("j_new")).Err(); err != nil {
			t.Fatal(err)
		}
		if c := w.claimJob("j_new", "n"); c.Call != nil || len(w.openJobs()) != 1 {
			t.Errorf("it may be on its way into the store: %+v, open %v", c, w.openJobs())
		}
		w.pass(jobPut)
		if c := w.claimJob("j_new", "n"); c.Call != nil || len(w.openJobs()) != 0 {
			t.Errorf("%+v, open %v", c, w.openJobs())
		}
	})
}

// What a former process of the same bridge held is free at once; what this one holds is not.
func TestJobs_OfADeadProcessAreFree(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id = "j_dead"
		former, other := w.another(Options{Holder: "home"}), w.another(Options{Holder: "elsewhere"})
		mine := w.another(Options{Holder: "home", Sole: true})
		w.putJob(id, aJob(), 1)
		former.claimJob(id, "n1")
		if c := w.claimJob(id, "n2"); c.Call != nil {
			t.Errorf("free for everybody: %+v", c)
		}
		if c := mine.claimJob(id, "n3"); c.Call == nil {
			t.Errorf("not free: %+v", c)
		}
		if c := mine.claimJob(id, "n4"); c.Call != nil {
			t.Errorf("taken from itself: %+v", c)
		}
		w.putJob("j_other", aJob(), 1)
		other.claimJob("j_other", "n1")
		if c := mine.claimJob("j_other", "n2"); c.Call != nil {
			t.Errorf("taken from another bridge: %+v", c)
		}
	})
}

func TestJobs_OneOfManyGetsIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.putJob("j_many", aJob(), 1)
		var wg sync.WaitGroup
		var got atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				c, err := w.ClaimJob(ctx(t), "j_many", strings.Repeat("n", i+1), claimed, mostClaims)
				if err != nil {
					t.Error(err)
				}
				if c.Call != nil {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("%d have it", got.Load())
		}
	})
}

// Nothing of a call, its files or its answer stands in the store in clear.
func TestJobs_AreSealed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.putJob("j_a", aJob(), 1)
		w.putJob("j_b", aJob(), 1)
		w.claimJob("j_b", "n")
		if err := w.EndJob(ctx(t), "j_b", "n", job.Answer{Status: 200, Body: json.RawMessage(`{"x":"planted-answer"}`)}, job.Progress{}, false); err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, id := range []string{"j_a", "j_b"} {
			h, err := w.client.HGetAll(ctx(t), jobKey(id)).Result()
			if err != nil {
				t.Fatal(err)
			}
			for field, value := range h {
				all = append(all, field+"="+value+"\n"...)
			}
			if _, there := h["rec"]; there != (id == "j_a") {
				t.Errorf("%s: its call is kept: %v", id, there)
			}
		}
		for _, secret := range []string{"planted", "cGxhbnRlZ", "a.jpg", "key-of-the-call"} {
			if bytes.Contains(all, []byte(secret)) {
				t.Errorf("%q stands in the store", secret)
			}
		}
		// A record under another id cannot be opened.
		h, err := w.client.HGetAll(ctx(t), jobKey("j_a")).Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.client.HSet(ctx(t), jobKey("j_c"), h).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ClaimJob(ctx(t), "j_c", "n", claimed, mostClaims); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("opened: %v", err)
		}
		if ids := w.openJobs(); !slices.Contains(ids, "j_a") {
			t.Errorf("open: %v", ids)
		}
	})
}
