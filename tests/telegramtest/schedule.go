package telegramtest

import (
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// Scheduled messages wait in a list of the account, with ids of their own. https://core.telegram.org/api/scheduled-messages
// What is written for less than ten seconds from now is sent at once, and a year ahead is the most.

func (s *Server) scheduleMethods(t table) {
	add(t, tg.MessagesGetScheduledHistoryRequestTypeID, loggedIn, getScheduledHistory)
}

const (
	soonest       = 10 // seconds
	mostScheduled = 100
	latest        = 365 * 24 * 60 * 60
)

// schedule puts a message on the list; nil if it is to be sent at once.
func (c *call) schedule(m *message, to place, date int) (*stored, error) {
	s, me := c.server, c.account
	waiting := 0
	for _, w := range me.waiting {
		if w.peer == to {
			waiting++
		}
	}
	switch {
	case me.bot:
		return nil, tgerr.New(400, "SCHEDULE_BOT_NOT_ALLOWED")
	case date < s.now()+soonest:
		return nil, nil
	case date > s.now()+latest:
		return nil, tgerr.New(400, "SCHEDULE_DATE_TOO_LATE")
	case waiting == mostScheduled:
		return nil, tgerr.New(400, "SCHEDULE_TOO_MUCH")
	}
	me.lastWaiting++
	m.date, m.scheduled = date, true
	w := &stored{message: m, owner: me, id: me.lastWaiting, peer: to, later: true}
	if to.channel != nil {
		w.owner = nil // so that what it answers is found in the channel's box
	}
	me.waiting = append(me.waiting, w)
	for _, x := range s.of(me) {
		if x != c.authorization {
			s.tellPassing(x, &tg.UpdateNewScheduledMessage{Message: w.render(me)}, nil, to.rooms()...)
		}
	}
	return w, nil
}

// scheduled is the result of a message that waits. It need not name the random id (facts/telegram.md).
func (c *call) scheduled(w *stored, randomID int64) *tg.Updates {
	s := c.server
	accounts, rooms := w.mentioned(s)
	u := &tg.Updates{Date: s.now(), Users: s.seeAll(accounts, c.account, false), Chats: s.seeRooms(rooms, c.account)}
	if randomID != 0 && s.random.IntN(2) == 0 {
		u.Updates = append(u.Updates, &tg.UpdateMessageID{ID: w.id, RandomID: randomID})
	}
	u.Updates = append(u.Updates, &tg.UpdateNewScheduledMessage{Message: w.render(c.account)})
	return u
}

// reschedule edits a message that waits. https://core.telegram.org/method/messages.editMessage (schedule_date)
func (c *call) reschedule(to place, r *tg.MessagesEditMessageRequest) (bin.Encoder, error) {
	i := slices.IndexFunc(c.account.waiting, func(w *stored) bool { return w.id == r.ID && w.peer == to })
	if i < 0 {
		return nil, errMessageID
	}
	w := c.account.waiting[i]
	file := w.message.file
	if r.Media != nil {
		var err error
		if file, err = c.editedMedia(w.message, r.Media); err != nil {
			return nil, err
		}
	}
	if text, given := r.GetMessage(); given {
		check := checkText
		if file != nil {
			check = c.checkCaption
		}
		if err := check(text, r.Entities); err != nil {
			return nil, err
		}
		w.message.text, w.message.entities = text, r.Entities
	}
	if r.ScheduleDate > c.server.now()+latest {
		return nil, tgerr.New(400, "SCHEDULE_DATE_TOO_LATE")
	}
	w.message.date, w.message.file = r.ScheduleDate, file
	return c.scheduled(w, 0), nil
}

// https://core.telegram.org/method/messages.getScheduledHistory
func getScheduledHistory(c *call, r *tg.MessagesGetScheduledHistoryRequest) (bin.Encoder, error) {
	if c.account.bot {
		return nil, errBotMethod
	}
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	answer := &tg.MessagesMessages{Users: c.server.seeAll([]*account{c.account}, c.account, false), Chats: c.server.seeRooms(in.rooms(), c.account)}
	for _, w := range slices.Backward(c.account.waiting) {
		if w.peer == in {
			answer.Messages = append(answer.Messages, w.render(c.account))
		}
	}
	return answer, nil
}

// Scheduled returns the messages of an account that wait to be sent, in the order in which they were written.
func (s *Server) Scheduled(account int64) []*tg.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*tg.Message
	if a := s.accounts[account]; a != nil {
		for _, w := range a.waiting {
			m, _ := w.render(a).(*tg.Message)
			all = append(all, m)
		}
	}
	return all
}

// SendScheduled sends a message that waits, as if its time had come, and returns it as its author sees it. The author's
// logins are told which one it was, which no difference does. https://core.telegram.org/constructor/updateDeleteScheduledMessages
func (s *Server) SendScheduled(account int64, id int) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil {
		return Message{}, errNoAccount
	}
	i := slices.IndexFunc(a.waiting, func(w *stored) bool { return w.id == id })
	if i < 0 {
		return Message{}, errNoMessage
	}
	w := a.waiting[i]
	a.waiting = slices.Delete(a.waiting, i, i+1)
	w.message.date = s.now()
	done := s.publish(w.message, nil)
	gone := &tg.UpdateDeleteScheduledMessages{Peer: w.peer.peer(), Messages: []int{w.id}}
	gone.SetSentMessages([]int{done.stored.id})
	for _, x := range s.of(a) {
		s.tellPassing(x, gone, nil, w.peer.rooms()...)
	}
	return done.stored.public(a), nil
}

// SetDraft lets somebody begin a message on another device, and Draft returns it. https://core.telegram.org/api/drafts
func (s *Server) SetDraft(account, chat int64, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil {
		return errNoAccount
	}
	a.drafts[chat] = text
	return nil
}

// Draft returns the draft of a chat; empty: none.
func (s *Server) Draft(account, chat int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[account]; a != nil {
		return a.drafts[chat]
	}
	return ""
}
