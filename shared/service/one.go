package service

import (
	"context"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/peer"
)

// A Done is the answer of a verb that has nothing else to tell.
type Done struct {
	Entry  entry.ID
	DryRun bool
	ChatID peer.ID
}

// inChat carries out a call that concerns one chat: use is called with the chat, unless the call is a dry run. targets
// are the call's, its chat first.
func (s *Service) inChat(ctx context.Context, named string, dryRun bool, t peer.Target, intent func(entry.ID) authorization.Intent, use func(context.Context, *authorization.Call, *chat) error) (*Done, error) {
	id, err := s.entryID(ctx, named)
	if err != nil {
		return nil, err
	}
	r := s.request(ctx, id)
	r.Targets = []peer.Target{t}
	if !dryRun && intent != nil {
		r.Intent = intent(id)
	}
	done := &Done{Entry: id, DryRun: dryRun}
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		at, err := resolve(ctx, c, t)
		if err != nil {
			return err
		}
		done.ChatID = at.id
		if dryRun {
			return nil
		}
		return use(ctx, c, &at)
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}
