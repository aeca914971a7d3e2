package telegram

import (
	"errors"
	"io"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/mtproto"
	"github.com/gotd/td/tg"
)

// handler gets what Telegram sends without being asked.
type handler struct{ c *connection }

// OnSession is called when Telegram has made a session.
func (h handler) OnSession(s mtproto.Session) error {
	want := h.c.auth
	if s.Key.ID != want.ID {
		h.c.fail(errForeignKey)
		return errForeignKey
	}
	if f := h.c.plan.feed; f != nil {
		f.push(h.c.ctx, heard{})
	}
	return nil
}

// OnMessage is called for updates.
func (h handler) OnMessage(b *bin.Buffer) error {
	f := h.c.plan.feed
	if f == nil {
		return nil
	}
	u, err := tg.DecodeUpdates(b)
	if err != nil {
		// What cannot be read leaves a gap, which the difference fills.
		h.c.dialer.log().Warn("an update of Telegram cannot be read", "error", err)
		return nil
	}
	f.push(h.c.ctx, heard{u})
	return nil
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
