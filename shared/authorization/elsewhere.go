package authorization

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/fault"
)

// resetRest is how long a key rests after its connection was reset.
const resetRest = 2 * time.Second

// Elsewhere runs use with a connection to another data centre of Telegram's, logged in there, next to the call's own. It
// is under the same lease and ends, in order, before Elsewhere returns; the key that it needs is made once and kept with
// the session, whatever comes of use. Calls of Elsewhere wait for each other, so use must not call it again; it may call
// [Call.CDN]. In the account's own data centre it is the call's own connection that use gets.
//
// If Telegram turns out to have forgotten the key before it has answered anything, another one is made and use is called a
// second time. Whatever a data centre elsewhere says of its key, the account's login is what it was, but for
// AUTH_KEY_DUPLICATED, after which all use stops.
func (c *Call) Elsewhere(ctx context.Context, dc int, use func(ctx context.Context, api *tg.Client) error) error {
	if c.abroad == nil {
		return errNoLogin
	}
	if dc == c.abroad.home {
		return use(ctx, c.API)
	}
	return c.abroad.goTo(ctx, c.abroad.turn, c.API, dc, nil, use)
}

// CDN runs use with a connection to a CDN, to which nothing but its number is known: Telegram is asked for its keys and
// address. Nobody is logged in there. Otherwise it is like [Call.Elsewhere]; use must not call CDN again.
func (c *Call) CDN(ctx context.Context, dc int, use func(ctx context.Context, api *tg.Client) error) error {
	if c.abroad == nil {
		return errNoLogin
	}
	if dc == c.abroad.home {
		return fault.New(fault.TelegramError, "Telegram names the account's own data centre as a CDN.")
	}
	cdn, err := c.abroad.ask(ctx, c.API, dc)
	if err != nil {
		return err
	}
	return c.abroad.goTo(ctx, c.abroad.cdnTurn, c.API, dc, cdn, use)
}

var errNoLogin = errors.New("the call has no login to act with")

// abroad is what a call has to do with data centres other than its account's.
type abroad struct {
	dialer Dialer
	clock  clock.Clock
	app    App
	guard  Guard
	home   int
	rest   time.Duration

	turn, cdnTurn chan struct{} // hold one token, which whoever has a connection takes

	mu     sync.Mutex
	keys   map[int]Key // of the others
	rested map[int]time.Time
	reset  bool
	fate   Fate
	config *tg.Config
	cdns   *tg.CDNConfig
}

func newAbroad(p *Pool, g *Grant, a App) *abroad {
	keys := maps.Clone(g.Session.Keys)
	delete(keys, g.Session.DC)
	turn := func() chan struct{} {
		c := make(chan struct{}, 1)
		c <- struct{}{}
		return c
	}
	return &abroad{dialer: p.dialer, clock: p.clock, app: a, guard: g.Lease, home: g.Session.DC, rest: p.rest(), turn: turn(), cdnTurn: turn(),
		keys: keys, rested: map[int]time.Time{}}
}

// result adds what became of the other data centres' keys to what became of the home connection.
func (a *abroad) result(fate Fate, home Session) (Fate, Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fate != Ended {
		fate = max(fate, a.fate)
	}
	if fate == Fine && a.reset {
		fate = Rests
	}
	s := Session{DC: home.DC, Keys: maps.Clone(a.keys)}
	if k, ok := home.Keys[home.DC]; ok {
		if s.Keys == nil {
			s.Keys = map[int]Key{}
		}
		s.Keys[home.DC] = k
	}
	return fate, s
}

// ask returns where a CDN is and by which keys it is known. https://core.telegram.org/cdn
func (a *abroad) ask(ctx context.Context, home *tg.Client, dc int) (*CDN, error) {
	a.mu.Lock()
	config, cdns := a.config, a.cdns
	a.mu.Unlock()
	if config == nil {
		var err error
		if cdns, err = home.HelpGetCDNConfig(ctx); err != nil {
			return nil, fmt.Errorf("ask for the keys of CDNs: %w", err)
		}
		if config, err = home.HelpGetConfig(ctx); err != nil {
			return nil, fmt.Errorf("ask for the addresses of CDNs: %w", err)
		}
		a.mu.Lock()
		a.config, a.cdns = config, cdns
		a.mu.Unlock()
	}
	c := &CDN{}
	for _, k := range cdns.PublicKeys {
		if k.DCID == dc {
			c.Keys = append(c.Keys, k.PublicKey)
		}
	}
	for _, six := range []bool{false, true} {
		for _, o := range config.DCOptions {
			ip, err := netip.ParseAddr(o.IPAddress)
			if o.CDN && o.ID == dc && !o.TCPObfuscatedOnly && o.Ipv6 == six && err == nil {
				c.Addresses = append(c.Addresses, netip.AddrPortFrom(ip, uint16(o.Port)).String())
			}
		}
	}
	if len(c.Keys) == 0 || len(c.Addresses) == 0 {
		return nil, fault.New(fault.TelegramError, "Telegram does not say how to reach its CDN %d. Try again in a moment.", dc)
	}
	return c, nil
}

// goTo waits for its turn and makes the connection; a second one if Telegram has forgotten the key.
func (a *abroad) goTo(ctx context.Context, turn chan struct{}, home *tg.Client, dc int, cdn *CDN, use func(context.Context, *tg.Client) error) error {
	select {
	case <-turn:
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection to data centre %d: %w", dc, ctx.Err())
	}
	defer func() { turn <- struct{}{} }()
	again, err := a.visit(ctx, home, dc, cdn, use)
	if again {
		_, err = a.visit(ctx, home, dc, cdn, use)
	}
	return err
}

// visit makes one connection. again says that the key, which was not a new one, is forgotten and nothing was answered.
func (a *abroad) visit(ctx context.Context, home *tg.Client, dc int, cdn *CDN, use func(context.Context, *tg.Client) error) (again bool, err error) {
	s := Session{DC: dc, Keys: map[int]Key{}}
	a.mu.Lock()
	key, known := a.keys[dc]
	rested := a.rested[dc]
	a.mu.Unlock()
	if known {
		s.Keys[dc] = key
		if left := rested.Sub(a.clock.Now()); left > 0 && !sleep(ctx, a.clock, left) {
			return false, fmt.Errorf("let a key rest: %w", ctx.Err())
		}
	}
	v := &visitor{dc: dc}
	if cdn == nil {
		v.admit = func(ctx context.Context, there *tg.Client) error { return v.letIn(ctx, home, there) }
	}
	ending, err := a.dialer.Elsewhere(ctx, a.app, s, cdn, a.guard, func(ctx context.Context, api *tg.Client) error {
		v.next = api.Invoker()
		if !known && v.admit != nil {
			if err := v.admitOnce(ctx); err != nil {
				return err
			}
		}
		return use(ctx, tg.NewClient(v))
	})
	err = v.settled(err)
	v.mu.Lock()
	defer v.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if made, ok := ending.Session.Keys[dc]; ok {
		a.keys[dc] = made
	}
	if v.fate == Ended || v.fate == Duplicated {
		delete(a.keys, dc)
	}
	if v.fate == Duplicated {
		a.fate = Duplicated
	}
	if ending.Reset {
		a.reset = true
		a.rested[dc] = a.clock.Now().Add(a.rest)
	}
	return known && v.fate == Ended && !v.answered && err != nil && ctx.Err() == nil, err
}

// A visitor makes requests of one connection elsewhere. What is said there of the key does not reach the caller as the
// fate of the login.
type visitor struct {
	dc    int
	next  tg.Invoker
	admit func(ctx context.Context, there *tg.Client) error // nil: nobody is let in there

	once     sync.Once
	admitted error // of once

	mu       sync.Mutex
	answered bool  // something was
	fate     Fate  // of the key
	athome   error // what the home connection failed with
}

// Invoke implements tg.Invoker. A key that is not logged in is let in, once.
func (v *visitor) Invoke(ctx context.Context, input bin.Encoder, output bin.Decoder) error {
	err := v.next.Invoke(ctx, input, output)
	if v.admit != nil && tgerr.Is(err, "AUTH_KEY_UNREGISTERED") {
		if err := v.admitOnce(ctx); err != nil {
			return err
		}
		err = v.next.Invoke(ctx, input, output)
	}
	return v.noted(err)
}

func (v *visitor) admitOnce(ctx context.Context) error {
	v.once.Do(func() { v.admitted = v.admit(ctx, tg.NewClient(v.next)) })
	return v.noted(v.admitted)
}

// letIn has the home data centre vouch for the key. https://core.telegram.org/api/datacenter
func (v *visitor) letIn(ctx context.Context, home, there *tg.Client) error {
	pass, err := home.AuthExportAuthorization(ctx, v.dc)
	if err != nil {
		v.mu.Lock()
		v.athome = err
		v.mu.Unlock()
		return err
	}
	_, err = there.AuthImportAuthorization(ctx, &tg.AuthImportAuthorizationRequest{ID: pass.ID, Bytes: pass.Bytes})
	return err
}

// noted takes in what became of a request, and returns what the caller is told.
func (v *visitor) noted(err error) error {
	if _, refused := tgerr.As(err); err == nil || refused && !isFate(err) {
		v.mu.Lock()
		v.answered = true
		v.mu.Unlock()
	}
	return v.settled(err)
}

// settled takes in what an error says of the key, unless it is the home connection's, and returns what the caller is told.
func (v *visitor) settled(err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var fate *FateError
	if v.athome != nil && errors.Is(err, v.athome) || !errors.As(err, &fate) {
		return err
	}
	v.fate = max(v.fate, fate.Fate)
	if fate.Fate == Ended {
		return v.unknown(fate)
	}
	return err
}

func isFate(err error) bool {
	var fate *FateError
	return errors.As(err, &fate)
}

// unknown says that the data centre does not know the key, or does not let it in.
func (v *visitor) unknown(fate *FateError) error {
	f := fault.New(fault.TelegramError, "Telegram's data centre %d does not take this login. Try again in a moment.", v.dc)
	if e, ok := tgerr.As(fate); ok {
		return f.Because(e)
	}
	return f.Because(errors.New(fate.Error()))
}
