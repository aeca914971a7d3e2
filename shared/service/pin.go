package service

import (
	"context"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// PinMessage pins a message, or unpins one or all of a chat. Repeating a call does no harm.
func (s *Service) PinMessage(ctx context.Context, m message.Pin) (*Done, error) {
	intent := func(id entry.ID) authorization.Intent {
		i := authorization.Intent{Kinds: []outbox.Kind{outbox.Pin}}
		if m.MessageID != 0 {
			for _, box := range likelyBoxes([]peer.Target{m.Target}) {
				i.Texts = append(i.Texts, s.names(id).Messages(outbox.Pin, box, []int{m.MessageID}))
			}
		}
		return i
	}
	return s.inChat(ctx, m.EntryID, m.DryRun, m.Target, intent, func(ctx context.Context, c *authorization.Call, at *chat) error {
		if m.MessageID == 0 {
			return s.unpinAll(ctx, c, at)
		}
		var answer tg.UpdatesClass
		err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
			answer, err = c.API.MessagesUpdatePinnedMessage(ctx, m.Plan(at.peer))
			return err
		})
		switch {
		case tgerr.Is(err, "CHAT_NOT_MODIFIED", "MESSAGE_NOT_MODIFIED"):
			return nil // it is so already
		case err != nil:
			return blame(err, "message_id", fault.MessageIDInvalid)
		}
		updates, _ := flatten(c, answer)
		markPins(c, at, updates)
		return nil
	})
}

// markPins marks the events that pinning makes: the service message of a pin, the list of an unpin.
func markPins(c *authorization.Call, at *chat, updates []tg.UpdateClass) {
	for _, u := range updates {
		if made, ok := madeBy(u); ok {
			markPinned(c, at, []int{made.id})
			continue
		}
		switch u := u.(type) {
		case *tg.UpdatePinnedMessages:
			markPinned(c, at, u.Messages)
		case *tg.UpdatePinnedChannelMessages:
			markPinned(c, at, u.Messages)
		}
	}
}

func markPinned(c *authorization.Call, at *chat, ids []int) {
	for _, id := range ids {
		c.Done.Marks = append(c.Done.Marks, authorization.Mark{Kind: outbox.Pin, Box: at.box(), MessageID: id})
	}
}

// unpinAll unpins all messages of a chat. Telegram does some at a time, and says how far it is, but not which they were:
// so that the listener knows their events for ours they are looked up before. Bots cannot look, and get an event.
func (s *Service) unpinAll(ctx context.Context, c *authorization.Call, at *chat) error {
	ids, err := s.pinned(ctx, c, at)
	if err != nil {
		return err
	}
	for {
		var answer *tg.MessagesAffectedHistory
		err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
			answer, err = c.API.MessagesUnpinAllMessages(ctx, &tg.MessagesUnpinAllMessagesRequest{Peer: at.peer})
			return err
		})
		if err != nil {
			return err
		}
		if answer.Offset == 0 {
			markPinned(c, at, ids)
			return nil
		}
	}
}

// pinned returns the ids of the messages of a chat that are pinned, the newest hundred.
func (s *Service) pinned(ctx context.Context, c *authorization.Call, at *chat) ([]int, error) {
	if c.Entry.ClientType == entry.Bot {
		return nil, nil
	}
	var answer tg.MessagesMessagesClass
	err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
		answer, err = c.API.MessagesSearch(ctx, &tg.MessagesSearchRequest{Peer: at.peer, Filter: &tg.InputMessagesFilterPinned{}, Limit: searched})
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []int
	if some, ok := answer.AsModified(); ok {
		for _, m := range some.GetMessages() {
			ids = append(ids, m.GetID())
		}
	}
	return ids, nil
}
