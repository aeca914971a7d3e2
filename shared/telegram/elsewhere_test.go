package telegram_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
)

// asCDN describes the server of the world as Telegram describes a CDN.
func (w *world) asCDN() *authorization.CDN {
	der := x509.MarshalPKCS1PublicKey(&serverRSA().PublicKey)
	return &authorization.CDN{Addresses: []string{w.Addr(1).String()}, Keys: []string{string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))}}
}

func TestElsewhere_MakesAKeyAndThenUsesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	own := errors.New("use fails")
	made, err := w.dialer.Elsewhere(within(t), app, authorization.Session{DC: 2}, nil, free{}, func(ctx context.Context, api *tg.Client) error {
		return errors.Join(nearest(ctx, api), own)
	})
	key, has := made.Session.Keys[2]
	if !errors.Is(err, own) || !has || len(made.Session.Keys) != 1 || made.Session.DC != 2 || made.Reset {
		t.Fatalf("%v, %d keys of %d", err, len(made.Session.Keys), made.Session.DC)
	}
	<-w.handler.closed
	again, err := w.dialer.Elsewhere(within(t), app, made.Session, nil, free{}, nearest)
	if err != nil || again.Session.Keys[2].Auth != key.Auth {
		t.Fatalf("the key changed, or %v", err)
	}
	id := crypto.Key(key.Auth).ID()
	if got := w.Stats(id); got.Connections != 2 || got.MostAlive != 1 || got.Requests != 2 {
		t.Errorf("%+v", got)
	}
	for _, r := range w.handler.seen() {
		if !r.WithoutUpdates || r.Init.DeviceModel != app.Device {
			t.Errorf("without updates %v, %+v", r.WithoutUpdates, r.Init)
		}
	}
	<-w.handler.closed

	w.Destroy(id)
	after, err := w.dialer.Elsewhere(within(t), app, made.Session, nil, free{}, nearest)
	wantFate(t, err, authorization.Ended, fault.ReauthRequired)
	if after.Session.Keys[2].Auth != key.Auth {
		t.Error("another key was made in its place")
	}
}

func TestElsewhere_ObeysLeaseAndDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	over := guard{make(chan struct{})}
	close(over.over)
	for name, cdn := range map[string]*authorization.CDN{"own": nil, "CDN": w.asCDN()} {
		if _, err := w.dialer.Elsewhere(within(t), app, authorization.Session{DC: 1}, cdn, over, nearest); !errors.Is(err, lease.ErrExpired) {
			t.Errorf("%s, without the lease: %v", name, err)
		}
	}
	w.Faults().Silence(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := w.dialer.Elsewhere(ctx, app, authorization.Session{DC: 1}, nil, free{}, nearest); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("on a silent connection: %v", err)
	}
	if len(w.handler.seen()) > 0 {
		t.Error("something was asked")
	}
}

func TestElsewhere_CDN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	// Of the dialer's own servers it is none, and it is known by other keys.
	cdn := w.asCDN()
	w.dialer.Servers.DCs, w.dialer.Servers.Keys = nil, nil
	made, err := w.dialer.Elsewhere(within(t), app, authorization.Session{DC: 1}, cdn, free{}, nearest)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range w.handler.seen() {
		if r.WithoutUpdates || r.Init.DeviceModel != "n/a" || r.Init.SystemVersion != "n/a" || r.Init.LangCode != "" || r.Layer != tg.Layer {
			t.Errorf("without updates %v, %+v", r.WithoutUpdates, r.Init)
		}
	}
	<-w.handler.closed
	if _, err := w.dialer.Elsewhere(within(t), app, made.Session, nil, free{}, nearest); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("without its address: %v", err)
	}
	stranger := w.asCDN()
	stranger.Keys = othersKeys(t)
	if _, err := w.dialer.Elsewhere(within(t), app, authorization.Session{DC: 1}, stranger, free{}, nearest); !fault.Is(err, fault.TelegramAway) {
		t.Errorf("known by another key: %v", err)
	}
	for _, text := range []string{"", "no key"} {
		cdn.Keys = []string{text}
		if _, err := w.dialer.Elsewhere(within(t), app, made.Session, cdn, free{}, nearest); !fault.Is(err, fault.TelegramError) {
			t.Errorf("key %q: %v", text, err)
		}
	}
}

// othersKeys are keys that the server of a test has not.
func othersKeys(t *testing.T) []string {
	t.Helper()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der := x509.MarshalPKCS1PublicKey(&other.PublicKey)
	return []string{string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))}
}
