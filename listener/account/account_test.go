package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/neo"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"go.uber.org/goleak"

	"telegram-client/listener/updates"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// Invoke answers a call.
func (c *telegram) Invoke(_ context.Context, in bin.Encoder, out bin.Decoder) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var answer bin.Encoder
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
		return tgerr.New(400, "METHOD_INVALID")
	}
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
	commits  chan outbox.Commit
	accounts chan entry.Account
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

func (m *memory) SaveAccount(_ context.Context, _ entry.ID, _ *lease.Lease, a entry.Account) error {
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

func TestAccount_MessageBecomesAnEvent(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	c.push(newMessage(101, says(71, alice, "hello", start)))
	it := w.item("")
	if it.Type != messageEvent || it.Replayed || it.Lane == "" || !it.OccurredAt.Equal(start) || it.Class != outbox.Durable ||
		!it.ExpiresAt.Equal(start.Add(entry.DefaultMaxAge)) || it.Own != nil {
		t.Errorf("%+v", it)
	}
	if !strings.HasPrefix(string(it.Body), `"config_entry_id":"tg_a","me":{"id":7100000001,`) {
		t.Errorf("%s", it.Body)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte("{"+string(it.Body)+"}"), &body); err != nil || body["chat_id"] != float64(alice) {
		t.Errorf("%v %v", body["chat_id"], err)
	}
}

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

func TestGuard_IsSilentBeforeTheLeaseEnds(t *testing.T) {
	t.Parallel()
	c := fakeClock{neo.NewTime(start)}
	l := lease.New("a", 1, start, 30*time.Second, c.Now)
	g := guard{l, 10 * time.Second, c.Now}
	for after, silent := range []bool{19: false, 20: true} {
		if err := g.Check(); (err != nil) != silent || l.Check() != nil {
			t.Errorf("after %d s: guard %v, lease %v", after, err, l.Check())
		}
		c.Travel(time.Second)
	}
	l.Extend(c.Now(), 30*time.Second)
	if err := g.Check(); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
	l.Lose()
	if err := g.Check(); !errors.Is(err, lease.ErrLost) {
		t.Errorf("lost: %v", err)
	}
}

// Who cannot renew the lease ends the connection before it ends, also if there is nothing to be written.
func TestAccount_EndsTheConnectionBeforeTheLease(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, w *world) {
		w.lease = lease.New("a", 1, start, 30*time.Second, w.clock.Now)
		o.Claim.Lease = w.lease
	})
	c := w.connected()
	for open := true; open; {
		select {
		case <-c.ctx.Done():
			open = false
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
	if took := w.clock.Now().Sub(start); took < 20*time.Second || w.lease.Check() != nil {
		t.Errorf("ended after %v, lease %v", took, w.lease.Check())
	}
	w.lease.Extend(w.clock.Now(), time.Hour)
	again := w.connectedAfter(100 * time.Millisecond)
	if err := again.guard.Check(); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
}

func TestAccount_ReconnectsWithPauses(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.TelegramAway, "Telegram cannot be reached: no answer.")
	w := begin(t, func(_ *Options, w *world) { w.telegram.refuse = []error{gone, gone, gone, gone, gone} })
	began := w.clock.Now()
	r := w.reported("the trouble", func(r Report) bool {
		return has(health.Connecting)(r) && r.Conditions[0].Placeholders["reason"] == "Telegram cannot be reached: no answer"
	})
	w.connectedAfter(100 * time.Millisecond)
	if took := w.clock.Now().Sub(began); took < 8*time.Second { // 0, 1, 2, 5
		t.Errorf("connected after %v", took)
	}
	up := w.reported("the connection", func(r Report) bool { return r.Connected })
	if up.Since.Before(r.Since) || len(up.Conditions) > 0 {
		t.Errorf("%+v", up)
	}
}

func TestAccount_WhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code health.Code
	}{
		"flood":   {fault.New(fault.FloodWait, "Telegram asks to wait.").After(31 * time.Second), health.FloodWait},
		"clock":   {fault.New(fault.ClockWrong, "The clock is wrong.").Because(skewed(412)), health.ClockWrong},
		"other":   {errors.New("secret detail"), health.Connecting},
		"at rest": {nil, health.Connecting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t)
			w.connected().broken <- c.err
			r := w.reported(name, func(r Report) bool {
				return has(c.code)(r) && r.Conditions[0].Placeholders["reason"] != "not tried yet"
			})
			condition := r.Conditions[0]
			if c.code == health.FloodWait && !condition.Until.Equal(condition.Since.Add(31*time.Second)) {
				t.Errorf("until %v", condition.Until)
			}
			if m := condition.Message(); strings.Contains(m, "secret") || strings.Contains(m, "{") {
				t.Error(m)
			}
		})
	}
}

type skewed int

func (s skewed) Error() string   { return "skewed" }
func (s skewed) SecondsOff() int { return int(s) }

func TestAccount_EndedLoginEndsIt(t *testing.T) {
	t.Parallel()
	for want, err := range map[authorization.Fate]error{
		authorization.Ended:      &authorization.FateError{Fate: authorization.Ended, Err: fault.New(fault.ReauthRequired, "Ended.")},
		authorization.Duplicated: &authorization.FateError{Fate: authorization.Duplicated, Err: fault.New(fault.SenderResting, "Duplicated.")},
	} {
		w := begin(t)
		w.connected().broken <- err
		<-w.ended
		if w.fate != want {
			t.Errorf("fate %d, want %d", w.fate, want)
		}
	}
}

// A call may be the first to hear that the login has ended, over a connection that stands.
func TestAccount_CallThatHearsTheEndEndsIt(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(*tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			return nil, &authorization.FateError{Fate: authorization.Ended, Err: fault.New(fault.ReauthRequired, "Ended.")}
		}
	})
	w.connected()
	<-w.ended
	if w.fate != authorization.Ended {
		t.Errorf("fate %d", w.fate)
	}
}

func TestAccount_EndedClaimConnectsNowhere(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, _ *world) {
		o.Claim.Fate, o.Claim.Session = authorization.Ended, authorization.Session{}
	})
	w.reported("the ended login", has(health.ReauthRequired))
	w.Dropped(t.Context(), []outbox.Dropped{{Type: messageEvent, Reason: "max_age", Count: 2}})
	w.item(droppedEvent)
	select {
	case <-w.telegram.connections:
		t.Error("it connected")
	default:
	}
}

// The automation hears that the connection is gone, once that has lasted, and that it is back.
func TestAccount_ConnectionEvents(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.TelegramAway, "Telegram cannot be reached.")
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	w.telegram.mu.Lock()
	w.telegram.refuse = []error{gone, gone, gone, gone, gone, gone}
	w.telegram.mu.Unlock()
	c.broken <- gone
	w.connectedAfter(500 * time.Millisecond)
	var events []map[string]any
	for range 2 {
		it := w.item(connectionEvent)
		var e map[string]any
		if err := json.Unmarshal([]byte("{"+string(it.Body)+"}"), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if events[0]["connected"] != false || events[0]["code"] != "connecting" || events[1]["connected"] != true || events[1]["code"] != nil {
		t.Errorf("%v", events)
	}
}

func TestAccount_DroppedEventsAreTold(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.connected()
	w.Dropped(t.Context(), []outbox.Dropped{
		{Type: messageEvent, Reason: "max_age", Count: 2, First: start.Add(-time.Hour), Last: start},
		{Type: "telegram_client_message_edited", Reason: "max_age", Count: 1, First: start.Add(-2 * time.Hour), Last: start},
		{Type: droppedEvent, Reason: "max_age", Count: 1},
	})
	it := w.item(droppedEvent)
	body := string(it.Body[strings.Index(string(it.Body), `"count"`):])
	want := `"count":3,"reason":"max_age","first_occurred_at":"2026-11-22T09:30:00+00:00","last_occurred_at":"2026-11-22T11:30:00+00:00",` +
		`"events":{"message_edited":1,"new_message":2}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestAccount_GapIsTold(t *testing.T) {
	t.Parallel()
	w := begin(t, func(_ *Options, w *world) {
		w.telegram.difference = func(r *tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
			if r.Pts == 100 {
				return &tg.UpdatesDifferenceTooLong{Pts: 5000}, nil
			}
			return &tg.UpdatesDifferenceEmpty{Date: r.Date, Seq: 1}, nil
		}
	})
	w.connected()
	if it := w.item(droppedEvent); !strings.Contains(string(it.Body), `"count":4900,"reason":"gap"`) {
		t.Errorf("%s", it.Body)
	}
}

// What Telegram says about the account itself is kept and told.
func TestAccount_MeIsKeptCurrent(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	renamed := user(bot)
	renamed.FirstName = "Kitchen"
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateUserName{UserID: bot}}, Users: []tg.UserClass{renamed}})
	it := w.item(meEvent)
	if !strings.Contains(string(it.Body), `"changed":["first_name"],"old":{"id":7100000001`) || !strings.Contains(string(it.Body), `"first_name":"Kitchen"`) {
		t.Errorf("%s", it.Body)
	}
	if a := <-w.store.accounts; a.FirstName != "Kitchen" {
		t.Errorf("kept %+v", a)
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
