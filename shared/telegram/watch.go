package telegram

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/mt"
	"github.com/gotd/td/proto"
)

// How far the clocks of client and server may be apart before one ignores the other.
// https://core.telegram.org/mtproto/description#message-identifier-msg-id
const (
	maxAhead  = 30 * time.Second
	maxBehind = 300 * time.Second
)

// Codes of bad_msg_notification that are about the clock.
const (
	idTooLow  = 16
	idTooHigh = 17
)

// A SkewError says how wrong this machine's clock is, by Telegram's.
type SkewError struct{ Ahead time.Duration }

// Error says it in seconds.
func (e *SkewError) Error() string { return "the clock is " + e.Words() }

// SecondsOff is how far the clock is off, in either direction.
func (e *SkewError) SecondsOff() int { return int(e.Ahead.Abs().Round(time.Second) / time.Second) }

// Words are "412 seconds ahead" or "35 seconds behind".
func (e *SkewError) Words() string {
	if e.Ahead < 0 {
		return fmt.Sprintf("%d seconds behind", e.SecondsOff())
	}
	return fmt.Sprintf("%d seconds ahead", e.SecondsOff())
}

var errForeignKey = errors.New("the connection came to have another auth key than the one given")

// watch is the cipher of a connection. It is the one place that sees every message in clear, so it is here that the
// salt is learnt, a skewed clock is found out, a foreign key is refused, and the first ping is made.
type watch struct {
	crypto.Cipher
	key    crypto.AuthKey
	clock  clock.Clock
	ids    *messageIDs
	fail   func(error)
	leave  time.Duration // Telegram is to end the connection after so long without a ping; whole seconds count
	opened time.Time

	mu       sync.Mutex
	salt     int64
	ping     *bin.Buffer // to be sent behind the first message
	answered bool        // a message was decrypted
}

func newWatch(key crypto.AuthKey, salt int64, c clock.Clock, leave time.Duration, fail func(error)) *watch {
	return &watch{
		Cipher: crypto.NewClientCipher(rand.Reader),
		key:    key,
		clock:  c,
		ids:    &messageIDs{all: proto.NewMessageIDGen(c.Now)},
		fail:   fail,
		leave:  leave,
		opened: c.Now(),
		salt:   salt,
	}
}

// Encrypt encrypts a message to Telegram.
func (w *watch) Encrypt(key crypto.AuthKey, m crypto.EncryptedMessageData, b *bin.Buffer) error {
	if key.ID != w.key.ID {
		w.fail(errForeignKey)
		return errForeignKey
	}
	if err := w.Cipher.Encrypt(key, m, b); err != nil {
		return err
	}
	id, first := w.ids.behind(m.MessageID)
	if !first {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var body, ping bin.Buffer
	if err := (&mt.PingDelayDisconnectRequest{PingID: randomLong(), DisconnectDelay: max(1, int(w.leave/time.Second))}).Encode(&body); err != nil {
		return err
	}
	if err := w.Cipher.Encrypt(key, crypto.EncryptedMessageData{
		Salt: m.Salt, SessionID: m.SessionID, MessageID: id,
		SeqNo:          (m.SeqNo + 1) &^ 1, // without content itself, after one message that may have some
		MessageDataLen: int32(body.Len()), MessageDataWithPadding: body.Buf,
	}, &ping); err != nil {
		return err
	}
	w.ping = &ping
	return nil
}

// messageIDs makes the ids of a connection's messages. It keeps one for the ping: the sequence numbers have to grow with
// the ids, and calls that are made at the same time get theirs before the first one is sent.
// https://core.telegram.org/mtproto/description#message-sequence-number-msg-seqno
type messageIDs struct {
	all *proto.MessageIDGen

	mu          sync.Mutex
	first, ping int64
}

// New implements mtproto.MessageIDSource.
func (ids *messageIDs) New(t proto.MessageType) int64 {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	id := ids.all.New(t)
	if ids.first == 0 {
		ids.first, ids.ping = id, ids.all.New(t)
	}
	return id
}

// behind returns the id of the ping if that of the first message is given.
func (ids *messageIDs) behind(id int64) (ping int64, first bool) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return ids.ping, id == ids.first
}

// takePing returns the first ping when it is to be sent, once.
func (w *watch) takePing() *bin.Buffer {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.ping
	w.ping = nil
	return p
}

// DecryptFromBuffer decrypts a message from Telegram.
func (w *watch) DecryptFromBuffer(key crypto.AuthKey, b *bin.Buffer) (*crypto.EncryptedMessageData, error) {
	if key.ID != w.key.ID {
		w.fail(errForeignKey)
		return nil, errForeignKey
	}
	m, err := w.Cipher.DecryptFromBuffer(key, b)
	if err != nil {
		return nil, err
	}
	now := w.clock.Now()
	ahead := now.Sub(proto.MessageID(m.MessageID).Time())
	w.mu.Lock()
	first := !w.answered
	w.answered = true
	w.mu.Unlock()
	// gotd drops messages that are too old or too new without a word. A first answer that was read at once and is one of
	// these shows a wrong clock; a later one could also have waited for a frozen process.
	if first && now.Round(0).Sub(w.opened.Round(0)) < time.Minute && (ahead > maxBehind || -ahead > maxAhead) {
		w.fail(&SkewError{ahead})
	}
	w.look(m.Data(), ahead, 0)
	return m, nil
}

// look reads what a message says about salt and clock.
func (w *watch) look(data []byte, ahead time.Duration, depth int) {
	b := &bin.Buffer{Buf: data}
	id, err := b.PeekID()
	if err != nil {
		return
	}
	switch id {
	case proto.MessageContainerTypeID:
		var all proto.MessageContainer
		if depth > 0 || all.Decode(b) != nil {
			return
		}
		for _, m := range all.Messages {
			w.look(m.Body, ahead, depth+1)
		}
	case mt.NewSessionCreatedTypeID:
		var n mt.NewSessionCreated
		if n.Decode(b) == nil {
			w.learn(n.ServerSalt)
		}
	case mt.BadServerSaltTypeID:
		var n mt.BadServerSalt
		if n.Decode(b) == nil {
			w.learn(n.NewServerSalt)
		}
	case mt.BadMsgNotificationTypeID:
		var n mt.BadMsgNotification
		if n.Decode(b) == nil && (n.ErrorCode == idTooLow || n.ErrorCode == idTooHigh) {
			w.fail(&SkewError{ahead})
		}
	}
}

func (w *watch) learn(salt int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.salt = salt
}

// lastSalt returns the salt as last learnt.
func (w *watch) lastSalt() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.salt
}

func randomLong() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.LittleEndian.Uint64(b[:]))
}
