package transfer

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/rpc"
	"github.com/gotd/td/tg"

	"telegram-client/shared/media"
)

// slowLine is a connection with gotd's engine of calls, over a line of so many bytes a second.
type slowLine struct {
	engine *rpc.Engine
	id     int64
	speed  int
	mu     sync.Mutex
	free   time.Time // when all that was written is over
	wrote  int
}

func (l *slowLine) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	l.mu.Lock()
	l.id++
	id := l.id
	l.mu.Unlock()
	return l.engine.Do(ctx, rpc.Request{MsgID: id, Input: in, Output: out})
}

// write puts a request on the line, where it waits behind what is there.
func (l *slowLine) write(_ context.Context, id int64, _ int32, in bin.Encoder) error {
	var b bin.Buffer
	in.Encode(&b)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(b.Len()) * time.Second / time.Duration(l.speed))
	l.wrote += b.Len()
	time.AfterFunc(l.free.Sub(now), func() {
		var answer bin.Buffer
		(&tg.BoolBox{Bool: &tg.BoolTrue{}}).Encode(&answer)
		l.engine.NotifyAcks([]int64{id})
		l.engine.NotifyResult(id, &answer)
	})
	return nil
}

// gotd sends again what was not acknowledged in a while. That must not choke a line of half a megabit.
func TestUpload_PassesASlowLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size    int64
		speed   int // bytes a second
		resends time.Duration
	}{
		"a picture at 0.1 Mbit/s":                       {500_000, 12_500, 30 * time.Second},
		"small parts pass with gotd's own interval too": {9 << 20, 62_500, 5 * time.Second},
		"a film at 0.5 Mbit/s":                          {40 << 20, 62_500, 30 * time.Second},
		"a stream at 0.5 Mbit/s":                        {-1, 62_500, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
				defer cancel()
				l := &slowLine{speed: c.speed}
				l.engine = rpc.New(l.write, rpc.Options{RetryInterval: c.resends, MaxRetries: 5})
				defer l.engine.Close()
				length := c.size
				if length < 0 {
					length = 12 << 20
				}
				if _, err := Upload(ctx, tg.NewClient(l), &media.File{Size: c.size, Body: io.NopCloser(io.LimitReader(endless{}, length))}, nil); err != nil {
					t.Fatal(err)
				}
				if spare := int64(l.wrote) - length; spare > length/10 {
					t.Errorf("%d bytes were sent for a file of %d", l.wrote, length)
				}
			})
		})
	}
}
