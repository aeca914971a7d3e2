package account

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotd/neo"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"go.uber.org/goleak"

	"telegram-client/listener/updates"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
)

// The engine of patterns has a clock that ends by itself, a second after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// fakeClock is neo's, but a timer that is due fires without a further push.
type fakeClock struct{ *neo.Time }

type fakeTimer struct {
	neo.Timer
	time *neo.Time
}

func (c fakeClock) Timer(d time.Duration) neo.Timer {
	t := c.Time.Timer(d)
	c.Travel(0)
	return fakeTimer{t, c.Time}
}

func (t fakeTimer) Reset(d time.Duration) { t.Timer.Reset(d); t.time.Travel(0) }

const (
	bot   = 7_100_000_001
	alice = 6_100_000_001
)

var start = time.Unix(1795347000, 0)

// connection is a connection that the test holds the other end of.
type connection struct {
	began   func()
	updates func(tg.UpdatesClass)
	ctx     context.Context
	guard   authorization.Guard
	session authorization.Session
	broken  chan error
}

func (c *connection) push(u ...tg.UpdateClass) {
	c.updates(&tg.Updates{Updates: u, Users: []tg.UserClass{user(alice)}, Date: int(start.Unix())})
}

// telegram is a Connector and what answers over its connections.
type telegram struct {
	mu          sync.Mutex
	refuse      []error // of the next connections
	connections chan *connection
	difference  func(*tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error)
	self        *tg.User
	answer      func(bin.Encoder) (bin.Encoder, error)                  // before everything else; nil, nil: no answer
	slowly      func(context.Context, bin.Encoder) (bin.Encoder, error) // after everything else; it may take its time
}

func user(id int64) *tg.User {
	u := &tg.User{ID: id, AccessHash: 5, FirstName: fmt.Sprint("user ", id), Username: fmt.Sprint("user", id)}
	u.Self = id == bot
	u.SetFlags()
	return u
}

func (c *telegram) Listen(ctx context.Context, _ authorization.App, s authorization.Session, g authorization.Guard,
	began func(), pushed func(tg.UpdatesClass), use func(context.Context, *tg.Client) error,
) (authorization.Ending, error) {
	c.mu.Lock()
	var refuse error
	if len(c.refuse) > 0 {
		refuse, c.refuse = c.refuse[0], c.refuse[1:]
	}
	c.mu.Unlock()
	ending := authorization.Ending{Session: s}
	if refuse != nil {
		return ending, refuse
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conn := &connection{began: began, updates: pushed, ctx: ctx, guard: g, session: s, broken: make(chan error, 1)}
	used := make(chan error, 1)
	go func() { used <- use(ctx, tg.NewClient(c)) }()
	select {
	case c.connections <- conn:
	case <-ctx.Done():
	}
	select {
	case err := <-used:
		return ending, err
	case err := <-conn.broken:
		cancel(err)
		<-used
		return ending, err
	}
}

// answers changes what is answered.
func (c *telegram) answers(f func(bin.Encoder) (bin.Encoder, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = f
}

// Invoke answers a call.
func (c *telegram) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var answer bin.Encoder
	if c.answer != nil {
		var err error
		if answer, err = c.answer(in); err != nil {
			return err
		}
	}
	if answer != nil {
		return decodeInto(answer, out)
	}
	switch in := in.(type) {
	case *tg.UsersGetUsersRequest:
		answer = &tg.UserClassVector{Elems: []tg.UserClass{c.self}}
	case *tg.UpdatesGetDifferenceRequest:
		d, err := c.difference(in)
		if err != nil {
			return err
		}
		answer = d
	default:
		if c.slowly == nil {
			return tgerr.New(400, "METHOD_INVALID")
		}
		c.mu.Unlock()
		a, err := c.slowly(ctx, in)
		c.mu.Lock()
		if err != nil {
			return err
		}
		answer = a
	}
	return decodeInto(answer, out)
}

func decodeInto(answer bin.Encoder, out bin.Decoder) error {
	var b bin.Buffer
	if err := answer.Encode(&b); err != nil {
		return err
	}
	return out.Decode(&b)
}

// memory is a Store that remembers.
type memory struct {
	mu       sync.Mutex
	fail     []error
	forgets  []error // fails to keep what is said of the account
	commits  chan outbox.Commit
	accounts chan entry.Account
	works    atomic.Int64
}

func (m *memory) Commit(_ context.Context, _ entry.ID, _ *lease.Lease, c outbox.Commit) error {
	m.mu.Lock()
	var err error
	if len(m.fail) > 0 {
		err, m.fail = m.fail[0], m.fail[1:]
	}
	m.mu.Unlock()
	if err == nil {
		m.commits <- c
	}
	return err
}

func (m *memory) Works(context.Context, entry.ID, *lease.Lease) error {
	m.works.Add(1)
	return nil
}

func (m *memory) SaveAccount(_ context.Context, _ entry.ID, _ *lease.Lease, a entry.Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.forgets) > 0 {
		err := m.forgets[0]
		m.forgets = m.forgets[1:]
		return err
	}
	m.accounts <- a
	return nil
}

type world struct {
	t *testing.T
	*Account
	clock    fakeClock
	telegram *telegram
	store    *memory
	lease    *lease.Lease
	reports  chan Report
	stop     func()
	ended    chan struct{}
	fate     authorization.Fate
	err      error
	queue    []outbox.Item
}

func begin(t *testing.T, change ...func(*Options, *world)) *world {
	t.Helper()
	w := &world{t: t, clock: fakeClock{neo.NewTime(start)}, reports: make(chan Report, 1000), ended: make(chan struct{}),
		store:    &memory{commits: make(chan outbox.Commit, 1000), accounts: make(chan entry.Account, 100)},
		telegram: &telegram{connections: make(chan *connection), self: user(bot)}}
	w.telegram.difference = func(*tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
		return &tg.UpdatesDifferenceEmpty{Date: int(start.Unix()), Seq: 1}, nil
	}
	w.lease = lease.New("a", 1, start, 24*time.Hour, w.clock.Now)
	ring, err := seal.NewKeyring(make([]byte, 32), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Claim: authorization.Claim{
			Entry: entry.Entry{ID: "tg_a", Account: entry.Account{ID: bot, FirstName: fmt.Sprint("user ", bot), Username: fmt.Sprint("user", bot)},
				ClientType: entry.Bot, CreatedAt: start.Add(-time.Hour)},
			Session: authorization.Session{DC: 2, Keys: map[int]authorization.Key{2: {Salt: 1}}}, Lease: w.lease,
			State: updates.State{Pts: 100, Qts: 1, Date: int(start.Unix()), Seq: 1}.Marshal(),
		},
		Store: w.store, Connector: w.telegram, Ring: ring, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Mute: 10 * time.Second,
		Committed: func() {}, Report: func(r Report) { w.reports <- r },
	}
	for _, c := range change {
		c(&o, w)
	}
	if w.Account, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(w.ended)
		_, w.fate, w.err = w.Run(ctx)
	}()
	w.stop = func() { cancel(); <-w.ended }
	t.Cleanup(w.stop)
	return w
}

const patience = 20 * time.Second

func (w *world) connected() *connection {
	w.t.Helper()
	select {
	case c := <-w.telegram.connections:
		return c
	case <-time.After(patience):
		w.t.Fatal("no connection")
		return nil
	}
}

// connectedAfter lets time pass until there is a connection.
func (w *world) connectedAfter(step time.Duration) *connection {
	w.t.Helper()
	for range 10000 {
		select {
		case c := <-w.telegram.connections:
			return c
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(step)
		}
	}
	w.t.Fatal("no connection however much time passes")
	return nil
}

// item waits for the next event of a type; "" is any.
func (w *world) item(kind string) outbox.Item {
	w.t.Helper()
	for {
		for i, it := range w.queue {
			if kind == "" || it.Type == kind {
				w.queue = append(w.queue[:i:i], w.queue[i+1:]...)
				return it
			}
		}
		select {
		case c := <-w.store.commits:
			w.queue = append(w.queue, c.Items...)
		case <-time.After(patience):
			w.t.Fatalf("no event %q", kind)
		}
	}
}

// again begins a further account where this one was stopped.
func (w *world) again(state []byte) *world {
	return begin(w.t, func(o *Options, _ *world) { o.Claim.State = state })
}

func (w *world) reported(what string, is func(Report) bool) Report {
	w.t.Helper()
	for {
		select {
		case r := <-w.reports:
			if is(r) {
				return r
			}
		case <-time.After(patience):
			w.t.Fatalf("%s: never reported", what)
		}
	}
}

func has(code health.Code) func(Report) bool {
	return func(r Report) bool { return !r.Connected && len(r.Conditions) > 0 && r.Conditions[0].Code == code }
}

func says(id int, from int64, text string, date time.Time) *tg.Message {
	m := &tg.Message{ID: id, PeerID: &tg.PeerUser{UserID: from}, Message: text, Date: int(date.Unix())}
	m.SetFlags()
	return m
}

func newMessage(pts int, m *tg.Message) tg.UpdateClass {
	return &tg.UpdateNewMessage{Message: m, Pts: pts, PtsCount: 1}
}

const messageEvent = "telegram_client_new_message"
