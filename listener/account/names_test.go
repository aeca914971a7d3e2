package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
)

const late = 6_100_000_042

// A directory answers who a username is, when the test says so.
type directory struct {
	asked   chan string
	answers chan error // nil: the user late has that username
}

func newDirectory() *directory { return &directory{make(chan string, 100), make(chan error, 100)} }

func (d *directory) answer(ctx context.Context, in bin.Encoder) (bin.Encoder, error) {
	r, ok := in.(*tg.ContactsResolveUsernameRequest)
	if !ok {
		return nil, tgerr.New(400, "METHOD_INVALID")
	}
	d.asked <- r.Username
	select {
	case err := <-d.answers:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	u := user(late)
	u.Username = r.Username
	return &tg.ContactsResolvedPeer{Peer: &tg.PeerUser{UserID: late}, Users: []tg.UserClass{u}}, nil
}

// nameless is how the user late comes in groups: without a username.
func nameless() *tg.User {
	u := &tg.User{ID: late, Min: true, FirstName: "Late", AccessHash: 3}
	u.SetFlags()
	return u
}

func (c *connection) pushLate(pts, id int, text string) {
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{newMessage(pts, says(id, late, text, start))}, Users: []tg.UserClass{nameless()}, Date: int(start.Unix())})
}

func id(n int64) string { return fmt.Sprint(n) }

func beginAsking(t *testing.T, d *directory, from string, change ...func(*Options, *world)) *world {
	t.Helper()
	return begin(t, append([]func(*Options, *world){func(o *Options, w *world) {
		w.telegram.slowly = d.answer
		o.Claim.Entry.Options.NewMessage.FromUsers = filter.List(from)
	}}, change...)...)
}

func (w *world) wantsText(text string) {
	w.t.Helper()
	if it := w.item(messageEvent); !strings.Contains(string(it.Body), `"message":"`+text+`"`) {
		w.t.Errorf("wants %q: %s", text, it.Body)
	}
}

// What happens while Telegram is being asked who a name is waits for the answer.
func TestNames_EventsWaitForThem(t *testing.T) {
	t.Parallel()
	d := newDirectory()
	w := beginAsking(t, d, "@Late_One")
	c := w.connected()
	if name := <-d.asked; name != "late_one" {
		t.Errorf("asked for %q", name)
	}
	c.pushLate(101, 71, "wanted")
	c.push(newMessage(102, says(72, alice, "unwanted", start)))
	d.answers <- nil
	w.wantsText("wanted")
	c.pushLate(103, 73, "wanted, too")
	w.wantsText("wanted, too")
	if len(d.asked) > 0 {
		t.Error("asked again")
	}
}

func TestNames_OfNewOptionsAreAskedFor(t *testing.T) {
	t.Parallel()
	d := newDirectory()
	w := beginAsking(t, d, "1")
	c := w.connected()
	e := w.o.Claim.Entry
	e.Options.NewMessage.FromUsers, e.Options.MessageEdited.FromUsers = "@late_one, @another", "@late_one"
	w.Reload(t.Context(), e)
	<-d.asked
	c.pushLate(101, 71, "wanted")
	d.answers <- nil
	<-d.asked
	d.answers <- tgerr.New(400, "USERNAME_NOT_OCCUPIED")
	w.wantsText("wanted")
	if len(d.asked) > 0 {
		t.Error("asked again")
	}
}

// An answer that does not come holds nothing up for long.
func TestNames_EventsDoNotWaitForLong(t *testing.T) {
	t.Parallel()
	d := newDirectory()
	w := beginAsking(t, d, "@late_one,"+id(alice))
	c := w.connected()
	<-d.asked
	c.pushLate(101, 71, "missed")
	c.push(newMessage(102, says(72, alice, "other", start)))
	for held := true; held; {
		select {
		case commit := <-w.store.commits:
			w.queue = append(w.queue, commit.Items...)
			held = len(w.queue) == 0
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
	w.wantsText("other")
	if waited := w.clock.Now().Sub(start); waited < holdFor {
		t.Errorf("released after %v", waited)
	}
	d.answers <- nil
	w.lateIsKnown(c, 103)
}

// lateIsKnown waits until messages of the user late are events: an answer that nothing waits for is taken up at some time.
func (w *world) lateIsKnown(c *connection, pts int) {
	w.t.Helper()
	for ; ; pts += 2 {
		c.pushLate(pts, pts, "wanted")
		c.push(newMessage(pts+1, says(pts+1, alice, "mark", start)))
		if it := w.item(messageEvent); strings.Contains(string(it.Body), `"wanted"`) {
			return
		}
	}
}

// lines is a log that a test reads.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.String(), what)
}

// A name that leads to nobody is told of once, and stops nothing else.
func TestNames_NobodyIsToldOfOnce(t *testing.T) {
	t.Parallel()
	d := newDirectory()
	var log lines
	w := beginAsking(t, d, "@ghost_one, a b, +1 555 10-01, "+id(alice), func(o *Options, _ *world) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c := w.connected()
	<-d.asked
	d.answers <- tgerr.New(400, "USERNAME_NOT_OCCUPIED")
	c.push(newMessage(101, says(71, alice, "first", start)))
	w.wantsText("first")
	c.broken <- errors.New("broken")
	c = w.connectedAfter(100 * time.Millisecond)
	c.push(newMessage(102, says(72, alice, "second", start)))
	w.wantsText("second")
	for place, want := range map[string]int{"place=1": 1, "place=2": 1, "place=3": 1, "place=4": 0} {
		if n := log.count(place); n != want {
			t.Errorf("%s: told %d times", place, n)
		}
	}
	for _, secret := range []string{"ghost", "555"} {
		if log.count(secret) > 0 {
			t.Errorf("the log has %s", secret)
		}
	}
}

func TestNames_AreAskedForAgainAfterAFloodWait(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{"told by Telegram": tgerr.New(420, "FLOOD_WAIT_60"), "told by the dialer": fault.New(fault.FloodWait, "Wait.").After(time.Minute)} {
		d := newDirectory()
		w := beginAsking(t, d, "@late_one,"+id(alice))
		c := w.connected()
		<-d.asked
		d.answers <- refusal
		c.push(newMessage(101, says(71, alice, "meanwhile", start)))
		w.wantsText("meanwhile")
		for asked := false; !asked; {
			select {
			case <-d.asked:
				asked = true
			case <-time.After(time.Millisecond): // it may be about to set its timer
				w.clock.Travel(time.Second)
			}
		}
		if waited := w.clock.Now().Sub(start); waited < time.Minute {
			t.Errorf("%s: asked again after %v", name, waited)
		}
		d.answers <- nil
		w.lateIsKnown(c, 102)
	}
}

// If the connection breaks before the answer is there, events wait for the next one.
func TestNames_AreAskedForOverTheNextConnection(t *testing.T) {
	t.Parallel()
	d := newDirectory()
	w := beginAsking(t, d, "@late_one")
	c := w.connected()
	<-d.asked
	// Telegram has what was pushed: where it comes before the first difference is answered, it is forgotten with the
	// connection and told again.
	w.telegram.mu.Lock()
	w.telegram.difference = func(r *tg.UpdatesGetDifferenceRequest) (tg.UpdatesDifferenceClass, error) {
		if r.Pts != 100 {
			return &tg.UpdatesDifferenceEmpty{Date: r.Date, Seq: 1}, nil
		}
		return &tg.UpdatesDifference{NewMessages: []tg.MessageClass{says(71, late, "wanted", start)}, Users: []tg.UserClass{nameless()},
			State: tg.UpdatesState{Pts: 101, Qts: 1, Seq: 1}}, nil
	}
	w.telegram.mu.Unlock()
	c.pushLate(101, 71, "wanted")
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.broken <- errors.New("broken")
	w.reported("the break", func(r Report) bool { return !r.Connected && len(r.Conditions) > 0 })
	w.connectedAfter(100 * time.Millisecond)
	<-d.asked
	d.answers <- nil
	w.wantsText("wanted")
}

func TestNames_NumbersAreThoseOfContacts(t *testing.T) {
	t.Parallel()
	w := begin(t, func(o *Options, w *world) {
		o.Claim.Entry.ClientType = entry.Client
		o.Claim.Entry.Options.NewMessage.FromUsers = "+15551001, +15551002"
		w.telegram.slowly = func(_ context.Context, in bin.Encoder) (bin.Encoder, error) {
			if _, ok := in.(*tg.ContactsGetContactsRequest); !ok {
				return nil, tgerr.New(400, "METHOD_INVALID")
			}
			all := []tg.UserClass{user(late), user(alice)}
			all[0].(*tg.User).SetPhone("15551001")
			all[1].(*tg.User).SetPhone("15559999")
			return &tg.ContactsContacts{Users: all}, nil
		}
	})
	c := w.connected()
	c.push(newMessage(101, says(71, alice, "unwanted", start)))
	c.pushLate(102, 72, "wanted")
	w.wantsText("wanted")
	if w.book.User(alice) == nil || w.book.User(late) == nil { // nothing is received now
		t.Error("somebody is not known")
	}
}

// A pattern that takes too long matches nothing, and is told of once.
func TestAccount_SlowPatternIsToldOfOnce(t *testing.T) {
	t.Parallel()
	var log lines
	slow := `second|.*,.*,.*,.*,.*x`
	counted := map[string]int{}
	w := begin(t, func(o *Options, _ *world) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Claim.Entry.Options.NewMessage.Pattern = &slow
		o.Count = func(what string, n int) { counted[what] += n }
	})
	c := w.connected()
	for i := range 2 {
		c.push(newMessage(101+i, says(71+i, alice, strings.Repeat("secret,", 600), start)))
	}
	c.push(newMessage(103, says(73, alice, "second", start)))
	w.wantsText("second")
	w.stop()
	if diff := cmp.Diff([]int{2, 1, 0}, []int{counted["pattern given up"], log.count("given up"), log.count("secret")}); diff != "" {
		t.Errorf("given up, told, quoted: %s %s", diff, log.String())
	}
}
