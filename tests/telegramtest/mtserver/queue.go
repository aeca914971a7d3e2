package mtserver

import (
	"context"
	"sync"
)

// queue is a first-in-first-out queue without a limit: a peer that does not read must not stop the one that serves it.
type queue[T any] struct {
	wake chan struct{} // has a token when something may be new

	mu     sync.Mutex
	items  []T
	closed bool
}

func newQueue[T any]() *queue[T] { return &queue[T]{wake: make(chan struct{}, 1)} }

func (q *queue[T]) push(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.items = append(q.items, item)
		q.signal()
	}
}

// close lets wait return false once the queue is empty. What is pushed later is dropped.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue[T]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue[T]) peek() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return item, false
	}
	return q.items[0], true
}

func (q *queue[T]) pop() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return item, false
	}
	item = q.items[0]
	q.items = q.items[1:]
	return item, true
}

// wait returns the next item; false if the queue is closed and empty, or ctx has ended. It is for one goroutine.
func (q *queue[T]) wait(ctx context.Context) (T, bool) {
	for {
		if item, ok := q.pop(); ok {
			return item, true
		}
		q.mu.Lock()
		closed := q.closed && len(q.items) == 0
		q.mu.Unlock()
		var none T
		if closed {
			return none, false
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return none, false
		}
	}
}
