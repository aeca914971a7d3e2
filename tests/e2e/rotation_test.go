package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
)

// restart starts every program again with other settings: what is deployed anew.
func (b *built) restart(t *testing.T, env ...string) {
	t.Helper()
	b.env = append(b.env, env...) // of a name that stands twice the last counts
	if err := b.listener.End(); err != nil {
		t.Fatal(err)
	}
	for name, f := range b.functions {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		b.startFunction(t, name)
	}
	b.startListener(t)
}

// roundTrip proves that a bridge works: a message comes in as an event, and an answer goes out.
func (b *built) roundTrip(ctx context.Context, t *testing.T, cast *story.Cast, text string) {
	t.Helper()
	b.Telegram.Say(cast.Friend.ID, cast.Bot.ID, text)
	if err := b.Home.Wait(ctx, func(accepted []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		return slices.ContainsFunc(accepted, func(a homeassistanttest.Accepted) bool { return bytes.Contains(a.Body, []byte(text)) })
	}); err != nil {
		t.Fatalf("%s: no event: %v", text, err)
	}
	if _, err := b.Bridge.Want(ctx, 200, "sendmessages", "POST", sendPath,
		map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "message": "after " + text}); err != nil {
		t.Fatal(err)
	}
}

func TestBuilt_SecretsAreRotated(t *testing.T) {
	t.Parallel()
	b := newBuilt(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cast, err := story.Tell(ctx, b.Parts)
	if err != nil {
		t.Fatal(err)
	}

	// The API's token: both are valid, then only the new one is.
	old, fresh := b.Bridge.Token, "token-that-is-the-next"
	b.restart(t, "API_TOKENS="+fresh+","+old)
	b.roundTrip(ctx, t, cast, "the old token is valid")
	b.Bridge.Token = fresh
	b.roundTrip(ctx, t, cast, "the new token is valid too")
	b.restart(t, "API_TOKENS="+fresh)
	b.roundTrip(ctx, t, cast, "the new token is the only one")
	gone := *b.Bridge
	gone.Token = old
	if _, err := gone.Want(ctx, 401, "entries", "GET", "/config/entries", nil); err != nil {
		t.Error(err)
	}

	// A seal key: the new one stands in front and seals, the old one still opens what it sealed.
	b.restart(t, "SEAL_KEYS="+seal.NewKey()+","+b.keys.SealKeys.Reveal())
	b.roundTrip(ctx, t, cast, "a new key seals")

	// A webhook's secret: events carry both signatures until the automation knows the new one.
	rotated := "whsec_" + base64.StdEncoding.EncodeToString([]byte("the secret that comes after it"))
	b.webhookSecret(ctx, t, cast, rotated+" "+cast.WebhookSecret)
	b.roundTrip(ctx, t, cast, "signed twice")
	b.signedBy(t, cast, rotated, cast.WebhookSecret)
	b.webhookSecret(ctx, t, cast, rotated)
	b.roundTrip(ctx, t, cast, "signed by the new secret")
	b.signedBy(t, cast, rotated)

	if err := story.Remove(ctx, b.Parts, cast); err != nil {
		t.Fatal(err)
	}
}

// webhookSecret gives the target another secret; the automation has to confirm it anew.
func (b *built) webhookSecret(ctx context.Context, t *testing.T, cast *story.Cast, secret string) {
	t.Helper()
	entry := "/config/entries/" + cast.EntryID
	if _, err := b.Bridge.Want(ctx, 200, "entries", "PUT", entry+"/target", map[string]any{
		"type": "webhook", "url": b.Home.WebhookURL(cast.Webhook), "secret": secret, "owner": cast.Owner, "time_zone": "Europe/Warsaw",
	}); err != nil {
		t.Fatal(err)
	}
}

// signedBy checks the last event against secrets: each has to find its signature, and there is one for each.
func (b *built) signedBy(t *testing.T, cast *story.Cast, secrets ...string) {
	t.Helper()
	var last homeassistanttest.Request
	for _, r := range b.Home.Requests() {
		if r.Method == http.MethodPost && r.Path == "/api/webhook/"+cast.Webhook {
			last = r
		}
	}
	for n, secret := range secrets {
		verify, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify.Verify(last.Body, last.Header); err != nil {
			t.Errorf("secret %d: %v", n+1, err)
		}
	}
	if n := len(strings.Fields(last.Header.Get("webhook-signature"))); n != len(secrets) {
		t.Errorf("%d signatures, want %d", n, len(secrets))
	}
}
