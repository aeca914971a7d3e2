package redisstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

// A world is a store on a real server whose scripts' clock the test moves.
type world struct {
	*Store
	t      testing.TB
	server *redistest.Server
	ahead  atomic.Int64
	clock  *clock
}

// A clock is the local clock of a world. It moves with the scripts' clock.
type clock struct{ ahead *atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

var testRing = func() *seal.Keyring {
	r, err := seal.NewKeyring(make([]byte, 32), []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	return r
}()

func newWorld(t testing.TB, server *redistest.Server, o Options) *world {
	t.Helper()
	w := &world{t: t, server: server}
	w.clock = &clock{&w.ahead}
	o.Now = w.clock.now
	client, err := ParseURL(server.URL(), 8)
	if err != nil {
		t.Fatal(err)
	}
	w.Store = New(client, testRing, o)
	w.Store.ahead = func() time.Duration { return time.Duration(w.ahead.Load()) }
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

// another returns a further store on the same server, as another process has it, on the same clock.
func (w *world) another(o Options) *world {
	w.t.Helper()
	other := newWorld(w.t, w.server, o)
	other.Store.ahead = w.Store.ahead
	other.Store.now = w.Store.now
	return other
}

// pass lets time pass for everybody.
func (w *world) pass(d time.Duration) { w.ahead.Add(int64(d)) }

// onEach runs a test on each kind of store.
func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, redistest.Start(t), Options{}))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, redistest.StartCluster(t), Options{}))
	})
}

func session(n byte) authorization.Session {
	k := authorization.Key{Salt: int64(n)}
	for i := range k.Auth {
		k.Auth[i] = n
	}
	return authorization.Session{DC: 2, Keys: map[int]authorization.Key{2: k}}
}

// newEntry makes an entry with a listener and a number of senders.
func (w *world) newEntry(account int64, senders int) entry.ID {
	w.t.Helper()
	id := entry.NewID(testRing, account)
	n := login.NewEntry{State: []byte("state 0"), Entry: entry.Entry{ID: id, ClientType: entry.Bot, BotToken: seal.NewText("1:token"),
		Account: entry.Account{ID: account, Username: "kitchen_bot"}, App: entry.App{ID: 1, Hash: seal.NewText("hash")},
		CreatedAt: w.now().UTC().Truncate(time.Millisecond)}}
	for i, name := range authorization.Names(senders) {
		n.Authorizations = append(n.Authorizations, login.Made{Name: name, Session: session(byte(i + 1)), LoggedIn: true})
	}
	if _, made, err := w.CreateEntry(ctx(w.t), n); err != nil || !made {
		w.t.Fatalf("CreateEntry: made %v, %v", made, err)
	}
	return id
}

func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return c
}

func (w *world) listen(id entry.ID) *authorization.Claim {
	w.t.Helper()
	c, err := w.ClaimEntry(ctx(w.t), id, "", false, 30*time.Second)
	if err != nil || c == nil {
		w.t.Fatalf("ClaimEntry: %v, %v", c, err)
	}
	return c
}

const callFor = 25 * time.Second

func request(id entry.ID) authorization.Request {
	return authorization.Request{Entry: id, For: callFor}
}

// sends is a request of a call that is about to send texts.
func (w *world) sends(id entry.ID, texts ...string) authorization.Request {
	r := request(id)
	r.Intent.Kinds = []outbox.Kind{outbox.Send}
	for _, text := range texts {
		r.Intent.Texts = append(r.Intent.Texts, w.names(id).Text(outbox.Send, 0, text))
	}
	return r
}

func (w *world) names(id entry.ID) outbox.Names { return outbox.NewNames(testRing, string(id)) }

func (w *world) acquire(r authorization.Request) *authorization.Grant {
	w.t.Helper()
	g, err := w.Acquire(ctx(w.t), r)
	if err != nil {
		w.t.Fatalf("Acquire: %v", err)
	}
	return g
}

func (w *world) finish(g *authorization.Grant, r authorization.Result) {
	w.t.Helper()
	if err := w.Finish(ctx(w.t), g, r); err != nil {
		w.t.Fatalf("Finish: %v", err)
	}
}

// event is an event of a lane; what it is about stands in its body.
func (w *world) event(lane, body string) outbox.Item {
	now := w.now()
	return outbox.Item{EventID: uuid.New(), Type: "telegram_client_new_message", OccurredAt: now.UTC().Truncate(time.Second), Lane: lane,
		Class: outbox.Durable, ExpiresAt: now.Add(24 * time.Hour).UTC().Truncate(time.Millisecond), Body: []byte(body)}
}

// outgoing is an event that may be our own doing.
func (w *world) outgoing(id entry.ID, lane string, message int, text string) outbox.Item {
	it := w.event(lane, fmt.Sprintf(`"text":%q`, text))
	n := w.names(id)
	it.Own = &outbox.Own{Kind: outbox.Send, Marks: []string{n.Mark(0, message)}, Text: n.Text(outbox.Send, 0, text), MessageIDs: []int{message}}
	return it
}

func marked(message int) authorization.Result {
	return authorization.Result{Outcome: authorization.Outcome{Marks: []authorization.Mark{{Kind: outbox.Send, MessageID: message}}}}
}

func (w *world) commit(id entry.ID, l *lease.Lease, items ...outbox.Item) {
	w.t.Helper()
	if err := w.Commit(ctx(w.t), id, l, outbox.Commit{State: []byte("state"), Items: items}); err != nil {
		w.t.Fatalf("Commit: %v", err)
	}
}

// bodies claims what is due and returns the bodies, those of a lane in its order.
func (w *world) claim(id entry.ID, l *lease.Lease, c outbox.Claim) outbox.Claimed {
	w.t.Helper()
	if c.Limit == 0 {
		c.Limit = 16
	}
	got, err := w.Claim(ctx(w.t), id, l, c)
	if err != nil {
		w.t.Fatalf("Claim: %v", err)
	}
	return got
}

// drain delivers everything that is due and returns the bodies in order.
func (w *world) drain(id entry.ID, l *lease.Lease) []string {
	w.t.Helper()
	var bodies []string
	for {
		got := w.claim(id, l, outbox.Claim{})
		if len(got.Items) == 0 {
			return bodies
		}
		var done []outbox.Settlement
		for _, it := range got.Items {
			bodies = append(bodies, string(it.Body))
			done = append(done, outbox.Settlement{Item: it, Decision: outbox.Decision{Action: outbox.Done}})
		}
		if err := w.Settle(ctx(w.t), id, l, done); err != nil {
			w.t.Fatalf("Settle: %v", err)
		}
	}
}

func isLost(err error) bool { return errors.Is(err, lease.ErrLost) }

func sealText(s string) seal.Text { return seal.NewText(s) }

func plantedPeers() []peer.Record {
	return []peer.Record{{ID: 31337, Usernames: []string{"alice"}, Data: []byte("PLANTED-peer")}}
}

// appendOnly returns the file to which a server appends every change.
func appendOnly(t testing.TB, s *redistest.Server) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(s.Dir(), "appendonlydir", "*.incr.aof"))
	if err != nil || len(all) != 1 {
		t.Fatalf("append-only files: %v, %v", all, err)
	}
	return all[0]
}
