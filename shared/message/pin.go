package message

import (
	"encoding/json"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// A Pin is a call of pin_message or unpin_message.
type Pin struct {
	EntryID   string // empty: the oldest entry
	Target    peer.Target
	MessageID int // 0: all messages of the chat are unpinned
	Unpin     bool
	Silent    bool
	OneSide   bool // in a private chat the other person is not concerned
	DryRun    bool
}

// ParsePin reads a call of pin_message. The call is good only if there are no faults.
func ParsePin(body json.RawMessage) (Pin, []*fault.Fault) { return parsePin(PinMessage, body) }

// ParseUnpin reads a call of unpin_message. The call is good only if there are no faults.
func ParseUnpin(body json.RawMessage) (Pin, []*fault.Fault) { return parsePin(UnpinMessage, body) }

func parsePin(v Verb, body json.RawMessage) (Pin, []*fault.Fault) {
	r, ok := newReader(v, body)
	if !ok {
		return Pin{}, r.faults
	}
	p := Pin{
		Target:    r.oneOf("target_username", "target_id", true),
		MessageID: r.messageID("message_id"),
		Unpin:     v == UnpinMessage,
		Silent:    r.flag("silent", false),
		OneSide:   !r.flag("both_sides", true),
		DryRun:    r.flag("dry_run", false),
	}
	p.EntryID, _ = r.text("config_entry_id")
	return p, r.faults
}

// Plan returns the request that pins or unpins one message.
func (p *Pin) Plan(to tg.InputPeerClass) *tg.MessagesUpdatePinnedMessageRequest {
	r := &tg.MessagesUpdatePinnedMessageRequest{Peer: to, ID: p.MessageID, Unpin: p.Unpin, Silent: p.Silent, PmOneside: p.OneSide}
	r.SetFlags()
	return r
}
