package redisstore

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/health"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
)

var secrets = cmp.Comparer(func(a, b seal.Text) bool { return a == b })

func TestEntry_IsKeptWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(2000001, 2)
		changed, err := w.ChangeEntry(ctx(t), id, func(e *entry.Entry) error {
			e.Target = entry.Target{Type: entry.Webhook, URL: seal.NewText("http://h/api/webhook/x"), Secret: seal.NewText("whsec_1"), Token: seal.NewText("t"),
				Owner: "o", TimeZone: "Europe/Warsaw", Confirm: true, Paused: true, MaxAge: time.Hour, Generation: 3}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Entry(ctx(t), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(changed, got, secrets); diff != "" {
			t.Errorf("what was read is not what was written (-written +read):\n%s", diff)
		}
		if got.Revision != 2 || got.BotToken.Reveal() != "1:token" || got.Target.URL.Reveal() != "http://h/api/webhook/x" {
			t.Errorf("revision %d, token kept %v", got.Revision, got.BotToken.Reveal() == "1:token")
		}
	})
}

func TestCreateEntry_OneForEachAccount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		e, made, err := w.CreateEntry(ctx(t), login.NewEntry{Entry: entry.Entry{ID: id, Account: entry.Account{ID: 1, Username: "other"}},
			Authorizations: []login.Made{{Name: authorization.Listener, Session: session(9)}}})
		if err != nil || made || e.Account.Username != "kitchen_bot" {
			t.Errorf("made %v, %v, %q", made, err, e.Account.Username)
		}
		owned, err := w.Owned(ctx(t), id, []login.Made{{Session: session(1)}, {Session: session(9)}})
		if diff := cmp.Diff([]bool{true, false}, owned); err != nil || diff != "" {
			t.Errorf("owned: %v, %s", err, diff)
		}
	})
}

func TestEntries_OldestFirstAndIndexRepaired(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		if _, err := w.Oldest(ctx(t)); !fault.Is(err, fault.NoEntry) {
			t.Errorf("no entry: %v", err)
		}
		a := w.newEntry(1, 1)
		w.pass(time.Second)
		b := w.newEntry(2, 1)
		want := []entry.ID{a, b}
		check := func(when string) {
			t.Helper()
			got, err := w.Entries(ctx(t))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", when, err, diff)
			}
		}
		check("as made")
		if err := w.client.Del(ctx(t), entriesKey).Err(); err != nil {
			t.Fatal(err)
		}
		w.pass(scanEvery)
		check("after the index was lost")
		if id, err := w.Oldest(ctx(t)); err != nil || id != a {
			t.Errorf("oldest: %q, %v", id, err)
		}
		if err := w.MarkRemoving(ctx(t), a); err != nil {
			t.Fatal(err)
		}
		if id, err := w.Oldest(ctx(t)); err != nil || id != b {
			t.Errorf("oldest but for the tombstone: %q, %v", id, err)
		}
		if err := w.client.Del(ctx(t), key(a, partEntry)).Err(); err != nil {
			t.Fatal(err)
		}
		want = []entry.ID{b}
		check("without the one that is gone")
	})
}

func TestOverview_ShowsAllThereIs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		status := entry.Status{Connected: true, Since: w.now().UTC().Truncate(time.Second),
			Health: []health.Condition{{Code: health.HomeUnreachable, Since: w.now().UTC().Truncate(time.Second), Placeholders: map[string]string{"reason": "x"}}}}
		if err := w.SaveStatus(ctx(t), id, c.Lease, status); err != nil {
			t.Fatal(err)
		}
		w.commit(id, c.Lease, w.event("", "a"), w.event("x", "b"))
		g := w.acquire(request(id))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Sent: entry.Sent{LastSent: 71}}})
		w.pass(2 * time.Second)

		o, err := w.Overview(ctx(t), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(status, o.Status); diff != "" {
			t.Errorf("status:\n%s", diff)
		}
		if diff := cmp.Diff(entry.Sent{LastSent: 71}, o.Sent); diff != "" {
			t.Errorf("sent:\n%s", diff)
		}
		want := []entry.Device{{Purpose: "listener", Name: "Home Assistant · listener", State: "ok"}, {Purpose: "sender", Name: "Home Assistant · sender 1", State: "ok"}}
		if diff := cmp.Diff(want, o.Devices); diff != "" {
			t.Errorf("devices:\n%s", diff)
		}
		if o.Queue.Waiting != 2 || o.Queue.OldestAge < 2*time.Second {
			t.Errorf("queue: %+v", o.Queue)
		}

		// The listener dies: nobody says that it is connected any more.
		w.pass(31 * time.Second)
		if o, err = w.Overview(ctx(t), id); err != nil || o.Status.Connected {
			t.Errorf("connected %v without a listener, %v", o.Status.Connected, err)
		}
		if state, _ := o.State(); state != entry.SetupRetry {
			t.Errorf("state %s", state)
		}
		all, err := w.Overviews(ctx(t))
		if err != nil || len(all) != 1 {
			t.Errorf("overviews: %d, %v", len(all), err)
		}
	})
}

func TestOverview_UnreadableRecordSpoilsItsOwnEntryOnly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		good := w.newEntry(1, 1)
		w.pass(time.Second)
		other, err := seal.NewKeyring(make([]byte, 32), []byte("ANOTHER KEY.....ANOTHER KEY....."))
		if err != nil {
			t.Fatal(err)
		}
		x := w.another(Options{})
		x.ring = other
		bad := x.newEntry(2, 1)
		all, err := w.Overviews(ctx(t))
		if err != nil || len(all) != 2 {
			t.Fatalf("%d, %v", len(all), err)
		}
		if state, _ := all[0].State(); all[0].Entry.ID != good || state == entry.SetupError {
			t.Errorf("the good one is %s", state)
		}
		if state, reason := all[1].State(); all[1].Entry.ID != bad || state != entry.SetupError || reason != string(health.RecordUnreadable) {
			t.Errorf("the bad one is %s, %s", state, reason)
		}
		if _, err := w.Acquire(ctx(t), request(bad)); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("Acquire: %v", err)
		}
		if _, err := w.ClaimEntry(ctx(t), bad, "", false, time.Second); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("ClaimEntry: %v", err)
		}
		// Nothing stays taken: who has the key can use both at once.
		g, err := x.Acquire(ctx(t), request(bad))
		if err != nil {
			t.Fatal(err)
		}
		x.finish(g, authorization.Result{})
		if c := x.listen(bad); c.Entry.Account.ID != 2 {
			t.Errorf("account %d", c.Entry.Account.ID)
		}
		w.finish(w.acquire(request(good)), authorization.Result{})
	})
}

func TestChangeEntry_IsRepeatedOnConflictAndTellsTheListener(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		tries := 0
		e, err := w.ChangeEntry(ctx(t), id, func(e *entry.Entry) error {
			tries++
			if tries == 1 {
				if err := w.ConfirmTarget(ctx(t), id, 0); err != nil {
					t.Fatal(err)
				}
			}
			e.Target.Owner += "x"
			return nil
		})
		if err != nil || tries != 2 || e.Target.Owner != "x" || !e.Target.Confirmed {
			t.Errorf("%v, %d tries, owner %q, confirmed %v", err, tries, e.Target.Owner, e.Target.Confirmed)
		}
		no := errors.New("no")
		if _, err := w.ChangeEntry(ctx(t), id, func(*entry.Entry) error { return no }); !errors.Is(err, no) {
			t.Errorf("error of the change: %v", err)
		}
		if err := w.SendCommand(ctx(t), id, entry.Command{Kind: entry.Confirmed, EventID: "e1"}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Commands(ctx(t), id, "", 0)
		if err != nil || len(got) != 2 || got[0].Kind != entry.Reload || got[1].Kind != entry.Confirmed || got[1].EventID != "e1" {
			t.Fatalf("commands: %+v, %v", got, err)
		}
		later := make(chan []entry.Command)
		go func() {
			all, err := w.Commands(ctx(t), id, got[1].ID, 30*time.Second)
			if err != nil {
				t.Errorf("Commands: %v", err)
			}
			later <- all
		}()
		if err := w.MarkRemoving(ctx(t), id); err != nil {
			t.Fatal(err)
		}
		if all := <-later; len(all) != 1 || all[0].Kind != entry.Remove {
			t.Errorf("waited for: %+v", all)
		}
		if _, err := w.ChangeEntry(ctx(t), id, func(*entry.Entry) error { return nil }); !fault.Is(err, fault.RemovalInProgress) {
			t.Errorf("change of a tombstone: %v", err)
		}
		if _, err := w.Acquire(ctx(t), request(id)); !fault.Is(err, fault.RemovalInProgress) {
			t.Errorf("use of a tombstone: %v", err)
		}
		if e, err = w.Entry(ctx(t), id); err != nil || !e.Removing || e.RemovingSince.IsZero() {
			t.Errorf("tombstone: %v since %v, %v", e.Removing, e.RemovingSince, err)
		}
	})
}

func TestForget_LeavesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		w.commit(id, c.Lease, w.event("", "a"))
		g := w.acquire(request(id))
		w.finish(g, authorization.Result{Outcome: authorization.Outcome{Learnt: []peer.Record{{ID: 5, Data: []byte("x")}}}})
		if err := w.Forget(ctx(t), id, c.Lease); err == nil {
			t.Fatal("an entry that is not a tombstone was forgotten")
		}
		if err := w.MarkRemoving(ctx(t), id); err != nil {
			t.Fatal(err)
		}
		b, err := w.Borrow(ctx(t), id, c.Lease, authorization.Sender(1), callFor)
		if err != nil || b == nil {
			t.Fatalf("Borrow: %v, %v", b, err)
		}
		w.finish(b, authorization.Result{Fate: authorization.Ended})
		for _, n := range authorization.Names(1) {
			if err := w.DropAuthorization(ctx(t), id, n, c.Lease); err != nil {
				t.Fatal(err)
			}
		}
		if devices, err := w.Authorizations(ctx(t), id); err != nil || len(devices) != 0 {
			t.Errorf("devices left: %v, %v", devices, err)
		}
		if err := w.Forget(ctx(t), id, c.Lease); err != nil {
			t.Fatal(err)
		}
		left, err := w.server.Client().Keys(ctx(t), prefix+"*").Result()
		if err != nil || len(left) != 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		if again := w.newEntry(1, 1); again != id {
			t.Errorf("the account's new entry is %s, was %s", again, id)
		}
	})
}

func TestRenew_ReplacesDeadAuthorizationsOnly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, authorization.Session{}, authorization.Ended); err != nil {
			t.Fatal(err)
		}
		c = w.listen(id)
		if c.Fate != authorization.Ended || len(c.Session.Keys) != 0 {
			t.Fatalf("fate %v, session of DC %d", c.Fate, c.Session.DC)
		}
		e, err := w.Renew(ctx(t), login.NewEntry{State: []byte("fresh"),
			Entry:          entry.Entry{ID: id, ClientType: entry.Bot, Account: entry.Account{ID: 1, Username: "new"}, BotToken: seal.NewText("1:new"), App: entry.App{ID: 2}},
			Authorizations: []login.Made{{Name: authorization.Listener, Session: session(7), LoggedIn: true}, {Name: authorization.Sender(1), Session: session(8), LoggedIn: true}}})
		if err != nil || e.BotToken.Reveal() != "1:new" || e.Account.Username != "new" {
			t.Fatalf("%v", err)
		}
		if err := w.RenewEntry(ctx(t), id, c.Lease, time.Second); !isLost(err) {
			t.Errorf("the lease of the dead login: %v", err)
		}
		c = w.listen(id)
		if c.Fate != authorization.Fine || c.Session.Keys[2].Salt != 7 || string(c.State) != "state 0" || string(c.Renewed) != "fresh" {
			t.Errorf("fate %v, salt %d, state %q, renewed %q", c.Fate, c.Session.Keys[2].Salt, c.State, c.Renewed)
		}
		w.commit(id, c.Lease)
		owned, err := w.Owned(ctx(t), id, []login.Made{{Session: session(2)}, {Session: session(7)}, {Session: session(8)}})
		if diff := cmp.Diff([]bool{true, true, false}, owned); err != nil || diff != "" {
			t.Errorf("owned: %v\n%s", err, diff)
		}
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, c.Session, authorization.Fine); err != nil {
			t.Fatal(err)
		}
		if c = w.listen(id); c.Renewed != nil {
			t.Errorf("renewed %q after a commit", c.Renewed)
		}
	})
}

// A login whose connection had to be reset rests before somebody connects with it.
func TestCreateEntry_WhatWasResetRests(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := entry.NewID(testRing, 1)
		made := []login.Made{{Name: authorization.Listener, Session: session(1), LoggedIn: true, Rests: true}, {Name: authorization.Sender(1), Session: session(2), LoggedIn: true}}
		if _, ok, err := w.CreateEntry(ctx(t), login.NewEntry{Entry: entry.Entry{ID: id, ClientType: entry.Client, Account: entry.Account{ID: 1}}, Authorizations: made}); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if c, err := w.ClaimEntry(ctx(t), id, "", false, time.Second); c != nil || err != nil {
			t.Errorf("claimed at once: %v", err)
		}
		w.pass(3 * time.Second)
		c := w.listen(id)
		if err := w.ReleaseEntry(ctx(t), id, c.Lease, authorization.Session{}, authorization.Ended); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Renew(ctx(t), login.NewEntry{Entry: entry.Entry{ID: id}, Authorizations: made[:1]}); err != nil {
			t.Fatal(err)
		}
		if c, err := w.ClaimEntry(ctx(t), id, "", false, time.Second); c != nil || err != nil {
			t.Errorf("claimed at once after a re-login: %v", err)
		}
	})
}

func TestKnowsEvent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		id := w.newEntry(1, 1)
		c := w.listen(id)
		it := w.event("", "a")
		w.commit(id, c.Lease, it)
		for _, x := range []struct {
			what  string
			event uuid.UUID
			want  bool
		}{{"waiting", it.EventID, true}, {"unknown", uuid.New(), false}, {"handshake", entry.HandshakeID(id, 0), true}, {"old handshake", entry.HandshakeID(id, 1), false}} {
			if got, err := w.KnowsEvent(ctx(t), id, x.event); err != nil || got != x.want {
				t.Errorf("%s: %v, %v", x.what, got, err)
			}
		}
		w.drain(id, c.Lease)
		if got, err := w.KnowsEvent(ctx(t), id, it.EventID); err != nil || !got {
			t.Errorf("acknowledged: %v, %v", got, err)
		}
		if _, err := w.KnowsEvent(ctx(t), entry.NewID(testRing, 5), it.EventID); !fault.Is(err, fault.UnknownEntry) {
			t.Errorf("unknown entry: %v", err)
		}
	})
}

func TestWaitEntries_MissesNothingBetweenTwoCalls(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for range 2 { // the first returns at once, and so may the one after, when the store confirms that it is heard
			if err := w.WaitEntries(ctx(t), time.Second); err != nil {
				t.Fatal(err)
			}
		}
		w.newEntry(1, 1)
		if err := w.WaitEntries(ctx(t), 30*time.Second); err != nil {
			t.Fatal(err)
		}
	})
}
