// Package homeassistant is what goes into a Home Assistant that has no component of ours: a package of YAML with the
// bridge's services and the handshake of its webhook, and automations as examples. The files are the only place where
// that YAML stands: the login at a terminal prints them, the README shows them, and the tests with a real Home Assistant
// run them as they are. What differs from home to home is in secrets.yaml ([Secrets]).
package homeassistant

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed package/*.yaml examples/*.yaml
var files embed.FS

// Package returns packages/telegram_client.yaml.
func Package() string { return file("package/telegram_client.yaml") }

// ConfirmPackage returns packages/telegram_client_confirm.yaml, for a target with confirm.
func ConfirmPackage() string { return file("package/telegram_client_confirm.yaml") }

// Greeting returns an automation that answers what comes to the webhook.
func Greeting() string { return file("examples/greeting.yaml") }

// GreetingEvent returns an automation that answers what comes to the event bus.
func GreetingEvent() string { return file("examples/greeting_event.yaml") }

// GreetingConfirmed returns an automation that answers what comes to the webhook and confirms every event when it has
// worked with it, for a target with confirm.
func GreetingConfirmed() string { return file("examples/greeting_confirmed.yaml") }

func file(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is in the program
	}
	return string(text)
}

// Configuration makes Home Assistant read the files of its folder packages.
const Configuration = `homeassistant:
  packages: !include_dir_named packages
`

// addresses are the secrets that say where a function is. The package's names of them are those of its actions.
var addresses = [...]struct{ name, function, path string }{
	{"telegram_client_send_messages", "sendmessages", "/services/telegram_client/send_messages"},
	{"telegram_client_confirm", "entries", "/config/entries/{{ config_entry_id }}/target/confirm"},
}

// Secrets returns the lines for secrets.yaml. at says where a path of a function is.
func Secrets(at func(function, path string) string, token, webhook string) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: \"%s\"\n", name, value) }
	line("telegram_client_authorization", "Bearer "+token)
	line("telegram_client_webhook", webhook)
	for _, a := range addresses {
		line(a.name, at(a.function, a.path))
	}
	return b.String()
}
