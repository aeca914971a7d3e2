package service

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// ForwardMessages forwards messages to each target. One target's failure does not stop the others. A fault that concerns
// the call as a whole is the error if nothing was forwarded yet, else part of the answer.
func (s *Service) ForwardMessages(ctx context.Context, m message.Forward) (*Answer, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	w := &forwarding{m: m}
	r := s.request(ctx, id)
	r.Targets = append(append(r.Targets, m.From), m.Targets...)
	if !m.DryRun {
		r.Intent.Kinds = []outbox.Kind{outbox.Send}
	}
	return s.deliver(ctx, r, delivery{
		targets: m.Targets, each: len(m.IDs), key: m.IdempotencyKey, body: m.Hash(), dryRun: m.DryRun, begin: w.begin, target: w.target,
	})
}

// forwarding is a call of forward_messages at work.
type forwarding struct {
	m    message.Forward
	from chat
	at   time.Time // of a schedule; zero: at once
}

func (w *forwarding) begin(ctx context.Context, d *delivery) (err error) {
	if w.at, err = d.s.due(&d.call.Entry, w.m.Schedule); err != nil {
		return err
	}
	if w.from, err = resolve(ctx, d.call, w.m.From); err != nil {
		return blame(err, "from_id", fault.TargetNotFound)
	}
	return nil
}

// target forwards the messages to one target, all by one request: Telegram forwards all of them or none.
func (w *forwarding) target(ctx context.Context, d *delivery, t peer.Target, r *Result, ids []int64) error {
	at, err := resolve(ctx, d.call, t)
	if err != nil {
		return err
	}
	r.ChatID = at.id
	if w.m.DryRun {
		r.Scheduled = w.at
		return nil
	}
	if len(r.MessageIDs) > 0 {
		return nil // an earlier call did it: some of the messages were not there
	}
	var answer tg.UpdatesClass
	err = d.s.perform(ctx, d.call, &at, func(ctx context.Context) (err error) {
		answer, err = d.call.API.MessagesForwardMessages(ctx, w.m.Plan(w.from.peer, message.Place{Peer: at.peer, At: w.at}, w.m.IDs, ids))
		return err
	})
	switch {
	case tgerr.Is(err, "RANDOM_ID_DUPLICATE"):
		return fault.New(fault.UnknownOutcome, "This was forwarded by an earlier call with the same idempotency key, but nothing tells under which ids.")
	case err != nil:
		return blame(uncertain(ctx, err), "message_ids", fault.MessageIDInvalid)
	}
	made := 0
	updates, _ := flatten(d.call, answer)
	for _, u := range updates {
		if one, ok := madeBy(u); ok {
			made++
			d.sent(r, at, one, w.at)
		}
	}
	if made == 0 {
		return fmt.Errorf("telegram's answer %s names no message", answer.TypeName())
	}
	return nil
}
