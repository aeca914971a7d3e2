package service

import (
	"context"

	"telegram-client/shared/authorization"
	"telegram-client/shared/message"
)

// SendChatAction shows to a chat that the account is typing, or doing something else, for some seconds.
func (s *Service) SendChatAction(ctx context.Context, m message.ChatAction) (*Done, error) {
	return s.inChat(ctx, m.EntryID, m.DryRun, m.Target, nil, func(ctx context.Context, c *authorization.Call, at *chat) error {
		return s.perform(ctx, c, at, func(ctx context.Context) error {
			_, err := c.API.MessagesSetTyping(ctx, m.Plan(at.peer))
			return err
		})
	})
}
