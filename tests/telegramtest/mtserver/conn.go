package mtserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/transport"
)

// conn is one TCP connection. Four goroutines work for it: read takes frames from the socket, arrive (the one that run
// is called in) looks at each when it is due, work carries requests out one after another, write sends what is due.
type conn struct {
	server *Server
	number int64
	dc     int
	nc     *socket
	remote netip.AddrPort

	frames   *queue[frame]   // read to arrive
	requests *queue[*call]   // arrive to work
	answers  *queue[outward] // to write

	// sending makes the order of message ids that of the frames.
	sending sync.Mutex

	// Of arrive alone.
	first        *frame // a frame to be looked at again
	disconnectAt time.Time
	sessions     map[sessionKey]*Session

	// The server's mutex guards what follows.
	order   []*Session // sessions in the order of their begin
	uses    map[KeyID]*use
	spare   int    // round trips that no key has been charged with
	endedBy string // "" while the connection lives
	lingers string // what should have ended it
	// seen is the place of the request that began the last round trip in the sequence of what happened at the socket, and
	// answered are the places of the answers since.
	seen     int64
	answered []int64
	place    int64
}

type sessionKey struct {
	key KeyID
	id  int64
}

// frame is what arrived, or the end of the connection.
type frame struct {
	data  []byte
	due   time.Time
	place int64  // see conn.seen
	end   string // "fin" or "reset": nothing comes after it
}

// outward is a frame to be sent, or the end of the connection.
type outward struct {
	data   []byte
	due    time.Time
	answer bool // a client waited for it
	end    bool // close the socket; half of it if the client is to end first
	half   bool
}

func newConn(s *Server, dc int, number int64, nc net.Conn) *conn {
	return &conn{
		server:   s,
		number:   number,
		dc:       dc,
		nc:       &socket{Conn: nc},
		remote:   addrPort(nc.RemoteAddr()),
		frames:   newQueue[frame](),
		requests: newQueue[*call](),
		answers:  newQueue[outward](),
		sessions: map[sessionKey]*Session{},
		uses:     map[KeyID]*use{},
		spare:    1,
	}
}

// run serves the connection until it has ended and all that arrived is done.
func (c *conn) run(ctx context.Context) {
	var wg sync.WaitGroup
	tc, err := transport.Listen(single{c.nc}).Accept()
	if err != nil {
		c.server.opt.Logger.Debug("no transport", "remote", c.remote, "error", err)
		c.end("reset")
		c.nc.Close()
		c.forget()
		return
	}
	wg.Go(func() { c.read(tc) })
	wg.Go(func() { c.write(ctx, tc) })
	wg.Go(func() { c.work(ctx) })
	if err := c.arrive(ctx); err != nil {
		c.server.opt.Logger.Debug("connection ends", "remote", c.remote, "error", err)
		c.closeSocket(false)
	}
	wg.Wait()
	c.nc.Close()
	c.forget()
}

func (c *conn) forget() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.server.conns, c)
}

// read takes frames from the socket until the client ends the connection. It has no time-out: a client that is silent
// is alive, and one that pings at all does so every minute.
func (c *conn) read(tc transport.Conn) {
	var last time.Time
	opened := true
	for {
		var b bin.Buffer
		err := tc.Recv(context.Background(), &b)
		in, out := c.server.faults.delays()
		if opened {
			// What a client sends with its first frame it sends after the connection stands.
			in, opened = in+in+out, false
		}
		f := frame{data: b.Buf, due: c.server.opt.Clock.Now().Add(in), place: c.nextPlace()}
		if f.due.Before(last) {
			f.due = last
		}
		last = f.due
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			f.end = "fin"
		default:
			f.end = "reset"
		}
		c.frames.push(f)
		if err != nil {
			return
		}
	}
}

// next returns the next frame when it is due; io.EOF after the end.
func (c *conn) next(ctx context.Context) (frame, error) {
	if c.first != nil {
		f := *c.first
		c.first = nil
		return f, nil
	}
	for {
		now := c.server.opt.Clock.Now()
		var until time.Time // zero: nothing is due
		f, waiting := c.frames.peek()
		if waiting {
			if !f.due.After(now) {
				c.frames.pop()
				return f, nil
			}
			until = f.due
		}
		if at := c.disconnectAt; !at.IsZero() {
			if !at.After(now) {
				c.disconnectAt = time.Time{}
				c.finish("delay")
				continue
			}
			if until.IsZero() || at.Before(until) {
				until = at
			}
		}
		if err := c.sleep(ctx, until.Sub(now), !until.IsZero()); err != nil {
			return frame{}, err
		}
	}
}

// sleep waits for a frame, and if limited at most for d.
func (c *conn) sleep(ctx context.Context, d time.Duration, limited bool) error {
	var due <-chan time.Time
	if limited {
		t := c.server.opt.Clock.Timer(d)
		defer clock.StopTimer(t)
		due = t.C()
	}
	select {
	case <-c.frames.wake:
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// arrive looks at each frame when it is due.
func (c *conn) arrive(ctx context.Context) error {
	for {
		f, err := c.next(ctx)
		if err != nil {
			c.end("server")
			return err
		}
		if f.end != "" {
			if c.server.faults.lingers() && c.linger(f.end) {
				// Nothing can arrive any more; the connection ends when the fault is taken back, when the client has not
				// pinged in time, or with the server.
				continue
			}
			c.end(f.end)
			c.closeSocket(f.end == "reset")
			return nil
		}
		if c.hasEnded() || c.server.faults.take(&c.server.faults.dropFrames) {
			continue
		}
		err = c.receive(ctx, f)
		if err != nil && !errors.Is(err, errEnded) {
			c.end("server")
			return err
		}
	}
}

func (c *conn) linger(why string) bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.endedBy != "" {
		return false
	}
	c.lingers = why
	return true
}

// write sends what is due until the socket is to be closed.
func (c *conn) write(ctx context.Context, tc transport.Conn) {
	for {
		o, ok := c.answers.wait(ctx)
		if !ok {
			return
		}
		if wait := o.due.Sub(c.server.opt.Clock.Now()); wait > 0 {
			t := c.server.opt.Clock.Timer(wait)
			select {
			case <-t.C():
			case <-ctx.Done():
			}
			clock.StopTimer(t)
		}
		switch {
		case o.end && o.half:
			c.nc.closeWrite()
			continue // until the client ends too, or the server
		case o.end:
			c.nc.Close()
			return
		case c.server.faults.isSilent():
			continue
		}
		if o.answer {
			c.noteAnswer()
		}
		if err := tc.Send(ctx, &bin.Buffer{Buf: o.data}); err != nil {
			c.server.opt.Logger.Debug("send", "remote", c.remote, "error", err)
		}
	}
}

// send queues a frame.
func (c *conn) send(data []byte, answer bool) {
	_, out := c.server.faults.delays()
	c.answers.push(outward{data: data, due: c.server.opt.Clock.Now().Add(out), answer: answer})
}

// closeSocket closes the socket after what is on its way has been sent, or at once.
func (c *conn) closeSocket(atOnce bool) {
	if atOnce {
		c.nc.Close()
	}
	_, out := c.server.faults.delays()
	c.answers.push(outward{end: true, due: c.server.opt.Clock.Now().Add(out)})
}

// finish ends the connection in order from this side. What the client still sends is counted and not looked at.
func (c *conn) finish(why string) {
	if c.end(why) {
		_, out := c.server.faults.delays()
		c.answers.push(outward{end: true, half: true, due: c.server.opt.Clock.Now().Add(out)})
	}
}

// end notes that the connection has ended and reports whether it had not before.
func (c *conn) end(why string) bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.endLocked(why)
}

func (c *conn) endLocked(why string) bool {
	if c.endedBy != "" {
		return false
	}
	c.endedBy = why
	c.nc.ended.Store(true)
	for id := range c.uses {
		if k := c.server.keys[id]; k != nil {
			delete(k.live, c)
		}
	}
	c.requests.close()
	return true
}

func (c *conn) hasEnded() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.endedBy != ""
}

// use returns what the connection does with a key, and makes the connection one of those alive with it.
func (c *conn) use(k *authKey) *use {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	u := c.uses[k.key.ID]
	if u == nil {
		u = &use{conn: c, trips: c.spare}
		c.spare = 0
		c.uses[k.key.ID] = u
		k.uses = append(k.uses, u)
		if c.endedBy == "" {
			k.live[c] = struct{}{}
			k.mostAlive = max(k.mostAlive, len(k.live))
		}
	}
	u.frames++
	return u
}

func (c *conn) nextPlace() int64 {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.place++
	return c.place
}

func (c *conn) noteAnswer() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.place++
	c.answered = append(c.answered, c.place)
}

// noteRequest counts a round trip for a request that arrived at a place, unless it was sent before an answer to the
// one before it. u is nil during a key exchange.
func (c *conn) noteRequest(u *use, place int64) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	n := 0
	for n < len(c.answered) && c.answered[n] < place {
		n++
	}
	if c.seen != 0 && n == 0 {
		return
	}
	c.seen = place
	c.answered = c.answered[n:]
	if u == nil {
		c.spare++
	} else {
		u.trips++
	}
}
