package message

import (
	"encoding/json"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// A Read is a call of mark_read.
type Read struct {
	EntryID string // empty: the oldest entry
	Target  peer.Target
	UpTo    int // 0: all messages of the chat
	DryRun  bool
}

// ParseRead reads a call of mark_read. The call is good only if there are no faults.
func ParseRead(body json.RawMessage) (Read, []*fault.Fault) {
	r, ok := newReader(MarkRead, body)
	if !ok {
		return Read{}, r.faults
	}
	c := Read{Target: r.oneOf("target_username", "target_id", true), UpTo: r.messageID("message_id"), DryRun: r.flag("dry_run", false)}
	c.EntryID, _ = r.text("config_entry_id")
	return c, r.faults
}
