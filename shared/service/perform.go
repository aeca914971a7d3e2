package service

import (
	"context"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// perform asks Telegram about a chat until it answers: a flood wait or slow mode that fits the deadline is waited for,
// and a chat whose access hash has gone stale is looked up anew, once. request is made again with what at says then.
func (s *Service) perform(ctx context.Context, c *authorization.Call, at *chat, request func(ctx context.Context) error) error {
	anew := false
	for {
		err := request(ctx)
		switch {
		case tgerr.Is(err, "PEER_ID_INVALID", "CHANNEL_INVALID", "USER_ID_INVALID") && !anew && staling(c, at):
			anew = true
			now, asked := ask(ctx, c, at.target)
			if asked != nil {
				return asked
			}
			*at = now
		case fault.Is(err, fault.FloodWait, fault.SlowMode) && s.sleep(ctx, fault.Of(err).RetryAfter):
		default:
			return err
		}
	}
}

// staling reports whether a chat is addressed by an access hash that Telegram may have changed.
func staling(c *authorization.Call, at *chat) bool {
	return at.target != (peer.Target{}) && at.id.Kind() != peer.Group && at.id != c.Peers.Self()
}

// answered reports whether an error is Telegram's answer, so that the request is known not to have been carried out.
func answered(err error) bool {
	_, ok := tgerr.As(err)
	return ok
}

// sent is what an answer to a sending request says of the message that was made.
type sent struct {
	id        int
	box       peer.ID // the channel whose message it is; 0 is the account's common box
	date      time.Time
	text      string
	scheduled bool // it is yet to be sent: the id is one among scheduled messages
}

// mark returns what tells the listener that the message is our doing. chat is where the message is.
func (s sent) mark(names outbox.Names, chat peer.ID) authorization.Mark {
	if s.scheduled {
		return authorization.Mark{Kind: outbox.Send, Scheduled: names.Scheduled(chat, s.text), Due: s.date}
	}
	return authorization.Mark{Kind: outbox.Send, Box: s.box, MessageID: s.id}
}

// flatten returns the updates of an answer and its date, and learns whom it introduces.
func flatten(c *authorization.Call, answer tg.UpdatesClass) ([]tg.UpdateClass, time.Time) {
	switch u := answer.(type) {
	case *tg.UpdateShort:
		return []tg.UpdateClass{u.Update}, unix(u.Date)
	case *tg.Updates:
		c.Peers.Learn(u.Users, u.Chats)
		return u.Updates, unix(u.Date)
	case *tg.UpdatesCombined:
		c.Peers.Learn(u.Users, u.Chats)
		return u.Updates, unix(u.Date)
	}
	return nil, time.Time{}
}

// readSent reads the answer to the request with the given random id. ok is false if it names no message.
func readSent(c *authorization.Call, answer tg.UpdatesClass, randomID int64) (s sent, ok bool) {
	switch u := answer.(type) {
	case *tg.UpdateShortSentMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	case *tg.UpdateShortMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	case *tg.UpdateShortChatMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	}
	updates, date := flatten(c, answer)
	s.date = date
	for _, u := range updates {
		if named, is := u.(*tg.UpdateMessageID); is && named.RandomID == randomID {
			s.id = named.ID
		}
	}
	for _, u := range updates {
		// An answer that repeats an earlier send need not name the random id again.
		if one, is := madeBy(u); is && (s.id == 0 || one.id == s.id) {
			return one, true
		}
	}
	return s, s.id != 0
}

// madeBy returns the message that an update tells of as new.
func madeBy(u tg.UpdateClass) (sent, bool) {
	var m tg.MessageClass
	var s sent
	switch u := u.(type) {
	case *tg.UpdateNewMessage:
		m = u.Message
	case *tg.UpdateNewChannelMessage:
		m = u.Message
		if full, is := m.AsNotEmpty(); is {
			s.box = peer.FromTL(full.GetPeerID())
		}
	case *tg.UpdateNewScheduledMessage:
		m, s.scheduled = u.Message, true
	default:
		return s, false
	}
	full, is := m.AsNotEmpty()
	if !is {
		return s, false
	}
	if text, is := m.(*tg.Message); is {
		s.text = text.Message
	}
	s.id, s.date = full.GetID(), unix(full.GetDate())
	return s, true
}

func unix(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }
