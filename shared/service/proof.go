package service

import (
	"context"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
)

// proofPause is how long to wait before asking again whether the listener has seen a message.
const proofPause = 500 * time.Millisecond

// proof finds the id of a message that the earlier call of the same key has sent: Telegram only says that it was. The
// listener's events tell, if not yet then in a moment; a user can look into the history too. scheduled is
// said of a message that is yet to be sent, which no event tells of.
func (d *delivery) proof(ctx context.Context, at chat, text string, scheduled bool) (sent, error) {
	lane, hash := d.names.Chat(at.id), d.names.Text(outbox.Send, text)
	looked := d.call.Entry.ClientType == entry.Bot
	for {
		for i, p := range d.proofs {
			if p.Chat == lane && p.Text == hash {
				d.proofs = append(d.proofs[:i:i], d.proofs[i+1:]...)
				return sent{id: p.MessageID, box: at.box(), date: unix(int(p.Date)), text: text}, nil
			}
		}
		if !looked {
			looked = true
			if one, ok, err := d.search(ctx, at, text, scheduled); err != nil || ok {
				return one, err
			}
		}
		if d.key == "" || scheduled || !d.s.sleep(ctx, proofPause) {
			return sent{}, fault.New(fault.UnknownOutcome, "This was sent by an earlier call with the same idempotency key, but nothing tells under which id.")
		}
		var err error
		if d.proofs, err = d.s.o.Store.Proofs(ctx, d.answer.Entry, d.key); err != nil {
			return sent{}, err
		}
		d.proofs = unused(d.proofs, d.answer.Results)
	}
}

// searched is how many messages are looked through, keyLife how long an earlier call with the same key may be ago.
const (
	searched = 100
	keyLife  = 24 * time.Hour
)

// search looks for the message in what the account wrote. It is found only if no other message could be meant: one with
// the same text, of the time in which the earlier call may have been, that this call does not know of.
func (d *delivery) search(ctx context.Context, at chat, text string, scheduled bool) (found sent, ok bool, err error) {
	var answer tg.MessagesMessagesClass
	if scheduled {
		answer, err = d.call.API.MessagesGetScheduledHistory(ctx, &tg.MessagesGetScheduledHistoryRequest{Peer: at.peer})
	} else {
		answer, err = d.call.API.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: at.peer, Limit: searched})
	}
	if err != nil {
		return found, false, err
	}
	some, ok := answer.AsModified()
	if !ok {
		return found, false, nil
	}
	known := map[int]bool{}
	for _, r := range d.answer.Results {
		for _, id := range r.MessageIDs {
			known[id] = true
		}
	}
	since, matches, complete := d.s.o.Clock.Now().Add(-keyLife), 0, scheduled || len(some.GetMessages()) < searched
	for _, each := range some.GetMessages() {
		m, is := each.(*tg.Message)
		if !is {
			continue
		}
		date := unix(m.Date)
		if !scheduled && date.Before(since) {
			complete = true
			break
		}
		if m.Message == text && !known[m.ID] && (scheduled || m.Out) {
			matches++
			found = sent{id: m.ID, box: at.box(), date: date, text: text, scheduled: scheduled}
		}
	}
	return found, complete && matches == 1, nil
}

// unused leaves out the proofs of messages that the answer names already.
func unused(proofs []authorization.Proof, results []Result) []authorization.Proof {
	named := map[int]bool{}
	for _, r := range results {
		for _, id := range r.MessageIDs {
			named[id] = true
		}
	}
	var left []authorization.Proof
	for _, p := range proofs {
		if !named[p.MessageID] {
			left = append(left, p)
		}
	}
	return left
}
