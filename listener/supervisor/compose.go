package supervisor

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/listener/observe"
	"telegram-client/shared/authorization"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/outbox"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/telegram"
)

// Network says which addresses of Home Assistant may be dialled, besides public ones.
type Network struct {
	Loopback bool `env:"TARGET_LOOPBACK"` // where bridge and Home Assistant share a machine
	Private  bool `env:"TARGET_PRIVATE"`  // where they share a home
}

// Policy returns what a dialler needs.
func (n Network) Policy() dialpolicy.Policy {
	return dialpolicy.Policy{Loopback: n.Loopback, Private: n.Private}
}

// Parts are what a listener of a real installation is made of.
type Parts struct {
	Store   *redisstore.Store
	Dialer  *telegram.Dialer
	Ring    *seal.Keyring
	Sweeper Sweeper
	Grower  Grower
	Numbers process.Numbers
	Network Network
	Log     *slog.Logger
	// Holder and Takeover are those of Options.
	Holder   string
	Takeover bool
}

// Compose makes a supervisor of real parts. It connects nowhere.
func Compose(p Parts) *Supervisor {
	// If this process freezes for ever, Telegram ends its connection when the pings have been missing for the sum of both:
	// half of the time after which the next holder connects.
	listening := *p.Dialer
	if next := p.Numbers.ListenerLease + p.Numbers.Quarantine; next > 0 {
		listening.PingEvery, listening.PongWithin = next/3, next/6
	}
	pool := authorization.NewPool(p.Store, p.Dialer, clock.System, p.Log)
	pool.Rest = p.Numbers.ResetRest
	return New(Options{
		Store: p.Store, Connector: &listening, LogOuter: p.Dialer, Sweeper: p.Sweeper, Grower: p.Grower, Ring: p.Ring,
		Toucher: pool, Senders: p.Numbers.Senders,
		Clock: clock.System, Log: p.Log,
		NewTarget: Targets(p.Network.Policy(), time.Now), Holder: p.Holder, Takeover: p.Takeover,
		Pauses: outbox.Pauses{Waits: p.Numbers.Retries(), Confirm: p.Numbers.ConfirmWithin},
		Rest:   p.Numbers.ResetRest, Lease: p.Numbers.ListenerLease, Renew: p.Numbers.ListenerRenew, Mute: p.Numbers.ListenerMute, Lanes: p.Numbers.Lanes,
		Doubt: func(ctx context.Context) (string, error) {
			d, err := p.Store.Durability(ctx)
			return doubt(d), err
		},
		Observer: observe.New(func(ctx context.Context) (observe.Durability, error) {
			d, err := p.Store.Durability(ctx)
			return observe.Durability{AppendOnly: d.AppendOnly, AppendFsync: d.AppendFsync}, err
		}),
	})
}

// doubt says what a store may lose; nothing: nothing.
func doubt(d redisstore.Durability) string {
	switch {
	case d.Lossless(), d.AppendOnly && d.AppendFsync == "":
		return "" // one that does not say is somebody's service
	case !d.AppendOnly:
		return "it keeps no append-only file (appendonly yes)"
	}
	return "it does not write each change to its disk at once (appendfsync always)"
}

// Handler answers /healthz, /readyz and /metrics.
func (s *Supervisor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`)) // whoever asked is gone if it fails
	})
	mux.Handle("GET /readyz", s.o.Observer.Ready())
	mux.Handle("GET /metrics", s.o.Observer.Metrics())
	return mux
}
