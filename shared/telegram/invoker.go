package telegram

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
)

// caller makes calls over a connection: *mtproto.Conn.
type caller interface {
	Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error
}

// invoker wraps calls and explains their errors.
type invoker struct {
	calls   caller
	app     authorization.App
	version string
	quiet   bool // every call says that it wants no updates
	// stranger: the other side is not told on what it is asked, as in TDLib's requests to CDNs.
	stranger bool
	explain  func(ctx context.Context, err error) error

	introduced atomic.Bool
}

// Invoke makes a call. It returns as soon as ctx ends: gotd itself then waits for Telegram to confirm that the answer
// will be dropped, which takes 15 s on a connection that is dead.
func (i *invoker) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	var q bin.Object = call{in}
	if i.quiet {
		q = &tg.InvokeWithoutUpdatesRequest{Query: q}
	}
	// Telegram has to know who calls before the first answer; calls made until then all say it.
	if !i.introduced.Load() {
		init := &tg.InitConnectionRequest{
			APIID:          i.app.ID,
			DeviceModel:    i.app.Device,
			SystemVersion:  "Home Assistant",
			AppVersion:     i.version,
			SystemLangCode: "en",
			LangCode:       "en",
			Query:          q,
		}
		if i.stranger {
			init.DeviceModel, init.SystemVersion, init.LangCode = "n/a", "n/a", ""
		}
		q = &tg.InvokeWithLayerRequest{Layer: tg.Layer, Query: init}
	}
	// The answer is decoded here, not by gotd's goroutine: that may still come after this function has returned.
	var a answer
	done := make(chan error, 1)
	go func() { done <- i.calls.Invoke(ctx, q, &a) }() // ends with the call, or with the connection
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done: // it was answered at the last moment
		default:
			return i.explain(ctx, ctx.Err())
		}
	}
	if err != nil {
		return i.explain(ctx, err)
	}
	i.introduced.Store(true)
	if err := out.Decode(&bin.Buffer{Buf: a.body}); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// call makes a request fit into its wrappings.
type call struct{ bin.Encoder }

func (call) Decode(*bin.Buffer) error { return errors.New("a request is not read") }

// answer keeps an answer as it came.
type answer struct{ body []byte }

func (a *answer) Decode(b *bin.Buffer) error {
	a.body = append([]byte(nil), b.Buf...)
	return nil
}
