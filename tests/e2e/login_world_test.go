package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

const (
	apiHash  = "0123456789abcdef0123456789abcdef"
	password = " correct horse "
	// stepTime is long enough for keys and passwords with the race detector on a busy machine.
	stepTime = 3 * time.Minute
)

// logins serves the function configflow on a port, as it is deployed. Each call of it is a new instance.
func (w *world) logins(t *testing.T, change ...func(*login.Config)) *dialogue {
	t.Helper()
	c := login.Config{Store: w.store, Telegram: seeded{w.dialer, w.telegram}, Keyring: w.ring, StepFor: stepTime + 15*time.Second, Log: slog.New(slog.DiscardHandler)}
	for _, ch := range change {
		ch(&c)
	}
	flows := login.New(c)
	token := "token-of-the-e2e-tests"
	api := httpapi.ConfigFlow(flows, w.store, time.Now, httpapi.Settings{
		Tokens: httpapi.NewTokens(seal.NewText(token)), Deadlines: httpapi.Deadlines{FlowStep: stepTime}, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 2*stepTime)
	t.Cleanup(cancel)
	return &dialogue{
		world: w, t: t, ctx: ctx, flows: flows,
		bridge: &story.Bridge{Address: func(string) string { return server.URL }, Token: token, Client: server.Client()},
	}
}

// A dialogue is a login over HTTP. Its last answer is where it stands.
type dialogue struct {
	*world
	t      *testing.T
	ctx    context.Context
	flows  *login.Flows
	bridge *story.Bridge
	at     struct {
		Type         string            `json:"type"`
		FlowID       string            `json:"flow_id"`
		StepID       string            `json:"step_id"`
		Reason       string            `json:"reason"`
		Message      string            `json:"message"`
		Errors       map[string]string `json:"errors"`
		Messages     map[string]string `json:"messages"`
		Placeholders map[string]string `json:"description_placeholders"`
		Title        string            `json:"title"`
		Result       struct {
			EntryID    string `json:"entry_id"`
			ClientType string `json:"client_type"`
		} `json:"result"`
		NextFlow   any `json:"next_flow"`
		DataSchema []struct {
			Name     string `json:"name"`
			Selector struct {
				QR struct{ Data string } `json:"qr_code"`
			} `json:"selector"`
		} `json:"data_schema"`
	}
}

func (d *dialogue) post(path string, body any) {
	d.t.Helper()
	a, err := d.bridge.Want(d.ctx, 200, "configflow", "POST", path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	clear(d.at.Errors)
	d.at.StepID, d.at.Reason, d.at.Errors, d.at.Messages, d.at.Placeholders, d.at.DataSchema = "", "", nil, nil, nil, nil
	if err := json.Unmarshal(a.Body, &d.at); err != nil {
		d.t.Fatal(err)
	}
	for _, secret := range []string{apiHash, password, "correct horse"} {
		if strings.Contains(string(a.Body), secret) {
			d.t.Errorf("a secret is told: %s", a.Body)
		}
	}
}

// begin begins a login of that type.
func (d *dialogue) begin(clientType string) {
	d.t.Helper()
	d.post("/config/flows", map[string]any{"source": "user"})
	d.answer(map[string]any{"api_id": 1, "api_hash": apiHash, "client_type": clientType})
}

func (d *dialogue) reauth(id string) {
	d.t.Helper()
	d.post("/config/entries/"+id+"/reauth", map[string]any{})
}

func (d *dialogue) answer(in map[string]any) {
	d.t.Helper()
	d.post("/config/flows/"+d.at.FlowID, in)
}

// want fails the test unless the flow waits with that form; errors are "field code".
func (d *dialogue) want(step string, errors ...string) {
	d.t.Helper()
	var got []string
	for field, code := range d.at.Errors {
		got = append(got, field+" "+code)
	}
	slices.Sort(got)
	if d.at.Type != "form" || d.at.StepID != step || !slices.Equal(got, errors) {
		d.t.Fatalf("want step %s %v: %+v", step, errors, d.at)
	}
}

// entered fails the test unless the flow has ended with an entry.
func (d *dialogue) entered() entry.ID {
	d.t.Helper()
	if d.at.Type != "create_entry" || d.at.NextFlow != nil {
		d.t.Fatalf("want an entry: %+v", d.at)
	}
	return entry.ID(d.at.Result.EntryID)
}

func (d *dialogue) aborted(reason string) {
	d.t.Helper()
	if d.at.Type != "abort" || d.at.Reason != reason || d.at.Message == "" {
		d.t.Fatalf("want the end %s: %+v", reason, d.at)
	}
}

// scan accepts the QR code that the form shows.
func (d *dialogue) scan(user telegramtest.Account) error {
	d.t.Helper()
	d.want("qr", d.errors()...)
	return d.telegram.AcceptToken(user.ID, d.at.DataSchema[0].Selector.QR.Data)
}

func (d *dialogue) errors() (all []string) {
	for field, code := range d.at.Errors {
		all = append(all, field+" "+code)
	}
	return all
}

// logIn answers what is asked for until the flow ends.
func (d *dialogue) logIn(user telegramtest.Account) {
	d.t.Helper()
	for range 10 {
		switch d.at.StepID {
		case "phone":
			d.answer(map[string]any{"phone": "+" + user.Phone})
		case "otp":
			d.answer(map[string]any{"code": d.telegram.LastCode(user.Phone)})
		case "password":
			d.answer(map[string]any{"password": password})
		case "qr":
			if err := d.scan(user); err != nil {
				d.t.Fatal(err)
			}
			d.answer(map[string]any{})
		case "reauth_confirm", "finish":
			d.answer(map[string]any{})
		default:
			return
		}
	}
	d.t.Fatalf("the login does not end: %+v", d.at)
}

// alive returns the devices of an account that are logged in, and fails the test if two share a key or one had two
// connections at once.
func (w *world) alive(t *testing.T, account int64) []string {
	t.Helper()
	names := []string{}
	keys := map[string]bool{}
	for _, a := range w.telegram.Authorizations(account) {
		if s, _ := w.telegram.Stats(a.ID); s.MostAlive > 1 {
			t.Errorf("%s had %d connections alive at once", a.Device, s.MostAlive)
		}
		if a.Ended != "" {
			continue
		}
		names = append(names, a.Device)
		for _, k := range a.Keys {
			if keys[k] {
				t.Errorf("two devices share a key")
			}
			keys[k] = true
		}
	}
	slices.Sort(names)
	return names
}

// devices asks Telegram itself, over a sender of the entry.
func (w *world) devices(t *testing.T, id entry.ID) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool := authorization.NewPool(w.store, w.dialer, clock.System, slog.New(slog.DiscardHandler))
	var names []string
	err := pool.Do(ctx, authorization.Request{Entry: id}, func(ctx context.Context, c *authorization.Call) error {
		all, err := c.API.AccountGetAuthorizations(ctx)
		if err != nil {
			return err
		}
		for _, a := range all.Authorizations {
			name := a.DeviceModel
			if a.PasswordPending {
				name += " (password pending)"
			}
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// announced are the devices that a first form tells of.
func announced(senders int) []string {
	var names []string
	for _, n := range authorization.Names(senders) {
		names = append(names, n.Device())
	}
	return names
}

// wantDevices compares what the account's owner sees with what was announced; the phone is the owner's own.
func (d *dialogue) wantDevices(id entry.ID, user telegramtest.Account, senders int) {
	d.t.Helper()
	if diff := cmp.Diff(announced(senders), d.alive(d.t, user.ID)); diff != "" {
		d.t.Errorf("devices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(announced(senders), "Phone"), d.devices(d.t, id)); diff != "" {
		d.t.Errorf("account.getAuthorizations (-want +got):\n%s", diff)
	}
}

// wantNothing fails the test if anything of an account is logged in, or waits for a password or to be accepted.
func (d *dialogue) wantNothing(user telegramtest.Account) {
	d.t.Helper()
	if left := d.alive(d.t, user.ID); len(left) != 0 {
		d.t.Errorf("still logged in: %v", left)
	}
	if n := len(d.telegram.Pending(user.ID)); n != 0 {
		d.t.Errorf("%d logins wait for the password", n)
	}
}

// user makes a person with a phone.
func (w *world) user(name string, change ...func(*telegramtest.Account)) telegramtest.Account {
	return w.telegram.User(name, change...)
}

func withPassword(a *telegramtest.Account) { a.Password, a.PasswordHint = password, "the usual one" }

func at(dc int) func(*telegramtest.Account) {
	return func(a *telegramtest.Account) { a.DC = dc }
}

func senders(n int) func(*login.Config) { return func(c *login.Config) { c.Senders = n } }

func name(parts ...any) string {
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprintln(parts...)), " ", "_")
}

// notice lets the store learn that a login of an entry has ended, as whoever uses it next would.
func (w *world) notice(t *testing.T, id entry.ID, device string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if n := authorization.Name(device); n != authorization.Listener {
		pool := authorization.NewPool(w.store, w.dialer, clock.System, slog.New(slog.DiscardHandler))
		err := pool.Do(ctx, authorization.Request{Entry: id, Only: n}, func(ctx context.Context, c *authorization.Call) error {
			_, err := c.API.AccountGetAuthorizations(ctx)
			return err
		})
		if err == nil {
			t.Fatalf("%s works", device)
		}
		return
	}
	c, err := w.store.ClaimEntry(ctx, id, "e2e", false, time.Minute)
	if err != nil || c == nil {
		t.Fatalf("claim: %+v, %v", c, err)
	}
	if err := w.store.ReleaseEntry(ctx, id, c.Lease, c.Session, authorization.Ended); err != nil {
		t.Fatal(err)
	}
}

// seeded is the dialer, but for keys that the server hands out: making one takes a second of CPU on both sides. Where
// Telegram sends a login to another data centre the key is made as in use.
type seeded struct {
	*telegram.Dialer
	server *telegramtest.Server
}

// withRealKeys makes every key as in use.
func withRealKeys(c *login.Config) { c.Telegram = c.Telegram.(seeded).Dialer }

func (s seeded) NewKey(_ context.Context, _ authorization.App, dc int) (authorization.Session, error) {
	if dc == 0 {
		dc = s.Servers.Default
	}
	key, salt, err := s.server.Wire().NewKey(dc)
	return authorization.Session{DC: dc, Keys: map[int]authorization.Key{dc: {Auth: key.Value, Salt: salt}}}, err
}

func (s seeded) Connect(ctx context.Context, a authorization.App, session authorization.Session, g authorization.Guard, noted func(authorization.Session) error, use func(context.Context, login.Line) error) (authorization.Ending, error) {
	if len(session.Keys) == 0 && noted != nil {
		made, err := s.NewKey(ctx, a, session.DC)
		if err == nil {
			err = noted(made.Clone())
		}
		if err != nil {
			return authorization.Ending{Session: session}, err
		}
		session = made
	}
	return s.Dialer.Connect(ctx, a, session, g, noted, use)
}
