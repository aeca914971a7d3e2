//go:build homeassistant

package homeassistant

import (
	"context"
	"testing"

	homepackage "telegram-client/infra/homeassistant"
)

// A friend writes, an automation of a real Home Assistant answers, the friend reads it: over the webhook, over the event
// bus, and over a webhook whose automation confirms. The package and the automations are those that users get.
func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home := w.home(map[string]string{"greeting": homepackage.Greeting(), "greeting_event": homepackage.GreetingEvent()})
	confirming := w.home(map[string]string{"greeting": homepackage.GreetingConfirmed()})
	alice := w.telegram.User("alice")
	for _, c := range []struct {
		name   string
		target map[string]any
	}{
		{"webhook", map[string]any{"type": "webhook", "url": home.WebhookURL(webhook)}},
		{"event", map[string]any{"type": "event", "url": home.URL(), "token": home.Token()}},
		{"confirm", map[string]any{"type": "webhook", "url": confirming.WebhookURL(webhook), "confirm": true}},
	} {
		bot, entry := w.login(c.name + "_bot")
		w.target(entry, c.target)
		w.telegram.Say(alice.ID, bot.ID, "nothing to answer")
		w.telegram.Say(alice.ID, bot.ID, greeting)
		w.telegram.Say(alice.ID, bot.ID, greeting)
		w.reads(alice.ID, bot.ID, "Hello!", "Hello!")
		w.delivered(entry)
		t.Logf("%s: alice wrote %q twice and read two answers", c.name, greeting)
	}
}

// delivered waits until nothing of an entry waits any more: what was not confirmed would.
func (w *world) delivered(entry string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := until(ctx, "the outbox to be empty", func() (bool, error) {
		a, err := w.bridge.Want(ctx, 200, "entries", "GET", "/config/entries/"+entry, nil)
		return a.Get("outbox", "waiting") == "0" && a.Get("health") == "[]", err
	}); err != nil {
		w.t.Fatal(err)
	}
}
