package telegramtest

import (
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) reactionMethods(t table) {
	add(t, tg.MessagesSendReactionRequestTypeID, loggedIn, sendReaction)
}

// reaction is what one account has put under a message.
type reaction struct {
	by  *account
	big bool
	all []tg.ReactionClass
}

// allowed are the emojis that messages take in chats which do not say otherwise, some of them.
// https://core.telegram.org/method/messages.getAvailableReactions
var allowed = []string{"👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🎉", "👌"}

// https://core.telegram.org/method/messages.sendReaction, https://core.telegram.org/api/reactions
func sendReaction(c *call, r *tg.MessagesSendReactionRequest) (bin.Encoder, error) {
	s := c.server
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	target := c.account.find(in, r.MsgID)
	if target == nil || target.message.action != nil {
		return nil, errMessageID
	}
	most := 1 // https://core.telegram.org/api/config (reactions_user_max_default)
	if c.account.premium {
		most = 3
	}
	if len(r.Reaction) > most {
		return nil, tgerr.New(400, "REACTIONS_TOO_MANY")
	}
	for _, each := range r.Reaction {
		emoji, ok := each.(*tg.ReactionEmoji)
		if !ok && !c.account.premium || ok && !slices.Contains(allowed, emoji.Emoticon) {
			return nil, tgerr.New(400, "REACTION_INVALID")
		}
	}
	m := target.message
	i := slices.IndexFunc(m.reactions, func(x reaction) bool { return x.by == c.account })
	switch {
	case i < 0 && len(r.Reaction) == 0, i >= 0 && sameTL(m.reactions[i].all, r.Reaction):
		return nil, tgerr.New(400, "MESSAGE_NOT_MODIFIED")
	case i >= 0:
		m.reactions = slices.Delete(m.reactions, i, i+1)
	}
	if len(r.Reaction) > 0 {
		m.reactions = append(m.reactions, reaction{c.account, r.Big, r.Reaction})
	}
	update := func(copy *stored, viewer *account) *tg.UpdateMessageReactions {
		return &tg.UpdateMessageReactions{Peer: copy.peer.peer(), MsgID: copy.id, Reactions: copy.reactions(viewer)}
	}
	for _, copy := range s.live(m) {
		viewers := []*account{copy.owner}
		if copy.owner == nil {
			viewers = copy.peer.channel.members()
		}
		for _, a := range viewers {
			for _, x := range s.of(a) {
				if x != c.authorization && !a.bot { // bots are told by another update, if they ask for it
					s.tellPassing(x, update(copy, a), nil, copy.peer.rooms()...)
				}
			}
		}
	}
	return &tg.Updates{Updates: []tg.UpdateClass{update(target, c.account)}, Date: s.now(),
		Users: s.seeAll([]*account{c.account}, c.account, false), Chats: s.seeRooms(in.rooms(), c.account)}, nil
}

// reactions counts what stands under a message, as an account sees it.
func (c *stored) reactions(viewer *account) tg.MessageReactions {
	var all tg.MessageReactions
	for _, x := range c.message.reactions {
		for order, each := range x.all {
			i := slices.IndexFunc(all.Results, func(n tg.ReactionCount) bool {
				return sameTL([]tg.ReactionClass{n.Reaction}, []tg.ReactionClass{each})
			})
			if i < 0 {
				all.Results, i = append(all.Results, tg.ReactionCount{Reaction: each}), len(all.Results)
			}
			all.Results[i].Count++
			if x.by == viewer {
				all.Results[i].SetChosenOrder(order)
			}
		}
	}
	return all
}
