package event

import (
	"fmt"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// A deletedPayload is what message_deleted carries.
type deletedPayload struct {
	chat place
	ids  []int
}

// deleted makes the event of messages that were deleted. Only channels say where: the common box says no more than the
// ids.
func deleted(chat peer.ID, ids []int, c *Context) Occurrence {
	o := c.occurrence(filter.MessageDeleted, chat, Durable, &deletedPayload{c.place(chat), ids})
	o.Kind, o.MessageIDs, o.About = Delete, ids, ids
	return o
}

func (p *deletedPayload) write(w *writer, _ map[string]*string) {
	w.chat(&p.chat)
	if len(p.ids) > 0 {
		w.int("deleted_id", int64(p.ids[0]))
	} else {
		w.null("deleted_id")
	}
	w.ints("deleted_ids", p.ids)
}

func (p *deletedPayload) appendIdentity(dst []byte, o *Occurrence) []byte {
	return fmt.Appendf(dst, "%d %v", o.Box, sorted(p.ids))
}
