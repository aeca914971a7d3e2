// Package homeassistant is what goes into a Home Assistant that has no component of ours: a package of YAML with the
// bridge's services and the handshake of its webhook, and automations as examples. The files are the only place where
// that YAML stands: the login at a terminal prints them, the README shows them, and the tests with a real Home Assistant
// run them as they are. What differs from home to home is in secrets.yaml ([Secrets]).
package homeassistant

import (
	"embed"
	"fmt"
	"regexp"
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

// Picture returns an automation that answers with a file of Home Assistant's own folder.
func Picture() string { return file("examples/picture.yaml") }

// Keep returns an automation that fetches the photos that come in.
func Keep() string { return file("examples/keep.yaml") }

// Later returns an automation that sends a file without waiting for it, and asks what has become of it.
func Later() string { return file("examples/later.yaml") }

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

// A service's action has its address from the secret of the same name.
const (
	prefix  = "telegram_client_"
	confirm = "telegram_client_confirm"
	job     = "telegram_client_job"
)

var addressed = regexp.MustCompile(`(?m)^    url: !secret (telegram_client_\w+)$`)

// addresses returns the secrets that say where something is: those that the package names, in its order.
func addresses() []string {
	var names []string
	for _, m := range addressed.FindAllStringSubmatch(Package(), -1) {
		names = append(names, m[1])
	}
	return names
}

// at returns where a secret of an address points: a function, and its path.
func at(secret string) (function, path string) {
	switch secret {
	case confirm:
		return "entries", "/config/entries/{{ config_entry_id }}/target/confirm"
	case job:
		return "sendmessages", "/jobs/{{ job_id }}"
	}
	service := strings.TrimPrefix(secret, prefix)
	path = "/services/telegram_client/" + service
	switch service {
	case "edit_message":
		return "editmessage", path
	case "delete_messages":
		return "deletemessages", path
	case "get_chats", "get_messages", "download_media":
		return "chats", path
	}
	return "sendmessages", path
}

// Secrets returns the lines for secrets.yaml. address says where a path of a function is.
func Secrets(address func(function, path string) string, token, webhook string) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: \"%s\"\n", name, value) }
	line(prefix+"authorization", "Bearer "+token)
	line(prefix+"webhook", webhook)
	for _, name := range addresses() {
		line(name, address(at(name)))
	}
	return b.String()
}
