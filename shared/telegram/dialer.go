package telegram

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/transport"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
)

// A Dialer connects to Telegram. Its fields are not changed once it is in use; it is safe for concurrent use.
type Dialer struct {
	Servers Servers
	// Version is the version that the owner sees in the list of devices.
	Version string
	// PingEvery and PongWithin are how a long connection is kept alive; 0 is 30 s and 15 s. Telegram ends a connection
	// that has not pinged for the sum of both, which has to be less than the listener's lease and quarantine together.
	PingEvery, PongWithin time.Duration
	Clock                 clock.Clock // nil: the system's
	Log                   *slog.Logger
}

var (
	_ authorization.Dialer = (*Dialer)(nil)
	_ login.Telegram       = (*Dialer)(nil)
)

// The defaults of PingEvery and PongWithin.
const (
	pingEvery  = 30 * time.Second
	pongWithin = 15 * time.Second
)

// leaveAfter is how long after the deadline of a short connection Telegram ends it if this process froze. It is the
// margin of a function's lease; the quarantine comes on top.
const leaveAfter = 15 * time.Second

// Use implements [authorization.Dialer].
func (d *Dialer) Use(ctx context.Context, a authorization.App, s authorization.Session, g authorization.Guard, use func(ctx context.Context, api *tg.Client) error) (authorization.Ending, error) {
	return d.connect(ctx, plan{app: a, session: s, guard: g, quiet: true}, use)
}

// plan is what one connection is for.
type plan struct {
	app     authorization.App
	session authorization.Session
	guard   authorization.Guard // nil: nothing to ask, for keys that nobody knows yet
	// noted makes the connection make a key of its own in session.DC first, and is told of it before it is used.
	noted func(authorization.Session) error
	quiet bool // of a sender
	feed  *feed
	// cdn is where a connection goes that is not Telegram's own; it is told nothing that it need not know.
	cdn *Servers
}

// errFinished ends a connection whose work is done.
var errFinished = errors.New("the work is done")

// connect opens a connection, runs use with it, and ends it.
func (d *Dialer) connect(parent context.Context, p plan, use func(ctx context.Context, api *tg.Client) error) (authorization.Ending, error) {
	ending := authorization.Ending{Session: p.session.Clone()}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	c := &connection{dialer: d, plan: p, ctx: ctx, parent: parent, fail: cancel}
	if p.guard != nil {
		if err := p.guard.Check(); err != nil {
			return ending, c.explain(ctx, fmt.Errorf("connect to Telegram: %w", err))
		}
	}
	nc, tcp, err := c.servers().dial(ctx, p.session.DC)
	if err != nil {
		return ending, c.explain(ctx, &dialError{err})
	}
	deadline, _ := parent.Deadline()
	c.socket = newSocket(nc, tcp, p.guard, deadline, d.clock().Now, cancel)
	// Until gotd watches ctx, and should a goroutine of it not: stopping the socket ends every read and write.
	stop := context.AfterFunc(ctx, func() { c.socket.Close() })
	defer stop()
	err = c.run(&ending, use)
	ending.Reset = c.socket.end()
	return ending, err
}

// connection is one connection while it lives.
type connection struct {
	dialer *Dialer
	plan   plan
	ctx    context.Context // ends with the connection
	parent context.Context
	fail   func(error) // ends the connection and says why; the first reason counts
	socket *socket
	auth   crypto.AuthKey  // of the data centre that it is for
	living context.Context // what use got; it ends when the connection breaks
}

func (c *connection) run(ending *authorization.Ending, use func(ctx context.Context, api *tg.Client) error) error {
	tc, err := transport.Abridged.Handshake(c.socket)
	if err != nil {
		return c.explain(c.ctx, err)
	}
	ch := &channel{Conn: tc, fail: c.fail}
	if c.plan.noted != nil {
		if err := c.makeKey(ch, &ending.Session); err != nil {
			return err
		}
	}
	dc := ending.Session.DC
	key, ok := ending.Session.Keys[dc]
	if !ok {
		return fmt.Errorf("the session has no key of its data centre %d", dc)
	}
	if use == nil {
		return nil // a key was all that was wanted
	}
	c.auth = crypto.Key(key.Auth).WithID()
	w := newWatch(c.auth, key.Salt, c.dialer.clock(), c.leave(), c.fail)
	ch.watch = w
	defer func() {
		key.Salt = w.lastSalt()
		ending.Session.Keys[dc] = key
	}()

	every, within, resend, compress := c.paces()
	conn := mtproto.New(func(context.Context) (transport.Conn, error) { return ch, nil }, mtproto.Options{
		DC:                dc,
		PublicKeys:        c.dialer.Servers.Keys,
		Random:            rand.Reader,
		Handler:           handler{c},
		PingInterval:      every,
		PingTimeout:       within,
		MessageID:         w.ids,
		Clock:             c.dialer.clock(),
		Key:               c.auth,
		Salt:              key.Salt,
		Cipher:            w,
		RetryInterval:     resend,
		CompressThreshold: compress,
	})
	api := tg.NewClient(&invoker{
		calls: conn, app: c.plan.app, version: c.dialer.Version, quiet: c.plan.quiet, stranger: c.plan.cdn != nil,
		explain: c.explain,
	})
	return c.work(conn, api, use)
}

// work runs use while the connection lives, and says why it ended.
func (c *connection) work(conn *mtproto.Conn, api *tg.Client, use func(ctx context.Context, api *tg.Client) error) error {
	var finished bool
	var result error
	ended := conn.Run(c.ctx, func(ctx context.Context) error {
		c.living = ctx
		result = use(ctx, api)
		finished = true
		c.fail(errFinished)
		return result
	})
	own := errors.Is(ended, result) && c.parent.Err() == nil && errors.Is(context.Cause(c.ctx), errFinished)
	if finished && (result == nil || !isOver(result) || own) {
		return result // whatever became of the connection since
	}
	// The connection ended first; use only noticed that.
	return c.explain(c.parent, ended)
}

// isOver reports whether an error only says that a context ended, not why.
func isOver(err error) bool {
	var f *fault.Fault
	return !errors.As(err, &f) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// makeKey makes an auth key on the connection and tells of it.
func (c *connection) makeKey(ch *channel, s *authorization.Session) error {
	made, err := exchange.NewExchanger(ch, s.DC).WithClock(c.dialer.clock()).Client(c.servers().Keys).Run(c.ctx)
	if err != nil {
		return c.explain(c.ctx, fmt.Errorf("make an auth key: %w", err))
	}
	s.Keys = map[int]authorization.Key{s.DC: {Auth: made.AuthKey.Value, Salt: made.ServerSalt}}
	return c.plan.noted(s.Clone())
}

// servers are those that the connection may go to.
func (c *connection) servers() *Servers {
	if c.plan.cdn != nil {
		return c.plan.cdn
	}
	return &c.dialer.Servers
}

// leave is how long Telegram is to keep a connection that is silent: until the deadline and the margin of a lease that
// lasts as long, else until a ping and its pong are overdue, which begins anew with each ping.
func (c *connection) leave() time.Duration {
	every, within, _, _ := c.paces()
	if left, short := c.left(); short && left <= authorization.LongCall {
		return max(time.Second, left) + leaveAfter
	}
	return every + within
}

// left returns how much time a connection has that is not the listener's.
func (c *connection) left() (left time.Duration, short bool) {
	deadline, ok := c.parent.Deadline()
	return deadline.Sub(c.dialer.clock().Now()), ok && c.plan.feed == nil
}

// The paces of a connection that moves files: its deadline is further off than authorization.LongCall. The lease is renewed
// while it lives, so what is to be over before the next holder comes is what a frozen process leaves: longPing and longPong
// together are less than the quarantine.
const (
	longPing        = 10 * time.Second
	longPong        = 40 * time.Second
	resendLongAfter = 30 * time.Second
)

// paces returns how often to ping and how long to wait for the pong, after how long gotd sends a call again that was not
// acknowledged, and from what size on it compresses; 0: as it does by itself. Of a connection that moves files parts may be
// under way for long, and everything else waits behind them: repeats after 5 s would fill a slow line. Files are
// compressed already, mostly.
func (c *connection) paces() (every, within, resend time.Duration, compress int) {
	every, within = c.dialer.pings()
	if left, short := c.left(); !short || left <= authorization.LongCall {
		return every, within, 0, 0
	}
	if c.dialer.PingEvery == 0 {
		every = longPing
	}
	if c.dialer.PongWithin == 0 {
		within = longPong
	}
	return every, within, resendLongAfter, -1
}

func (d *Dialer) pings() (every, within time.Duration) {
	every, within = d.PingEvery, d.PongWithin
	if every == 0 {
		every = pingEvery
	}
	if within == 0 {
		within = pongWithin
	}
	return every, within
}

func (d *Dialer) clock() clock.Clock {
	if d.Clock == nil {
		return clock.System
	}
	return d.Clock
}

func (d *Dialer) log() *slog.Logger {
	if d.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Log
}
