package outbox

import (
	"fmt"
	"slices"

	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
)

// Names makes the keyed hashes under which an entry's chats, messages and texts appear in the store. Without the
// naming key they reveal nothing.
type Names struct {
	ring  *seal.Keyring
	entry string
}

// NewNames returns the names of an entry.
func NewNames(ring *seal.Keyring, entry string) Names { return Names{ring, entry} }

// Chat returns the name of a chat: its lane.
func (n Names) Chat(id peer.ID) string { return n.ring.Name("chat", n.entry, fmt.Sprint(int64(id))) }

// Mark returns the name of a message in a box; the account's common box is 0.
func (n Names) Mark(box peer.ID, message int) string {
	return n.ring.Name("mark", n.entry, fmt.Sprint(int64(box)), fmt.Sprint(message))
}

// Text returns the name of a text that is sent or edited in. The empty one, of media without a caption, tells nothing:
// its name is of the chat too.
func (n Names) Text(kind Kind, chat peer.ID, text string) string {
	if text == "" {
		return n.ring.Name("untitled", n.entry, string(kind), fmt.Sprint(int64(chat)))
	}
	return n.ring.Name("text", n.entry, string(kind), text)
}

// Scheduled returns the name of a message that was scheduled in a chat, in place of its mark: when Telegram sends it, it
// has an id that nobody knew, and only a push says which one became it. Text and chat are what a difference tells too.
func (n Names) Scheduled(chat peer.ID, text string) string {
	return n.ring.Name("scheduled", n.entry, fmt.Sprint(int64(chat)), text)
}

// Latest returns the name of what an event is the latest word on.
func (n Names) Latest(what string) string { return n.ring.Name("latest", n.entry, what) }

// Messages returns, in place of a text, the name of the messages that are deleted, read, pinned or pinned no more, in
// whatever order.
func (n Names) Messages(kind Kind, box peer.ID, ids []int) string {
	all := slices.Clone(ids)
	slices.Sort(all)
	return n.ring.Name("messages", n.entry, string(kind), fmt.Sprint(int64(box)), fmt.Sprint(all))
}
