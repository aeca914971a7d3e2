package homeassistant

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const newMessage = "telegram_client_new_message"

func item(kind string) outbox.Item {
	return outbox.Item{
		EventID: uuid.New(), Type: kind, OccurredAt: time.Unix(1795347000, 0), Body: []byte(`"config_entry_id":"tg_a","chat_id":1001`),
	}
}

func options() Options {
	return Options{Dial: dialpolicy.Policy{Loopback: true}.DialContext, Now: time.Now, Timeout: 5 * time.Second}
}

func home(t *testing.T) *homeassistanttest.Home {
	t.Helper()
	h, err := homeassistanttest.Start(homeassistanttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func target(t *testing.T, e entry.Target, o Options) Target {
	t.Helper()
	target, err := New(e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

func webhookOf(h *homeassistanttest.Home) entry.Target {
	return entry.Target{Type: entry.Webhook, URL: seal.NewText(h.WebhookURL("hook"))}
}

func eventOf(h *homeassistanttest.Home) entry.Target {
	return entry.Target{Type: entry.Event, URL: seal.NewText(h.URL()), Token: seal.NewText(h.Token())}
}

func methods(h *homeassistanttest.Home) string {
	var s []string
	for _, r := range h.Requests() {
		s = append(s, r.Method)
	}
	return strings.Join(s, " ")
}

func connections(h *homeassistanttest.Home) int {
	seen := map[string]bool{}
	for _, r := range h.Requests() {
		seen[r.Remote] = true
	}
	return len(seen)
}

func TestWebhook_ProbesOnceAndPostsOverTheSameConnection(t *testing.T) {
	h := home(t)
	h.Automation("hook", func(homeassistanttest.Trigger) {})
	w := target(t, webhookOf(h), options())
	for range 3 {
		if v := w.Deliver(t.Context(), item(newMessage), 1); v.Outcome != outbox.Acknowledged {
			t.Fatalf("%+v", v)
		}
	}
	if got := methods(h); got != "GET POST POST POST" || connections(h) != 1 {
		t.Errorf("%s over %d connections", got, connections(h))
	}
	if err := h.CutConnections(); err != nil {
		t.Fatal(err)
	}
	v := w.Deliver(t.Context(), item(newMessage), 1)
	if v.Outcome == outbox.Unreachable { // the end of the connection was not noticed before the event was written to it
		v = w.Deliver(t.Context(), item(newMessage), 2)
	}
	if v.Outcome != outbox.Acknowledged {
		t.Fatalf("%+v", v)
	}
	if got := methods(h); got != "GET POST POST POST GET POST" {
		t.Errorf("after a restart: %s", got)
	}
}

func TestWebhook_ProbesAgainWhenTheProofIsOld(t *testing.T) {
	h := home(t)
	h.Automation("hook", func(homeassistanttest.Trigger) {})
	now := time.Unix(1795347000, 0)
	o := options()
	o.Now = func() time.Time { return now }
	w := target(t, webhookOf(h), o)
	w.Deliver(t.Context(), item(newMessage), 1)
	now = now.Add(provedFor)
	w.Deliver(t.Context(), item(newMessage), 1)
	if got := methods(h); got != "GET POST GET POST" {
		t.Error(got)
	}
}

func TestWebhook_Verdicts(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*homeassistanttest.Home, *entry.Target)
		kind    string
		want    outbox.Outcome
		reason  string
	}{
		"a plain automation": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.Automation("hook", func(homeassistanttest.Trigger) {})
		},
			newMessage, outbox.Acknowledged, ""},
		"nobody listens": {func(*homeassistanttest.Home, *entry.Target) {}, newMessage, outbox.NotAcknowledged, "no automation listens on this webhook"},
		"starting": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.Automation("hook", func(homeassistanttest.Trigger) {})
			h.SetState(homeassistanttest.Starting)
		}, newMessage, outbox.NotAcknowledged, "no automation listens on this webhook"},
		"the component": {func(h *homeassistanttest.Home, _ *entry.Target) { h.Component("hook", nil) }, newMessage, outbox.Acknowledged, ""},
		"the component while it is not running": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.Component("hook", nil)
			h.SetState(homeassistanttest.Stopping)
		}, newMessage, outbox.Unreachable, "503 Service Unavailable"},
		"an automation is to confirm": {func(h *homeassistanttest.Home, e *entry.Target) {
			h.Automation("hook", func(homeassistanttest.Trigger) {})
			e.Confirm = true
		}, newMessage, outbox.AwaitConfirm, "no automation has confirmed the event"},
		"the handshake with an automation": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.Automation("hook", func(homeassistanttest.Trigger) {})
		},
			TestEvent, outbox.AwaitConfirm, "no automation has confirmed the event"},
		"the handshake with nobody":        {func(*homeassistanttest.Home, *entry.Target) {}, TestEvent, outbox.AwaitConfirm, "no automation has confirmed the event"},
		"the handshake with the component": {func(h *homeassistanttest.Home, _ *entry.Target) { h.Component("hook", nil) }, TestEvent, outbox.Acknowledged, ""},
		"nothing on the port":              {func(h *homeassistanttest.Home, _ *entry.Target) { h.Refuse(true) }, newMessage, outbox.Unreachable, "connection refused"},
		"the answer is lost": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.Automation("hook", func(homeassistanttest.Trigger) {})
			h.LoseAnswers(1)
		}, newMessage, outbox.Unreachable, "connection closed without an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			h := home(t)
			e := webhookOf(h)
			c.prepare(h, &e)
			v := target(t, e, options()).Deliver(t.Context(), item(c.kind), 1)
			if v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("%+v, want outcome %d, %q", v, c.want, c.reason)
			}
			if name == "the component while it is not running" && v.RetryAfter != 5*time.Second {
				t.Errorf("retry after %v", v.RetryAfter)
			}
		})
	}
}

// An event that is posted to a restarted Home Assistant without a new probe would be lost.
func TestWebhook_ComponentThatIsUnloadedIsNotTrusted(t *testing.T) {
	h := home(t)
	h.Component("hook", nil)
	w := target(t, webhookOf(h), options())
	w.Deliver(t.Context(), item(newMessage), 1)
	w.Deliver(t.Context(), item(newMessage), 1)
	if got := methods(h); got != "GET POST POST" {
		t.Errorf("with the component: %s", got)
	}
	h.Unregister("hook")
	for i, reason := range []string{"the integration in Home Assistant is not loaded", "no automation listens on this webhook"} {
		if v := w.Deliver(t.Context(), item(newMessage), i+1); v.Outcome != outbox.NotAcknowledged || v.Reason != reason {
			t.Errorf("attempt %d: %+v", i+1, v)
		}
	}
}

func TestWebhook_StatusesOfOthers(t *testing.T) {
	for status, want := range map[int]outbox.Outcome{
		400: outbox.Refused, 413: outbox.Refused, 404: outbox.NotAcknowledged, 403: outbox.NotAcknowledged, 302: outbox.NotAcknowledged,
		429: outbox.Unreachable, 500: outbox.Unreachable, 502: outbox.Unreachable, 504: outbox.Unreachable,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.Header().Set("Retry-After", "100000")
			w.WriteHeader(status)
		}))
		w := target(t, entry.Target{Type: entry.Webhook, URL: seal.NewText(s.URL + "/api/webhook/secret")}, options())
		v := w.Deliver(t.Context(), item(newMessage), 1)
		if v.Outcome != want || strings.Contains(v.Reason, "secret") || strings.Contains(v.Reason, "127.0.0.1") || v.RetryAfter > longestWish {
			t.Errorf("%d: %+v, want %d", status, v, want)
		}
		s.Close()
	}
}

// A proxy may close every connection: the event then goes between two probes.
func TestWebhook_WorksWhereNoConnectionIsKept(t *testing.T) {
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method)
		w.Header().Set("Connection", "close")
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	defer s.Close()
	w := target(t, entry.Target{Type: entry.Webhook, URL: seal.NewText(s.URL)}, options())
	if v := w.Deliver(t.Context(), item(newMessage), 1); v.Outcome != outbox.Acknowledged {
		t.Errorf("%+v", v)
	}
	if got := strings.Join(seen, " "); got != "GET GET GET POST GET" {
		t.Error(got)
	}
}

func TestWebhook_RequestIsSignedWithEverySecret(t *testing.T) {
	const one, two = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
	h := home(t)
	h.Automation("hook", func(homeassistanttest.Trigger) {})
	e := webhookOf(h)
	e.Secret = seal.NewText(one + " " + two)
	it := item(newMessage)
	target(t, e, options()).Deliver(t.Context(), it, 2)
	r := h.Requests()[1]
	for _, secret := range []string{one, two} {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.Verify(r.Body, r.Header); err != nil {
			t.Errorf("%v (%s)", err, r.Header.Get("webhook-signature"))
		}
	}
	want := `{"event_type":"telegram_client_new_message","event_id":"` + it.EventID.String() +
		`","occurred_at":"2026-11-22T11:30:00+00:00","replayed":false,"attempt":2,"config_entry_id":"tg_a","chat_id":1001}`
	if diff := cmp.Diff(want, string(r.Body)); diff != "" {
		t.Error(diff)
	}
	if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("webhook-id") != it.EventID.String() {
		t.Errorf("%v", r.Header)
	}
}

func TestEvent_Verdicts(t *testing.T) {
	for name, c := range map[string]struct {
		prepare  func(*homeassistanttest.Home, *entry.Target)
		want     outbox.Outcome
		reason   string
		requests string
	}{
		"running":  {func(*homeassistanttest.Home, *entry.Target) {}, outbox.Acknowledged, "", "GET POST GET"},
		"starting": {func(h *homeassistanttest.Home, _ *entry.Target) { h.SetState(homeassistanttest.Starting) }, outbox.Unreachable, "Home Assistant is not running: STARTING", "GET"},
		"it stops after the event": {func(h *homeassistanttest.Home, _ *entry.Target) {
			h.OnState(func() { h.OnState(func() { h.SetState(homeassistanttest.Stopping) }) })
		}, outbox.Unreachable, "Home Assistant is not running: STOPPING", "GET POST GET"},
		"a wrong token":       {func(_ *homeassistanttest.Home, e *entry.Target) { e.Token = seal.NewText("wrong") }, outbox.NotAcknowledged, "the token is not accepted", "GET"},
		"nothing on the port": {func(h *homeassistanttest.Home, _ *entry.Target) { h.Refuse(true) }, outbox.Unreachable, "connection refused", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := home(t)
			h.Listen(newMessage, func(homeassistanttest.Trigger) {})
			e := eventOf(h)
			c.prepare(h, &e)
			v := target(t, e, options()).Deliver(t.Context(), item(newMessage), 1)
			if v.Outcome != c.want || v.Reason != c.reason || methods(h) != c.requests {
				t.Errorf("%+v after %s, want outcome %d, %q after %s", v, methods(h), c.want, c.reason, c.requests)
			}
		})
	}
}

func TestEvent_BodyHasNoType(t *testing.T) {
	h := home(t)
	h.Listen(newMessage, func(homeassistanttest.Trigger) {})
	e := target(t, eventOf(h), options())
	for range 2 {
		if v := e.Deliver(t.Context(), item(newMessage), 1); v.Outcome != outbox.Acknowledged {
			t.Fatalf("%+v", v)
		}
	}
	if got := methods(h); got != "GET POST GET POST GET" || connections(h) != 1 {
		t.Errorf("%s over %d connections", got, connections(h))
	}
	var body map[string]any
	if err := json.Unmarshal(h.Accepted()[0].Body, &body); err != nil || body["event_type"] != nil || body["chat_id"] != 1001. {
		t.Errorf("%v %v", body, err)
	}
}

func TestTarget_GivesUpInTime(t *testing.T) {
	for _, of := range []func(*homeassistanttest.Home) entry.Target{webhookOf, eventOf} {
		h := home(t)
		h.Hang(true)
		o := options()
		o.Timeout = time.Millisecond
		v := target(t, of(h), o).Deliver(t.Context(), item(newMessage), 1)
		if v.Outcome != outbox.Unreachable || v.Reason != "no answer in time" {
			t.Errorf("%+v", v)
		}
		h.Hang(false)
	}
}

func TestTarget_AddressesThatAreRefused(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:1/hook", "http://[::ffff:127.0.0.1]:1/hook", "http://169.254.169.254/hook", "http://[fd00:ec2::254]/hook"} {
		o := options()
		o.Dial = dialpolicy.Policy{}.DialContext
		v := target(t, entry.Target{Type: entry.Webhook, URL: seal.NewText(address)}, o).Deliver(t.Context(), item(newMessage), 1)
		if v.Outcome != outbox.Unreachable || v.Reason != "its address may not be used in this deployment" {
			t.Errorf("%s: %+v", address, v)
		}
	}
}

func TestTarget_NewSaysWhatIsWrongWithoutSecrets(t *testing.T) {
	for _, e := range []entry.Target{
		{Type: entry.Webhook, URL: seal.NewText("ftp://geheim")},
		{Type: entry.Webhook, URL: seal.NewText("http://a/geheim"), Secret: seal.NewText("whsec_geheim!")},
		{Type: entry.Event, URL: seal.NewText("geheim")},
	} {
		if _, err := New(e, options()); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v", err)
		}
	}
	for _, kind := range []entry.TargetType{entry.Pull, entry.NoTarget} {
		if target, err := New(entry.Target{Type: kind}, options()); target != nil || err != nil {
			t.Errorf("%q: %v, %v", kind, target, err)
		}
	}
}

func TestReason_UnknownErrorsShowNothing(t *testing.T) {
	err := &net.OpError{Op: "dial", Err: &net.AddrError{Err: "geheim", Addr: "192.168.1.5"}}
	if got := reason(err); got != "no connection" {
		t.Error(got)
	}
	if got := reason(context.DeadlineExceeded); got != "no answer in time" {
		t.Error(got)
	}
}
