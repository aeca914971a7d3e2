package telegram

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/proto"
)

func TestWatch_ForeignKeyEncryptsNothing(t *testing.T) {
	t.Parallel()
	var failed error
	own, foreign := crypto.Key{1}.WithID(), crypto.Key{2}.WithID()
	w := newWatch(own, 5, clock.System, time.Minute, func(err error) { failed = err })
	m := crypto.EncryptedMessageData{SessionID: 1, SeqNo: 1}
	var b bin.Buffer
	if err := w.Encrypt(foreign, m, &b); !errors.Is(err, errForeignKey) || !errors.Is(failed, errForeignKey) || b.Len() != 0 {
		t.Errorf("%v, ended by %v, %d bytes", err, failed, b.Len())
	}
	if _, err := w.DecryptFromBuffer(foreign, &b); !errors.Is(err, errForeignKey) {
		t.Errorf("%v", err)
	}
	if w.takePing() != nil {
		t.Error("a ping was made")
	}
}

// Calls made at the same time get their numbers in one order and are encrypted in another: the ping belongs behind the
// first one's.
func TestWatch_OnePingBehindTheFirstMessage(t *testing.T) {
	t.Parallel()
	own := crypto.Key{1}.WithID()
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "overtaken": {2, 0, 1}} {
		w := newWatch(own, 5, clock.System, time.Minute, func(error) {})
		ids := []int64{w.ids.New(proto.MessageFromClient), w.ids.New(proto.MessageFromClient), w.ids.New(proto.MessageFromClient)}
		for _, i := range order {
			var b bin.Buffer
			if err := w.Encrypt(own, crypto.EncryptedMessageData{SessionID: 1, MessageID: ids[i], SeqNo: int32(2*i + 1)}, &b); err != nil {
				t.Fatal(err)
			}
			p := w.takePing()
			if (p != nil) != (i == 0) {
				t.Errorf("%s: message %d: ping %v", name, i, p != nil)
			}
			if p == nil {
				continue
			}
			m, err := crypto.NewServerCipher(rand.Reader).DecryptFromBuffer(own, p)
			if err != nil || m.MessageID <= ids[0] || m.MessageID >= ids[1] || m.SeqNo != 2 {
				t.Errorf("%s: the ping is message %d, number %d, of %v: %v", name, m.MessageID, m.SeqNo, ids, err)
			}
		}
	}
}

// A first message that was refused, for a stale salt, goes again with the same id, and its ping with it.
func TestWatch_PingGoesAgainWithItsMessage(t *testing.T) {
	t.Parallel()
	own := crypto.Key{1}.WithID()
	w := newWatch(own, 5, clock.System, time.Minute, func(error) {})
	first, second := w.ids.New(proto.MessageFromClient), w.ids.New(proto.MessageFromClient)
	for i, c := range []struct {
		id   int64
		ping bool
	}{{first, true}, {second, false}, {first, true}} {
		var b bin.Buffer
		if err := w.Encrypt(own, crypto.EncryptedMessageData{SessionID: 1, MessageID: c.id, SeqNo: 1}, &b); err != nil {
			t.Fatal(err)
		}
		if w.takePing() != nil != c.ping {
			t.Errorf("message %d: ping %t", i, !c.ping)
		}
	}
}

func TestSkewError_Words(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]string{
		412 * time.Second:         "412 seconds ahead",
		-35500 * time.Millisecond: "36 seconds behind",
	} {
		if got := (&SkewError{ahead}).Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
