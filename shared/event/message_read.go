package event

import (
	"fmt"
	"slices"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// A readPayload is what message_read carries.
type readPayload struct {
	chat     place
	contents bool // voice messages were listened to, and the like
	outbox   bool
	maxID    int // 0 of a history: nothing
	ids      []int
}

// readHistory makes the event of messages that were read up to one.
func readHistory(chat peer.ID, maxID int, outbox bool, c *Context) Occurrence {
	o := c.occurrence(filter.MessageRead, chat, Durable, &readPayload{chat: c.place(chat), outbox: outbox, maxID: maxID})
	o.Outgoing = outbox
	if !outbox {
		o.Kind, o.MessageIDs = Seen, []int{maxID}
		o.About = o.MessageIDs
	}
	return o
}

// readContents makes the event of messages whose contents were consumed.
func readContents(chat peer.ID, ids []int, c *Context) Occurrence {
	o := c.occurrence(filter.MessageRead, chat, Durable, &readPayload{chat: c.place(chat), contents: true, ids: ids})
	o.Kind, o.MessageIDs, o.About = Seen, ids, ids
	return o
}

func (p *readPayload) write(w *writer, _ map[string]*string) {
	w.chat(&p.chat)
	w.bool("contents", p.contents)
	w.bool("inbox", !p.outbox)
	if p.contents && len(p.ids) > 0 {
		w.int("max_id", int64(slices.Max(p.ids)))
	} else {
		w.intOr("max_id", p.maxID, p.maxID != 0)
	}
	w.ints("message_ids", p.ids)
	w.bool("outbox", p.outbox)
}

func (p *readPayload) appendIdentity(dst []byte, o *Occurrence) []byte {
	switch {
	case p.contents:
		return fmt.Appendf(dst, "%d %d contents %v", o.Box, o.Chat, sorted(p.ids))
	case p.outbox:
		return fmt.Appendf(dst, "%d %d outbox %d", o.Box, o.Chat, p.maxID)
	}
	return fmt.Appendf(dst, "%d %d inbox %d", o.Box, o.Chat, p.maxID)
}

func sorted(ids []int) []int {
	all := slices.Clone(ids)
	slices.Sort(all)
	return all
}
