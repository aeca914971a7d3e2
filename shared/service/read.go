package service

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// MarkRead marks the messages of a chat as read. Repeating a call does no harm. Bots read nothing.
func (s *Service) MarkRead(ctx context.Context, m message.Read) (*Done, error) {
	intent := func(id entry.ID) authorization.Intent {
		i := authorization.Intent{Kinds: []outbox.Kind{outbox.Read}}
		if m.UpTo != 0 {
			for _, box := range likelyBoxes([]peer.Target{m.Target}) {
				i.Texts = append(i.Texts, s.names(id).Messages(outbox.Read, box, []int{m.UpTo}))
			}
		}
		return i
	}
	return s.inChat(ctx, m.EntryID, m.DryRun, m.Target, intent, func(ctx context.Context, c *authorization.Call, at *chat) error {
		if c.Entry.ClientType == entry.Bot {
			return fault.New(fault.ChatWriteForbid, "A bot cannot mark messages as read. Use an entry of a user's account.")
		}
		upTo := m.UpTo
		if upTo == 0 {
			var err error
			if upTo, err = s.newest(ctx, c, at); err != nil || upTo == 0 {
				return err
			}
		}
		err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
			if channel, ok := at.channel(); ok {
				_, err = c.API.ChannelsReadHistory(ctx, &tg.ChannelsReadHistoryRequest{Channel: channel, MaxID: upTo})
				return err
			}
			_, err = c.API.MessagesReadHistory(ctx, &tg.MessagesReadHistoryRequest{Peer: at.peer, MaxID: upTo})
			return err
		})
		if err != nil {
			return blame(err, "message_id", fault.MessageIDInvalid)
		}
		c.Done.Marks = append(c.Done.Marks, authorization.Mark{Kind: outbox.Read, Box: at.box(), MessageID: upTo})
		return nil
	})
}

// newest returns the id of the last message of a chat, 0 if there is none: the echo of reading names it, so that it has
// to be known.
func (s *Service) newest(ctx context.Context, c *authorization.Call, at *chat) (int, error) {
	var answer tg.MessagesMessagesClass
	err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
		answer, err = c.API.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: at.peer, Limit: 1})
		return err
	})
	if err != nil {
		return 0, err
	}
	if some, ok := answer.AsModified(); ok {
		for _, m := range some.GetMessages() {
			return m.GetID(), nil
		}
	}
	return 0, nil
}
