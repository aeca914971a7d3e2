package service

import (
	"context"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// AnswerCallbackQuery answers a press of an inline button. Telegram takes the answer only from the login that was told of
// the press: the listener gives it.
func (s *Service) AnswerCallbackQuery(ctx context.Context, m message.CallbackAnswer) (*Done, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	done := &Done{Entry: id, DryRun: m.DryRun}
	if m.DryRun {
		return done, nil
	}
	err = s.o.Store.Ask(ctx, id, entry.Command{Kind: entry.AnswerCallback, Callback: &entry.CallbackAnswer{
		QueryID: m.QueryID, Text: m.Text, Alert: m.Alert, URL: m.URL,
	}})
	if err != nil {
		return nil, blame(err, "id", fault.NotFound)
	}
	return done, nil
}
