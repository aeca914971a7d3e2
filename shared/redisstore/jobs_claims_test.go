package redisstore

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/job"
	"telegram-client/tests/redistest"
)

// One that waits is started by nobody and looked at by nobody until its time has come.
func TestJobs_Wait(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id, wait = "j_waits", 10 * time.Minute
		w.putJob(id, aJob(), 1)
		w.claimJob(id, "n1")
		for range 2 { // the answer to the first is lost
			if err := w.LeaveJob(ctx(t), id, "n1", wait); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(wait - time.Minute)
		if v, start := w.job(id); v.State != job.Queued || start || len(w.openJobs()) != 0 {
			t.Errorf("%+v, start %v, open %v", v, start, w.openJobs())
		}
		w.pass(time.Minute)
		if d := cmp.Diff([]string{id}, w.openJobs()); d != "" {
			t.Error(d)
		}
		if _, start := w.job(id); !start {
			t.Error("its time has come, and nobody is told to start it")
		}
	})
}

// Claims that nobody gave back count; those that were left in order do not.
func TestJobs_AreSpent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const id = "j_spent"
		w.putJob(id, aJob(), 1)
		for _, nonce := range []string{"l1", "l2", "l3", "l4"} {
			w.claimJob(id, nonce)
			for range 2 {
				if err := w.LeaveJob(ctx(t), id, nonce, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, nonce := range []string{"n1", "n2"} {
			for range 2 {
				if c := w.claimJob(id, nonce); c.Call == nil || c.Spent {
					t.Errorf("%s: %+v", nonce, c)
				}
			}
			w.pass(claimed + time.Second)
		}
		for range 2 {
			if c := w.claimJob(id, "n3"); c.Call != nil || !c.Spent {
				t.Errorf("%+v", c)
			}
		}
		if err := w.EndJob(ctx(t), id, "n3", job.Answer{Status: 500, Body: json.RawMessage(`{}`)}, job.Progress{}, true); err != nil {
			t.Error(err)
		}
		if !w.putJob(id, aJob(), 1) {
			t.Error("its answer asks to try again")
		}
		if c := w.claimJob(id, "n4"); c.Call == nil {
			t.Errorf("%+v", c)
		}
	})
}

// The connection breaks after the store has the job and before its answer has arrived. The client repeats the script by
// itself: the job is started and listed all the same.
func TestJobs_OneWhoseAnswerIsLostIsStarted(t *testing.T) {
	t.Parallel()
	server := redistest.StartWith(t, redistest.Options{TCP: true})
	line := newLine(t, server.Addr())
	client, err := ParseURL("redis://"+line.addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Store: New(client, testRing, Options{})}
	t.Cleanup(func() { w.Close() })
	w.putJob("j_warm", aJob(), 1) // connection, scripts
	for _, id := range []string{"j_one", "j_two"} {
		line.cut.Store(1) // behind the answer to the listing
		if !w.putJob(id, aJob(), 1) || !slices.Contains(w.openJobs(), id) {
			t.Errorf("just taken, but open are %v, and nobody is told to start it", w.openJobs())
		}
		if n := line.cut.Load(); n >= 0 {
			t.Errorf("no answer was lost: %d to go", n)
		}
		if w.putJob(id, aJob(), 1) {
			t.Error("a second one is told to start it")
		}
	}
}

// A store as a service is not next door. What a call may bring gets into it and out of it all the same.
func TestJobs_WithFilesFitThroughAnOrdinaryLine(t *testing.T) {
	t.Parallel()
	line := newLine(t, redistest.StartWith(t, redistest.Options{TCP: true}).Addr())
	line.rate = 4_000_000 // 32 Mbit/s
	client, err := ParseURL("redis://"+line.addr, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Store: New(client, testRing, Options{})}
	t.Cleanup(func() { w.Close() })
	large := aJob()
	large.Files[0].Data = bytes.Repeat([]byte("0123456789abcdef"), 4_500_000/16)
	w.putJob("j_large", large, 1)
	if c := w.claimJob("j_large", "n"); c.Call == nil || !bytes.Equal(c.Call.Files[0].Data, large.Files[0].Data) {
		t.Error("it comes back as another one")
	}
}
