package telegramtest

import (
	"context"
	"errors"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest/mtserver"
)

// call is a request on its way.
type call struct {
	server        *Server
	request       *mtserver.Request
	name          string
	authorization *authorization // nil if the key is not logged in
	account       *account       // of the authorization
	after         func()         // called when the request has been carried out, without the server's mutex
}

// handler is what the wire sees of the server.
type handler struct{ s *Server }

// Handle answers a request. Requests are carried out one at a time.
func (h handler) Handle(ctx context.Context, r *mtserver.Request) (bin.Encoder, error) {
	name := methodName(h.s.names, r.Method)
	if err := h.s.faults.before(ctx, name); err != nil {
		h.s.arrived(r, name, err)
		return nil, err
	}
	answer, after, err := h.s.carryOut(r, name)
	if err != nil {
		return nil, err
	}
	if after != nil {
		after()
	}
	if err := h.s.faults.after(ctx, name); err != nil {
		return nil, err
	}
	return answer, nil
}

// Closed is told of the end of a session.
func (h handler) Closed(k mtserver.KeyID, _ *mtserver.Session) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	e := Event{Kind: Disconnected}
	if a := h.s.keys[k]; a != nil {
		e.Account, e.Authorization = a.account.id, a.id
	}
	h.s.note(e)
}

// Killed is told of a key that died of AUTH_KEY_DUPLICATED: so has the login.
func (h handler) Killed(k mtserver.KeyID) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	if a := h.s.keys[k]; a != nil {
		h.s.end(a, duplicated)
	}
}

// arrived notes a request that was refused by a fault.
func (s *Server) arrived(r *mtserver.Request, name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{server: s, request: r, name: name, authorization: s.keys[r.Key]}
	c.note(err)
}

func (s *Server) carryOut(r *mtserver.Request, name string) (bin.Encoder, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{server: s, request: r, name: name, authorization: s.keys[r.Key]}
	if c.authorization != nil {
		c.account = c.authorization.account
		if r.Init != nil {
			c.authorization.device = *r.Init
		}
	}
	answer, err := c.run()
	c.note(err)
	return answer, c.after, err
}

func (c *call) run() (bin.Encoder, error) {
	m, known := c.server.methods[c.request.Method]
	switch {
	case c.request.DC == mtserver.CDNID && c.name != "upload.getCdnFile":
		return nil, tgerr.New(400, "CDN_METHOD_INVALID") // https://core.telegram.org/cdn
	case !known:
		c.unsupported("")
		return nil, tgerr.New(400, "METHOD_INVALID")
	case c.request.Layer == 0 || c.request.Init == nil:
		// https://core.telegram.org/api/invoking
		return nil, tgerr.New(400, "CONNECTION_NOT_INITED")
	case m.access != anybody && c.authorization == nil && !(m.access == half && c.server.entrance.half[c.request.Key] != nil):
		return nil, c.unauthorized()
	case c.account != nil && c.account.gone != "":
		return nil, errGone(c.account.gone)
	case c.account != nil && c.account.frozen && !frozenAllows[c.name]:
		return nil, tgerr.New(420, "FROZEN_METHOD_INVALID")
	}
	return m.handle(c, c.request.Body)
}

// unauthorized is the answer to who is not logged in: https://core.telegram.org/api/errors (401).
func (c *call) unauthorized() error {
	if c.server.entrance.half[c.request.Key] != nil {
		return errPasswordNeeded
	}
	switch c.server.ended[c.request.Key] {
	case terminated, revoked:
		return tgerr.New(401, "SESSION_REVOKED")
	}
	return tgerr.New(401, "AUTH_KEY_UNREGISTERED")
}

// note puts the request into the history.
func (c *call) note(err error) {
	e := Event{Kind: Requested, Authorization: c.authorization.number(), Method: c.name}
	if c.authorization != nil {
		e.Account = c.authorization.account.id
	}
	if err != nil {
		e.Error = err.Error()
		var rpc *tgerr.Error
		if errors.As(err, &rpc) {
			e.Error = rpc.Message
		}
	}
	c.server.note(e)
}

// unsupported says that the server does not know what it was asked, or a part of it.
func (c *call) unsupported(part string) {
	what := c.name
	if part != "" {
		what += ": " + part
	}
	s := c.server
	s.unknown = append(s.unknown, what)
	if s.t != nil {
		s.t.Errorf("the Telegram server for tests does not know %s", what)
	}
}
