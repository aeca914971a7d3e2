package homeassistant

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func secrets() string {
	return Secrets(func(function, path string) string { return "http://" + function + path }, "TOKEN", "WEBHOOK")
}

// A secret that is not defined makes Home Assistant refuse its whole configuration.
func TestSecrets_AreThoseThatThePackageNames(t *testing.T) {
	t.Parallel()
	names := func(pattern, text string) []string {
		var found []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	wanted := names(`!secret (\w+)`, Package())
	if d := cmp.Diff(wanted, names(`(?m)^(\w+): "`, secrets())); d != "" {
		t.Errorf("defined, not named (-named +defined):\n%s", d)
	}
	for _, text := range []string{ConfirmPackage(), Greeting(), GreetingEvent(), GreetingConfirmed()} {
		for _, name := range names(`!secret (\w+)`, text) {
			if !slices.Contains(wanted, name) {
				t.Errorf("%s is not defined", name)
			}
		}
	}
}

func TestSecrets_NameAddressesOfTheAPI(t *testing.T) {
	t.Parallel()
	api, err := os.ReadFile("../../shared/httpapi/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range addresses() {
		_, path := at(name)
		if path = strings.NewReplacer("{{ config_entry_id }}", "{id}", "{{ job_id }}", "{job_id}").Replace(path); !strings.Contains(string(api), `"`+path+`"`) {
			t.Errorf("%s: the API has no path %s", name, path)
		}
	}
	for _, want := range []string{
		`telegram_client_authorization: "Bearer TOKEN"`, `telegram_client_webhook: "WEBHOOK"`,
		`telegram_client_send_messages: "http://sendmessages/services/telegram_client/send_messages"`,
		`telegram_client_job: "http://sendmessages/jobs/{{ job_id }}"`,
		`telegram_client_confirm: "http://entries/config/entries/{{ config_entry_id }}/target/confirm"`,
	} {
		if !strings.Contains(secrets(), want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, secrets())
		}
	}
}

func TestREADME_ShowsWhatThereIs(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"the configuration": Configuration, "the example": Greeting()} {
		if !strings.Contains(string(readme), text) {
			t.Errorf("%s is shown differently", name)
		}
	}
}
