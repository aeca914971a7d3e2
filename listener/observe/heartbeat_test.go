package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/clock"

	"telegram-client/shared/entry"
)

func TestHeart_TellsWhatAlarmsNeed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var answer error
	ctx, cancel := context.WithCancel(t.Context())
	h := Heart{Clock: clock.System, Log: slog.New(slog.NewJSONHandler(&log, nil)), Entries: func(context.Context) ([]entry.Overview, error) {
		cancel() // one beat is enough
		return []entry.Overview{
			{Status: entry.Status{Connected: true}, Queue: entry.Queue{Waiting: 2, OldestAge: 90 * time.Second}},
			{Queue: entry.Queue{Waiting: 1, OldestAge: 4 * time.Second, Dead: 3}},
		}, answer
	}}
	h.Beat(ctx)
	var got map[string]any
	if err := json.Unmarshal(log.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, log.String())
	}
	delete(got, "time")
	want := map[string]any{"level": "INFO", "msg": "heartbeat", "entries": 2., "connected": 1., "waiting": 3., "dead": 3., "oldest_event_seconds": 90.}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	log.Reset()
	answer = errors.New("away")
	h.beat(t.Context())
	if !bytes.Contains(log.Bytes(), []byte(`"level":"WARN"`)) || bytes.Contains(log.Bytes(), []byte(`"msg":"heartbeat"`)) {
		t.Errorf("without a store: %s", log.String())
	}
}
