package service

import (
	"context"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// SendReaction reacts to a message, or takes the reaction back. Repeating a call does no harm.
func (s *Service) SendReaction(ctx context.Context, m message.Reaction) (*Done, error) {
	return s.inChat(ctx, m.EntryID, m.DryRun, m.Target, nil, func(ctx context.Context, c *authorization.Call, at *chat) error {
		var answer tg.UpdatesClass
		err := s.perform(ctx, c, at, func(ctx context.Context) (err error) {
			answer, err = c.API.MessagesSendReaction(ctx, m.Plan(at.peer))
			return err
		})
		switch {
		case tgerr.Is(err, "MESSAGE_NOT_MODIFIED"):
			return nil // it has this reaction already
		case fault.Is(err, fault.InvalidField):
			return blame(err, "reaction", fault.InvalidField)
		case err != nil:
			return blame(err, "message_id", fault.MessageIDInvalid)
		}
		flatten(c, answer)
		return nil
	})
}
