package message

import (
	"encoding/json"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

const (
	// MaxDeleted is how many messages one call deletes in each target.
	MaxDeleted = 1000
	// maxDeletions bounds what one call deletes in all its targets.
	maxDeletions = 5000
)

// A Delete is a call of delete_messages.
type Delete struct {
	EntryID string // empty: the oldest entry
	// Targets are the chats in which the messages are. None: they are in private chats and small groups, where their ids
	// alone name them.
	Targets []peer.Target
	IDs     []int // at least one, each once
	Revoke  bool  // for everyone
	DryRun  bool
}

// ParseDelete reads a call of delete_messages. The call is good only if there are no faults.
func ParseDelete(body json.RawMessage) (Delete, []*fault.Fault) {
	r, ok := newReader(DeleteMessages, body)
	if !ok {
		return Delete{}, r.faults
	}
	d := Delete{
		Targets: r.targets(),
		IDs:     r.requiredIDs(MaxDeleted),
		Revoke:  r.flag("revoke", true),
		DryRun:  r.flag("dry_run", false),
	}
	d.EntryID, _ = r.text("config_entry_id")
	if n := len(d.Targets) * len(d.IDs); n > maxDeletions {
		r.fail("message_ids", "These are %d messages in all; one call deletes at most %d.", n, maxDeletions)
	}
	return d, r.faults
}

// requiredIDs returns the ids of message_ids, at least one if there is no fault.
func (r *reader) requiredIDs(most int) []int {
	const field = "message_ids"
	before := len(r.faults)
	ids := r.messageIDs(field, most)
	if len(ids) == 0 && len(r.faults) == before && r.has(field) {
		r.fail(field, "There is no message in this list.")
	}
	return ids
}
