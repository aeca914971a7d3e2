package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/homeassistanttest"
)

// A fetched event, as far as the tests look at it.
type fetched struct {
	Type    string `json:"event_type"`
	ID      string `json:"event_id"`
	Attempt int
	Chat    int64 `json:"chat_id"`
	Message struct{ Message string }
}

type fetchedBatch struct {
	Events []fetched
	Cursor string
	More   bool
}

// messages returns the messages of a batch and their attempts.
func (b *fetchedBatch) messages() (texts []string, attempts []int) {
	for _, e := range b.Events {
		if e.Type == "telegram_client_new_message" {
			texts, attempts = append(texts, e.Message.Message), append(attempts, e.Attempt)
		}
	}
	return texts, attempts
}

// fetch asks for events as a reader does.
func (p *phoneAndServices) fetch(reader, after, wait string) fetchedBatch {
	p.t.Helper()
	b, err := p.ask(reader, after, wait)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

func (p *phoneAndServices) ask(reader, after, wait string) (b fetchedBatch, err error) {
	q := url.Values{"owner": {"home"}, "reader": {reader}, "after": {after}, "wait": {wait}}
	a, err := p.Bridge.Want(p.ctx, 200, "events", "GET", "/events?"+q.Encode(), nil)
	if err == nil {
		err = json.Unmarshal(a.Body, &b)
	}
	return b, err
}

func newPhoneAndServices(t *testing.T) *phoneAndServices {
	t.Helper()
	ctx, stage := setUp(t, bridge.Options{})
	p := &phoneAndServices{Stage: stage, t: t, ctx: ctx, me: stage.Telegram.User("owner_of_all"), alice: stage.Telegram.User("alice")}
	return p
}

// Whoever cannot be reached fetches what happens: at once while it waits, in order, and again what it was killed over.
// What services do is not among it (D25).
func TestEvents_AreFetchedInOrderAndAgainUntilAcknowledged(t *testing.T) {
	t.Parallel()
	p := newPhoneAndServices(t)
	p.login(map[string]any{"type": "pull", "owner": "home"})
	b := p.fetch("first", "", "0") // whatever the login left to tell, or nothing

	// message fetches until there is a message: other things happen too.
	message := func() {
		for texts, _ := b.messages(); len(texts) == 0; texts, _ = b.messages() {
			b = p.fetch("first", b.Cursor, "20")
		}
	}

	// A reader that waits is told at once.
	waited, former := make(chan error), b.Cursor
	go func() { // ends with its answer, which comes in 20 s at the latest
		var err error
		b, err = p.ask("first", former, "20")
		waited <- err
	}()
	p.say(p.alice, "one")
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	message()
	if texts, attempts := b.messages(); !cmp.Equal(texts, []string{"one"}) || attempts[0] != 1 {
		t.Fatalf("fetched %+v", b)
	}

	p.say(p.alice, "two")
	p.service("send_messages", map[string]any{"target_username": "alice", "message": "by service"})
	p.say(p.alice, "three")
	p.say(p.me, "by phone")
	acknowledged := b.Cursor
	b = p.fetch("first", acknowledged, "20")
	for texts, _ := b.messages(); len(texts) == 0; texts, _ = b.messages() {
		acknowledged = b.Cursor
		b = p.fetch("first", acknowledged, "20")
	}
	// The reader is killed over these. The next one begins where it has left off.
	again := p.fetch("second", acknowledged, "20")
	if again.Cursor != b.Cursor || len(again.Events) != len(b.Events) {
		t.Fatalf("fetched %+v, then %+v", b, again)
	}
	for i, e := range again.Events {
		if before := b.Events[i]; e.ID != before.ID || before.Attempt != 1 || e.Attempt != 2 {
			t.Errorf("fetched %+v, then %+v", before, e)
		}
	}
	acknowledged = again.Cursor
	texts, _ := again.messages()
	for len(texts) == 0 || texts[len(texts)-1] != "by phone" {
		b = p.fetch("second", acknowledged, "20")
		acknowledged = b.Cursor
		got, _ := b.messages()
		texts = append(texts, got...)
	}
	if diff := cmp.Diff([]string{"two", "three", "by phone"}, texts); diff != "" {
		t.Errorf("fetched (-want +got):\n%s", diff)
	}
	for _, refused := range []struct{ reader, after, code string }{{"first", "", "reader_replaced"}, {"second", "b_nonsense", "cursor_unknown"}} {
		a, err := p.Bridge.Want(p.ctx, 409, "events", "GET", "/events?owner=home&reader="+refused.reader+"&after="+refused.after, nil)
		if err != nil || a.Get("error", "code") != refused.code {
			t.Errorf("%s: %s, %v", refused.reader, a.Body, err)
		}
	}
	if a := p.post("GET", "/config/entries/"+p.entry, nil); a.Get("target", "state") != "usable" {
		t.Errorf("the target: %s", a.Body)
	}
}

// What is refused three times is set aside, so that the next events go on, and is delivered later if the owner wants that.
func TestDeadLetters_AreDeliveredOnceTheCauseIsGone(t *testing.T) {
	t.Parallel()
	p := newPhoneAndServices(t)
	home, err := url.Parse(p.Home.URL())
	if err != nil {
		t.Fatal(err)
	}
	var narrow atomic.Bool // takes no large bodies, as a proxy in front of Home Assistant may
	narrow.Store(true)
	pass := httputil.NewSingleHostReverseProxy(home)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if narrow.Load() && bytes.Contains(body, []byte(`"a long story"`)) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	p.login(map[string]any{"type": "event", "url": proxy.URL, "token": p.Home.Token(), "owner": "home"})
	p.Home.Listen("telegram_client_new_message", func(homeassistanttest.Trigger) {})
	p.say(p.alice, "a long story")
	p.say(p.alice, "short")
	arrived := func(want ...string) {
		t.Helper()
		var got []string
		err := p.Home.Wait(p.ctx, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
			got = nil
			for _, a := range all {
				var e fetched
				if json.Unmarshal(a.Body, &e) == nil && e.Message.Message != "" {
					got = append(got, e.Message.Message)
				}
			}
			return len(got) >= len(want)
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v; arrived (-want +got):\n%s", err, diff)
		}
	}
	arrived("short")

	letters := "/config/entries/" + p.entry + "/dead-letters"
	var listed struct {
		All []struct {
			ID       string `json:"event_id"`
			Type     string `json:"event_type"`
			Attempts int
			Reason   string
			Event    fetched
		} `json:"dead_letters"`
	}
	if err := json.Unmarshal(p.post("GET", letters, nil).Body, &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.All) != 1 || listed.All[0].Attempts != 3 || listed.All[0].Event.Message.Message != "a long story" || listed.All[0].Type != "telegram_client_new_message" {
		t.Fatalf("dead letters: %+v", listed.All)
	}
	if a := p.post("GET", "/config/entries/"+p.entry, nil); a.Get("outbox", "dead") != "1" {
		t.Errorf("the entry: %s", a.Body)
	}
	narrow.Store(false)
	p.post("POST", letters+"/"+listed.All[0].ID+"/replay", nil)
	arrived("short", "a long story")
	if err := p.settled(); err != nil {
		t.Error(err)
	}
}

// settled waits until nothing waits and nothing is dead.
func (p *phoneAndServices) settled() error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		a, err := p.Bridge.Want(p.ctx, 200, "", "GET", "/config/entries/"+p.entry, nil)
		if err != nil || a.Get("outbox", "waiting") == "0" && a.Get("outbox", "dead") == "0" {
			return err
		}
		select {
		case <-look.C:
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	}
}
