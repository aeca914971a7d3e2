package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) forwardMethods(t table) {
	add(t, tg.MessagesForwardMessagesRequestTypeID, loggedIn, forwardMessages)
}

// forwardMessages makes copies that say of whom they are. What is not there is passed over; if nothing is,
// MESSAGE_ID_INVALID. https://core.telegram.org/method/messages.forwardMessages
func forwardMessages(c *call, r *tg.MessagesForwardMessagesRequest) (bin.Encoder, error) {
	s := c.server
	for part, used := range map[string]bool{
		"with_my_score": r.WithMyScore, "send_as": r.SendAs != nil, "quick_reply": r.QuickReplyShortcut != nil, "reply_to": r.ReplyTo != nil,
		"effect": r.Effect != 0, "paid stars": r.AllowPaidStars != 0,
	} {
		if used {
			c.unsupported(part)
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
	}
	if len(r.ID) == 0 || len(r.ID) != len(r.RandomID) {
		return nil, tgerr.New(400, "RANDOM_ID_INVALID")
	}
	from, err := c.inputPeer(r.FromPeer)
	if err != nil {
		return nil, err
	}
	to, err := c.inputPeer(r.ToPeer)
	if err != nil {
		return nil, err
	}
	if err := c.mayWrite(to); err != nil {
		return nil, err
	}
	if from.channel != nil && from.channel.protected {
		return nil, tgerr.New(400, "CHAT_FORWARDS_RESTRICTED")
	}
	var topic *message
	if r.TopMsgID != 0 {
		root := c.account.find(to, r.TopMsgID)
		if root == nil || root.message.inTopic() == nil {
			return nil, tgerr.New(400, "TOPIC_ID_INVALID")
		}
		topic = root.message.inTopic()
	}
	answer := &tg.Updates{Date: s.now()}
	var accounts []*account
	var rooms []room
	albums := map[int64]int64{} // what was an album is one again
	for i, id := range r.ID {
		of := c.account.find(from, id)
		if of == nil || of.message.action != nil {
			continue
		}
		if before := c.authorization.sent[r.RandomID[i]]; before != nil {
			return nil, tgerr.New(500, "RANDOM_ID_DUPLICATE")
		}
		m := &message{
			from: c.account, to: to.user, group: to.group, channel: to.channel, date: s.now(), silent: r.Silent,
			text: of.message.text, entities: of.message.entities, replyTo: topic, topic: topic,
			file: of.message.file,
		}
		if g := of.message.grouped; g != 0 {
			if albums[g] == 0 {
				albums[g] = s.newID()
			}
			m.grouped = albums[g]
		}
		if !r.DropAuthor {
			m.forward = of.origin()
		}
		var x tg.UpdateClass
		var done *stored
		if r.ScheduleDate != 0 {
			if done, err = c.schedule(m, to, r.ScheduleDate); err != nil {
				return nil, err
			}
		}
		if done != nil {
			x = &tg.UpdateNewScheduledMessage{Message: done.render(c.account)}
		} else {
			made := s.publish(m, c.authorization)
			done, x = made.stored, s.update(made, c.account)
		}
		c.authorization.sent[r.RandomID[i]] = done
		answer.Updates = append(answer.Updates, &tg.UpdateMessageID{ID: done.id, RandomID: r.RandomID[i]}, x)
		a, r := done.mentioned(s)
		accounts, rooms = append(append(accounts, a...), of.message.from), append(rooms, r...)
	}
	if len(answer.Updates) == 0 {
		return nil, errMessageID
	}
	answer.Users, answer.Chats = s.seeAll(accounts, c.account, false), s.seeRooms(append(rooms, from.rooms()...), c.account)
	return answer, nil
}

// origin is what a forward says of a message. https://core.telegram.org/constructor/messageFwdHeader
func (c *stored) origin() *tg.MessageFwdHeader {
	m := c.message
	if m.forward != nil {
		return m.forward // who wrote it first
	}
	h := &tg.MessageFwdHeader{Date: m.date}
	if m.channel != nil && m.channel.broadcast {
		h.SetFromID(c.peer.peer())
		h.SetChannelPost(c.id)
	} else {
		h.SetFromID(&tg.PeerUser{UserID: m.from.id})
	}
	return h
}

// Protect forbids or allows that messages of a channel are forwarded. https://core.telegram.org/constructor/channel (noforwards)
func (s *Server) Protect(channel int64, protected bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelMark-channel]
	if ch == nil {
		return errNoPeer
	}
	ch.protected = protected
	return nil
}
