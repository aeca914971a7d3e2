package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gotd/td/clock"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
)

const (
	// callbackLife is how long Telegram waits for the answer to a callback query, about.
	callbackLife = 5 * time.Minute
	// callbackWithin is how long an empty answer may take.
	callbackWithin = 30 * time.Second
)

// callbacks end the waiting of inline buttons that nobody answers: some time after Home Assistant has acknowledged the
// press, if no automation has answered by then. It is kept in memory alone: after a restart of the listener a button
// may turn until Telegram gives up.
type callbacks struct {
	clock  clock.Clock
	log    *slog.Logger
	answer func(ctx context.Context, c entry.CallbackAnswer) error
	rung   chan struct{}

	mu       sync.Mutex
	leave    bool
	after    time.Duration
	due      map[int64]time.Time // acknowledged, by query
	answered map[int64]time.Time // when
}

func newCallbacks(c clock.Clock, log *slog.Logger, answer func(context.Context, entry.CallbackAnswer) error) *callbacks {
	return &callbacks{clock: c, log: log, answer: answer, rung: make(chan struct{}, 1), due: map[int64]time.Time{}, answered: map[int64]time.Time{}}
}

// take takes up the options of the entry, for what is acknowledged from now on.
func (c *callbacks) take(b filter.Bridge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seconds := b.AnswerCallbacksAfter
	if seconds == 0 {
		seconds = filter.DefaultAnswerAfter
	}
	c.leave, c.after = b.LeaveCallbacks, time.Duration(seconds*float64(time.Second))
}

// acknowledged says that Home Assistant knows of a query.
func (c *callbacks) acknowledged(query int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, done := c.answered[query]; done || c.leave {
		return
	}
	c.due[query] = c.clock.Now().Add(c.after)
	select {
	case c.rung <- struct{}{}:
	default:
	}
}

// isAnswered says that somebody answers a query.
func (c *callbacks) isAnswered(query int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	for q, at := range c.answered {
		if now.Sub(at) > callbackLife {
			delete(c.answered, q)
		}
	}
	delete(c.due, query)
	c.answered[query] = now
}

// next takes a query that is due; if there is none it says when one is.
func (c *callbacks) next() (query int64, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for q, t := range c.due {
		if query == 0 || t.Before(at) {
			query, at = q, t
		}
	}
	if query == 0 || at.After(c.clock.Now()) {
		return 0, at
	}
	delete(c.due, query)
	return query, at
}

// run answers until ctx ends.
func (c *callbacks) run(ctx context.Context) {
	var answers sync.WaitGroup
	defer answers.Wait()
	for ctx.Err() == nil {
		query, at := c.next()
		if query != 0 {
			answers.Go(func() { c.empty(ctx, query) }) // ends with the answer, at the latest with ctx
			continue
		}
		wait := time.Hour
		if !at.IsZero() {
			wait = at.Sub(c.clock.Now())
		}
		timer := c.clock.Timer(wait)
		select {
		case <-timer.C():
		case <-c.rung:
		case <-ctx.Done():
		}
		clock.StopTimer(timer)
	}
}

func (c *callbacks) empty(ctx context.Context, query int64) {
	ctx, cancel := context.WithTimeout(ctx, callbackWithin)
	defer cancel()
	err := c.answer(ctx, entry.CallbackAnswer{QueryID: query})
	if err != nil && !tgerr.Is(err, "QUERY_ID_INVALID") { // answered by another way, or too old
		c.log.Info("a callback query that nobody answered could not be ended", "error", err)
	}
}
