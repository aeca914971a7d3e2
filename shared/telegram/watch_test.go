package telegram

import (
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/crypto"
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

func TestWatch_OnePingBehindTheFirstMessage(t *testing.T) {
	t.Parallel()
	own := crypto.Key{1}.WithID()
	w := newWatch(own, 5, clock.System, time.Minute, func(error) {})
	for i := range 3 {
		var b bin.Buffer
		if err := w.Encrypt(own, crypto.EncryptedMessageData{SessionID: 1, SeqNo: int32(2*i + 1)}, &b); err != nil {
			t.Fatal(err)
		}
		if p := w.takePing(); (p != nil) != (i == 0) {
			t.Errorf("message %d: ping %v", i, p != nil)
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
