package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
)

// A device is one login, by gotd's client. What it is pushed is kept.
type device struct {
	field *field
	name  string

	api  *tg.Client
	self *tg.User
	end  context.CancelFunc
	done chan error

	mu      sync.Mutex
	pushed  []tg.UpdatesClass
	handled int // ever
}

// Handle takes what is pushed.
func (d *device) Handle(_ context.Context, u tg.UpdatesClass) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pushed = append(d.pushed, u)
	d.handled++
	return nil
}

// heard returns what was pushed since the last time, once nothing more is to come.
func (d *device) heard(ctx context.Context) ([]tg.UpdatesClass, error) {
	if err := d.field.settle(ctx, d); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.pushed
	d.pushed = nil
	return all, nil
}

// up connects the device and logs it in where it is not yet. mute keeps updates away from it.
func (d *device) up(ctx context.Context, login func(context.Context, *telegram.Client) error, mute bool) error {
	list := dcs.List{}
	for id, addresses := range d.field.servers.DCs {
		for _, address := range addresses {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("address %q: %w", address, err)
			}
			list.Options = append(list.Options, tg.DCOption{ID: id, IPAddress: a.Addr().String(), Port: int(a.Port()), Ipv6: a.Addr().Is6()})
		}
	}
	var keys []telegram.PublicKey
	for _, k := range d.field.servers.Keys {
		keys = append(keys, telegram.PublicKey(k))
	}
	if err := os.MkdirAll(d.field.Dir, 0o700); err != nil {
		return err
	}
	client := telegram.NewClient(d.field.APIID, d.field.APIHash, telegram.Options{
		PublicKeys: keys, DC: d.field.servers.Default, DCList: list, UpdateHandler: d, NoUpdates: mute,
		SessionStorage: sessionFile(d.field.sessionFile(d.name)),
		Device:         telegram.DeviceConfig{DeviceModel: "Probe · " + d.name},
	})
	run, cancel := context.WithCancel(ctx)
	ready := make(chan error, 1)
	d.done, d.end = make(chan error, 1), cancel
	go func() { // ends with down, or with ctx
		d.done <- client.Run(run, func(ctx context.Context) error {
			err := login(ctx, client)
			if err == nil {
				d.self, err = client.Self(ctx)
			}
			ready <- err
			if err == nil {
				<-ctx.Done()
			}
			return nil
		})
	}()
	select {
	case err := <-ready:
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", d.name, err), d.down(ctx))
		}
	case err := <-d.done:
		cancel()
		d.end = nil
		return fmt.Errorf("%s: the connection ended: %w", d.name, err)
	}
	// gotd saves the session in the background, and may be ended before it has.
	for kept := d.field.sessionFile(d.name); ; {
		if _, err := os.Stat(kept); err == nil {
			break
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return errors.Join(err, d.down(ctx))
		}
	}
	d.api = client.API()
	if mute {
		return nil
	}
	_, err := d.api.UpdatesGetState(ctx) // subscribes
	return err
}

// down ends the connection and rests until the server has noticed.
func (d *device) down(ctx context.Context) error {
	if d.end == nil {
		return nil
	}
	d.end()
	<-d.done
	d.end = nil
	return d.field.rest(ctx, d)
}

func (f *field) sessionFile(name string) string { return filepath.Join(f.Dir, name+".json") }

// sessionFile keeps a session in a file. Unlike gotd's own it is never half written: another device may read it any time.
type sessionFile string

// LoadSession reads the file.
func (s sessionFile) LoadSession(context.Context) ([]byte, error) {
	text, err := os.ReadFile(string(s))
	if errors.Is(err, os.ErrNotExist) {
		return nil, session.ErrNotFound
	}
	return text, err
}

// StoreSession writes the file.
func (s sessionFile) StoreSession(_ context.Context, data []byte) error {
	next := string(s) + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, string(s))
}

func (f *field) asBot(ctx context.Context, c *telegram.Client) error {
	status, err := c.Auth().Status(ctx)
	if err != nil || status.Authorized {
		return err
	}
	_, err = c.Auth().Bot(ctx, f.BotToken)
	return err
}

func (f *field) asPerson(ctx context.Context, c *telegram.Client) error {
	code := auth.CodeAuthenticatorFunc(func(ctx context.Context, _ *tg.AuthSentCode) (string, error) { return f.code(ctx, f.Phone) })
	return c.Auth().IfNecessary(ctx, auth.NewFlow(auth.CodeOnly(f.Phone, code), auth.SendCodeOptions{}))
}

// messages returns the new messages in what was pushed, short forms too.
func messages(all []tg.UpdatesClass) []*tg.Message {
	var found []*tg.Message
	for _, u := range all {
		var single []tg.UpdateClass
		switch u := u.(type) {
		case *tg.UpdateShort:
			single = []tg.UpdateClass{u.Update}
		case *tg.Updates:
			single = u.Updates
		case *tg.UpdatesCombined:
			single = u.Updates
		}
		for _, x := range single {
			if n, ok := x.(*tg.UpdateNewMessage); ok {
				if m, ok := n.Message.(*tg.Message); ok {
					found = append(found, m)
				}
			}
		}
	}
	return found
}

// texts are those of messages, with "> " in front of outgoing ones.
func texts(all []*tg.Message) []string {
	out := []string{}
	for _, m := range all {
		if m.Out {
			out = append(out, "> "+m.Message)
		} else {
			out = append(out, m.Message)
		}
	}
	slices.Sort(out)
	return out
}
