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
		ids, err := s.lastRead(ctx, c, at, m.UpTo)
		if err != nil || len(ids) == 0 {
			return err
		}
		upTo := ids[0]
		err = s.perform(ctx, c, at, func(ctx context.Context) (err error) {
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
		for _, id := range ids {
			c.Done.Marks = append(c.Done.Marks, authorization.Mark{Kind: outbox.Read, Box: at.box(), MessageID: id})
		}
		return nil
	})
}

// lastRead returns the ids that the echo of reading may name: how far is read (the newest message if upTo is 0), and the
// newest message of somebody else that is read by that. None: there is nothing to read.
func (s *Service) lastRead(ctx context.Context, c *authorization.Call, at *chat, upTo int) ([]int, error) {
	r := &tg.MessagesGetHistoryRequest{Limit: searched}
	if upTo > 0 {
		r.OffsetID = upTo + 1
	}
	var answer tg.MessagesMessagesClass
	err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
		r.Peer = at.peer
		answer, err = c.API.MessagesGetHistory(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []int
	if upTo > 0 {
		ids = append(ids, upTo)
	}
	some, ok := answer.AsModified()
	if !ok {
		return ids, nil
	}
	for _, each := range some.GetMessages() {
		m, ok := each.AsNotEmpty()
		if !ok {
			continue
		}
		if len(ids) == 0 {
			ids = append(ids, m.GetID())
		}
		if !m.GetOut() {
			return append(ids, m.GetID()), nil
		}
	}
	return ids, nil
}
