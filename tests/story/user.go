package story

import (
	"context"
	"fmt"
	"strings"

	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

const (
	ownerPassword = " correct horse battery "
	serviceID     = 777000 // Telegram's service account, which sends login codes
)

// user goes through the config flow of a user's account: number, code, password.
func (t *teller) user(ctx context.Context) error {
	u := t.cast.User
	if err := t.Telegram.DeliverCodes(u.Phone, telegramtest.ByApp, telegramtest.BySMSPhrase); err != nil {
		return err
	}
	a, err := t.Bridge.Want(ctx, 200, "configflow", "POST", "/config/flows", map[string]any{"source": "user"})
	if err != nil {
		return err
	}
	flow := "/config/flows/" + a.Get("flow_id")
	if _, err = t.step(ctx, flow, "phone", map[string]any{"api_id": apiID, "api_hash": apiHash, "client_type": "client"}); err != nil {
		return err
	}
	if a, err = t.step(ctx, flow, "otp", map[string]any{"phone": "+" + u.Phone}); err != nil {
		return err
	}
	t.Say("   the number: %s", a.Get("description_placeholders", "sent"))
	if kind := a.Get("description_placeholders", "code_type"); kind != "app" {
		return fmt.Errorf("expected a code in the app, got %s", a.Body)
	}
	if a, err = t.mistake(ctx, flow, "otp", "code", "invalid_code", map[string]any{"code": notThis(t.Telegram.LastCode(u.Phone))}); err != nil {
		return err
	}
	t.Say("   a wrong code: %s", a.Get("messages", "code"))
	if a, err = t.step(ctx, flow, "otp", map[string]any{"resend": true}); err != nil {
		return err
	}
	t.Say("   another one, please: %s", a.Get("description_placeholders", "sent"))
	code := t.Telegram.LastCode(u.Phone)
	t.cast.Secrets = append(t.cast.Secrets, code)
	if a, err = t.step(ctx, flow, "password", map[string]any{"code": code}); err != nil {
		return err
	}
	t.Say("   the right one: the account has a password, its hint is “%s”", a.Get("description_placeholders", "hint"))
	if a, err = t.mistake(ctx, flow, "password", "password", "invalid_auth", map[string]any{"password": "not the password"}); err != nil {
		return err
	}
	t.Say("   a wrong password: %s", a.Get("messages", "password"))
	if a, err = t.Bridge.Want(ctx, 200, "configflow", "POST", flow, map[string]any{"password": ownerPassword}); err != nil {
		return err
	}
	if a.Get("type") != "create_entry" {
		return fmt.Errorf("expected an entry, got %s", a.Body)
	}
	t.cast.UserEntryID = a.Get("result", "entry_id")
	t.Say("   the right one: %s, entry %s", a.Get("title"), t.cast.UserEntryID)
	if err := t.devices(u.ID); err != nil {
		return err
	}
	return t.ownEvents(ctx)
}

// devices compares the devices of an account with what the form announced.
func (t *teller) devices(account int64) error {
	var devices []string
	for _, auth := range alive(t.Telegram, account) {
		devices = append(devices, auth.Device)
	}
	if got, want := strings.Join(devices, ", "), "Home Assistant · listener, Home Assistant · sender 1"; got != want {
		return fmt.Errorf("expected the devices %s, got %s", want, got)
	}
	t.Say("   Telegram lists the devices %s", strings.Join(devices, ", "))
	return nil
}

// mistake answers a flow and expects its form again, with an error on a field.
func (t *teller) mistake(ctx context.Context, flow, step, field, code string, input map[string]any) (Answer, error) {
	a, err := t.step(ctx, flow, step, input)
	if err == nil && a.Get("errors", field) != code {
		err = fmt.Errorf("expected the error %s on the field %s, got %s", code, field, a.Body)
	}
	return a, err
}

// notThis is a code that is not the right one.
func notThis(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}

// ownEvents: a friend writes to the owner, who sees it in Home Assistant; the owner's account writes back.
func (t *teller) ownEvents(ctx context.Context) error {
	entry := "/config/entries/" + t.cast.UserEntryID
	heard := make(chan homeassistanttest.Trigger, 10)
	t.Home.Listen("telegram_client_new_message", func(trigger homeassistanttest.Trigger) {
		if trigger.JSON["config_entry_id"] == t.cast.UserEntryID {
			heard <- trigger
		}
	})
	if _, err := t.Bridge.Want(ctx, 200, "entries", "PUT", entry+"/target", map[string]any{
		"type": "event", "url": t.Home.URL(), "token": t.Home.Token(), "owner": owner, "time_zone": "Europe/Warsaw",
	}); err != nil {
		return err
	}
	if err := t.until(ctx, "a connected entry", func() (bool, error) {
		a, err := t.Bridge.Want(ctx, 200, "entries", "GET", entry, nil)
		return a.Get("state") == "loaded", err
	}); err != nil {
		return err
	}
	t.Telegram.Say(serviceID, t.cast.User.ID, "Login code: 80513. Do not give this code to anyone!")
	const question = "are you at home?"
	t.Telegram.Say(t.cast.Friend.ID, t.cast.User.ID, question)
	for {
		select {
		case trigger := <-heard:
			message, _ := trigger.JSON["message"].(map[string]any)
			if message["message"] != question {
				continue
			}
		case <-ctx.Done():
			return fmt.Errorf("expected the event of %q: %w", question, ctx.Err())
		}
		break
	}
	t.Say("   %s writes to %s: %s, and Home Assistant knows", t.cast.Friend.FirstName, t.cast.User.FirstName, question)
	if _, err := t.send(ctx, map[string]any{"config_entry_id": t.cast.UserEntryID, "target_id": t.cast.Friend.ID, "message": "In an hour"}); err != nil {
		return err
	}
	for _, m := range t.Telegram.Read(t.cast.Friend.ID, t.cast.User.ID) {
		if !m.Out && m.Text == "In an hour" {
			t.Say("   an automation answers as %s: In an hour", t.cast.User.FirstName)
			return t.noCodes(ctx)
		}
	}
	return fmt.Errorf("expected %s to have read %q", t.cast.Friend.FirstName, "In an hour")
}

// noCodes looks whether Home Assistant was told of what Telegram itself writes: login codes, and word of new logins.
func (t *teller) noCodes(ctx context.Context) error {
	entry := "/config/entries/" + t.cast.UserEntryID
	if err := t.until(ctx, "an empty outbox", func() (bool, error) {
		a, err := t.Bridge.Want(ctx, 200, "entries", "GET", entry, nil)
		return a.Get("outbox", "waiting") == "0", err
	}); err != nil {
		return err
	}
	for _, a := range t.Home.Accepted() {
		if strings.Contains(string(a.Body), fmt.Sprintf(`"chat_id":%d`, serviceID)) {
			return fmt.Errorf("expected no event of a login code, got %s", a.Body)
		}
	}
	t.Say("   of the login codes that Telegram wrote to %s it was told nothing", t.cast.User.FirstName)
	return nil
}
