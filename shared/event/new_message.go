package event

import (
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// newMessage makes the event new_message. The message is changed.
func newMessage(m *tg.Message, lacks []string, c *Context) Occurrence {
	s := c.look(m)
	o := s.occurrence(filter.NewMessage, lacks, c)
	o.Occurred = unix(s.date)
	if s.out {
		o.Kind, o.Scheduled = Send, m.FromScheduled
	}
	return o
}

// shortLacks are the flags of a message that its short forms do not have: nobody knows whether they are set.
var shortLacks = []string{
	"post", "from_scheduled", "legacy", "edit_hide", "pinned", "noforwards", "invert_media", "offline",
	"video_processing_pending", "paid_suggested_post_stars", "paid_suggested_post_ton",
}

func fromShort(u *tg.UpdateShortMessage, c *Context) *tg.Message {
	from := peer.UserID(u.UserID)
	if u.Out {
		from = c.self()
	}
	m := &tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent, ID: u.ID,
		FromID: from.Peer(), PeerID: &tg.PeerUser{UserID: u.UserID}, Message: u.Message, Date: u.Date,
		FwdFrom: u.FwdFrom, ViaBotID: u.ViaBotID, ReplyTo: u.ReplyTo, Entities: u.Entities, TTLPeriod: u.TTLPeriod,
	}
	m.SetFlags()
	return m
}

func fromShortChat(u *tg.UpdateShortChatMessage, c *Context) *tg.Message {
	from := peer.UserID(u.FromID)
	if u.Out {
		from = c.self()
	}
	m := &tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent, ID: u.ID,
		FromID: from.Peer(), PeerID: &tg.PeerChat{ChatID: u.ChatID}, Message: u.Message, Date: u.Date,
		FwdFrom: u.FwdFrom, ViaBotID: u.ViaBotID, ReplyTo: u.ReplyTo, Entities: u.Entities, TTLPeriod: u.TTLPeriod,
	}
	m.SetFlags()
	return m
}
