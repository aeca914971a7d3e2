package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// bells hears, on one connection for the whole process, that a look is worth while. The connection is made when
// somebody waits for the first time. A bell that was missed is no harm: whoever waits looks again by time.
//
// The goroutine that hears is owned by bells: it ends in close.
type bells struct {
	client redis.UniversalClient

	mu      sync.Mutex
	pubsub  *redis.PubSub
	closed  bool
	done    chan struct{}
	waiting map[string]map[*bell]bool // by channel
	ready   map[string]bool           // channels the store has confirmed
}

// A bell rings once or more for one who waits.
type bell struct {
	channel, word string
	rung          chan struct{} // holds at most one
	ready         chan struct{} // holds at most one: the channel was confirmed
}

func newBells(client redis.UniversalClient) *bells {
	return &bells{client: client, waiting: map[string]map[*bell]bool{}, ready: map[string]bool{}}
}

// listen returns a bell that hears a word on a channel ("" hears every word), once the store has confirmed that it
// does or after a second. The caller ends it with b.forget.
func (b *bells) listen(ctx context.Context, channel, word string) *bell {
	return b.listenOn(ctx, channel, word, make(chan struct{}, 1))
}

// listenOn is listen with a channel that several bells may share.
func (b *bells) listenOn(ctx context.Context, channel, word string, rung chan struct{}) *bell {
	w := &bell{channel: channel, word: word, rung: rung, ready: make(chan struct{}, 1)}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return w
	}
	if b.waiting[channel] == nil {
		b.waiting[channel] = map[*bell]bool{}
	}
	b.waiting[channel][w] = true
	ready := b.ready[channel]
	pubsub := b.pubsub
	if pubsub == nil {
		pubsub = b.client.Subscribe(context.Background())
		b.pubsub, b.done = pubsub, make(chan struct{})
		go b.hear(pubsub, b.done)
	}
	b.mu.Unlock()
	if ready {
		return w
	}
	// Not under mu: it may have to connect.
	if err := pubsub.Subscribe(ctx, channel); err != nil {
		return w
	}
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-w.ready:
	case <-late.C:
	case <-ctx.Done():
	}
	return w
}

// forget ends a bell. Its channel stays subscribed: there is one for each entry, and the next wait finds it ready.
func (b *bells) forget(w *bell) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting[w.channel], w)
	if len(b.waiting[w.channel]) == 0 {
		delete(b.waiting, w.channel)
	}
}

func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pingEvery is how long nothing is heard before the connection is asked whether it lives.
const pingEvery = 30 * time.Second

func (b *bells) hear(pubsub *redis.PubSub, done chan struct{}) {
	defer close(done)
	for {
		got, err := pubsub.ReceiveTimeout(context.Background(), pingEvery)
		if !b.pass(got) {
			return
		}
		if err != nil {
			// go-redis connects again by itself, and subscribes to everything anew.
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			if pubsub.Ping(ctx) != nil {
				<-ctx.Done()
			}
			cancel()
		}
	}
}

// pass rings the bells that a message is for. It is false when there is nobody any more to hear.
func (b *bells) pass(got any) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch got := got.(type) {
	case *redis.Subscription:
		if got.Kind == "subscribe" {
			b.ready[got.Channel] = true
			for w := range b.waiting[got.Channel] {
				ring(w.ready)
				ring(w.rung) // what was said before is seen by looking
			}
		}
	case *redis.Message:
		for w := range b.waiting[got.Channel] {
			if w.word == "" || w.word == got.Payload {
				ring(w.rung)
			}
		}
	}
	return !b.closed
}

func (b *bells) close() {
	b.mu.Lock()
	b.closed = true
	pubsub, done := b.pubsub, b.done
	b.mu.Unlock()
	if pubsub != nil {
		_ = pubsub.Close()
		<-done
	}
}
