package mtserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/mt"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// call is a request on its way through the connection.
type call struct {
	request *Request
	refused error // answered without asking the handler
}

// wrapping is what stood around a request, as far as a session remembers it.
type wrapping struct {
	layer int
	init  *tg.InitConnectionRequest
}

// request queues a request, or answers it again if it came before.
func (a arrival) request(id int64, known bool, b *bin.Buffer) error {
	if answer, again := a.memory.begin(id); known && again {
		if answer != nil {
			return a.result(id, answer)
		}
		// It is in work: an acknowledgement stops the client from sending it again.
		return a.notify(false, &mt.MsgsAck{MsgIDs: []int64{id}})
	}
	r := &Request{Session: a.Session, Key: a.Key, DC: a.DC, MsgID: id, Body: b}
	refused := a.unwrap(r)
	if refused == nil {
		refused = a.conn.server.judge(a.key)
	}
	a.conn.server.countRequest(a.use)
	a.conn.requests.push(&call{request: r, refused: refused})
	return nil
}

func (s *Server) countRequest(u *use) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.requests++
}

// judge is law 1.
func (s *Server) judge(k *authKey) error {
	s.mu.Lock()
	dead := k.dead
	duplicated := !dead && len(k.live) > 1
	if duplicated {
		k.dead = true
	}
	s.mu.Unlock()
	switch {
	case dead:
		return tgerr.New(401, "AUTH_KEY_UNREGISTERED")
	case duplicated:
		if h, ok := s.handler.(KillHandler); ok {
			h.Killed(k.key.ID)
		}
		return tgerr.New(406, "AUTH_KEY_DUPLICATED")
	}
	return nil
}

// unwrap takes the wrappings off a request and notes what they say.
func (a arrival) unwrap(r *Request) error {
	w := a.memory.wrappings()
	defer func() { r.Layer, r.Init = w.layer, w.init }()
	for {
		id, err := r.Body.PeekID()
		if err != nil {
			return unreadable(err)
		}
		var inner peeked
		switch id {
		case tg.InvokeWithLayerRequestTypeID:
			q := tg.InvokeWithLayerRequest{Query: inner}
			err = q.Decode(r.Body)
			w.layer = q.Layer
		case tg.InitConnectionRequestTypeID:
			q := &tg.InitConnectionRequest{Query: inner}
			err = q.Decode(r.Body)
			q.Query = nil
			w.init = q
		case tg.InvokeWithoutUpdatesRequestTypeID:
			q := tg.InvokeWithoutUpdatesRequest{Query: inner}
			err = q.Decode(r.Body)
			r.WithoutUpdates = true
		case tg.InvokeAfterMsgRequestTypeID:
			q := tg.InvokeAfterMsgRequest{Query: inner}
			err = q.Decode(r.Body) // requests of a connection are handled in order anyway
		default:
			r.Method = id
			a.memory.keep(w)
			if !r.WithoutUpdates {
				a.wants.Store(true)
			}
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
	}
}

func unreadable(err error) error {
	return fmt.Errorf("%w: %w", tgerr.New(400, "INPUT_FETCH_ERROR"), err)
}

// peeked stands for the call inside a wrapping and leaves it in the buffer.
type peeked struct{}

func (peeked) Decode(*bin.Buffer) error { return nil }
func (peeked) Encode(*bin.Buffer) error {
	return errors.New("a call that was not read cannot be written")
}

// isFile reports whether an answer is a piece of a file: it would be compressed for nothing.
func isFile(answer bin.Encoder) bool {
	switch answer.(type) {
	case *tg.UploadFile, *tg.UploadCDNFile:
		return true
	}
	return false
}

// work carries requests out one after another, and tells of the end of the sessions.
func (c *conn) work(ctx context.Context) {
	for {
		next, ok := c.requests.wait(ctx)
		if !ok {
			break
		}
		if err := c.carryOut(ctx, next); err != nil {
			c.server.opt.Logger.Error("answer", "remote", c.remote, "error", err)
		}
	}
	c.server.mu.Lock()
	order := c.order
	c.server.mu.Unlock()
	for _, x := range order {
		c.server.handler.Closed(x.Key, x)
	}
}

func (c *conn) carryOut(ctx context.Context, next *call) error {
	r := next.request
	var answer bin.Encoder
	err := next.refused
	if err == nil {
		answer, err = c.server.handler.Handle(ctx, r)
	}
	if err == nil && answer == nil {
		return nil
	}
	if err != nil {
		var e *tgerr.Error
		if !errors.As(err, &e) {
			e = tgerr.New(500, err.Error())
		}
		answer = &mt.RPCError{ErrorCode: e.Code, ErrorMessage: e.Message}
	}
	var b bin.Buffer
	if err := answer.Encode(&b); err != nil {
		b.Reset()
		e := &mt.RPCError{ErrorCode: 500, ErrorMessage: fmt.Sprintf("encode %T: %v", answer, err)}
		if err := e.Encode(&b); err != nil {
			return fmt.Errorf("encode %T: %w", e, err)
		}
	}
	body := b.Buf
	if !isFile(answer) {
		body = compressed(body)
	}
	wanted := r.Session.memory.finish(r.MsgID, body)
	f := &c.server.faults
	if f.take(&f.dropAnswers) || !wanted {
		return nil
	}
	return r.Session.result(r.MsgID, body)
}
