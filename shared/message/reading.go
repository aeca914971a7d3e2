package message

import (
	"encoding/json"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

const (
	maxChats        = 200
	defaultChats    = 100
	maxMessages     = 100
	defaultMessages = 20
)

// Chats is a call of get_chats.
type Chats struct {
	EntryID string // empty: the oldest entry
	Limit   int
	Cursor  string // where to go on; empty: at the beginning
	DryRun  bool
}

// ParseChats reads a call of get_chats. The call is good only if there are no faults.
func ParseChats(body json.RawMessage) (Chats, []*fault.Fault) {
	r, ok := newReader(GetChats, body)
	if !ok {
		return Chats{}, r.faults
	}
	c := Chats{Limit: r.limit("limit", defaultChats, maxChats), DryRun: r.flag("dry_run", false)}
	c.EntryID, _ = r.text("config_entry_id")
	c.Cursor, _ = r.text("cursor")
	return c, r.faults
}

// Messages is a call of get_messages.
type Messages struct {
	EntryID string // empty: the oldest entry
	Target  peer.Target
	IDs     []int // these messages; none: the latest
	Limit   int
	Before  int // only messages before this id; 0: all
	DryRun  bool
}

// ParseMessages reads a call of get_messages. The call is good only if there are no faults.
func ParseMessages(body json.RawMessage) (Messages, []*fault.Fault) {
	r, ok := newReader(GetMessages, body)
	if !ok {
		return Messages{}, r.faults
	}
	c := Messages{
		Target: r.oneOf("target_username", "target_id", true),
		IDs:    r.messageIDs("message_ids", maxMessages),
		Limit:  r.limit("limit", defaultMessages, maxMessages),
		DryRun: r.flag("dry_run", false),
	}
	c.EntryID, _ = r.text("config_entry_id")
	c.Before = r.messageID("cursor") // next is the id of the last message
	return c, r.faults
}
