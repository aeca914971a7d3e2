package service

import (
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// sent is what an answer to a sending request says of the message that was made.
type sent struct {
	id   int
	box  peer.ID // the channel whose message it is; 0 is the account's common box
	date time.Time
}

// readSent reads the answer to the request with the given random id, and learns whom it introduces. ok is false if it
// names no message.
func readSent(c *authorization.Call, answer tg.UpdatesClass, randomID int64) (s sent, ok bool) {
	var updates []tg.UpdateClass
	switch u := answer.(type) {
	case *tg.UpdateShortSentMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	case *tg.UpdateShortMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	case *tg.UpdateShortChatMessage:
		return sent{id: u.ID, date: unix(u.Date)}, true
	case *tg.UpdateShort:
		updates, s.date = []tg.UpdateClass{u.Update}, unix(u.Date)
	case *tg.Updates:
		updates, s.date = u.Updates, unix(u.Date)
		c.Peers.Learn(u.Users, u.Chats)
	case *tg.UpdatesCombined:
		updates, s.date = u.Updates, unix(u.Date)
		c.Peers.Learn(u.Users, u.Chats)
	}
	for _, u := range updates {
		if named, is := u.(*tg.UpdateMessageID); is && named.RandomID == randomID {
			s.id = named.ID
		}
	}
	for _, u := range updates {
		var m tg.MessageClass
		var box peer.ID
		switch u := u.(type) {
		case *tg.UpdateNewMessage:
			m = u.Message
		case *tg.UpdateNewChannelMessage:
			m = u.Message
			if full, is := m.(*tg.Message); is {
				box = peer.FromTL(full.PeerID)
			}
		default:
			continue
		}
		// An answer that repeats an earlier send need not name the random id again.
		if full, is := m.(*tg.Message); is && (s.id == 0 || full.ID == s.id) {
			return sent{id: full.ID, box: box, date: unix(full.Date)}, true
		}
	}
	return s, s.id != 0
}

// mark returns what tells the listener that the message is our doing.
func (s sent) mark() authorization.Mark {
	return authorization.Mark{Kind: outbox.Send, Box: s.box, MessageID: s.id}
}

func unix(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }
