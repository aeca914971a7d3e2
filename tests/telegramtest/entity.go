package telegramtest

import (
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// shown makes the entities of a message of those of a request: a mention names the user by id alone.
// https://core.telegram.org/api/mentions, https://core.telegram.org/constructor/inputMessageEntityMentionName
func (c *call) shown(entities []tg.MessageEntityClass) ([]tg.MessageEntityClass, error) {
	var all []tg.MessageEntityClass
	for _, e := range entities {
		if m, ok := e.(*tg.InputMessageEntityMentionName); ok {
			a := c.inputUser(m.UserID)
			if a == nil {
				return nil, tgerr.New(400, "ENTITY_MENTION_USER_INVALID")
			}
			e = &tg.MessageEntityMentionName{Offset: m.Offset, Length: m.Length, UserID: a.id}
		}
		all = append(all, e)
	}
	return all, nil
}
