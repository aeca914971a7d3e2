package account

import (
	"telegram-client/shared/event"
	"telegram-client/shared/peer"
)

// remembered is how many messages of the common box are remembered with their chat. One that was forgotten is deleted in
// the account's own lane: a little before or after what else is told of its chat.
const remembered = 10_000

// whereabouts say in which chat the latest messages of the common box are. Telegram numbers the messages of all private
// chats and small groups in one row, and says of deletions and of contents that were read only the numbers.
type whereabouts struct {
	chats map[int]peer.ID
	ids   []int // a ring of those that are remembered
	next  int
}

// note takes in where a message is.
func (w *whereabouts) note(o *event.Occurrence) {
	if o.Box != 0 || o.Chat == 0 || len(o.MessageIDs) != 1 || o.Class != event.Durable {
		return
	}
	id := o.MessageIDs[0]
	if w.chats == nil {
		w.chats = map[int]peer.ID{}
	}
	if _, known := w.chats[id]; !known {
		if len(w.ids) < remembered {
			w.ids = append(w.ids, id)
		} else {
			delete(w.chats, w.ids[w.next])
			w.ids[w.next] = id
			w.next = (w.next + 1) % remembered
		}
	}
	w.chats[id] = o.Chat
}

// chat returns the one chat that all messages of a box are in; 0 if that is not known, or they are in several.
func (w *whereabouts) chat(box peer.ID, ids []int) peer.ID {
	if box != 0 {
		return box
	}
	var chat peer.ID
	for i, id := range ids {
		at := w.chats[id]
		if at == 0 || i > 0 && at != chat {
			return 0
		}
		chat = at
	}
	return chat
}
