// Package pull lets a Home Assistant that cannot be reached fetch its events: one reader at a time, batch by batch, over
// all entries of one owner whose target is pull. See [Reader.Read].
//
// Each entry has a batch of its own, in its slot of the store, so a batch over several entries is not one step: its cursor
// names the batch of each entry that is in it, and acknowledges exactly those. When an entry's batch is given again, others may
// have new events with it, and the cursor is another one then.
//
// What it leaves to others: which events may be handed out and in which order (redisstore, one script), what a lost one
// is told as (the listener).
package pull

import (
	"context"
	"errors"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
)

const (
	// MostWait is how long a reader may wait for an event.
	MostWait = 20 * time.Second
	// most events and bytes, as they are stored, are in a batch: an answer of a function has an end.
	most      = 100
	mostBytes = 1_000_000
	// lookAgain is how often whoever waits looks without a bell.
	lookAgain = 5 * time.Second
)

// A Store keeps entries and their events.
type Store interface {
	// Entries returns the ids of all entries.
	Entries(ctx context.Context) ([]entry.ID, error)
	// Entry returns the record of an entry. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// Pull acknowledges the batch that the reader has, in one step with handing out the next one. A batch that is not
	// acknowledged is handed out again, without what became too old. What waits for a call of ours to end (held), and what
	// comes after it in its lane, is not handed out. Faults: unknown_entry, cursor_unknown, reader_replaced; error:
	// outbox.ErrChanged.
	Pull(ctx context.Context, id entry.ID, p outbox.Pull) (outbox.Pulled, error)
	// WaitEvents returns what rings when there may be new events, and what ends it.
	WaitEvents(ctx context.Context, ids []entry.ID) (rung <-chan struct{}, end func())
	// SendCommand asks something of the listener that serves an entry, and does not wait.
	SendCommand(ctx context.Context, id entry.ID, c entry.Command) error
}

// A Reader reads for whoever asks. It is safe for concurrent use.
type Reader struct {
	store Store
	clock clock.Clock
}

// New returns a Reader.
func New(s Store, c clock.Clock) *Reader { return &Reader{s, c} }

// A Request is what Home Assistant asks for.
type Request struct {
	Owner  string
	Reader string // a random mark, one per start; a new one takes the place of the former
	After  string // the cursor of the batch that it has; empty: it has none
	Wait   time.Duration
}

// A Batch is what it gets. Items of a lane are in order.
type Batch struct {
	Items  []outbox.Item
	Cursor string
	More   bool // there is more at once
}

// Read acknowledges the batch that After names, and returns the next one; without After, or with the one before, it
// returns what was not acknowledged yet once more. If there is nothing it waits, and then returns an empty batch, whose
// cursor is the same. Faults: no_entry (the owner has no entry whose target is pull), cursor_unknown, reader_replaced.
func (r *Reader) Read(ctx context.Context, q Request) (Batch, error) {
	after, err := parseCursor(q.After)
	if err != nil {
		return Batch{}, err
	}
	until := r.clock.Now().Add(min(q.Wait, MostWait))
	var rung <-chan struct{}
	for {
		entries, err := r.entries(ctx, q.Owner)
		if err != nil {
			return Batch{}, err
		}
		if len(after) > 0 && !knows(after, entries) {
			return Batch{}, UnknownCursor()
		}
		left := until.Sub(r.clock.Now())
		b, err := r.look(ctx, entries, q.Reader, after, left)
		if errors.Is(err, outbox.ErrChanged) || fault.Is(err, fault.UnknownEntry) {
			continue // what it was read as is not what it is
		}
		if err != nil || len(b.Items) > 0 || left <= 0 {
			return b, err
		}
		if rung == nil {
			var ids []entry.ID
			for i := range entries {
				ids = append(ids, entries[i].ID)
			}
			var end func()
			rung, end = r.store.WaitEvents(ctx, ids)
			defer end()
			continue // what came before the bell was heard
		}
		timer := r.clock.Timer(min(left, lookAgain))
		select {
		case <-rung:
		case <-timer.C():
		case <-ctx.Done():
			clock.StopTimer(timer)
			return Batch{}, fault.New(fault.Timeout, "The bridge could not finish in time.").Because(ctx.Err())
		}
		clock.StopTimer(timer)
	}
}

// entries returns those of the owner whose events are to be fetched.
func (r *Reader) entries(ctx context.Context, owner string) ([]entry.Entry, error) {
	ids, err := r.store.Entries(ctx)
	if err != nil {
		return nil, err
	}
	var mine []entry.Entry
	for _, id := range ids {
		e, err := r.store.Entry(ctx, id)
		switch {
		case fault.Is(err, fault.UnknownEntry), fault.Is(err, fault.Misconfigured):
			continue // forgotten meanwhile; or cannot be opened, which its health says
		case err != nil:
			return nil, err
		}
		if e.Target.Type == entry.Pull && e.Target.Owner == owner && !e.Removing {
			mine = append(mine, e)
		}
	}
	if len(mine) == 0 {
		return nil, fault.At(fault.NoEntry, "owner", "No entry has its events fetched by this owner. Set a target of type pull with PUT /config/entries/{id}/target.")
	}
	return mine, nil
}

// knows reports whether a cursor is about any of the entries.
func knows(c cursor, entries []entry.Entry) bool {
	for i := range entries {
		if c[tagOf(entries[i].ID)] != "" {
			return true
		}
	}
	return false
}

// look asks each entry once.
func (r *Reader) look(ctx context.Context, entries []entry.Entry, reader string, after cursor, wait time.Duration) (Batch, error) {
	b := Batch{Cursor: head}
	for i := range entries {
		e := &entries[i]
		p := outbox.Pull{Revision: e.Revision, Reader: reader, After: after[tagOf(e.ID)],
			Most: max(1, most/len(entries)), MostBytes: mostBytes / len(entries), Wait: max(wait, 0)}
		if e.Target.Paused {
			p.Most = 0
		}
		got, err := r.store.Pull(ctx, e.ID, p)
		if err != nil {
			return Batch{}, err
		}
		for _, query := range got.Queries {
			// It is a hint: without it a button turns until Telegram gives up.
			_ = r.store.SendCommand(ctx, e.ID, entry.Command{Kind: entry.Acknowledged, Callback: &entry.CallbackAnswer{QueryID: query}})
		}
		b.Items = append(b.Items, got.Items...)
		b.More = b.More || got.More
		if got.Batch != "" {
			b.Cursor += tagOf(e.ID) + got.Batch
		}
	}
	return b, nil
}
