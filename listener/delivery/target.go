package delivery

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/entry"
	"telegram-client/shared/event"
	"telegram-client/shared/health"
	"telegram-client/shared/outbox"
)

// testEvent is the type of the event with which a webhook's handshake is made.
const testEvent = entry.Domain + "_test"

// take takes up the entry's record. The target is made anew only if something about it has changed.
func (d *Delivery) take(e entry.Entry) {
	former := d.entry
	d.entry = e
	now := d.o.Clock.Now()
	if former.ID == "" || former.Target.Type != e.Target.Type || former.Target.URL != e.Target.URL || former.Target.Secret != e.Target.Secret ||
		former.Target.Token != e.Target.Token || former.Target.Confirm != e.Target.Confirm || former.Target.Generation != e.Target.Generation {
		d.close()
		d.target, d.broken = d.o.NewTarget(e.Target)
		d.nth++
		d.tries, d.tryAt = 0, now
		d.report = Report{}
	}
	d.claimAt = now
	d.claimNow = former.ID != "" && !former.Target.SameAddress(&e.Target) // the pauses were those of another target
	d.say()
}

// close ends the target's connections. Attempts in flight end with them at the latest when they are done.
func (d *Delivery) close() {
	if c, ok := d.target.(interface{ Close() }); ok {
		c.Close()
	}
}

func (d *Delivery) unconfirmed() bool {
	t := &d.entry.Target
	return t.Type == entry.Webhook && !t.Confirmed && !t.Paused && !d.entry.Removing && d.target != nil
}

// handshake tries a webhook that is not confirmed yet: it is usable once somebody there has answered with the id of
// the test event.
func (d *Delivery) handshake(ctx context.Context, attempts *sync.WaitGroup) {
	if !d.unconfirmed() || d.trying || d.o.Clock.Now().Before(d.tryAt) {
		return
	}
	d.trying = true
	d.tries++
	generation, attempt, target := d.entry.Target.Generation, d.tries, d.target
	it := outbox.Item{
		EventID: entry.HandshakeID(d.entry.ID, generation), Type: testEvent, OccurredAt: d.o.Clock.Now(), Attempts: attempt,
		Body: event.AppendHead(nil, string(d.entry.ID), event.Me(d.entry.Account)),
	}
	attempts.Add(1)
	go func() { // ends with the attempt; the loop, or finish, takes every result
		defer attempts.Done()
		d.results <- result{handshake: true, generation: generation, attempt: attempt, verdict: target.Deliver(ctx, it, attempt)}
	}()
}

// answered takes in how the handshake's attempt ended.
func (d *Delivery) answered(ctx context.Context, r result) {
	d.trying = false
	if r.generation != d.entry.Target.Generation || d.entry.Target.Confirmed {
		return
	}
	if r.verdict.Outcome == outbox.Acknowledged {
		d.confirm(ctx)
		return
	}
	pause := max(d.o.Pauses.Wait(r.attempt+1), r.verdict.RetryAfter)
	if r.verdict.Outcome == outbox.AwaitConfirm {
		pause = max(pause, d.o.Pauses.ToConfirm())
	} else {
		d.judge(r.verdict, r.attempt)
	}
	d.tryAt = d.o.Clock.Now().Add(pause)
	d.o.Log.Info("the webhook is not confirmed yet", "entry", d.entry.ID, "attempt", r.attempt, "reason", r.verdict.Reason, "again", pause)
}

// confirm makes the target usable.
func (d *Delivery) confirm(ctx context.Context) {
	if err := d.o.ConfirmTarget(ctx, d.entry.Target.Generation); err != nil {
		d.o.Log.Warn("the confirmation of the webhook could not be kept; it is tried again", "entry", d.entry.ID, "error", err)
		d.tryAt = d.o.Clock.Now().Add(d.o.Pauses.Wait(2))
		return
	}
	d.entry.Target.Confirmed = true
	d.claimAt, d.report = d.o.Clock.Now(), Report{}
	d.say()
}

// confirmed takes in that an automation has acknowledged an event.
func (d *Delivery) confirmed(ctx context.Context, eventID string) {
	id, err := uuid.Parse(eventID)
	if err != nil {
		return
	}
	if id == entry.HandshakeID(d.entry.ID, d.entry.Target.Generation) {
		if !d.entry.Target.Confirmed && d.entry.Target.Type == entry.Webhook {
			d.confirm(ctx)
		}
		return
	}
	for _, f := range d.flying {
		if f.item.EventID == id { // the automation was faster than the answer to the request
			f.confirmed = true
			return
		}
	}
	d.unsettled = append(d.unsettled, outbox.Settlement{Item: outbox.Item{EventID: id}, Decision: outbox.Decision{Action: outbox.Done}})
	d.o.Count("confirmed", 1)
	d.query(&outbox.Item{EventID: id, Query: d.handed[id]}, outbox.Acknowledged)
	d.claimAt = d.o.Clock.Now()
	// It says that somebody there takes events, not that they can be brought there now.
	if len(d.report.Conditions) > 0 && d.report.Conditions[0].Code == health.NotAcknowledged {
		d.clear()
	}
}

// judge keeps what there is to say about the target.
func (d *Delivery) judge(v outbox.Verdict, attempt int) {
	switch v.Outcome {
	case outbox.Acknowledged:
		d.clear()
	case outbox.Unreachable:
		d.trouble(health.HomeUnreachable, v.Reason)
	case outbox.NotAcknowledged:
		d.trouble(health.NotAcknowledged, v.Reason)
	case outbox.AwaitConfirm:
		if attempt > 1 { // the time to confirm it is over already once
			d.trouble(health.NotAcknowledged, v.Reason)
		}
	}
}

func (d *Delivery) clear() {
	if len(d.report.Conditions) > 0 {
		d.report = Report{}
		d.say()
	}
}

// trouble says what is wrong with the target since when.
func (d *Delivery) trouble(code health.Code, reason string) {
	now := d.o.Clock.Now().UTC()
	c := health.Condition{Code: code, Since: now, Placeholders: map[string]string{"reason": strings.TrimSuffix(reason, ".")}}
	if former := d.report.Conditions; len(former) > 0 {
		if former[0].Code == code {
			c.Since = former[0].Since
			if former[0].Placeholders["reason"] == c.Placeholders["reason"] {
				return
			}
		}
	}
	d.report = Report{Conditions: []health.Condition{c}}
	if code == health.HomeUnreachable {
		d.report.UnreachableSince = c.Since
	}
	d.say()
}

// say reports how the target is.
func (d *Delivery) say() {
	r := Report{UnreachableSince: d.report.UnreachableSince, Conditions: slices.Clone(d.report.Conditions)}
	now := d.o.Clock.Now().UTC()
	if d.broken != nil {
		r.Conditions = append(r.Conditions, health.Condition{Code: health.NotAcknowledged, Since: now, Placeholders: map[string]string{"reason": d.broken.Error()}})
	}
	if d.unconfirmed() {
		r.Conditions = append(r.Conditions, health.Condition{Code: health.TargetUnconfirmed, Since: d.since(now)})
	}
	d.o.Report(r)
}

// since is when the target was set, as far as is known.
func (d *Delivery) since(now time.Time) time.Time {
	if t := d.entry.ModifiedAt; !t.IsZero() && t.Before(now) {
		return t.UTC()
	}
	return now
}
