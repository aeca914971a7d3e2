package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) albumMethods(t table) {
	add(t, tg.MessagesSendMultiMediaRequestTypeID, loggedIn, sendMultiMedia)
}

const mostAlbum = 10

// albumOf says with which other files one can stand in an album: "" with none (A59).
// https://core.telegram.org/bots/api#sendmediagroup
func albumOf(f *file) string {
	switch kind := f.kind(); kind {
	case KindPhoto, KindVideo:
		return "visual"
	case KindAudio, KindDocument:
		return kind
	}
	return ""
}

// sendMultiMedia sends an album: messages with a grouped_id, each with a caption of its own. The files have to be there
// already, by messages.uploadMedia. https://core.telegram.org/method/messages.sendMultiMedia
func sendMultiMedia(c *call, r *tg.MessagesSendMultiMediaRequest) (bin.Encoder, error) {
	s := c.server
	for part, used := range map[string]bool{
		"send_as": r.SendAs != nil, "quick_reply": r.QuickReplyShortcut != nil, "effect": r.Effect != 0,
		"paid stars": r.AllowPaidStars != 0, "invert_media": r.InvertMedia,
	} {
		if used {
			c.unsupported(part)
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
	}
	to, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if err := c.mayWrite(to); err != nil {
		return nil, err
	}
	switch n := len(r.MultiMedia); {
	case n == 0:
		return nil, tgerr.New(400, "MEDIA_EMPTY")
	case n == 1: // (A59)
		return nil, tgerr.New(400, "MEDIA_INVALID")
	case n > mostAlbum:
		return nil, tgerr.New(400, "MULTI_MEDIA_TOO_LONG")
	}
	before := make([]*stored, 0, mostAlbum)
	seen := map[int64]bool{}
	for i, x := range r.MultiMedia {
		if err := c.checkCaption(x.Message, x.Entities); err != nil {
			return nil, err
		}
		if r.MultiMedia[i].Entities, err = c.shown(x.Entities); err != nil {
			return nil, err
		}
		switch {
		case x.RandomID == 0:
			return nil, tgerr.New(400, "RANDOM_ID_EMPTY")
		case seen[x.RandomID]:
			return nil, tgerr.New(500, "RANDOM_ID_DUPLICATE")
		}
		seen[x.RandomID] = true
		if m := c.authorization.sent[x.RandomID]; m != nil {
			before = append(before, m)
		}
	}
	files, err := c.albumFiles(r.MultiMedia) // (A64)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		return c.albumAgain(r.MultiMedia, before)
	}
	replyTo, err := c.replyTo(r.ReplyTo, to)
	if err != nil {
		return nil, err
	}
	var all []*message
	grouped := s.newID()
	for i, x := range r.MultiMedia {
		m := &message{
			from: c.account, to: to.user, group: to.group, channel: to.channel, date: s.now(), text: x.Message, entities: x.Entities,
			silent: r.Silent, file: files[i], grouped: grouped, replyTo: replyTo,
		}
		if replyTo != nil {
			m.topic = replyTo.inTopic()
		}
		all = append(all, m)
	}
	if r.ClearDraft {
		delete(c.account.drafts, to.id())
	}
	if r.ScheduleDate != 0 {
		answer, err := c.scheduleAlbum(all, r.MultiMedia, to, r.ScheduleDate)
		if answer != nil || err != nil {
			return answer, err
		}
	}
	to.wrote(c.account, s.now())
	var done []change
	for i, m := range all {
		x := s.publish(m, c.authorization)
		c.authorization.sent[r.MultiMedia[i].RandomID] = x.stored
		done = append(done, x)
	}
	return c.album(done, r.MultiMedia), nil
}

// albumAgain answers an album that came before, in one of two forms (A2). One that came in part is refused (A59).
func (c *call) albumAgain(wanted []tg.InputSingleMedia, before []*stored) (bin.Encoder, error) {
	s := c.server
	if len(before) < len(wanted) || s.chooses(s.behaviour.RefuseRepeated) {
		return nil, tgerr.New(500, "RANDOM_ID_DUPLICATE")
	}
	if before[0].later {
		answer := &tg.Updates{Date: s.now()}
		for i, w := range before {
			c.merge(answer, c.scheduled(w, wanted[i].RandomID))
		}
		return answer, nil
	}
	var done []change
	for _, m := range before {
		done = append(done, change{kind: newMessage, pts: s.boxOf(m).pts, stored: m, channel: m.message.channel})
	}
	return c.album(done, wanted), nil
}

// albumFiles finds the files of an album.
func (c *call) albumFiles(wanted []tg.InputSingleMedia) ([]*attachment, error) {
	var all []*attachment
	for i, x := range wanted {
		switch x.Media.(type) {
		case *tg.InputMediaPhoto, *tg.InputMediaDocument:
		default:
			return nil, tgerr.New(400, "MEDIA_INVALID")
		}
		a, err := c.attach(x.Media, errReferenceAt(i))
		if err != nil {
			return nil, err
		}
		if kind := albumOf(a.file); kind == "" || i > 0 && kind != albumOf(all[0].file) {
			return nil, tgerr.New(400, "MEDIA_INVALID")
		}
		all = append(all, a)
	}
	return all, nil
}

// scheduleAlbum puts an album on the list of what waits; nil if it is to be sent at once.
func (c *call) scheduleAlbum(all []*message, wanted []tg.InputSingleMedia, to place, date int) (bin.Encoder, error) {
	answer := &tg.Updates{Date: c.server.now()}
	for i, m := range all {
		later, err := c.schedule(m, to, date)
		if err != nil {
			return nil, err
		}
		if later == nil {
			return nil, nil
		}
		c.authorization.sent[wanted[i].RandomID] = later
		c.merge(answer, c.scheduled(later, wanted[i].RandomID))
	}
	return answer, nil
}

// album is the result of an album: the ids first, then the messages.
func (c *call) album(done []change, wanted []tg.InputSingleMedia) *tg.Updates {
	answer := &tg.Updates{Date: c.server.now()}
	for i, x := range done {
		answer.Updates = append(answer.Updates, &tg.UpdateMessageID{ID: x.stored.id, RandomID: wanted[i].RandomID})
	}
	for _, x := range done {
		c.merge(answer, c.result(x))
	}
	return answer
}

// merge adds updates and who occurs in them.
func (c *call) merge(into, from *tg.Updates) {
	into.Updates = append(into.Updates, from.Updates...)
	if len(into.Users) == 0 && len(into.Chats) == 0 {
		into.Users, into.Chats = from.Users, from.Chats
	}
}
