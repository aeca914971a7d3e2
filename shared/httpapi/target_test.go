package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/entry"
	"telegram-client/shared/seal"
)

const targetPath = "/config/entries/" + string(testID) + "/target"

func sameTarget(t *testing.T, want, got entry.Target) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b seal.Text) bool { return a.Reveal() == b.Reveal() })); d != "" {
		t.Errorf("stored target (-want +got):\n%s", d)
	}
}

func TestTarget_IsStoredAndShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	tests := map[string]struct {
		body   string
		answer string
		stored entry.Target
	}{
		"webhook": {
			`{"type":"webhook","url":"http://h:8123/api/webhook/SECRET","secret":"` + secret + `  ` + secret + `","confirm":true,"owner":"7d1c","take_over":false,"time_zone":"Europe/Berlin","paused":true,"max_age":3600}`,
			`{"type":"webhook","owner":"7d1c","time_zone":"Europe/Berlin","confirm":true,"paused":true,"max_age":3600,"state":"paused"}`,
			entry.Target{Type: entry.Webhook, URL: seal.NewText("http://h:8123/api/webhook/SECRET"), Secret: seal.NewText(secret + " " + secret), Owner: "7d1c", TimeZone: "Europe/Berlin", Confirm: true, Paused: true, MaxAge: time.Hour, Generation: 4},
		},
		"webhook, same address": {
			`{"type":"webhook","url":"http://192.168.1.5:8123/api/webhook/SECRET","owner":"7d1c"}`,
			`{"type":"webhook","owner":"7d1c","time_zone":"UTC","confirm":false,"paused":false,"max_age":86400,"state":"usable"}`,
			entry.Target{Type: entry.Webhook, URL: seal.NewText("http://192.168.1.5:8123/api/webhook/SECRET"), Owner: "7d1c", MaxAge: 24 * time.Hour, Generation: 3, Confirmed: true},
		},
		"webhook, other address": {
			`{"type":"webhook","url":"https://192.168.1.5:8123/api/webhook/SECRET","owner":"7d1c"}`,
			`{"type":"webhook","owner":"7d1c","time_zone":"UTC","confirm":false,"paused":false,"max_age":86400,"state":"unconfirmed"}`,
			entry.Target{Type: entry.Webhook, URL: seal.NewText("https://192.168.1.5:8123/api/webhook/SECRET"), Owner: "7d1c", MaxAge: 24 * time.Hour, Generation: 4},
		},
		"event": {
			`{"type":"event","url":"http://h:8123","token":"SECRET","owner":"7d1c","time_zone":"Europe/Warsaw"}`,
			`{"type":"event","owner":"7d1c","time_zone":"Europe/Warsaw","confirm":false,"paused":false,"max_age":86400,"state":"usable"}`,
			entry.Target{Type: entry.Event, URL: seal.NewText("http://h:8123"), Token: seal.NewText("SECRET"), Owner: "7d1c", TimeZone: "Europe/Warsaw", MaxAge: 24 * time.Hour, Generation: 4},
		},
		"pull, taken over": {
			`{"type":"pull","owner":12,"take_over":"true"}`,
			`{"type":"pull","owner":"12","time_zone":"UTC","confirm":false,"paused":false,"max_age":86400,"state":"usable"}`,
			entry.Target{Type: entry.Pull, Owner: "12", MaxAge: 24 * time.Hour, Generation: 4},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newEntryStore(fullOverview())
			w := call(entriesAPI(store), "PUT", targetPath, test.body)
			sameJSON(t, w, 200, test.answer)
			sameTarget(t, test.stored, store.all[testID].Entry.Target)
			if d := cmp.Diff([]string{"reload"}, store.told); d != "" {
				t.Errorf("told (-want +got):\n%s", d)
			}
			if strings.Contains(w.Body.String(), "SECRET") || strings.Contains(w.Body.String(), "whsec") {
				t.Errorf("a secret shows: %s", w.Body)
			}
		})
	}
}

func TestTarget_NamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	const (
		needed  = "This is needed."
		address = "This has to be an address that begins with http:// or https://."
		signs   = "This has to be whsec_ and at least 16 bytes in base64."
	)
	tests := map[string]struct {
		body, code, field, message string
	}{
		"no type":          {`{"owner":"a"}`, "missing_field", "type", needed},
		"other type":       {`{"type":"mail"}`, "invalid_field", "type", "This has to be webhook, event or pull."},
		"no owner":         {`{"type":"pull"}`, "missing_field", "owner", needed},
		"no address":       {`{"type":"webhook","owner":"a"}`, "missing_field", "url", needed},
		"relative":         {`{"type":"webhook","owner":"a","url":"/api/webhook/x"}`, "invalid_field", "url", address},
		"other scheme":     {`{"type":"webhook","owner":"a","url":"ftp://h/x"}`, "invalid_field", "url", address},
		"no host":          {`{"type":"webhook","owner":"a","url":"http://:8123/x"}`, "invalid_field", "url", address},
		"password":         {`{"type":"webhook","owner":"a","url":"http://u:p@h/x"}`, "invalid_field", "url", "This address has a user name or a password in it. Leave them out."},
		"fragment":         {`{"type":"webhook","owner":"a","url":"http://h/x#y"}`, "invalid_field", "url", "This address has a # in it. Leave it out."},
		"no prefix":        {`{"type":"webhook","owner":"a","url":"http://h/x","secret":"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}`, "invalid_field", "secret", signs},
		"short secret":     {`{"type":"webhook","owner":"a","url":"http://h/x","secret":"whsec_MfKQ"}`, "invalid_field", "secret", signs},
		"three secrets":    {`{"type":"webhook","owner":"a","url":"http://h/x","secret":"a b c"}`, "invalid_field", "secret", "These are 3 secrets. One is used, or two, separated by a blank, while one replaces the other."},
		"no token":         {`{"type":"event","owner":"a","url":"http://h"}`, "missing_field", "token", needed},
		"secret of event":  {`{"type":"event","owner":"a","url":"http://h","token":"t","secret":"s"}`, "unknown_field", "secret", "There is no such field here. The fields are type, url, token, owner, time_zone, paused, max_age, take_over."},
		"confirm of pull":  {`{"type":"pull","owner":"a","confirm":true}`, "unknown_field", "confirm", "There is no such field here. The fields are type, owner, time_zone, paused, max_age, take_over."},
		"zone":             {`{"type":"pull","owner":"a","time_zone":"Mars/Olympus"}`, "invalid_field", "time_zone", "This has to be the name of a time zone, such as Europe/Warsaw."},
		"machine's zone":   {`{"type":"pull","owner":"a","time_zone":"Local"}`, "invalid_field", "time_zone", "This has to be the name of a time zone, such as Europe/Warsaw."},
		"age":              {`{"type":"pull","owner":"a","max_age":59}`, "invalid_field", "max_age", "This has to be a whole number of seconds from 60 to 604800."},
		"owned by another": {`{"type":"pull","owner":"a"}`, "owned", "owner", `This entry's events go to another Home Assistant. Send "take_over": true to have them instead.`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newEntryStore(fullOverview())
			status := 400
			if test.code == "owned" {
				status = 409
			}
			sameJSON(t, call(entriesAPI(store), "PUT", targetPath, test.body), status, fieldJSON(test.code, test.field, test.message))
			sameTarget(t, fullOverview().Entry.Target, store.all[testID].Entry.Target)
		})
	}
}

func TestTarget_IsDetachedByItsOwner(t *testing.T) {
	t.Parallel()
	store := newEntryStore(fullOverview())
	h := entriesAPI(store)
	sameJSON(t, call(h, "DELETE", targetPath, ""), 400, fieldJSON("missing_field", "owner", "Say in the address who detaches: …/target?owner=<id>."))
	sameJSON(t, call(h, "DELETE", targetPath+"?owner=other", ""), 409,
		fieldJSON("owned", "owner", `This entry's events go to another Home Assistant. Send "take_over": true to have them instead.`))
	sameJSON(t, call(h, "DELETE", targetPath+"?owner=7d1c", ""), 200, `{"ok":true}`)
	sameTarget(t, entry.Target{MaxAge: 24 * time.Hour, Generation: 4}, store.all[testID].Entry.Target)
	sameJSON(t, call(h, "DELETE", targetPath+"?owner=7d1c", ""), 200, `{"ok":true}`)
	sameJSON(t, call(h, "PUT", targetPath, `{"type":"pull","owner":"other"}`), 200,
		`{"type":"pull","owner":"other","time_zone":"UTC","confirm":false,"paused":false,"max_age":86400,"state":"usable"}`)
}
