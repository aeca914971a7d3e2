package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/entry"
)

type commandRecord struct {
	Kind    entry.CommandKind
	EventID string `json:",omitempty"`
}

func (s *Store) sealCommand(id entry.ID, c entry.Command) ([]byte, error) {
	return s.sealJSON(key(id, partCommands), commandRecord{Kind: c.Kind, EventID: c.EventID})
}

// SendCommand tells the listener that serves an entry something. Nobody may be listening: a command is a hint to look,
// but for Confirmed, which is heard for a minute. Fault: unknown_entry.
func (s *Store) SendCommand(ctx context.Context, id entry.ID, c entry.Command) error {
	blob, err := s.sealCommand(id, c)
	if err != nil {
		return err
	}
	got, err := s.run(ctx, s.scripts.command, id, fields{}, blob)
	if err != nil {
		return err
	}
	if got.word() != "ok" {
		return s.unexpected(s.scripts.command, got)
	}
	return nil
}

// maxCommands is how many commands are read at once.
const maxCommands = 100

// Commands returns the commands after a place, waiting up to d for one. See listener/supervisor.
func (s *Store) Commands(ctx context.Context, id entry.ID, after string, d time.Duration) ([]entry.Command, error) {
	w := s.bells.listen(ctx, bellKey(id), "commands")
	defer s.bells.forget(w)
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		all, err := s.readCommands(ctx, id, after)
		if err != nil || len(all) > 0 {
			return all, err
		}
		select {
		case <-w.rung:
		case <-t.C:
			return s.readCommands(ctx, id, after)
		case <-ctx.Done():
			return nil, s.failed(ctx, "commands", ctx.Err())
		}
	}
}

func (s *Store) readCommands(ctx context.Context, id entry.ID, after string) ([]entry.Command, error) {
	start := "-"
	if after != "" {
		start = "(" + after
	}
	got, err := s.client.XRangeN(ctx, key(id, partCommands), start, "+", maxCommands).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, s.failed(ctx, "commands", err)
	}
	var all []entry.Command
	for _, m := range got {
		c := entry.Command{ID: m.ID}
		var r commandRecord
		blob, _ := m.Values["c"].(string)
		if s.openJSON(key(id, partCommands), []byte(blob), &r) == nil {
			c.Kind, c.EventID = r.Kind, r.EventID
		}
		all = append(all, c) // one that cannot be read has no kind, but its place counts
	}
	return all, nil
}
