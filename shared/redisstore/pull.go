package redisstore

import (
	"context"
	"fmt"
	"sync"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
	"telegram-client/shared/pull"
)

// Pull acknowledges a batch of an entry's events, and hands the next one out, or the same one again. It needs no lease:
// the target says that the listener delivers nothing of this entry. See shared/pull.
func (s *Store) Pull(ctx context.Context, id entry.ID, p outbox.Pull) (outbox.Pulled, error) {
	spoiled := []string{}
	var queries []int64
	for {
		got, err := s.run(ctx, s.scripts.pull, id, fields{"rev": fmt.Sprint(p.Revision), "reader": s.ring.Name("reader", string(id), p.Reader), "after": p.After,
			"batch": lease.NewNonce()[:pull.BatchName], "most": p.Most, "most_bytes": p.MostBytes, "waits": p.Wait.Milliseconds(),
			"spoiled": spoiled, "query": s.typeTag(id, entry.Domain+"_"+string(filter.CallbackQuery))})
		if err != nil {
			return outbox.Pulled{}, err
		}
		switch got.word() {
		case "ok":
		case "changed":
			return outbox.Pulled{}, outbox.ErrChanged
		case "replaced":
			return outbox.Pulled{}, fault.At(fault.ReaderReplaced, "reader", "Another reader fetches these events since. If it is gone, begin again with a new reader.")
		case "unknown_cursor":
			return outbox.Pulled{}, pull.UnknownCursor()
		default:
			return outbox.Pulled{}, s.unexpected(s.scripts.pull, got)
		}
		pulled := outbox.Pulled{Batch: got.text(1), More: got.int(3) == 1}
		spoiled = spoiled[:0]
		for found := got.list(2); len(found) >= 3; found = found[3:] {
			var r itemRecord
			if s.openJSON(fieldName(id, partItems, found.text(0)), found.bytes(2), &r) != nil {
				spoiled = append(spoiled, found.text(0))
				continue
			}
			it := r.item()
			it.Attempts = int(found.int(1))
			pulled.Items = append(pulled.Items, it)
		}
		for asked := got.list(4); len(asked) >= 2; asked = asked[2:] {
			var r itemRecord
			if s.openJSON(fieldName(id, partItems, asked.text(0)), asked.bytes(1), &r) == nil && r.Query != 0 {
				queries = append(queries, r.Query)
			}
		}
		if len(spoiled) == 0 {
			pulled.Queries = queries
			return pulled, nil
		}
		// What nobody can read is given up, and counted; the rest is the same batch.
		p.After = ""
	}
}

// WaitEvents returns a channel that gets something when there may be new events of one of the entries, once it is heard,
// and what ends the hearing. Bells may be missed: whoever waits also looks by time.
func (s *Store) WaitEvents(ctx context.Context, ids []entry.ID) (rung <-chan struct{}, end func()) {
	c := make(chan struct{}, 1)
	heard := make([]*bell, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() { heard[i] = s.bells.listenOn(ctx, bellKey(id), "events", c) }) // ends within a second
	}
	all.Wait()
	return c, func() {
		for _, b := range heard {
			s.bells.forget(b)
		}
	}
}
