package job

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gotd/td/clock"
)

// resumeEvery is how often a crew looks for jobs that nobody has in hand, such as those that another process has left.
const resumeEvery = time.Minute

// A Crew runs jobs in this process, a few at a time, first come first served.
type Crew struct {
	size  int
	clock clock.Clock
	log   *slog.Logger
	wait  sync.WaitGroup

	mu      sync.Mutex
	run     func(id string) (wait time.Duration) // nil: not at work
	sleep   func(d time.Duration) bool
	queue   []string
	active  []string
	waiting []string // they come to the end of the queue when their time has come
}

// NewCrew returns a crew of a size. It takes jobs at once, and does them as soon as it works.
func NewCrew(size int, c clock.Clock, log *slog.Logger) *Crew {
	return &Crew{size: size, clock: c, log: log}
}

// Start has a job run soon. One that the crew has already is not queued again. There is no error: a job that the crew does
// not get to is taken up by the next process.
func (c *Crew) Start(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.queue, id) || slices.Contains(c.active, id) || slices.Contains(c.waiting, id) {
		return nil
	}
	c.queue = append(c.queue, id)
	c.next()
	return nil
}

// next begins with the jobs for which there is room.
func (c *Crew) next() {
	for c.run != nil && len(c.queue) > 0 && len(c.active) < c.size {
		id, run := c.queue[0], c.run
		c.queue = c.queue[1:]
		c.active = append(c.active, id)
		c.wait.Go(func() { // ends with the context of Work
			wait := run(id)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.active = without(c.active, id)
			if wait > 0 {
				c.later(id, wait)
			}
			c.next()
		})
	}
}

// later queues a job after a while. Until then it takes nobody's place.
func (c *Crew) later(id string, d time.Duration) {
	c.waiting = append(c.waiting, id)
	sleep := c.sleep
	c.wait.Go(func() { // ends with the context of Work
		due := sleep(d)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiting = without(c.waiting, id)
		if due {
			c.queue = append(c.queue, id)
			c.next()
		}
	})
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(ids, func(one string) bool { return one == id })
}

// Work runs jobs until ctx ends, and those first that are open already. It returns when all have stopped.
func (c *Crew) Work(ctx context.Context, r *Runner) {
	c.mu.Lock()
	c.sleep = func(d time.Duration) bool { return sleep(ctx, c.clock, d) }
	c.run = func(id string) time.Duration {
		wait, err := r.Run(ctx, id)
		if err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "a job has no answer yet", "error", err)
		}
		return wait
	}
	c.next()
	c.mu.Unlock()
	for {
		ids, err := r.o.Store.OpenJobs(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "open jobs cannot be looked for", "error", err)
		}
		for _, id := range ids {
			_ = c.Start(ctx, id)
		}
		if !sleep(ctx, c.clock, resumeEvery) {
			c.mu.Lock()
			c.run = nil
			c.mu.Unlock()
			c.wait.Wait()
			return
		}
	}
}
