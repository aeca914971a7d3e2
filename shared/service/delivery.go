package service

import (
	"context"
	"errors"
	"slices"
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
	used   map[used]bool // messages that the answer names
	answer Answer
	rest   bool // a repeat can do what could not be done now
}

// used is a message that has its place in the answer.
type used struct {
	lane string
	id   int
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
		w.used = map[used]bool{}
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
	for i := range w.answer.Results {
		r := &w.answer.Results[i]
		r.MessageIDs = slices.DeleteFunc(r.MessageIDs, func(id int) bool { return id == 0 })
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
	d.finish(d.rest || d.answer.open())
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
	for _, r := range d.answer.Results {
		for _, id := range r.MessageIDs {
			d.used[used{d.names.Chat(r.ChatID), id}] = true
		}
	}
	d.proofs = d.unused(d.proofs)
	if d.call.API == nil {
		return true, nil
	}
	d.answer.Fault = nil
	return false, nil
}

// sent records the next message that was made for a target.
func (d *delivery) sent(r *Result, at chat, one sent, scheduled time.Time) {
	r.MessageIDs = append(r.MessageIDs, 0)
	d.sentAs(r, len(r.MessageIDs)-1, at, one, scheduled)
}

// sentAs records the i-th message that was made for a target, in place of one without an id.
func (d *delivery) sentAs(r *Result, i int, at chat, one sent, scheduled time.Time) {
	if r.Date.IsZero() {
		r.Date = one.date
	}
	if one.scheduled {
		r.Scheduled = one.date.In(scheduled.Location())
	} else if i == len(r.MessageIDs)-1 {
		d.call.Done.Sent.LastSent = one.id
	}
	r.MessageIDs[i] = one.id
	d.used[used{d.names.Chat(at.id), one.id}] = true
	d.call.Done.Marks = append(d.call.Done.Marks, one.mark(d.names, at.id))
}

// errSentBefore says that an earlier call of the same key has made the messages of a request.
var errSentBefore = errors.New("these messages were sent before")

// A batch are the messages that one request makes for a target.
type batch struct {
	items     []item
	scheduled bool
	// send makes the request. errSentBefore: an earlier call of the same key has done that.
	send func(context.Context) ([]sent, error)
}

// sendAll makes those requests for a target of which the answer does not name the messages yet, in order.
//
// Telegram refuses to make messages again that the earlier call of the same key has made, and does not say under which
// ids they are. They have the id 0 then, and the rest is sent: it comes after them as it should. Only then is time spent
// to find out their ids. If nothing proves them the target's outcome is unknown; a repeat asks again for these alone.
func (d *delivery) sendAll(ctx context.Context, r *Result, at *chat, batches []batch, scheduled time.Time) error {
	n := 0
	var before []int // where the batches begin whose messages were made before
	var open []batch
	for _, b := range batches {
		begin := n
		n += len(b.items)
		if n <= len(r.MessageIDs) && r.MessageIDs[begin] != 0 {
			continue
		}
		all, err := b.send(ctx)
		if err != nil && !errors.Is(err, errSentBefore) {
			return err
		}
		r.MessageIDs = append(r.MessageIDs, make([]int, max(0, n-len(r.MessageIDs)))...)
		if err != nil {
			before, open = append(before, begin), append(open, b)
			continue
		}
		for i, one := range all {
			d.sentAs(r, begin+i, *at, one, scheduled)
		}
	}
	var unproven error
	for i, b := range open {
		all, err := d.proof(ctx, *at, b.items, b.scheduled)
		switch {
		case fault.Is(err, fault.UnknownOutcome):
			unproven = err
			continue
		case err != nil:
			return err
		}
		for j, one := range all {
			d.sentAs(r, before[i]+j, *at, one, scheduled)
		}
	}
	return unproven
}

// finish tells the pool what the call did.
func (d *delivery) finish(open bool) {
	if d.dryRun {
		return
	}
	d.call.Done.Open = open
	d.call.Done.Answer = encodeAnswer(d.answer)
}
