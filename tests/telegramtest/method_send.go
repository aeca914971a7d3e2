package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// sendMessage sends a text. https://core.telegram.org/method/messages.sendMessage
func sendMessage(c *call, r *tg.MessagesSendMessageRequest) (bin.Encoder, error) {
	for part, used := range map[string]bool{
		"send_as": r.SendAs != nil, "quick_reply": r.QuickReplyShortcut != nil,
		"effect": r.Effect != 0, "paid stars": r.AllowPaidStars != 0, "rich_message": r.RichMessage != nil,
	} {
		if used {
			c.unsupported(part)
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
	}
	if r.RandomID == 0 {
		return nil, tgerr.New(400, "RANDOM_ID_EMPTY")
	}
	to, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if err := checkText(r.Message, r.Entities); err != nil {
		return nil, err
	}
	if r.Entities, err = c.shown(r.Entities); err != nil {
		return nil, err
	}
	if err := c.mayWrite(to); err != nil {
		return nil, err
	}
	if answer, err := c.again(r.RandomID); answer != nil || err != nil {
		return answer, err
	}
	return c.write(&message{
		from: c.account, to: to.user, group: to.group, channel: to.channel, date: c.server.now(), text: r.Message, entities: r.Entities,
		markup: r.ReplyMarkup, silent: r.Silent, noPreview: r.NoWebpage,
	}, to, writing{r.RandomID, r.ReplyTo, r.ClearDraft, r.ScheduleDate})
}

// again answers a random_id that came before; neither an answer nor an error if it did not. Within one authorization only,
// and in two forms (A1, A2).
func (c *call) again(randomID int64) (bin.Encoder, error) {
	s, before := c.server, c.authorization.sent[randomID]
	switch {
	case before == nil:
		return nil, nil
	case s.chooses(s.behaviour.RefuseRepeated):
		return nil, tgerr.New(500, "RANDOM_ID_DUPLICATE")
	case before.later:
		return c.scheduled(before, randomID), nil
	}
	return c.sent(change{kind: newMessage, pts: s.boxOf(before).pts, stored: before, channel: before.message.channel}, randomID), nil
}

// writing is what a request says of a message besides what stands in it.
type writing struct {
	randomID   int64
	replyTo    tg.InputReplyToClass
	clearDraft bool
	schedule   int // Unix time; 0: at once
}

// write sends a message, or puts it on the list of those that wait.
func (c *call) write(m *message, to place, w writing) (bin.Encoder, error) {
	s := c.server
	var err error
	if m.replyTo, err = c.replyTo(w.replyTo, to); err != nil {
		return nil, err
	}
	if m.replyTo != nil {
		m.topic = m.replyTo.inTopic()
	}
	if w.clearDraft {
		delete(c.account.drafts, to.id())
	}
	if w.schedule != 0 {
		later, err := c.schedule(m, to, w.schedule)
		if err != nil {
			return nil, err
		}
		if later != nil {
			c.authorization.sent[w.randomID] = later
			return c.scheduled(later, w.randomID), nil
		}
	}
	to.wrote(c.account, s.now())
	done := s.publish(m, c.authorization)
	c.authorization.sent[w.randomID] = done.stored
	return c.sent(done, w.randomID), nil
}

// replyTo finds what a message answers.
func (c *call) replyTo(r tg.InputReplyToClass, to place) (*message, error) {
	if r == nil {
		return nil, nil
	}
	x, ok := r.(*tg.InputReplyToMessage)
	if !ok {
		c.unsupported("reply_to " + r.TypeName())
		return nil, tgerr.New(400, "REPLY_TO_INVALID")
	}
	m := c.account.find(to, x.ReplyToMsgID)
	if m == nil {
		return nil, tgerr.New(400, "REPLY_MESSAGE_ID_INVALID")
	}
	return m.message, nil
}

// sent is the result of a message, in one of the two forms that Telegram chooses from.
// https://core.telegram.org/api/updates ("updateShortSentMessage")
func (c *call) sent(done change, randomID int64) bin.Encoder {
	m := done.stored.message
	if m.isPlain() && m.channel == nil && c.server.chooses(c.server.behaviour.Short) {
		u := &tg.UpdateShortSentMessage{Out: true, ID: done.stored.id, Pts: done.pts, PtsCount: done.count, Date: m.date}
		if len(m.entities) > 0 {
			u.SetEntities(m.entities)
		}
		return u
	}
	return c.result(done, &tg.UpdateMessageID{ID: done.stored.id, RandomID: randomID})
}
