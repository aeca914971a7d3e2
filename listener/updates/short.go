package updates

import "github.com/gotd/td/tg"

// fromShort makes the update that a short message stands for. self is the account's own id.
func fromShort(u *tg.UpdateShortMessage, self int64) (Update, int) {
	m := &tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent,
		ID: u.ID, PeerID: &tg.PeerUser{UserID: u.UserID}, Date: u.Date, Message: u.Message,
	}
	from := u.UserID
	if u.Out {
		from = self
	}
	m.SetFromID(&tg.PeerUser{UserID: from})
	optional(m, u)
	return Update{TL: &tg.UpdateNewMessage{Message: m, Pts: u.Pts, PtsCount: u.PtsCount}, Short: u}, u.Date
}

// fromShortChat makes the update that a short message in a small group stands for.
func fromShortChat(u *tg.UpdateShortChatMessage) (Update, int) {
	m := &tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent,
		ID: u.ID, PeerID: &tg.PeerChat{ChatID: u.ChatID}, Date: u.Date, Message: u.Message,
	}
	m.SetFromID(&tg.PeerUser{UserID: u.FromID})
	optional(m, u)
	return Update{TL: &tg.UpdateNewMessage{Message: m, Pts: u.Pts, PtsCount: u.PtsCount}, Short: u}, u.Date
}

type shortMessage interface {
	GetFwdFrom() (tg.MessageFwdHeader, bool)
	GetViaBotID() (int64, bool)
	GetReplyTo() (tg.MessageReplyHeaderClass, bool)
	GetEntities() ([]tg.MessageEntityClass, bool)
	GetTTLPeriod() (int, bool)
}

func optional(m *tg.Message, u shortMessage) {
	if v, ok := u.GetFwdFrom(); ok {
		m.SetFwdFrom(v)
	}
	if v, ok := u.GetViaBotID(); ok {
		m.SetViaBotID(v)
	}
	if v, ok := u.GetReplyTo(); ok {
		m.SetReplyTo(v)
	}
	if v, ok := u.GetEntities(); ok {
		m.SetEntities(v)
	}
	if v, ok := u.GetTTLPeriod(); ok {
		m.SetTTLPeriod(v)
	}
	m.SetFlags()
}
