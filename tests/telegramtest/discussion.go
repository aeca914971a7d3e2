package telegramtest

import (
	"errors"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// A broadcast channel can have a discussion group: each post stands there too, and comments are replies to it.
// https://core.telegram.org/api/discussion

func (s *Server) discussionMethods(t table) {
	add(t, tg.MessagesGetDiscussionMessageRequestTypeID, loggedIn, getDiscussionMessage)
}

// Link makes a supergroup the discussion group of a broadcast channel. Posts from now on stand in it.
func (s *Server) Link(broadcast, supergroup int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.channels[channelMark-broadcast], s.channels[channelMark-supergroup]
	if from == nil || to == nil || !from.broadcast || to.broadcast {
		return errors.New("a broadcast channel and a supergroup are linked")
	}
	from.linked, to.linked = to, from
	return nil
}

// discuss puts a post into the discussion group.
func (s *Server) discuss(post *stored) {
	m := post.message
	if !m.channel.broadcast || m.channel.linked == nil || m.action != nil {
		return
	}
	header := post.origin()
	header.SetSavedFromPeer(post.peer.peer())
	header.SetSavedFromMsgID(post.id)
	s.publish(&message{
		from: m.from, channel: m.channel.linked, date: m.date, text: m.text, entities: m.entities, file: m.file, grouped: m.grouped,
		forward: header, post: post,
	}, nil)
}

// getDiscussionMessage returns the message that a post became. It is for users: the list of what bots may call does not
// have it. https://core.telegram.org/method/messages.getDiscussionMessage
func getDiscussionMessage(c *call, r *tg.MessagesGetDiscussionMessageRequest) (bin.Encoder, error) {
	s := c.server
	if c.account.bot {
		return nil, errBotMethod
	}
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	post := c.account.find(in, r.MsgID)
	if post == nil || in.channel == nil || in.channel.linked == nil {
		return nil, tgerr.New(400, "MSG_ID_INVALID")
	}
	group := in.channel.linked
	for _, there := range group.box.copies {
		if there.message.post == post && !there.deleted {
			answer := &tg.MessagesDiscussionMessage{Messages: []tg.MessageClass{there.render(c.account)}, UnreadCount: 0}
			answer.SetMaxID(group.box.lastID)
			answer.Chats = s.seeRooms([]room{group, in.channel}, c.account)
			return answer, nil
		}
	}
	return nil, tgerr.New(400, "MSG_ID_INVALID")
}

// slowFor returns for how many seconds a member may not write. https://core.telegram.org/constructor/channelFull (slowmode)
func (ch *channel) slowFor(a *account, now int) int {
	if ch.slow == 0 || ch.rules(a) || ch.lastWrote[a] == 0 {
		return 0
	}
	return ch.lastWrote[a] + ch.slow - now
}

// wrote keeps in mind when somebody wrote.
func (p place) wrote(a *account, now int) {
	if p.channel != nil {
		p.channel.lastWrote[a] = now
	}
}

// SetSlowMode makes the members of a supergroup wait between two messages; 0 ends it.
// https://core.telegram.org/method/channels.toggleSlowMode
func (s *Server) SetSlowMode(channel int64, seconds int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelMark-channel]
	if ch == nil || ch.broadcast {
		return errNoPeer
	}
	ch.slow = seconds
	return nil
}

// AddTopic makes a supergroup a forum and opens a topic in it, and returns the topic's id: that of the message that says
// so. https://core.telegram.org/api/forum
func (s *Server) AddTopic(channel int64, title string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelMark-channel]
	if ch == nil || ch.broadcast {
		return 0, errNoPeer
	}
	ch.forum = true
	return s.publish(&message{
		from: ch.creator, channel: ch, date: s.now(), action: &tg.MessageActionTopicCreate{Title: title, IconColor: 0x6fb9f0},
	}, nil).stored.id, nil
}

// inTopic returns the message that opened the topic that m is in; nil: the general one, or no forum.
func (m *message) inTopic() *message {
	if _, opens := m.action.(*tg.MessageActionTopicCreate); opens {
		return m
	}
	return m.topic
}
