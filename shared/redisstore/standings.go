package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
)

// Standings returns how each authorization of an entry stands. Fault: unknown_entry.
func (s *Store) Standings(ctx context.Context, id entry.ID) ([]authorization.Standing, error) {
	got, err := s.run(ctx, s.scripts.standings, id, fields{})
	if err != nil {
		return nil, err
	}
	if got.word() != "ok" {
		return nil, s.unexpected(s.scripts.standings, got)
	}
	fates := map[string]authorization.Fate{"ended": authorization.Ended, "duplicated": authorization.Duplicated}
	var all []authorization.Standing
	for l := got.list(1); len(l) >= 4; l = l[4:] {
		all = append(all, authorization.Standing{Name: authorization.Name(l.text(0)), Fate: fates[l.text(1)],
			Used: unixMilli(l.int(2)), Free: unixMilli(l.int(3))})
	}
	return all, nil
}

func unixMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

const fieldGrowth = "growth" // of an entry: sealed

// Growth returns what is remembered of the senders that were made in the background. One that cannot be read is none.
func (s *Store) Growth(ctx context.Context, id entry.ID) (authorization.Growth, error) {
	var g authorization.Growth
	blob, err := s.client.HGet(ctx, key(id, partEntry), fieldGrowth).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return g, s.failed(ctx, "growth", err)
	}
	if len(blob) > 0 && s.openJSON(fieldName(id, partEntry, fieldGrowth), blob, &g) != nil {
		return authorization.Growth{}, nil
	}
	return g, nil
}

// SaveGrowth remembers it. Error: lease.ErrLost.
func (s *Store) SaveGrowth(ctx context.Context, id entry.ID, l *lease.Lease, g authorization.Growth) error {
	blob, err := s.sealJSON(fieldName(id, partEntry, fieldGrowth), g)
	if err != nil {
		return err
	}
	return s.held(ctx, s.scripts.note, id, l, fields{"field": fieldGrowth}, blob)
}
