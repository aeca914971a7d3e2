package service

import (
	"context"
	"slices"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/outbox"
)

// proofPause is how long to wait before asking again whether the listener has seen a message.
const proofPause = 500 * time.Millisecond

// item is a message that is looked for.
type item struct {
	text string
	kind media.Kind // of its file; empty: it is a text
}

// proof finds the ids of messages that the earlier call of the same key has sent with one request: Telegram only says that
// they were. The listener's events tell, if not yet then in a moment; a user can look into the history too. scheduled is
// said of messages that are yet to be sent, which no event tells of.
func (d *delivery) proof(ctx context.Context, at chat, items []item, scheduled bool) ([]sent, error) {
	looked := d.call.Entry.ClientType == entry.Bot
	for {
		if all, ok := d.proved(at, items); ok {
			return all, nil
		}
		if !looked {
			looked = true
			if all, ok, err := d.search(ctx, at, items, scheduled); err != nil || ok {
				return all, err
			}
		}
		if d.key == "" || scheduled || !d.s.sleep(ctx, proofPause) {
			return nil, fault.New(fault.UnknownOutcome, "This was sent by an earlier call with the same idempotency key, but nothing tells under which id.")
		}
		var err error
		if d.proofs, err = d.s.o.Store.Proofs(ctx, d.answer.Entry, d.key); err != nil {
			return nil, err
		}
		d.proofs = d.unused(d.proofs)
	}
}

// proved takes the messages from what events have proved, if all are there. Those of an album that have no text are told
// apart by their order only: events come in that of the ids.
func (d *delivery) proved(at chat, items []item) ([]sent, bool) {
	lane, left := d.names.Chat(at.id), slices.Clone(d.proofs)
	var all []sent
	for _, it := range items {
		hash := d.names.Text(outbox.Send, at.id, it.text)
		i := slices.IndexFunc(left, func(p authorization.Proof) bool { return p.Chat == lane && p.Text == hash })
		if i < 0 {
			return nil, false
		}
		all = append(all, sent{id: left[i].MessageID, box: at.box(), date: unix(int(left[i].Date)), text: it.text})
		left = slices.Delete(left, i, i+1)
	}
	d.proofs = left
	return all, true
}

// searched is how many messages are looked through, keyLife how long an earlier call with the same key may be ago.
const (
	searched = 100
	keyLife  = 24 * time.Hour
)

// search looks for the messages in what the account wrote. They are found only if no others could be meant: as many
// together with the same texts and files, of the time in which the earlier call may have been, that this call does not
// know of.
func (d *delivery) search(ctx context.Context, at chat, items []item, scheduled bool) (found []sent, ok bool, err error) {
	var answer tg.MessagesMessagesClass
	if scheduled {
		answer, err = d.call.API.MessagesGetScheduledHistory(ctx, &tg.MessagesGetScheduledHistoryRequest{Peer: at.peer})
	} else {
		answer, err = d.call.API.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: at.peer, Limit: searched})
	}
	if err != nil {
		return nil, false, err
	}
	some, ok := answer.AsModified()
	if !ok {
		return nil, false, nil
	}
	lane := d.names.Chat(at.id)
	since, complete := d.s.o.Clock.Now().Add(-keyLife), scheduled || len(some.GetMessages()) < searched
	var mine []*tg.Message
	for _, each := range some.GetMessages() {
		m, is := each.(*tg.Message)
		if !is {
			continue
		}
		if !scheduled && unix(m.Date).Before(since) {
			complete = true
			break
		}
		if !d.used[used{lane, m.ID}] && (scheduled || m.Out) {
			mine = append(mine, m)
		}
	}
	matches := 0
	for _, together := range albums(mine) {
		if !match(together, items) {
			continue
		}
		matches++
		found = nil
		for _, m := range together {
			found = append(found, sent{id: m.ID, box: at.box(), date: unix(m.Date), text: m.Message, scheduled: scheduled})
		}
	}
	return found, complete && matches == 1, nil
}

// albums returns messages as they were sent: those of an album together, in the order of their ids.
func albums(all []*tg.Message) [][]*tg.Message {
	var groups [][]*tg.Message
	where := map[int64]int{}
	for _, m := range all {
		at, begun := where[m.GroupedID]
		if m.GroupedID == 0 || !begun {
			at, groups = len(groups), append(groups, nil)
			where[m.GroupedID] = at
		}
		g := append(groups[at], m)
		for i := len(g) - 1; i > 0 && g[i-1].ID > g[i].ID; i-- {
			g[i-1], g[i] = g[i], g[i-1]
		}
		groups[at] = g
	}
	return groups
}

// match reports whether messages can be those that are looked for.
func match(all []*tg.Message, items []item) bool {
	return slices.EqualFunc(all, items, func(m *tg.Message, it item) bool { return m.Message == it.text && kindOf(m) == it.kind })
}

// unused leaves out the proofs of messages that the answer names already.
func (d *delivery) unused(proofs []authorization.Proof) []authorization.Proof {
	var left []authorization.Proof
	for _, p := range proofs {
		if !d.used[used{p.Chat, p.MessageID}] {
			left = append(left, p)
		}
	}
	return left
}
