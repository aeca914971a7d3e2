package delivery

import (
	"context"

	"telegram-client/shared/outbox"
)

// ended takes in how an attempt ended.
func (d *Delivery) ended(ctx context.Context, r result) {
	if r.handshake {
		d.answered(ctx, r)
		return
	}
	f := d.flying[r.lane]
	delete(d.flying, r.lane)
	v := r.verdict
	if f.confirmed && v.Outcome != outbox.Refused {
		v = outbox.Verdict{Outcome: outbox.Acknowledged}
	}
	d.o.Count(word(v.Outcome), 1)
	decision := d.o.Pauses.Decide(v, r.attempt)
	switch {
	case f.nth == d.nth:
		d.judge(v, r.attempt)
	case v.Outcome != outbox.Acknowledged: // what the former target says is nothing to the one that there is now
		decision = outbox.Decision{Action: outbox.Retry}
		v.Outcome = outbox.Unreachable
	}
	d.unsettled = append(d.unsettled, outbox.Settlement{Item: f.item, Decision: decision, Reason: v.Reason})
	d.query(&f.item, v.Outcome)
	if v.Outcome == outbox.Acknowledged {
		d.claimAt = d.o.Clock.Now() // the lane goes on
		return
	}
	d.o.Log.Info("an event was not acknowledged", "entry", d.entry.ID, "event", f.item.Type, "attempt", r.attempt, "reason", v.Reason, "again", decision.Wait)
	again := d.o.Clock.Now().Add(decision.Wait)
	if d.claimAt.IsZero() || again.Before(d.claimAt) {
		d.claimAt = again
	}
}

// mostHanded is how many callback queries are remembered that an automation has to acknowledge.
const mostHanded = 1000

// query follows a callback query to its acknowledgement.
func (d *Delivery) query(it *outbox.Item, o outbox.Outcome) {
	switch {
	case it.Query == 0:
	case o == outbox.Acknowledged:
		delete(d.handed, it.EventID)
		d.o.Acknowledged(it.Query)
	case o == outbox.AwaitConfirm:
		if len(d.handed) >= mostHanded { // of events that nobody confirms
			clear(d.handed)
		}
		d.handed[it.EventID] = it.Query
	}
}

func word(o outbox.Outcome) string {
	switch o {
	case outbox.Acknowledged:
		return "acknowledged"
	case outbox.Unreachable:
		return "unreachable"
	case outbox.NotAcknowledged:
		return "not_acknowledged"
	case outbox.AwaitConfirm:
		return "handed_over"
	case outbox.Refused:
		return "refused"
	}
	return "unknown"
}
