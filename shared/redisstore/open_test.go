package redisstore

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/tests/redistest"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ url, want string }{
		{"redis://h:7000/3", "plain h:7000 db=3 user= password= tls=false"},
		{"rediss://u:p@h", "plain h:6379 db=0 user=u password=p tls=true"},
		{"unix:///run/redis.sock?db=2", "plain /run/redis.sock db=2 user= password= tls=false"},
		{"redis+cluster://u:p@h:7000?addr=h2:7001", "cluster h:7000,h2:7001 user=u password=p tls=false"},
		{"rediss+cluster://h:7000,h2:7001", "cluster h:7000,h2:7001 user= password= tls=true"},
		{"redis://h:7000?cluster=true", "cluster h:7000 user= password= tls=false"},
		{"redis://h:7000?cluster=false", "plain h:7000 db=0 user= password= tls=false"},
		{"redis+sentinel://u:p@h:26379,h2:26380/mymaster/1", "sentinel h:26379,h2:26380 master=mymaster db=1 user=u password=p tls=false"},
		{"sentinel://h:26379/mymaster", "sentinel h:26379 master=mymaster db=0 user= password= tls=false"},
		{"redis://h:26379?master_name=m", "sentinel h:26379 master=m db=0 user= password= tls=false"},
	} {
		got := ""
		o, err := parse(x.url)
		secure := func(c *tls.Config) bool { return c != nil }
		switch o := o.(type) {
		case *redis.Options:
			got = fmt.Sprintf("plain %s db=%d user=%s password=%s tls=%v", o.Addr, o.DB, o.Username, o.Password, secure(o.TLSConfig))
		case *redis.ClusterOptions:
			got = fmt.Sprintf("cluster %s user=%s password=%s tls=%v", strings.Join(o.Addrs, ","), o.Username, o.Password, secure(o.TLSConfig))
		case *redis.FailoverOptions:
			got = fmt.Sprintf("sentinel %s master=%s db=%d user=%s password=%s tls=%v", strings.Join(o.SentinelAddrs, ","), o.MasterName, o.DB, o.Username, o.Password, secure(o.TLSConfig))
		}
		if err != nil || got != x.want {
			t.Errorf("%s\n got %s, %v\nwant %s", x.url, got, err, x.want)
		}
	}
}

func TestParse_ErrorsShowNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "redis://u:SECRET@h:x y", "http://u:SECRET@h", "redis://u:SECRET@h/SECRET",
		"sentinel://u:SECRET@h", "redis+magic://u:SECRET@h", "redis://u:SECRET%zz@h,h2"} {
		_, err := ParseURL(url, 2)
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestCheck_StoreThatThrowsAway(t *testing.T) {
	t.Parallel()
	for _, cluster := range []bool{false, true} {
		t.Run(fmt.Sprintf("cluster=%v", cluster), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, redistest.StartWith(t, redistest.Options{Cluster: cluster}), Options{})
			if err := w.Check(ctx(t)); err != nil {
				t.Error(err)
			}
			d, err := w.Durability(ctx(t))
			if err != nil || !d.Lossless() || d.RunID == "" || d.MaxMemoryPolicy != "noeviction" {
				t.Errorf("%+v, %v", d, err)
			}
			c := w.server.Client()
			defer c.Close()
			if err := c.ConfigSet(ctx(t), "maxmemory-policy", "volatile-lru").Err(); err != nil {
				t.Fatal(err)
			}
			if err := w.Check(ctx(t)); err == nil || !strings.Contains(err.Error(), "noeviction") || fault.Is(err, fault.StoreUnavailable) {
				t.Errorf("it evicts: %v", err)
			}
		})
	}
}

func TestStoreAway_FaultsAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{OwnStore: true})
	id := w.newEntry(1, 1)
	c := w.listen(id)
	away := func(what string) {
		t.Helper()
		_, err := w.Acquire(ctx(t), request(id))
		if !fault.Is(err, fault.StoreUnavailable) || fault.Of(err).RetryAfter <= 0 {
			t.Errorf("%s: Acquire: %v", what, err)
		}
		if err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("s")}); !fault.Is(err, fault.StoreUnavailable) {
			t.Errorf("%s: Commit: %v", what, err)
		}
		if _, err := w.Entries(ctx(t)); !fault.Is(err, fault.StoreUnavailable) {
			t.Errorf("%s: Entries: %v", what, err)
		}
		if text := fault.Of(err).Error(); strings.Contains(text, w.server.URL()) {
			t.Errorf("the error says where the store is: %s", text)
		}
	}
	w.server.Kill()
	away("killed")
	if err := w.server.Start(); err != nil {
		t.Fatal(err)
	}
	// The client notices within a second or so.
	for i := 0; ; i++ {
		err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("s"), Items: []outbox.Item{w.event("", "a")}})
		if err == nil {
			break
		}
		if !fault.Is(err, fault.StoreUnavailable) || i == 1000 {
			t.Fatalf("after the restart: %v", err)
		}
		again := time.NewTimer(10 * time.Millisecond)
		<-again.C
	}
	if err := w.server.Freeze(); err != nil {
		t.Fatal(err)
	}
	away("frozen")
	if err := w.server.Thaw(); err != nil {
		t.Fatal(err)
	}
	// What was asked while it was frozen may be carried out now: leases that nobody knows of end by themselves.
	w.pass(2 * time.Minute)
	w.finish(w.acquire(request(id)), authorization.Result{})
}

// The whole content of the store, and its file, hold nothing in clear that is secret, learnt or queued.
func TestStore_HoldsNoSecretInClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t), Options{})
	id := w.newEntry(424242424242, 1)
	if _, err := w.ChangeEntry(ctx(t), id, func(e *entry.Entry) error {
		e.Account.Phone = "PLANTED-phone"
		e.App.Hash = sealText("PLANTED-hash")
		e.Target = entry.Target{Type: entry.Webhook, URL: sealText("http://PLANTED-url"), Secret: sealText("PLANTED-secret"), Token: sealText("PLANTED-token"), Owner: "PLANTED-owner"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c := w.listen(id)
	it := w.outgoing(id, w.names(id).Chat(1001), 31337, "PLANTED-text")
	dead := w.event("", "PLANTED-dead")
	if err := w.Commit(ctx(t), id, c.Lease, outbox.Commit{State: []byte("PLANTED-state"), Items: []outbox.Item{it, dead},
		Learnt: plantedPeers()}); err != nil {
		t.Fatal(err)
	}
	r := w.sends(id, "PLANTED-text")
	r.Idempotency = &authorization.Idempotency{Key: "PLANTED-key", RandomIDs: []int64{1}}
	g := w.acquire(r)
	w.finish(g, authorization.Result{Outcome: authorization.Outcome{Answer: []byte("PLANTED-answer"), Learnt: plantedPeers(), Sent: entry.Sent{LastSent: 31337}}})
	if err := w.SaveStatus(ctx(t), id, c.Lease, entry.Status{}); err != nil {
		t.Fatal(err)
	}
	if err := w.SendCommand(ctx(t), id, entry.Command{Kind: entry.Confirmed, EventID: "PLANTED-event"}); err != nil {
		t.Fatal(err)
	}
	f := w.newFlow("flow")
	f.App.Hash = sealText("PLANTED-hash")
	file, err := os.ReadFile(appendOnly(t, w.server))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"PLANTED", "1:token", "hash", "424242424242", "31337", "kitchen_bot", "alice", "telegram_client", string(make([]byte, 30)),
		strings.Repeat("\x01", 16), strings.Repeat("AQEB", 4)} {
		if word != "hash" && strings.Contains(string(file), word) {
			t.Errorf("the store's file holds %q", word)
		}
	}
	if !strings.Contains(string(file), string(id)) {
		t.Error("the file that was searched is not the store's")
	}
}

func TestWithoutAddress(t *testing.T) {
	t.Parallel()
	if err := withoutAddress(errors.New("x")); err.Error() != "x" {
		t.Error(err)
	}
}

// What go-redis has to say gets into the program's log, and where the store is does not.
func TestRelay_HidesWhereTheStoreIs(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, err := net.Dial("unix", "/nowhere/secret-place")
	relay{func() *slog.Logger { return log }}.Printf(t.Context(), "%d tries to dial %q, %s: %v", 3, "secret-place:6379", []string{"secret-place"}, err)
	if got := said.String(); !strings.Contains(got, "3 tries") || !strings.Contains(got, "no such file") || strings.Contains(got, "secret") {
		t.Error(got)
	}
}
