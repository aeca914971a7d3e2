package event

import (
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// unknownToShort are the flags of a message that its short forms do not have: nobody knows whether they are set.
var unknownToShort = []string{
	"post", "from_scheduled", "legacy", "edit_hide", "pinned", "noforwards", "invert_media", "offline",
	"video_processing_pending", "paid_suggested_post_stars", "paid_suggested_post_ton",
}

func readShortMessage(u *tg.UpdateShortMessage, c Context) []Occurrence {
	from := peer.UserID(u.UserID)
	if u.Out {
		from = c.self()
	}
	return short(&tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent, ID: u.ID,
		FromID: from.Peer(), PeerID: &tg.PeerUser{UserID: u.UserID}, Message: u.Message, Date: u.Date,
		FwdFrom: u.FwdFrom, ViaBotID: u.ViaBotID, ReplyTo: u.ReplyTo, Entities: u.Entities, TTLPeriod: u.TTLPeriod,
	}, c)
}

func readShortChatMessage(u *tg.UpdateShortChatMessage, c Context) []Occurrence {
	from := peer.UserID(u.FromID)
	if u.Out {
		from = c.self()
	}
	return short(&tg.Message{
		Out: u.Out, Mentioned: u.Mentioned, MediaUnread: u.MediaUnread, Silent: u.Silent, ID: u.ID,
		FromID: from.Peer(), PeerID: &tg.PeerChat{ChatID: u.ChatID}, Message: u.Message, Date: u.Date,
		FwdFrom: u.FwdFrom, ViaBotID: u.ViaBotID, ReplyTo: u.ReplyTo, Entities: u.Entities, TTLPeriod: u.TTLPeriod,
	}, c)
}

func short(m *tg.Message, c Context) []Occurrence {
	m.SetFlags()
	return []Occurrence{occurrence(filter.NewMessage, m, unknownToShort, c)}
}
