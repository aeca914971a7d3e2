package service

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// A delivery is a call that makes messages, of the same number in each of its targets.
type delivery struct {
	targets []peer.Target
	each    int    // messages in each target
	key     string // for repeats; empty: none
	body    [32]byte
	dryRun  bool
	// begin finds out what holds for all targets; its fault is one of the whole call.
	begin func(context.Context, *delivery) error
	// target serves one target: r is what an earlier call of the same key has done for it, and becomes what is done. Of
	// the random ids there is one for each message.
	target func(ctx context.Context, d *delivery, t peer.Target, r *Result, ids []int64) error

	s      *Service
	call   *authorization.Call
	names  outbox.Names
	ids    []int64 // random ids, those of the first target first
	proofs []authorization.Proof
	answer Answer
}

// deliver carries a delivery out. A fault that concerns the call as a whole is the error if nothing was done yet, else
// part of the answer.
func (s *Service) deliver(ctx context.Context, r authorization.Request, d delivery) (*Answer, error) {
	ids := randomIDs(len(d.targets) * d.each)
	if !d.dryRun && d.key != "" {
		r.Idempotency = &authorization.Idempotency{Key: d.key, Body: d.body, RandomIDs: ids}
	}
	var w *delivery
	err := s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		again := d // a second login begins anew
		w = &again
		w.s, w.call, w.names, w.ids, w.answer = s, c, s.names(r.Entry), ids, Answer{Entry: r.Entry, DryRun: d.dryRun}
		return w.run(ctx)
	})
	switch {
	case w == nil:
		return nil, err
	case err != nil && len(w.answer.Results) == 0:
		return nil, err
	case err != nil && w.answer.Fault == nil && len(w.answer.Results) < len(d.targets):
		w.answer.Fault = fault.Of(err)
	}
	return &w.answer, nil
}

// run serves one target after the other. Its error is one that ends the connection, or that of begin.
func (d *delivery) run(ctx context.Context) error {
	done, err := d.start()
	if err != nil || done {
		return err
	}
	if err := d.begin(ctx, d); err != nil {
		return err
	}
	for i, t := range d.targets {
		r := d.answer.earlier(i)
		if r.Fault == nil && len(r.MessageIDs) == d.each {
			continue
		}
		r.Target, r.Fault = t, nil
		err := d.target(ctx, d, t, &r, d.ids[i*d.each:(i+1)*d.each])
		if err != nil {
			r.Fault = fault.Of(err)
		}
		over := err != nil && (ends(ctx, err) || fault.Is(err, fault.FloodWait))
		if !over || len(r.MessageIDs) > 0 || fault.Is(err, fault.UnknownOutcome) {
			d.answer.put(i, r)
		}
		if over {
			d.answer.Fault = r.Fault
			d.finish(true)
			if ends(ctx, err) {
				return err
			}
			return nil
		}
	}
	d.finish(d.answer.open())
	return nil
}

// start takes up what an earlier call of the same key left. done says that it left nothing to do.
func (d *delivery) start() (done bool, err error) {
	repeat := d.call.Repeat
	if repeat == nil {
		return false, nil
	}
	if len(repeat.RandomIDs) == len(d.ids) {
		d.ids = repeat.RandomIDs
	}
	d.proofs = repeat.Sent
	if repeat.Answer == nil {
		return false, nil
	}
	if d.answer, err = decodeAnswer(repeat.Answer); err != nil {
		return false, err
	}
	d.proofs = unused(d.proofs, d.answer.Results)
	if d.call.API == nil {
		return true, nil
	}
	d.answer.Fault = nil
	return false, nil
}

// sent records a message that was made for a target.
func (d *delivery) sent(r *Result, at chat, one sent, scheduled time.Time) {
	if len(r.MessageIDs) == 0 {
		r.Date = one.date
	}
	if one.scheduled {
		r.Scheduled = one.date.In(scheduled.Location())
	} else {
		d.call.Done.Sent.LastSent = one.id
	}
	r.MessageIDs = append(r.MessageIDs, one.id)
	d.call.Done.Marks = append(d.call.Done.Marks, one.mark(d.names, at.id))
}

// finish tells the pool what the call did.
func (d *delivery) finish(open bool) {
	if d.dryRun {
		return
	}
	d.call.Done.Open = open
	d.call.Done.Answer = encodeAnswer(d.answer)
}
