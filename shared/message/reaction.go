package message

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// maxReactions is how many reactions a message takes from one account at most (three with Premium).
const maxReactions = 3

// A Reaction is a call of send_reaction.
type Reaction struct {
	EntryID   string // empty: the oldest entry
	Target    peer.Target
	MessageID int
	Reactions []string // emojis, or ids of custom ones; none: the reaction is taken back
	Big       bool
	DryRun    bool
}

// ParseReaction reads a call of send_reaction. The call is good only if there are no faults.
func ParseReaction(body json.RawMessage) (Reaction, []*fault.Fault) {
	const field = "reaction"
	r, ok := newReader(SendReaction, body)
	if !ok {
		return Reaction{}, r.faults
	}
	c := Reaction{
		Target:    r.oneOf("target_username", "target_id", true),
		MessageID: r.messageID("message_id"),
		Big:       r.flag("big", false),
		DryRun:    r.flag("dry_run", false),
	}
	c.EntryID, _ = r.text("config_entry_id")
	for _, it := range r.items(field, "an emoji or a list of emojis") {
		if utf8.RuneCountInString(it.text) > 20 {
			r.fail(it.path, "This must be an emoji, or the id of a custom one.")
			continue
		}
		c.Reactions = append(c.Reactions, it.text)
	}
	if len(c.Reactions) > maxReactions {
		r.fail(field, "These are %d reactions; a message takes at most %d.", len(c.Reactions), maxReactions)
	}
	return c, r.faults
}

// Plan returns the request that reacts.
func (c *Reaction) Plan(to tg.InputPeerClass) *tg.MessagesSendReactionRequest {
	r := &tg.MessagesSendReactionRequest{Peer: to, MsgID: c.MessageID, Big: c.Big}
	all := []tg.ReactionClass{} // none at all takes the reaction back
	for _, one := range c.Reactions {
		if id, err := strconv.ParseInt(one, 10, 64); err == nil {
			all = append(all, &tg.ReactionCustomEmoji{DocumentID: id})
			continue
		}
		all = append(all, &tg.ReactionEmoji{Emoticon: one})
	}
	r.SetFlags()
	r.SetReaction(all)
	return r
}
