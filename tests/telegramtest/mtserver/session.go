package mtserver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/mt"
	"github.com/gotd/td/proto"
	"github.com/gotd/td/tg"
)

// ErrClosed is returned for what is sent to a connection that has ended.
var ErrClosed = errors.New("the connection has ended")

// A Session is a session id on one connection. The same session id on a further connection is another Session.
type Session struct {
	ID     int64
	Key    KeyID
	DC     int
	Remote netip.AddrPort
	// Connection numbers the connections of the server; it is the one of ConnStats.
	Connection int64

	conn   *conn
	key    *authKey
	memory *memory
	wants  atomic.Bool
}

// WantsUpdates reports whether the session subscribed to updates: it did with its first request that was not wrapped
// in invokeWithoutUpdates.
func (s *Session) WantsUpdates() bool { return s.wants.Load() }

// Push sends updates to the session, whether it wants them or not. nil means that they are on their way, not that the
// client has them.
func (s *Session) Push(_ context.Context, u tg.UpdatesClass) error {
	if s.conn.hasEnded() {
		return ErrClosed
	}
	var b bin.Buffer
	if err := u.Encode(&b); err != nil {
		return fmt.Errorf("encode updates: %w", err)
	}
	if f := s.conn.server.Faults(); f.take(&f.losePushes) {
		return nil
	}
	return s.send(outgoing{kind: proto.MessageFromServer, content: true, body: compressed(b.Buf)})
}

// Close ends the session's connection from the server's side: in order (FIN), or abruptly (RST).
func (s *Session) Close(abrupt bool) {
	if !abrupt {
		s.conn.finish("server")
		return
	}
	s.conn.end("server")
	s.conn.nc.reset()
}

// outgoing is a message to a client.
type outgoing struct {
	kind    proto.MessageType
	content bool // it has to be acknowledged
	answer  bool // the client waits for it
	body    []byte
}

// send encrypts a message and queues it.
func (s *Session) send(o outgoing) error {
	c := s.conn
	c.sending.Lock()
	defer c.sending.Unlock()
	var b bin.Buffer
	if err := c.server.cipher.Encrypt(s.key.key, crypto.EncryptedMessageData{
		Salt:                   c.server.salt(s.key),
		SessionID:              s.ID,
		MessageID:              c.server.ids.Load().New(o.kind),
		SeqNo:                  s.memory.nextSeq(o.content),
		MessageDataLen:         int32(len(o.body)),
		MessageDataWithPadding: o.body,
	}, &b); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	c.send(b.Buf, o.answer)
	return nil
}

// notify sends a message about the protocol itself.
func (s *Session) notify(answer bool, v bin.Encoder) error {
	var b bin.Buffer
	if err := v.Encode(&b); err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	_, content := v.(*mt.NewSessionCreated)
	return s.send(outgoing{kind: proto.MessageServerResponse, content: content, answer: answer, body: b.Buf})
}

// result sends the answer to a request.
func (s *Session) result(request int64, body []byte) error {
	var b bin.Buffer
	if err := (&proto.Result{RequestMessageID: request, Result: body}).Encode(&b); err != nil {
		return fmt.Errorf("encode a result: %w", err)
	}
	return s.send(outgoing{kind: proto.MessageServerResponse, content: true, answer: true, body: b.Buf})
}

// compressAbove is from where on bodies are compressed, in bytes. Telegram does so from about there.
const compressAbove = 1024

// compressed returns a body packed with gzip if it is large and that makes it smaller.
func compressed(body []byte) []byte {
	if len(body) <= compressAbove {
		return body
	}
	var b bin.Buffer
	if err := (proto.GZIP{Data: body}).Encode(&b); err != nil || b.Len() >= len(body) {
		return body
	}
	return b.Buf
}
