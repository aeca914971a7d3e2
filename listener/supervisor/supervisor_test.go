package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/health"
	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
)

func fmtState(s login.UpdateState) []byte {
	return fmt.Appendf(nil, `{"pts":%d,"qts":%d,"date":%d,"seq":%d}`, s.Pts, s.Qts, s.Date, s.Seq)
}

// texts are the texts of the new messages among what a home accepted.
func texts(all []homeassistanttest.Accepted) []string {
	var out []string
	for _, a := range all {
		if a.Type != "telegram_client_new_message" {
			continue
		}
		var e struct {
			Message struct {
				Message string `json:"message"`
			} `json:"message"`
		}
		if json.Unmarshal(a.Body, &e) == nil {
			out = append(out, e.Message.Message)
		}
	}
	return out
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprint("message ", i))
	}
	return out
}

func (w *world) say(from, to int) {
	for _, text := range numbered(from, to) {
		w.telegram.Say(w.alice.ID, w.bot.ID, text)
	}
}

func (w *world) wants(n int) {
	w.t.Helper()
	if diff := cmp.Diff(numbered(1, n), w.accepted(n)); diff != "" {
		w.t.Error(diff)
	}
}

func TestSupervisor_EventReachesTheWebhookInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.say(1, 2) // before anybody listens
	w.start()
	w.wants(2)
	w.say(3, 10)
	w.wants(10)

	var first map[string]any
	if err := json.Unmarshal(w.home.Accepted()[0].Body, &first); err != nil {
		t.Fatal(err)
	}
	if first["config_entry_id"] != string(w.id) || first["replayed"] != true || first["attempt"] != 1. || first["chat_id"] != float64(w.alice.ID) {
		t.Errorf("first event: %v", first)
	}
	if keys := strings.SplitN(string(w.home.Accepted()[0].Body), ",", 6); !strings.HasPrefix(keys[5], `"config_entry_id":`) {
		t.Errorf("the envelope is %v", keys)
	}
}

// What was pushed and lost is made up for, once and in order, also if it comes while the difference is being fetched.
func TestSupervisor_LostPushesAreMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.served()
	w.telegram.Faults().LosePushes(w.bot.ID, 2)
	w.say(2, 5)
	w.wants(5)
}

func TestSupervisor_BrokenConnectionIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.served()
	for i := 2; i < 4; i++ {
		w.breakConnection()
		w.say(i, i)
		w.wants(i)
	}
	w.oneConnectionPerKey()
}

func TestSupervisor_EventsWaitForTheHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.served()
	w.drained()
	if err := w.home.Refuse(true); err != nil {
		t.Fatal(err)
	}
	w.say(2, 4)
	w.until("the outage is shown", func() bool { return !w.status().TargetUnreachableSince.IsZero() })
	w.home.SetState(homeassistanttest.Starting) // from here on it says 200 and loses what it gets
	if err := w.home.Refuse(false); err != nil {
		t.Fatal(err)
	}
	w.until("it is not acknowledged", func() bool { return w.has(health.NotAcknowledged) })
	w.home.SetState(homeassistanttest.Running)
	w.command(entry.Command{Kind: entry.Wake})
	w.wants(4)
	w.until("it is well", func() bool { return len(w.status().Health) == 0 })
}

func TestSupervisor_EventTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Listen("telegram_client_new_message", func(homeassistanttest.Trigger) {})
	w.addEntry(entry.Target{Type: entry.Event, URL: seal.NewText(w.home.URL()), Token: seal.NewText(w.home.Token()), Generation: 1})
	w.start()
	w.say(1, 3)
	w.wants(3)
}

// An automation that confirms makes a fresh webhook usable, and where it is asked to, acknowledges each event.
func TestSupervisor_HandshakeAndConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(e homeassistanttest.Trigger) {
		w.command(entry.Command{Kind: entry.Confirmed, EventID: e.JSON["event_id"].(string)})
	})
	target := w.webhook()
	target.Confirmed, target.Confirm = false, true
	w.addEntry(target)
	w.start()
	w.say(1, 3)
	w.wants(3)
	all := w.home.Accepted()
	if all[0].Type != "telegram_client_test" || all[0].ID != entry.HandshakeID(w.id, 1).String() {
		t.Errorf("the first thing posted was %+v", all[0])
	}
	e, err := w.store.Entry(w.ctx(), w.id)
	if err != nil || !e.Target.Confirmed {
		t.Errorf("confirmed: %v, %v", e.Target.Confirmed, err)
	}
}

func TestSupervisor_ComponentNeedsNoConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Component("hook", nil)
	target := w.webhook()
	target.Confirmed = false
	w.addEntry(target)
	w.start()
	w.say(1, 3)
	w.wants(3)
}

// A new entry is served without being looked for.
func TestSupervisor_NewEntryIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	s := w.start()
	<-s.Started()
	w.addEntry(w.webhook())
	w.say(1, 1)
	w.wants(1)
}

func TestSupervisor_ReloadTakesUpOptionsAndTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.home.Automation("other", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	w.say(1, 1)
	w.wants(1)
	w.change(func(e *entry.Entry) {
		e.Target.URL, e.Target.Generation = seal.NewText(w.home.WebhookURL("other")), 2
	})
	w.say(2, 2)
	w.wants(2)
	if got := w.home.Accepted()[1].Webhook; got != "other" {
		t.Errorf("posted to %q", got)
	}
	connections := w.connections()
	w.change(func(e *entry.Entry) { e.Options.Off = map[filter.Event]bool{filter.NewMessage: true} })
	w.telegram.Say(w.alice.ID, w.bot.ID, "unwanted")
	w.change(func(e *entry.Entry) { e.Options.Off = nil })
	w.say(3, 3)
	w.wants(3)
	if now := w.connections(); now != connections {
		t.Errorf("%d connections, then %d", connections, now)
	}
}

// The store says that it may lose the last second: the owner is told, also if it does not say so at once.
func TestSupervisor_DoubtAboutTheStoreIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addEntry(entry.Target{})
	w.start(func(o *Options) {
		asked := 0
		o.Doubt = func(context.Context) (string, error) {
			if asked++; asked < 3 {
				return "", errors.New("the store is loading")
			}
			return "it keeps no file", nil
		}
	})
	w.until("it is shown", func() bool { return w.has(health.StoreNotDurable) })
	w.until("it is connected", func() bool { return w.status().Connected })
	r := httptest.NewRecorder()
	w.observer.Ready().ServeHTTP(r, httptest.NewRequest("GET", "/readyz", nil))
	if r.Code != 200 || !strings.Contains(r.Body.String(), `"`+string(w.id)+`":{"connected":true,"needs_owner":false}`) {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}
