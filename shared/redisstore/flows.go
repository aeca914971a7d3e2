package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/lease"
)

func unknownFlow() error {
	return fault.New(fault.UnknownFlow, "There is no such flow: it has ended, or more than a quarter of an hour has passed. Start again.")
}

// NewFlow keeps a new flow.
func (s *Store) NewFlow(ctx context.Context, f login.Flow) error {
	// The index first: an id without a flow is repaired, a flow that is never swept is not.
	if err := s.indexFlow(ctx, f.ID, f.ExpiresAt); err != nil {
		return err
	}
	return s.putFlow(ctx, &f, "", "new")
}

func (s *Store) indexFlow(ctx context.Context, id string, at time.Time) error {
	err := s.client.ZAdd(ctx, flowsKey, redis.Z{Score: float64(at.UnixMilli()), Member: id}).Err()
	return s.failedUnlessNil(ctx, "index of flows", err)
}

// ReadFlow returns a flow without taking it. Fault: unknown_flow.
func (s *Store) ReadFlow(ctx context.Context, id string) (login.Flow, error) {
	blob, err := s.client.HGet(ctx, flowKey(id), "rec").Bytes()
	if errors.Is(err, redis.Nil) {
		return login.Flow{}, unknownFlow()
	}
	if err != nil {
		return login.Flow{}, s.failed(ctx, "read flow", err)
	}
	return s.openFlow(id, blob)
}

func (s *Store) openFlow(id string, blob []byte) (login.Flow, error) {
	var r flowRecord
	if err := s.openJSON(flowKey(id), blob, &r); err != nil {
		return login.Flow{}, unreadable(err)
	}
	f, err := r.flow(id)
	if err != nil {
		return login.Flow{}, unreadable(err)
	}
	return f, nil
}

// TakeFlow takes a flow to answer it, for at most d. A flow whose answering process died is free after its lease and the
// quarantine. Faults: unknown_flow, flow_busy.
func (s *Store) TakeFlow(ctx context.Context, id string, d time.Duration) (*login.Held, error) {
	h, _, err := s.takeFlow(ctx, id, d, false)
	return h, err
}

// takeFlow takes a flow. To sweep it (sweep) it has to be due; when it is, or that it is not there, is then the second
// result, with neither a flow nor an error.
func (s *Store) takeFlow(ctx context.Context, id string, d time.Duration, sweep bool) (*login.Held, time.Time, error) {
	nonce, asked := lease.NewNonce(), s.now()
	got, err := s.runOn(ctx, s.scripts.takeFlow, []string{flowKey(id)}, fields{"nonce": nonce, "lease": d.Milliseconds(), "sweep": sweep,
		"holder": s.holder, "sole": s.sole})
	if err != nil {
		return nil, time.Time{}, err
	}
	switch got.word() {
	case "taken":
	case "busy":
		return nil, time.Time{}, fault.New(fault.FlowBusy, "This flow is being answered. Wait for that answer.").After(atLeastASecond(got.millis(1)))
	case "not_yet":
		return nil, time.UnixMilli(got.int(1)), nil
	case "unknown":
		if sweep {
			return nil, time.Time{}, nil
		}
		return nil, time.Time{}, unknownFlow()
	default:
		return nil, time.Time{}, s.unexpected(s.scripts.takeFlow, got)
	}
	h := &login.Held{Lease: lease.New(nonce, 0, asked, d, s.now)}
	if h.Flow, err = s.openFlow(id, got.bytes(1)); err != nil {
		return nil, time.Time{}, err
	}
	// If this process dies the flow is swept when its quarantine is over. If this write fails it is swept later.
	_ = s.indexFlow(ctx, id, asked.Add(d+s.numbers.Quarantine))
	return h, time.Time{}, nil
}

// NoteFlow writes a held flow down while it stays held. Error: lease.ErrLost.
func (s *Store) NoteFlow(ctx context.Context, h *login.Held) error {
	return s.putFlow(ctx, &h.Flow, h.Lease.Nonce(), "note")
}

// PutFlow writes a held flow down and gives it back. Error: lease.ErrLost.
func (s *Store) PutFlow(ctx context.Context, h *login.Held) error {
	if err := s.putFlow(ctx, &h.Flow, h.Lease.Nonce(), "put"); err != nil {
		return err
	}
	h.Lease.Lose()
	if ended(&h.Flow) && len(h.Flow.Made) == 0 {
		return s.failedUnlessNil(ctx, "index of flows", s.client.ZRem(ctx, flowsKey, h.Flow.ID).Err())
	}
	return s.indexFlow(ctx, h.Flow.ID, h.Flow.ExpiresAt)
}

// DropFlow forgets a held flow. Error: lease.ErrLost.
func (s *Store) DropFlow(ctx context.Context, h *login.Held) error {
	if err := s.putFlow(ctx, &h.Flow, h.Lease.Nonce(), "drop"); err != nil {
		return err
	}
	h.Lease.Lose()
	return s.failedUnlessNil(ctx, "index of flows", s.client.ZRem(ctx, flowsKey, h.Flow.ID).Err())
}

func ended(f *login.Flow) bool { return f.Last != nil }

func (s *Store) putFlow(ctx context.Context, f *login.Flow, nonce, act string) error {
	blob, err := s.sealJSON(flowKey(f.ID), newFlowRecord(f))
	if err != nil {
		return err
	}
	got, err := s.runOn(ctx, s.scripts.putFlow, []string{flowKey(f.ID)}, fields{"nonce": nonce, "act": act,
		"expires": f.ExpiresAt.UnixMilli(), "keep_until": f.ExpiresAt.Add(flowAfterlife).UnixMilli(),
		"ended": ended(f), "empty": len(f.Made) == 0}, blob)
	if err != nil {
		return err
	}
	switch got.word() {
	case "ok":
		return nil
	case "lost":
		return fmt.Errorf("%s flow: %w", act, lease.ErrLost)
	}
	return s.unexpected(s.scripts.putFlow, got)
}

// sweepAtOnce is how many flows are looked at to find one that is due.
const sweepAtOnce = 20

// TakeExpired takes a flow that is past its time or whose answering process died, the longest overdue first; nil if there
// is none. The index is repaired on the way.
func (s *Store) TakeExpired(ctx context.Context, d time.Duration) (*login.Held, error) {
	now := s.now().Add(s.ahead())
	due, err := s.client.ZRangeByScore(ctx, flowsKey, &redis.ZRangeBy{Min: "-inf", Max: fmt.Sprint(now.UnixMilli()), Count: sweepAtOnce}).Result()
	if err != nil {
		return nil, s.failed(ctx, "expired flows", err)
	}
	for _, id := range due {
		h, later, err := s.takeFlow(ctx, id, d, true)
		switch {
		case fault.Is(err, fault.Misconfigured):
			continue // its keys are missing: nothing can be logged out before they are back
		case err != nil || h != nil:
			return h, err
		case later.IsZero():
			err = s.client.ZRem(ctx, flowsKey, id).Err()
		default:
			err = s.client.ZAddXX(ctx, flowsKey, redis.Z{Score: float64(later.UnixMilli()), Member: id}).Err()
		}
		if err != nil {
			return nil, s.failed(ctx, "expired flows", err)
		}
	}
	return nil, nil
}
