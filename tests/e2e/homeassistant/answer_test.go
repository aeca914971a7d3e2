//go:build homeassistant

package homeassistant

import (
	"testing"

	homepackage "telegram-client/infra/homeassistant"
)

// A friend writes, an automation of a real Home Assistant answers, the friend reads it: over the webhook, and over the
// event bus. The package and both automations are those that users get.
func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home := w.home(map[string]string{"greeting": homepackage.Greeting(), "greeting_event": homepackage.GreetingEvent()})
	alice := w.telegram.User("alice")
	for _, c := range []struct {
		name   string
		target map[string]any
	}{
		{"webhook", map[string]any{"type": "webhook", "url": home.WebhookURL(webhook)}},
		{"event", map[string]any{"type": "event", "url": home.URL(), "token": home.Token()}},
	} {
		bot, entry := w.login(c.name + "_bot")
		w.target(entry, c.target)
		w.telegram.Say(alice.ID, bot.ID, "nothing to answer")
		w.telegram.Say(alice.ID, bot.ID, greeting)
		w.telegram.Say(alice.ID, bot.ID, greeting)
		w.reads(alice.ID, bot.ID, "Hello!", "Hello!")
		t.Logf("over %s: alice wrote %q twice and read two answers", c.name, greeting)
	}
}
