package functions

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/message"
	"telegram-client/shared/process"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/tests/redistest"
)

const token = "token-of-the-functions-test"

func environ(redis string, more ...string) process.Environ {
	e := process.Environ{Name: "test", Log: slog.New(slog.DiscardHandler), Vars: map[string]string{
		"REDIS_URL": redis, "NAMING_KEY": seal.NewKey(), "SEAL_KEYS": seal.NewKey(), "API_TOKENS": token,
	}}
	for _, pair := range more {
		name, value, _ := strings.Cut(pair, "=")
		e.Vars[name] = value
	}
	return e
}

func TestFunctions_AnswerWhatIsTheirs(t *testing.T) {
	t.Parallel()
	e := environ(redistest.Start(t).URL())
	tests := map[string]struct {
		build  process.Build
		method string
		path   string
		body   string
		status int
		want   string // part of the answer
	}{
		"configflow begins a login":  {ConfigFlow, "POST", "/config/flows", `{"source":"user"}`, 200, `"step_id":"user"`},
		"configflow knows no flow":   {ConfigFlow, "GET", "/config/flows/none", "", 404, "unknown_flow"},
		"optionsflow has no entry":   {OptionsFlow, "GET", "/config/entries/tg_aaaaaaaaaaaaaaaaaaaaaaaaaa/options", "", 404, "unknown_entry"},
		"optionsflow has no flow":    {OptionsFlow, "POST", "/config/entries/tg_aaaaaaaaaaaaaaaaaaaaaaaaaa/options/flows", "", 404, "unknown_entry"},
		"entries lists none":         {Entries, "GET", "/config/entries", "", 200, "[]"},
		"entries says where all is":  {Entries, "GET", "/config", "", 200, `"sendmessages":"http://example.com"`},
		"events has no entry":        {Events, "GET", "/config/entries/tg_aaaaaaaaaaaaaaaaaaaaaaaaaa/dead-letters", "", 404, "unknown_entry"},
		"events has nothing to give": {Events, "GET", "/events?owner=home&reader=1", "", 404, "no_entry"},
		"sendmessages needs one":     {SendMessages(service.Media{}), "POST", "/services/telegram_client/send_messages", `{"target_id":1,"message":"Hi"}`, 404, "no_entry"},
		"editmessage needs one":      {EditMessage(service.Media{}), "POST", "/services/telegram_client/edit_message", `{"message":1,"text":"Hi"}`, 404, "no_entry"},
		"deletemessages needs one":   {DeleteMessages, "POST", "/services/telegram_client/delete_messages", `{"message_ids":1}`, 404, "no_entry"},
		"chats needs one":            {Chats, "POST", "/services/telegram_client/get_chats", `{}`, 404, "no_entry"},
		"sendmessages sends only":    {SendMessages(service.Media{}), "GET", "/config/entries", "", 404, "not_found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := test.build(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			r.Header.Del("Authorization")
			w = httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
				t.Errorf("without a token: %d", w.Code)
			}
		})
	}
}

func TestFunctions_ListEveryProblem(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]process.Build{"configflow": ConfigFlow, "optionsflow": OptionsFlow, "entries": Entries, "events": Events, "sendmessages": SendMessages(service.Media{}), "editmessage": EditMessage(service.Media{}), "deletemessages": DeleteMessages, "chats": Chats} {
		_, err := build(t.Context(), environ("http://secret@host", "NAMING_KEY=", "TELEGRAM_SERVERS=none.json", "TARGET_TYPE=mail", "SENDERS=9"))
		var got []string
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			got = append(got, flat(e)...)
		}
		want := []string{"NAMING_KEY", "REDIS_URL", "SENDERS", "TARGET_TYPE", "TELEGRAM_SERVERS"}
		seen := map[string]bool{}
		for _, line := range got {
			variable, _, _ := strings.Cut(line, ":")
			seen[variable] = true
		}
		for _, variable := range want {
			if !seen[variable] {
				t.Errorf("%s says nothing of %s: %v", name, variable, got)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("a secret shows: %v", err)
		}
	}
}

func flat(err error) []string {
	var m *process.Misconfigured
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range joined.Unwrap() {
			all = append(all, flat(e)...)
		}
		return all
	}
	if errors.As(err, &m) {
		return m.Problems
	}
	return []string{err.Error()}
}

// Where the bridge is not on the home's network a 200 of whatever stands in between proves nothing.
func TestFunctions_InTheCloudEventsAreToBeConfirmed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		vars []string
		want bool
	}{
		"at home":           {nil, false},
		"at home, wanted":   {[]string{"TARGET_CONFIRM=true"}, true},
		"in Lambda":         {[]string{"AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"}, true},
		"in Lambda, no way": {[]string{"AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", "TARGET_CONFIRM=false"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got Parts
			_, err := build(t.Context(), environ("redis://127.0.0.1:1", append(test.vars, "TARGET_TYPE=pull", "TARGET_OWNER=home")...), func(p Parts) *httpapi.API {
				got = p
				return p.Entries()
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got.Target.Confirm); d != "" || got.Target.Owner != "home" {
				t.Errorf("target %+v", got.Target)
			}
		})
	}
}

// Home Assistant's token opens Home Assistant's own addresses, and goes to nobody else.
func TestOpener_TellsItsTokenToHomeAssistantOnly(t *testing.T) {
	t.Parallel()
	var got []string
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		w.Write([]byte("x"))
	})
	home, other := httptest.NewServer(answer), httptest.NewServer(answer)
	t.Cleanup(home.Close)
	t.Cleanup(other.Close)
	event := entry.Target{Type: entry.Event, URL: seal.NewText(home.URL), Token: seal.NewText("secret")}
	webhook := entry.Target{Type: entry.Webhook, URL: seal.NewText(home.URL + "/api/webhook/x"), Token: seal.NewText("secret")}
	for _, c := range []struct {
		target entry.Target
		url    string
	}{{event, home.URL + "/api/camera_proxy/camera.door"}, {event, other.URL}, {webhook, home.URL}, {entry.Target{}, home.URL}} {
		f, err := Opener(process.Files{}, dialpolicy.Policy{Loopback: true}, c.target).Open(t.Context(), message.File{URL: c.url})
		if err != nil {
			t.Fatal(err)
		}
		f.Body.Close()
	}
	if d := cmp.Diff([]string{"Bearer secret", "", "", ""}, got); d != "" {
		t.Error(d)
	}
}
