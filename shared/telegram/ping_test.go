package telegram_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gotd/td/tg"
)

// Requests that are made at once fit the ping that goes with the first of them, in whatever order they are sent: Telegram
// refuses a message whose number does not fit its id.
func TestUse_FirstCallsAtTheSameTimeFitTheirPing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, key := w.session(t, 1)
	for range 40 {
		_, err := w.dialer.Use(within(t), app, s, free{}, func(ctx context.Context, api *tg.Client) error {
			done := make(chan error)
			for range 8 {
				go func() { done <- nearest(ctx, api) }()
			}
			var failed error
			for range 8 {
				failed = errors.Join(failed, <-done)
			}
			return failed
		})
		if err != nil {
			t.Fatal(err)
		}
		<-w.handler.closed
	}
	if got := w.Stats(key); got.Requests != 40*8 || got.Connections != 40 {
		t.Errorf("%+v", got)
	}
}
