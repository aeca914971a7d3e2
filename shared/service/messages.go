package service

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/event"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// Messages is what get_messages found: messages as events have them, latest first or in the order in which they were
// asked for.
type Messages struct {
	Messages []json.RawMessage
	Next     string // the cursor with which to go on; empty: that was all
}

// GetMessages reads messages of a chat: those that are named, or the latest. Telegram lets bots read only messages that
// they name.
func (s *Service) GetMessages(ctx context.Context, m message.Messages) (*Messages, error) {
	found := &Messages{Messages: []json.RawMessage{}}
	_, err := s.inChat(ctx, m.EntryID, m.DryRun, m.Target, nil, func(ctx context.Context, c *authorization.Call, at *chat) error {
		all, err := s.history(ctx, c, at, m)
		if err != nil {
			return err
		}
		for _, each := range all {
			if _, ok := each.AsNotEmpty(); ok {
				found.Messages = append(found.Messages, event.AppendMessage(nil, each, c.Peers))
			}
		}
		if len(m.IDs) == 0 && len(all) == m.Limit {
			found.Next = strconv.Itoa(all[len(all)-1].GetID())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (s *Service) history(ctx context.Context, c *authorization.Call, at *chat, m message.Messages) ([]tg.MessageClass, error) {
	if len(m.IDs) > 0 {
		return messagesByID(ctx, s, c, at, m.IDs)
	}
	if c.Entry.ClientType == entry.Bot {
		return nil, fault.At(fault.MissingField, "message_ids", "Telegram lets bots read only messages that they name: message_ids is required here.")
	}
	return s.messages(ctx, c, at, func(ctx context.Context) (tg.MessagesMessagesClass, error) {
		return c.API.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: at.peer, OffsetID: m.Before, Limit: m.Limit})
	})
}

// messages asks for messages of a chat, and learns whom they introduce.
func (s *Service) messages(ctx context.Context, c *authorization.Call, at *chat, ask func(context.Context) (tg.MessagesMessagesClass, error)) ([]tg.MessageClass, error) {
	var answer tg.MessagesMessagesClass
	err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
		answer, err = ask(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	some, ok := answer.AsModified()
	if !ok {
		return nil, nil
	}
	c.Peers.Learn(some.GetUsers(), some.GetChats())
	return some.GetMessages(), nil
}
