package service

import (
	"context"
	"slices"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// deletedAtOnce is how many messages one request deletes, says Telegram.
const deletedAtOnce = 100

// DeleteMessages deletes messages in each target, or those that their ids alone name. One target's failure does not stop
// the others. Repeating a call does no harm: what is gone stays so. Telegram does not say which of the ids were
// messages; a result has those that it was asked to delete.
func (s *Service) DeleteMessages(ctx context.Context, m message.Delete) (*Answer, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	targets := m.Targets
	if len(targets) == 0 {
		targets = []peer.Target{{}}
	}
	r := s.request(ctx, id)
	r.Targets = m.Targets
	if !m.DryRun {
		r.Intent.Kinds = []outbox.Kind{outbox.Delete}
		names := s.names(id)
		for _, box := range likelyBoxes(m.Targets) {
			for ids := range slices.Chunk(m.IDs, deletedAtOnce) {
				r.Intent.Texts = append(r.Intent.Texts, names.Messages(outbox.Delete, box, ids))
			}
		}
	}
	answer := &Answer{Entry: id, DryRun: m.DryRun}
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		answer.Results, answer.Fault = nil, nil // a second login begins anew
		for i, t := range targets {
			result := Result{Target: t}
			err := s.deleteIn(ctx, c, m, t, &result)
			if err != nil {
				result.Fault = fault.Of(err)
			}
			over := err != nil && (ends(ctx, err) || fault.Is(err, fault.FloodWait))
			if !over || len(result.MessageIDs) > 0 {
				answer.put(i, result)
			}
			if over {
				answer.Fault = result.Fault
				if ends(ctx, err) {
					return err
				}
				return nil
			}
		}
		return nil
	})
	if err != nil && len(answer.Results) == 0 {
		return nil, err
	}
	return answer, nil
}

// deleteIn deletes the messages in one target; the zero target stands for whatever private chats and small groups they
// are in.
func (s *Service) deleteIn(ctx context.Context, c *authorization.Call, m message.Delete, t peer.Target, r *Result) error {
	var at chat
	if t != (peer.Target{}) {
		var err error
		if at, err = resolve(ctx, c, t); err != nil {
			return err
		}
		r.ChatID = at.id
	}
	if m.DryRun {
		return nil
	}
	for ids := range slices.Chunk(m.IDs, deletedAtOnce) {
		err := s.perform(ctx, c, &at, func(ctx context.Context) (err error) {
			if channel, ok := at.channel(); ok {
				_, err = c.API.ChannelsDeleteMessages(ctx, &tg.ChannelsDeleteMessagesRequest{Channel: channel, ID: ids})
				return err
			}
			_, err = c.API.MessagesDeleteMessages(ctx, &tg.MessagesDeleteMessagesRequest{Revoke: m.Revoke, ID: ids})
			return err
		})
		if err != nil {
			return blame(err, "message_ids", fault.MessageIDInvalid)
		}
		for _, id := range ids {
			c.Done.Marks = append(c.Done.Marks, authorization.Mark{Kind: outbox.Delete, Box: at.box(), MessageID: id})
		}
		r.MessageIDs = append(r.MessageIDs, ids...)
		c.Done.Sent.LastDeleted = ids[len(ids)-1]
	}
	return nil
}

// likelyBoxes returns whose message ids targets may mean, as far as one can tell without looking them up: the common box,
// and channels that are named by id.
func likelyBoxes(targets []peer.Target) []peer.ID {
	boxes := []peer.ID{0}
	for _, t := range targets {
		if t.ID.Kind() == peer.Channel {
			boxes = append(boxes, t.ID)
		}
	}
	return boxes
}
