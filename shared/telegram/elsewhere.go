package telegram

import (
	"context"
	"errors"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
)

// Elsewhere implements [authorization.Dialer]. Over a connection to a CDN calls do not say that they want no updates: there
// are none, and no client of Telegram's says so to a CDN, which takes a few methods only.
func (d *Dialer) Elsewhere(ctx context.Context, a authorization.App, s authorization.Session, cdn *authorization.CDN, g authorization.Guard,
	use func(ctx context.Context, api *tg.Client) error,
) (authorization.Ending, error) {
	p := plan{app: a, session: s, guard: g, quiet: cdn == nil}
	if cdn != nil {
		servers, err := d.Servers.of(s.DC, cdn)
		if err != nil {
			return authorization.Ending{Session: s}, err
		}
		p.cdn = servers
	}
	if _, has := s.Keys[s.DC]; !has {
		p.noted = func(authorization.Session) error { return nil }
	}
	return d.connect(ctx, p, use)
}

// of returns a CDN as the only server, reached as the others are.
func (s Servers) of(dc int, cdn *authorization.CDN) (*Servers, error) {
	one := &Servers{DCs: map[int][]string{dc: cdn.Addresses}, Default: dc, Proxy: s.Proxy}
	for _, text := range cdn.Keys {
		keys, err := crypto.ParseRSAPublicKeys([]byte(text))
		if err == nil && len(keys) == 0 {
			err = errors.New("no key")
		}
		if err != nil {
			return nil, fault.New(fault.TelegramError, "Telegram names a key of its CDN %d that cannot be read.", dc).Because(err)
		}
		for _, k := range keys {
			one.Keys = append(one.Keys, exchange.PublicKey{RSA: k})
		}
	}
	return one, nil
}
