package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

// Oldest returns the entry that a call means which names none. It costs one trip; the index is a hint, so the entry may
// have gone. Fault: no_entry.
func (s *Store) Oldest(ctx context.Context) (entry.ID, error) {
	ids, err := s.client.ZRange(ctx, entriesKey, 0, 0).Result()
	if err != nil {
		return "", s.failed(ctx, "oldest entry", err)
	}
	if len(ids) == 0 {
		return "", fault.New(fault.NoEntry, "No account is set up yet. Log one in with a config flow.")
	}
	return entry.ID(ids[0]), nil
}

const (
	// scanEvery is how often the index is compared with all that is there; an entry is missing in it only if the store
	// lost a write or a part of a backup was restored.
	scanEvery = 5 * time.Minute
	// unborn is how long an id may stand in the index without an entry: it is written first.
	unborn = time.Minute
)

// Entries returns the ids of all entries, tombstones too, the oldest first, and repairs the index where it was wrong.
func (s *Store) Entries(ctx context.Context) ([]entry.ID, error) {
	s.mu.Lock()
	scan := s.scanned.IsZero() || s.now().Sub(s.scanned) >= scanEvery
	s.mu.Unlock()
	if scan {
		if err := s.completeIndex(ctx); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.scanned = s.now()
		s.mu.Unlock()
	}
	listed, err := s.client.ZRangeWithScores(ctx, entriesKey, 0, -1).Result()
	if err != nil {
		return nil, s.failed(ctx, "entries", err)
	}
	exist := make([]*redis.BoolCmd, len(listed))
	if len(listed) > 0 {
		_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, z := range listed {
				exist[i] = p.HExists(ctx, key(entry.ID(z.Member.(string)), partEntry), "rec")
			}
			return nil
		})
		if err != nil {
			return nil, s.failed(ctx, "entries", err)
		}
	}
	var ids []entry.ID
	for i, z := range listed {
		id := z.Member.(string)
		if exist[i].Val() {
			ids = append(ids, entry.ID(id))
		} else if s.now().Sub(time.UnixMilli(int64(z.Score))) > unborn || z.Score == tombstoneScore {
			if err := s.client.ZRem(ctx, entriesKey, id).Err(); err != nil {
				return nil, s.failed(ctx, "entries", err)
			}
		}
	}
	return ids, nil
}

// completeIndex adds the entries that are there but not in the index.
func (s *Store) completeIndex(ctx context.Context) error {
	found, err := s.scan(ctx)
	if err != nil {
		return s.failed(ctx, "look for entries", err)
	}
	for _, id := range found {
		got, err := s.client.HMGet(ctx, key(id, partEntry), "created", "removing").Result()
		if err != nil {
			return s.failed(ctx, "look for entries", err)
		}
		score := float64(reply(got).int(0))
		if reply(got).int(1) != 0 {
			score = tombstoneScore
		}
		if err := s.client.ZAddNX(ctx, entriesKey, redis.Z{Score: score, Member: string(id)}).Err(); err != nil {
			return s.failed(ctx, "look for entries", err)
		}
	}
	return nil
}

func (s *Store) scan(ctx context.Context) ([]entry.ID, error) {
	var mu sync.Mutex // the masters of a cluster are asked at the same time
	var found []entry.ID
	one := func(ctx context.Context, c redis.Cmdable) error {
		it := c.Scan(ctx, 0, entryPattern, 1000).Iterator()
		for it.Next(ctx) {
			if id := entryOfKey(it.Val()); id != "" {
				mu.Lock()
				found = append(found, id)
				mu.Unlock()
			}
		}
		return it.Err()
	}
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err := c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return one(ctx, node) })
		return found, err
	}
	return found, one(ctx, s.client)
}

// tellChange rings for those who wait for entries. Nobody depends on hearing it.
func (s *Store) tellChange(ctx context.Context) {
	_ = s.client.Publish(ctx, changesKey, "").Err()
}

// WaitEntries returns as soon as an entry may have been made, removed or freed, at the latest after d. What happened since
// the last call is not missed; the first call returns at once.
func (s *Store) WaitEntries(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	w := s.changes
	s.mu.Unlock()
	if w == nil {
		w = s.bells.listen(ctx, changesKey, "")
		s.mu.Lock()
		s.changes = w
		s.mu.Unlock()
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-w.rung:
	case <-t.C:
	case <-ctx.Done():
		return s.failed(ctx, "wait for entries", ctx.Err())
	}
	return nil
}
