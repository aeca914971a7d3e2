package telegramtest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"go.uber.org/goleak"

	"telegram-client/tests/telegramtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func started(t *testing.T, change ...telegramtest.Option) *telegramtest.Server {
	t.Helper()
	return telegramtest.New(t, append([]telegramtest.Option{func(o *telegramtest.Options) { o.RSA = telegramtest.TestRSA() }}, change...)...)
}

// plain makes a server tell everything in full and unnumbered: for tests that are about something else.
func plain(o *telegramtest.Options) {
	o.Behaviour.Short, o.Behaviour.Numbered = telegramtest.Never, telegramtest.Never
}

// within bounds what would hang for ever if it fails.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// heard is what a client got.
type heard struct {
	mu   sync.Mutex
	got  []tg.UpdatesClass
	wake chan struct{}
}

func newHeard() *heard { return &heard{wake: make(chan struct{}, 1)} }

func (u *heard) Handle(_ context.Context, x tg.UpdatesClass) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.got = append(u.got, x)
	select {
	case u.wake <- struct{}{}:
	default:
	}
	return nil
}

func (u *heard) list() []tg.UpdatesClass {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]tg.UpdatesClass(nil), u.got...)
}

// texts returns the new messages in the updates, with "> " in front of outgoing ones. gotd makes updateShort of the
// short forms.
func texts(all []tg.UpdatesClass) []string {
	var texts []string
	for _, u := range all {
		var single []tg.UpdateClass
		switch u := u.(type) {
		case *tg.UpdateShort:
			single = []tg.UpdateClass{u.Update}
		case *tg.Updates:
			single = u.Updates
		}
		for _, x := range single {
			n, ok := x.(*tg.UpdateNewMessage)
			if !ok {
				continue
			}
			if m, ok := n.Message.(*tg.Message); ok {
				text := m.Message
				if m.Out {
					text = "> " + text
				}
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// until waits until the updates are as wanted. It runs in a goroutine of the client, so that it cannot end the test.
func (u *heard) until(ctx context.Context, t *testing.T, reached func([]tg.UpdatesClass) bool) {
	t.Helper()
	for !reached(u.list()) {
		select {
		case <-u.wake:
		case <-ctx.Done():
			t.Errorf("waited in vain; got %v", texts(u.list()))
			return
		}
	}
}

// device is gotd's own client with what it keeps.
type device struct {
	server  *telegramtest.Server
	name    string
	dc      int
	store   *session.StorageMemory
	handler telegram.UpdateHandler // nil: it wants no updates
	hasty   bool                   // connects although its former connection may be alive
	cdn     bool                   // downloads from CDNs
}

func newDevice(s *telegramtest.Server, name string) *device {
	return &device{server: s, name: name, dc: 1, store: &session.StorageMemory{}}
}

// keyed gives a device an auth key: the exchange of one costs most of a second.
func (d *device) keyed(t *testing.T) *device {
	t.Helper()
	key, salt, err := d.server.Wire().NewKey(d.dc)
	if err != nil {
		t.Fatal(err)
	}
	loader := session.Loader{Storage: d.store}
	if err := loader.Save(t.Context(), &session.Data{
		DC: d.dc, Addr: d.server.Addr(d.dc).String(), AuthKey: key.Value[:], AuthKeyID: key.ID[:], Salt: salt,
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

// run connects and calls use.
func (d *device) run(ctx context.Context, use func(ctx context.Context, c *telegram.Client) error) error {
	if !d.hasty {
		// The server has to have read the end of the former connection, or it is a breach of law 1 (A3).
		if err := d.server.Until(ctx, func() bool { return d.alive() == 0 }); err != nil {
			return err
		}
	}
	list := dcs.List{}
	for dc := 1; dc <= 2; dc++ {
		a := d.server.Addr(dc)
		list.Options = append(list.Options, tg.DCOption{ID: dc, IPAddress: a.Addr().String(), Port: int(a.Port())})
	}
	c := telegram.NewClient(7, "hash", telegram.Options{
		PublicKeys: []telegram.PublicKey{d.server.Wire().PublicKey()}, DC: d.dc, DCList: list,
		SessionStorage: d.store, UpdateHandler: d.handler, Device: telegram.DeviceConfig{DeviceModel: d.name},
		// The exchange of a key takes seconds where the machine is busy.
		MigrationTimeout: time.Minute, ExchangeTimeout: time.Minute, AllowCDN: d.cdn,
	})
	return c.Run(ctx, func(ctx context.Context) error { return use(ctx, c) })
}

// alive counts the connections of the device's logins.
func (d *device) alive() int {
	n := 0
	for _, a := range d.server.Authorizations(0) {
		if a.Device == d.name {
			n += a.Sessions
		}
	}
	return n
}

// logIn logs a bot in.
func (d *device) logIn(ctx context.Context, t *testing.T, token string) {
	t.Helper()
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		_, err := c.Auth().Bot(ctx, token)
		return err
	}); err != nil {
		t.Fatalf("%s logs in: %v", d.name, err)
	}
}
