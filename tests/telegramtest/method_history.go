package telegramtest

import (
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

func (s *Server) historyMethods(t table) {
	add(t, tg.MessagesGetHistoryRequestTypeID, loggedIn, getHistory)
}

// mostHistory is how many messages one answer has at most. https://core.telegram.org/api/offsets
const mostHistory = 100

// getHistory returns the messages of a chat of the common box, the newest first. Bots cannot ask for it.
// https://core.telegram.org/method/messages.getHistory
func getHistory(c *call, r *tg.MessagesGetHistoryRequest) (bin.Encoder, error) {
	if c.account.bot {
		return nil, errBotMethod
	}
	for part, used := range map[string]bool{"offset_date": r.OffsetDate != 0, "add_offset": r.AddOffset != 0, "hash": r.Hash != 0} {
		if used {
			c.unsupported(part)
			return nil, errMessageID
		}
	}
	of, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	var all []*stored
	for _, m := range c.account.box.copies {
		if !m.deleted && m.peer == of {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *stored) int { return b.id - a.id })
	answer := &tg.MessagesMessagesSlice{Count: len(all)}
	limit := min(max(r.Limit, 0), mostHistory)
	if limit == 0 {
		limit = mostHistory
	}
	var accounts []*account
	var groups []*group
	for _, m := range all {
		if r.OffsetID != 0 && m.id >= r.OffsetID || r.MaxID != 0 && m.id >= r.MaxID || m.id <= r.MinID || len(answer.Messages) == limit {
			continue
		}
		answer.Messages = append(answer.Messages, m.render())
		a, g := m.mentioned()
		accounts, groups = append(accounts, a...), append(groups, g...)
	}
	answer.Users, answer.Chats = c.server.seeAll(accounts, c.account, false), seeGroups(groups, c.account)
	return answer, nil
}
