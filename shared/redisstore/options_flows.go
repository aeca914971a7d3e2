package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	optionsflow "telegram-client/shared/flow/options"
	"telegram-client/shared/lease"
	"telegram-client/shared/peer"
)

func unknownOptionsFlow() error {
	return fault.New(fault.UnknownFlow, "There is no such options flow: it has ended, or nobody answered it in time. Begin a new one.")
}

// NewOptionsFlow keeps a new options flow; if there is one with its id, that one stays.
func (s *Store) NewOptionsFlow(ctx context.Context, f optionsflow.Flow) error {
	_, err := s.putOptionsFlow(ctx, f, "")
	return err
}

// OptionsFlow returns an options flow. Fault: unknown_flow.
func (s *Store) OptionsFlow(ctx context.Context, id string) (optionsflow.Flow, error) {
	got, err := s.client.HMGet(ctx, optionsFlowKey(id), "rec", "rev").Result()
	if err != nil {
		return optionsflow.Flow{}, s.failed(ctx, "read options flow", err)
	}
	r := reply(got)
	if len(r.bytes(0)) == 0 {
		return optionsflow.Flow{}, unknownOptionsFlow()
	}
	f := optionsflow.Flow{}
	if err := s.openJSON(optionsFlowKey(id), r.bytes(0), &f); err != nil {
		return optionsflow.Flow{}, unreadable(err)
	}
	f.Revision = r.int(1)
	return f, nil
}

// PutOptionsFlow writes an options flow down if it is still the one that was read, and returns its new revision. Faults:
// unknown_flow, flow_busy if somebody else wrote it meanwhile.
func (s *Store) PutOptionsFlow(ctx context.Context, f optionsflow.Flow) (int64, error) {
	return s.putOptionsFlow(ctx, f, fmt.Sprint(f.Revision))
}

func (s *Store) putOptionsFlow(ctx context.Context, f optionsflow.Flow, revision string) (int64, error) {
	blob, err := s.sealJSON(optionsFlowKey(f.ID), f)
	if err != nil {
		return 0, err
	}
	got, err := s.runOn(ctx, s.scripts.putOptionsFlow, []string{optionsFlowKey(f.ID)},
		fields{"by": lease.NewNonce(), "rev": revision, "keep_until": f.ExpiresAt.Add(flowAfterlife).UnixMilli()}, blob)
	if err != nil {
		return 0, err
	}
	switch got.word() {
	case "ok":
		return got.int(1), nil
	case "unknown":
		return 0, unknownOptionsFlow()
	case "conflict":
		return 0, fault.New(fault.FlowBusy, "Somebody else has just answered this form. Look at the flow again.")
	}
	return 0, s.unexpected(s.scripts.putOptionsFlow, got)
}

// DropOptionsFlow forgets an options flow.
func (s *Store) DropOptionsFlow(ctx context.Context, id string) error {
	return s.failedUnlessNil(ctx, "drop options flow", s.client.Del(ctx, optionsFlowKey(id)).Err())
}

// Peers returns what an entry has learnt about its peers. Fault: unknown_entry.
func (s *Store) Peers(ctx context.Context, id entry.ID) ([]peer.Record, error) {
	there, err := s.client.HExists(ctx, key(id, partEntry), "rec").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, s.failed(ctx, "peers", err)
	}
	if !there {
		return nil, unknownEntry()
	}
	all, err := s.client.HGetAll(ctx, key(id, partPeers)).Result()
	if err != nil {
		return nil, s.failed(ctx, "peers", err)
	}
	flat := make(reply, 0, 2*len(all))
	for field, blob := range all {
		flat = append(flat, field, blob)
	}
	return s.openPeers(id, flat), nil
}
