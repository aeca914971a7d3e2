package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/media"
)

func TestUpload_WaitsAsTelegramAsks(t *testing.T) {
	t.Parallel()
	flood := func(c int, m string) func(int) error {
		return func(try int) error {
			if try < 2 {
				return tgerr.New(c, m)
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		answer   func(try int) error
		deadline time.Duration
		waits    time.Duration // at least
		refused  string        // the error in the end
	}{
		"flood":                    {flood(420, "FLOOD_WAIT_31"), time.Hour, 62 * time.Second, ""},
		"premium flood":            {flood(420, "FLOOD_PREMIUM_WAIT_7"), time.Hour, 14 * time.Second, ""},
		"flood of no time":         {flood(420, "FLOOD_WAIT_0"), time.Hour, 2 * time.Second, ""},
		"flood past the deadline":  {flood(420, "FLOOD_WAIT_31"), 40 * time.Second, 31 * time.Second, "FLOOD_WAIT"},
		"trouble that passes":      {flood(500, "RPC_CALL_FAIL"), time.Hour, 3 * time.Second, ""},
		"its own time ran out":     {flood(-503, "Timeout"), time.Hour, 3 * time.Second, ""},
		"trouble that stays":       {func(int) error { return tgerr.New(500, "WORKER_BUSY_TOO_LONG_RETRY") }, time.Hour, 7 * time.Second, "WORKER_BUSY_TOO_LONG_RETRY"},
		"what waiting cannot help": {func(int) error { return tgerr.New(400, "FILE_PART_SIZE_INVALID") }, time.Hour, 0, "FILE_PART_SIZE_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				defer cancel()
				tries := map[int]int{}
				var p parts
				p.before = func(_ context.Context, n int) error {
					p.mu.Lock()
					defer p.mu.Unlock()
					tries[n]++
					if n != 3 {
						return nil
					}
					return c.answer(tries[n] - 1)
				}
				all := some(6 * smallPart)
				in, err := Upload(ctx, tg.NewClient(&p), &media.File{Size: int64(len(all)), Body: io.NopCloser(bytes.NewReader(all))}, nil)
				if took := time.Since(began); took < c.waits {
					t.Errorf("it waited %v", took)
				}
				if c.refused != "" {
					if e, ok := tgerr.As(err); !ok || e.Type != c.refused {
						t.Fatal(err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(p.file(t, in, false), all) {
					t.Fatal("what arrived is not what was sent")
				}
			})
		})
	}
}

// The end of the context ends everything, whoever is being waited for; the bubble fails if a goroutine is left.
func TestUpload_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   io.ReadCloser
		before func(ctx context.Context, n int) error
	}{
		"Telegram is silent": {io.NopCloser(io.LimitReader(endless{}, 20*PartSize)), func(ctx context.Context, n int) error {
			if n < 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}},
		"it waits": {io.NopCloser(io.LimitReader(endless{}, 20*PartSize)), func(_ context.Context, n int) error { return tgerr.New(420, "FLOOD_WAIT_7") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_, err := Upload(ctx, tg.NewClient(&parts{before: c.before}), &media.File{Size: -1, Body: c.body}, nil)
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			})
		})
	}
	t.Run("the source is silent", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, w := io.Pipe()
			go w.Write(make([]byte, PartSize+1))
			var p parts
			_, err := Upload(ctx, tg.NewClient(&p), &media.File{Size: -1, Body: r}, nil)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			if len(p.kept) != 1 {
				t.Errorf("%d parts were sent, of one that is known not to be the last", len(p.kept))
			}
		})
	})
	t.Run("Telegram refuses while the source is silent", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			go w.Write(make([]byte, PartSize+1))
			_, err := Upload(t.Context(), tg.NewClient(&parts{before: func(context.Context, int) error { return tgerr.New(400, "FILE_PART_INVALID") }}), &media.File{Size: -1, Body: r}, nil)
			if !tgerr.Is(err, "FILE_PART_INVALID") {
				t.Fatal(err)
			}
		})
	})
}
