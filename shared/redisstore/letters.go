package redisstore

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

// mostLetters is how many bytes of dead letters are listed at a time: a function's answer has an end.
const mostLetters = 4_000_000

// DeadLetters returns the events that the target has refused for good, the oldest first, and if they are large not all.
// What cannot be opened is left out. Fault: unknown_entry.
func (s *Store) DeadLetters(ctx context.Context, id entry.ID) ([]outbox.DeadLetter, error) {
	got, err := s.run(ctx, s.scripts.deadLetters, id, fields{"most": mostLetters})
	if err != nil {
		return nil, err
	}
	if got.word() != "ok" {
		return nil, s.unexpected(s.scripts.deadLetters, got)
	}
	var all []outbox.DeadLetter
	for found := got.list(1); len(found) >= 2; found = found[2:] {
		var r deadRecord
		if s.openJSON(fieldName(id, partDead, found.text(0)), found.bytes(1), &r) == nil {
			all = append(all, outbox.DeadLetter{Item: r.Item.item(), Attempts: r.Attempts, Reason: r.Reason, At: r.At})
		}
	}
	return all, nil
}

// Replay puts a dead letter back at the end of its lane: due now, never tried, and as young as an event that occurs now.
// Faults: unknown_entry, unknown_event, removal_in_progress.
func (s *Store) Replay(ctx context.Context, id entry.ID, event uuid.UUID) error {
	e, err := s.Entry(ctx, id)
	if err != nil {
		return err
	}
	name := s.itemName(id, event.String())
	blob, err := s.client.HGet(ctx, key(id, partDead), name).Bytes()
	if errors.Is(err, redis.Nil) {
		return unknownLetter()
	}
	if err != nil {
		return s.failed(ctx, "dead letter", err)
	}
	var r deadRecord
	if s.openJSON(fieldName(id, partDead, name), blob, &r) != nil {
		return unknownLetter()
	}
	it := r.Item.item()
	it.Own = nil // whatever it was about is decided
	age := e.Target.MaxAge
	if age == 0 {
		age = entry.DefaultMaxAge
	}
	it.ExpiresAt = s.now().Add(age).UTC()
	var m itemMeta
	sealed, err := s.sealItem(id, &it, &m)
	if err != nil {
		return err
	}
	released, err := s.sealCommand(id, entry.Command{Kind: entry.Released})
	if err != nil {
		return err
	}
	return s.onLetter(ctx, s.scripts.replay, id, fields{"item": m}, sealed[0], released)
}

// DropLetter forgets a dead letter. Faults: unknown_entry, unknown_event.
func (s *Store) DropLetter(ctx context.Context, id entry.ID, event uuid.UUID) error {
	return s.onLetter(ctx, s.scripts.dropLetter, id, fields{"name": s.itemName(id, event.String())})
}

func (s *Store) onLetter(ctx context.Context, sc *script, id entry.ID, h fields, sealed ...[]byte) error {
	h["by"] = lease.NewNonce()
	got, err := s.run(ctx, sc, id, h, sealed...)
	switch {
	case err != nil:
		return err
	case got.word() == "ok":
		return nil
	case got.word() == "unknown_event":
		return unknownLetter()
	}
	return s.unexpected(sc, got)
}

func unknownLetter() error {
	return fault.New(fault.UnknownEvent, "No dead letter of this entry has this event id. GET …/dead-letters lists them.")
}
