package observe

import (
	"context"
	"log/slog"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/entry"
)

// beatEvery is how often a heart beats. template.yaml raises its alarms after five minutes.
const beatEvery = time.Minute

// A Heart writes a line into the log as long as the listener runs and gets at its store. Where nothing can ask for
// /metrics, alarms are made of it: of its absence, and of oldest_event_seconds.
type Heart struct {
	// Entries returns what there is to show about all entries, whoever serves them.
	Entries func(ctx context.Context) ([]entry.Overview, error)
	Clock   clock.Clock
	Log     *slog.Logger
}

// Beat beats until ctx ends.
func (h Heart) Beat(ctx context.Context) {
	for {
		h.beat(ctx)
		timer := h.Clock.Timer(beatEvery)
		select {
		case <-timer.C():
		case <-ctx.Done():
			clock.StopTimer(timer)
			return
		}
	}
}

func (h Heart) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatEvery/2)
	defer cancel()
	entries, err := h.Entries(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.Log.WarnContext(ctx, "the heart does not beat: the store does not answer", "error", err)
		}
		return
	}
	var connected, waiting, dead int
	var oldest time.Duration
	for _, e := range entries {
		if e.Status.Connected {
			connected++
		}
		waiting += e.Queue.Waiting
		dead += e.Queue.Dead
		oldest = max(oldest, e.Queue.OldestAge)
	}
	h.Log.InfoContext(ctx, "heartbeat", "entries", len(entries), "connected", connected, "waiting", waiting, "dead", dead,
		"oldest_event_seconds", int(oldest.Seconds()))
}
