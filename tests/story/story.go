// Package story is THE story, written once: a bot is logged in, a friend writes to it, the event arrives at Home
// Assistant, the answer goes back; Home Assistant is away and nothing is lost; a call that is repeated sends once; somebody's
// own account is logged in with a code and a password; the entries are removed and nothing stays logged in. It is told against the bridge as a whole, over HTTP, with a Telegram
// server and a Home Assistant for tests on the other sides, wherever the bridge runs. A [Stage] is all of it in one process.
//
// Counts come from those servers, never from the bridge. Whatever deviates ends the story with what was expected.
package story

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// Parts are what the story is told with.
type Parts struct {
	Bridge   *Bridge
	Telegram *telegramtest.Server
	Home     *homeassistanttest.Home
	// Say tells a step to a person.
	Say func(format string, args ...any)
}

// A Cast is who is in the story once it has been told, to go on playing with.
type Cast struct {
	EntryID     string
	Bot, Friend telegramtest.Account
	// User is somebody whose own account is an entry, too.
	UserEntryID string
	User        telegramtest.Account
	Webhook     string
	// WebhookSecret signs the webhook's events, and Owner is whose target it is.
	WebhookSecret, Owner string
	// Secrets are what must appear in no log, answer or dump. Private is what may appear in answers.
	Secrets, Private []string
}

const (
	apiID   = 123456
	apiHash = "0123456789abcdef0123456789abcdef"
	owner   = "story-home"
	// patience bounds each wait of the story.
	patience = 60 * time.Second
)

type teller struct {
	Parts
	cast   *Cast
	secret string
	answer chan error // what the automation's answer to a message came to
}

// Tell tells the story. The cast is returned as far as it came.
func Tell(ctx context.Context, p Parts) (*Cast, error) {
	t := &teller{Parts: p, cast: &Cast{Webhook: "story-webhook-5f2c9d", Owner: owner}, answer: make(chan error, 100)}
	t.secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret that only the story has"))
	t.cast.WebhookSecret = t.secret
	t.cast.Bot = t.Telegram.Bot("kitchen_bot")
	t.cast.Friend = t.Telegram.User("alice")
	t.cast.User = t.Telegram.User("martha", func(a *telegramtest.Account) { a.Password, a.PasswordHint = ownerPassword, "the usual one" })
	t.cast.Private = []string{t.cast.User.Phone}
	t.cast.Secrets = []string{ownerPassword, apiHash, t.cast.Bot.Token, t.secret, t.cast.Webhook}
	for _, chapter := range []struct {
		title string
		tell  func(context.Context) error
	}{
		{"A bot is logged in", t.login},
		{"Home Assistant is told where to listen", t.target},
		{"A friend writes, an automation answers", t.answerFriend},
		{"Home Assistant is away for a while", t.away},
		{"A call is repeated", t.repeat},
		{"Home Assistant prefers its event bus", t.eventBus},
		{"One's own account is logged in", t.user},
		{"Mistakes are answered in words", t.mistakes},
	} {
		t.Say("")
		t.Say("== %s", chapter.title)
		ctx, cancel := context.WithTimeout(ctx, patience)
		before := t.roundTrips()
		err := chapter.tell(ctx)
		cancel()
		if err != nil {
			return t.cast, fmt.Errorf("%s: %w", strings.ToLower(chapter.title), err)
		}
		t.Say("   (round trips to Telegram: %d)", t.roundTrips()-before)
	}
	return t.cast, nil
}

// Remove tells the end: the entries are removed, and nothing stays logged in.
func Remove(ctx context.Context, p Parts, c *Cast) error {
	p.Say("")
	p.Say("== The entries are removed")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, e := range []struct {
		id      string
		account telegramtest.Account
	}{{c.EntryID, c.Bot}, {c.UserEntryID, c.User}} {
		a, err := p.Bridge.Want(ctx, 202, "entries", "DELETE", "/config/entries/"+e.id, nil)
		if err != nil {
			return err
		}
		p.Say("   the bridge ends %s of %s", a.Get("devices"), e.account.FirstName)
		if err := p.Telegram.Until(ctx, func() bool { return len(alive(p.Telegram, e.account.ID)) == 0 }); err != nil {
			return fmt.Errorf("expected no login of %s to be left, got %d: %w", e.account.FirstName, len(alive(p.Telegram, e.account.ID)), err)
		}
		for _, auth := range p.Telegram.Authorizations(e.account.ID) {
			if auth.Ended != "logged out" {
				return fmt.Errorf("expected %q to be logged out, it is %s", auth.Device, auth.Ended)
			}
		}
		p.Say("   Telegram lists no device of %s any more", e.account.FirstName)
	}
	return nil
}

// roundTrips are those of all logins so far, with those that made their keys.
func (t *teller) roundTrips() int {
	n := 0
	for _, a := range t.Telegram.Authorizations(0) {
		if s, err := t.Telegram.Stats(a.ID); err == nil {
			n += s.RoundTrips
		}
	}
	return n
}

func alive(s *telegramtest.Server, account int64) []telegramtest.Authorization {
	var left []telegramtest.Authorization
	for _, a := range s.Authorizations(account) {
		if a.Ended == "" {
			left = append(left, a)
		}
	}
	return left
}

// login goes through the config flow: the form, a wrong token, the right one.
func (t *teller) login(ctx context.Context) error {
	a, err := t.Bridge.Want(ctx, 200, "configflow", "POST", "/config/flows", map[string]any{"source": "user"})
	if err != nil {
		return err
	}
	t.Say("   the form announces %s devices: %s", a.Get("description_placeholders", "devices"), a.Get("description_placeholders", "device_names"))
	flow := "/config/flows/" + a.Get("flow_id")
	if _, err = t.step(ctx, flow, "token", map[string]any{"api_id": apiID, "api_hash": apiHash, "client_type": "bot"}); err != nil {
		return err
	}
	if a, err = t.step(ctx, flow, "token", map[string]any{"token": "2:wrong-wrong-wrong-wrong-wrong-wrong-w"}); err != nil {
		return err
	}
	if a.Get("errors", "token") == "" {
		return fmt.Errorf("expected an error on the field token, got %s", a.Body)
	}
	t.Say("   a wrong token: %s", a.Get("messages", "token"))
	if a, err = t.Bridge.Want(ctx, 200, "configflow", "POST", flow, map[string]any{"token": t.cast.Bot.Token}); err != nil {
		return err
	}
	if a.Get("type") != "create_entry" {
		return fmt.Errorf("expected an entry, got %s", a.Body)
	}
	t.cast.EntryID = a.Get("result", "entry_id")
	t.Say("   the right one: %s, entry %s", a.Get("title"), t.cast.EntryID)
	return t.devices(t.cast.Bot.ID)
}

// step answers a flow and expects the form of a step.
func (t *teller) step(ctx context.Context, flow, want string, input map[string]any) (Answer, error) {
	a, err := t.Bridge.Want(ctx, 200, "configflow", "POST", flow, input)
	if err == nil && (a.Get("type") != "form" || a.Get("step_id") != want) {
		err = fmt.Errorf("expected the form of the step %s, got %s", want, a.Body)
	}
	return a, err
}

// target sets the webhook; its automation confirms the test event and answers messages.
func (t *teller) target(ctx context.Context) error {
	verify, err := standardwebhooks.NewWebhook(t.secret)
	if err != nil {
		return err
	}
	entry := "/config/entries/" + t.cast.EntryID
	t.Home.Automation(t.cast.Webhook, func(trigger homeassistanttest.Trigger) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		switch trigger.JSON["event_type"] {
		case "telegram_client_test":
			_, err := t.Bridge.Want(ctx, 200, "entries", "POST", entry+"/target/confirm", map[string]any{"event_id": trigger.JSON["event_id"]})
			t.report(err)
		case "telegram_client_new_message":
			message, _ := trigger.JSON["message"].(map[string]any)
			if text, _ := message["message"].(string); text == "hello" {
				t.report(t.hello(ctx, trigger))
			}
		}
	})
	if err := t.webhook(ctx); err != nil {
		return err
	}
	for _, r := range t.Home.Requests() {
		if r.Method == "POST" && r.Path == "/api/webhook/"+t.cast.Webhook {
			if err := verify.Verify(r.Body, r.Header); err != nil {
				return fmt.Errorf("expected a signed request: %w", err)
			}
		}
	}
	return nil
}

// webhook makes the webhook the target and waits until it has proved itself.
func (t *teller) webhook(ctx context.Context) error {
	entry := "/config/entries/" + t.cast.EntryID
	a, err := t.Bridge.Want(ctx, 200, "entries", "PUT", entry+"/target", map[string]any{
		"type": "webhook", "url": t.Home.WebhookURL(t.cast.Webhook), "secret": t.secret, "owner": owner, "time_zone": "Europe/Warsaw",
	})
	if err != nil {
		return err
	}
	t.Say("   the webhook is set: %s", a.Get("state"))
	if err := t.confirmed(ctx); err != nil {
		return err
	}
	return t.until(ctx, "the target to be usable", func() (bool, error) {
		a, err := t.Bridge.Want(ctx, 200, "entries", "GET", entry, nil)
		return a.Get("target", "state") == "usable" && a.Get("state") == "loaded", err
	})
}

// report hands what an automation came to to the chapter that waits for it.
func (t *teller) report(err error) {
	select {
	case t.answer <- err:
	default:
	}
}

func (t *teller) confirmed(ctx context.Context) error {
	select {
	case err := <-t.answer:
		if err == nil {
			t.Say("   an automation there has confirmed the signed test event")
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("expected a test event: %w", ctx.Err())
	}
}

// until asks again and again, for there is no other way to see it over HTTP.
func (t *teller) until(ctx context.Context, what string, reached func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := reached()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("expected %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// messageEvents returns the texts of the new_message events among what Home Assistant accepted, in order.
func messageEvents(accepted []homeassistanttest.Accepted) []string {
	var texts []string
	for _, a := range accepted {
		if a.Type == "telegram_client_new_message" {
			texts = append(texts, textOf(a))
		}
	}
	return texts
}
