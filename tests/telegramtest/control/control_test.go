package control_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"telegram-client/tests/telegramtest"
	"telegram-client/tests/telegramtest/control"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote is a test in another process.
type remote struct {
	t   *testing.T
	web *httptest.Server
}

func newRemote(t *testing.T) (remote, *telegramtest.Server) {
	s := telegramtest.New(t)
	web := httptest.NewServer(control.Handler(s))
	t.Cleanup(web.Close)
	return remote{t, web}, s
}

// do asks for something and returns the status.
func (r remote) do(method, path string, body, into any) int {
	r.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			r.t.Fatal(err)
		}
	}
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.web.URL+path, &b)
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.web.Client().Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	if into != nil {
		if err := json.NewDecoder(a.Body).Decode(into); err != nil {
			r.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return a.StatusCode
}

// must asks for something that can be done.
func (r remote) must(method, path string, body, into any) {
	r.t.Helper()
	if status := r.do(method, path, body, into); status != http.StatusOK {
		r.t.Fatalf("%s %s: %d", method, path, status)
	}
}

type fields map[string]any

func TestControl_PeopleWriteEditAndDelete(t *testing.T) {
	t.Parallel()
	r, _ := newRemote(t)
	var alice, bot telegramtest.Account
	r.must("POST", "/accounts", fields{"username": "alice"}, &alice)
	r.must("POST", "/accounts", fields{"username": "helper_bot", "bot": true, "token": "5:AAtoken"}, &bot)
	if bot.Token != "5:AAtoken" || !bot.Bot {
		t.Errorf("bot %+v", bot)
	}
	var group telegramtest.Group
	r.must("POST", "/groups", fields{"title": "Family", "creator": alice.ID, "members": []int64{bot.ID}}, &group)
	var first, second telegramtest.Message
	r.must("POST", "/say", fields{"from": alice.ID, "to": bot.ID, "text": "one"}, &first)
	r.must("POST", "/say", fields{"from": alice.ID, "to": group.ID, "text": "two", "silent": true}, &second)
	r.must("POST", "/edit", fields{"as": alice.ID, "id": first.ID, "text": "uno"}, nil)
	r.must("POST", "/delete", fields{"as": alice.ID, "ids": []int{second.ID}, "revoke": true}, nil)
	var read []telegramtest.Message
	r.must("GET", fmt.Sprintf("/messages?account=%d&chat=%d", bot.ID, alice.ID), nil, &read)
	if len(read) != 1 || read[0].Text != "uno" || read[0].Edited == nil || read[0].Out {
		t.Errorf("private chat: %+v", read)
	}
	r.must("GET", fmt.Sprintf("/messages?account=%d&chat=%d", bot.ID, group.ID), nil, &read)
	if len(read) != 1 || read[0].Action == "" {
		t.Errorf("group: %+v", read)
	}
	var happened []telegramtest.Event
	r.must("GET", "/history?after=3", nil, &happened)
	var kinds []telegramtest.Kind
	for _, e := range happened {
		kinds = append(kinds, e.Kind)
	}
	want := []telegramtest.Kind{"service", "message", "message", "edit", "delete"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestControl_HistoryWaits(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	got := make(chan []telegramtest.Event, 1)
	go func() {
		var events []telegramtest.Event
		r.do("GET", "/history?wait=60", nil, &events)
		got <- events
	}()
	s.User("alice")
	if events := <-got; len(events) != 1 || events[0].Kind != telegramtest.AccountMade {
		t.Errorf("%+v", events)
	}
}

func TestControl_BehaviourChangesInPart(t *testing.T) {
	t.Parallel()
	r, s := newRemote(t)
	var now telegramtest.Behaviour
	r.must("POST", "/behaviour", fields{"slice_size": 3, "short": "never"}, &now)
	want := s.Behaviour()
	if now != want || now.SliceSize != 3 || now.Short != telegramtest.Never || now.LoginsPerHour != 5 {
		t.Errorf("%+v, the server has %+v", now, want)
	}
}

func TestControl_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r, _ := newRemote(t)
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", "/say", fields{"from": 1, "to": 2, "text": "x"}, 400},
		{"POST", "/say", fields{"form": 1}, 400},
		{"POST", "/accounts", fields{"username": "a b"}, 400},
		{"POST", "/groups", fields{"title": "x", "creator": 5}, 400},
		{"DELETE", "/authorizations/5", nil, 400},
		{"DELETE", "/authorizations/five", nil, 400},
		{"GET", "/messages?account=x", nil, 400},
		{"GET", "/nothing", nil, 404},
		{"PUT", "/say", nil, 405},
	} {
		if got := r.do(c.method, c.path, c.body, nil); got != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.status)
		}
	}
}

func TestControl_FaultsAreTaken(t *testing.T) {
	t.Parallel()
	r, _ := newRemote(t)
	r.must("POST", "/faults", fields{
		"fail":        fields{"method": "messages.sendMessage", "code": 420, "message": "FLOOD_WAIT_3", "times": 2},
		"lose_pushes": fields{"count": 1}, "delay_ms": 5, "drop_frames": 0, "drop_answers": 1, "silence": false,
		"linger": true, "skew_seconds": 10, "stale_salts": true,
	}, nil)
	r.must("DELETE", "/faults", nil, nil)
	var unknown []string
	r.must("GET", "/unknown", nil, &unknown)
	if len(unknown) != 0 {
		t.Errorf("unknown %v", unknown)
	}
	var file struct {
		DCs []struct {
			ID      int
			Address string
		}
		PublicKeys []string `json:"public_keys"`
	}
	r.must("GET", "/servers", nil, &file)
	if len(file.DCs) != 2 || file.DCs[1].ID != 2 || file.DCs[1].Address == "" || len(file.PublicKeys) != 1 {
		t.Errorf("%+v", file)
	}
}
