package mtserver

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/mt"
	"github.com/gotd/td/proto"
	"github.com/gotd/td/proto/codec"
)

// How far the time in a message id may be off. https://core.telegram.org/mtproto/description#message-identifier-msg-id
const (
	maxAhead  = 30 * time.Second
	maxBehind = 300 * time.Second
)

// Codes of bad_msg_notification.
const (
	codeIDTooLow    = 16
	codeIDTooHigh   = 17
	codeIDBits      = 18
	codeOddExpected = 35
	codeSalt        = 48
)

// receive looks at one frame. An error ends the connection.
func (c *conn) receive(ctx context.Context, f frame) error {
	b := &bin.Buffer{Buf: f.data}
	var id KeyID
	if err := b.PeekN(id[:], len(id)); err != nil {
		return fmt.Errorf("read the key id: %w", err)
	}
	if id == (KeyID{}) {
		return c.exchangeKey(ctx, f)
	}
	k := c.server.lookUp(c.dc, id)
	if k == nil {
		c.sendTransportError(codec.CodeAuthKeyNotFound)
		return nil
	}
	m, err := c.server.cipher.DecryptFromBuffer(k.key, b)
	if err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	u := c.use(k)
	x, begun := c.session(k, m.SessionID)
	a := arrival{Session: x, use: u, place: f.place}
	if refused, err := a.check(m); refused || err != nil {
		return err
	}
	if begun {
		if err := x.notify(false, &mt.NewSessionCreated{
			FirstMsgID: m.MessageID, UniqueID: randomLong(), ServerSalt: c.server.salt(k),
		}); err != nil {
			return err
		}
	}
	return a.message(m.MessageID, m.SeqNo, &bin.Buffer{Buf: append([]byte(nil), m.Data()...)})
}

// session returns the session of an id on this connection, and whether a new session begins with it.
func (c *conn) session(k *authKey, id int64) (x *Session, begun bool) {
	key := sessionKey{k.key.ID, id}
	if x = c.sessions[key]; x != nil && x.memory.isKnown() {
		return x, false
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	m := k.memories[id]
	if m == nil {
		m = newMemory()
		k.memories[id] = m
	}
	if x == nil {
		x = &Session{ID: id, Key: key.key, DC: c.dc, Remote: c.remote, Connection: c.number, conn: c, key: k, memory: m}
		c.sessions[key] = x
		c.order = append(c.order, x)
	}
	return x, !m.isKnown()
}

// arrival is a frame of a session that is being looked at.
type arrival struct {
	*Session
	use   *use
	place int64
}

// check refuses a message whose time or salt is wrong.
func (a arrival) check(m *crypto.EncryptedMessageData) (refused bool, err error) {
	if m.SeqNo%2 == 1 {
		a.conn.noteRequest(a.use, a.place)
	}
	if code := badID(m.MessageID, a.conn.server.now()); code != 0 {
		return true, a.refuse(m.MessageID, m.SeqNo, code)
	}
	if salt := a.conn.server.salt(a.key); m.Salt != salt {
		return true, a.notify(true, &mt.BadServerSalt{
			BadMsgID: m.MessageID, BadMsgSeqno: int(m.SeqNo), ErrorCode: codeSalt, NewServerSalt: salt,
		})
	}
	return false, nil
}

func badID(id int64, now time.Time) int {
	if id%4 != 0 {
		return codeIDBits
	}
	switch at := proto.MessageID(id).Time(); {
	case at.Sub(now) > maxAhead:
		return codeIDTooHigh
	case now.Sub(at) > maxBehind:
		return codeIDTooLow
	}
	return 0
}

func (a arrival) refuse(id int64, seq int32, code int) error {
	return a.notify(true, &mt.BadMsgNotification{BadMsgID: id, BadMsgSeqno: int(seq), ErrorCode: code})
}

// message deals with one message, which may be part of a container.
func (a arrival) message(id int64, seq int32, b *bin.Buffer) error {
	method, err := b.PeekID()
	if err != nil {
		return fmt.Errorf("read a message: %w", err)
	}
	switch method {
	case proto.MessageContainerTypeID:
		return a.container(b)
	case proto.GZIPTypeID:
		var g proto.GZIP
		if err := g.Decode(b); err != nil {
			return fmt.Errorf("unpack a message: %w", err)
		}
		return a.message(id, seq, &bin.Buffer{Buf: g.Data})
	}
	if code := a.memory.badSeq(id, seq); code != 0 {
		return a.refuse(id, seq, code)
	}
	known := a.memory.note(id, seq)
	if service, err := a.service(method, id, b); service || err != nil {
		return err
	}
	if seq%2 == 0 {
		return a.refuse(id, seq, codeOddExpected)
	}
	return a.request(id, known, b)
}

func (a arrival) container(b *bin.Buffer) error {
	var all proto.MessageContainer
	if err := all.Decode(b); err != nil {
		return fmt.Errorf("read a container: %w", err)
	}
	for _, m := range all.Messages {
		if m.SeqNo%2 == 1 {
			a.conn.noteRequest(a.use, a.place)
		}
		if code := badID(m.ID, a.conn.server.now()); code != 0 {
			if err := a.refuse(m.ID, int32(m.SeqNo), code); err != nil {
				return err
			}
			continue
		}
		if err := a.message(m.ID, int32(m.SeqNo), &bin.Buffer{Buf: m.Body}); err != nil {
			return err
		}
	}
	return nil
}

// service deals with what is about the protocol itself. It reports false for requests.
func (a arrival) service(method uint32, id int64, b *bin.Buffer) (bool, error) {
	switch method {
	case mt.PingRequestTypeID:
		var p mt.PingRequest
		if err := p.Decode(b); err != nil {
			return true, fmt.Errorf("read a ping: %w", err)
		}
		return true, a.notify(false, &mt.Pong{MsgID: id, PingID: p.PingID})
	case mt.PingDelayDisconnectRequestTypeID:
		var p mt.PingDelayDisconnectRequest
		if err := p.Decode(b); err != nil {
			return true, fmt.Errorf("read a ping: %w", err)
		}
		a.conn.disconnectAt = a.conn.server.opt.Clock.Now().Add(time.Duration(p.DisconnectDelay) * time.Second)
		return true, a.notify(false, &mt.Pong{MsgID: id, PingID: p.PingID})
	case mt.GetFutureSaltsRequestTypeID:
		now := int(a.conn.server.now().Unix())
		return true, a.notify(false, &mt.FutureSalts{ReqMsgID: id, Now: now, Salts: []mt.FutureSalt{
			{ValidSince: now - 1800, ValidUntil: now + 1800, Salt: a.conn.server.salt(a.key)},
		}})
	case mt.MsgsAckTypeID:
		return true, nil
	case mt.MsgsStateReqTypeID:
		var r mt.MsgsStateReq
		if err := r.Decode(b); err != nil {
			return true, fmt.Errorf("read msgs_state_req: %w", err)
		}
		info := make([]byte, len(r.MsgIDs))
		for i, asked := range r.MsgIDs {
			info[i] = a.memory.state(asked)
		}
		return true, a.notify(false, &mt.MsgsStateInfo{ReqMsgID: id, Info: info})
	case mt.DestroySessionRequestTypeID:
		var r mt.DestroySessionRequest
		if err := r.Decode(b); err != nil {
			return true, fmt.Errorf("read destroy_session: %w", err)
		}
		if a.conn.server.destroySession(a.key, r.SessionID) {
			return true, a.notify(false, &mt.DestroySessionOk{SessionID: r.SessionID})
		}
		return true, a.notify(false, &mt.DestroySessionNone{SessionID: r.SessionID})
	case mt.HTTPWaitRequestTypeID, mt.MsgsStateInfoTypeID, mt.MsgsAllInfoTypeID, mt.MsgResendReqTypeID:
		return true, nil
	case mt.RPCDropAnswerRequestTypeID:
		return true, a.dropAnswer(id, b)
	}
	return false, nil
}

// destroySession forgets a session; the next message of it begins a new one.
func (s *Server) destroySession(k *authKey, id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := k.memories[id]
	if m == nil {
		return false
	}
	m.forget()
	return true
}

func (a arrival) dropAnswer(id int64, b *bin.Buffer) error {
	var r mt.RPCDropAnswerRequest
	if err := r.Decode(b); err != nil {
		return fmt.Errorf("read rpc_drop_answer: %w", err)
	}
	var answer bin.Encoder
	switch found, m := a.memory.drop(r.ReqMsgID); found {
	case dropRunning:
		answer = &mt.RPCAnswerDroppedRunning{}
	case dropDone:
		answer = &mt.RPCAnswerDropped{MsgID: m.id, SeqNo: int(m.seq), Bytes: len(m.answer)}
	default:
		answer = &mt.RPCAnswerUnknown{}
	}
	var out bin.Buffer
	if err := answer.Encode(&out); err != nil {
		return fmt.Errorf("encode %T: %w", answer, err)
	}
	return a.result(id, out.Buf)
}
