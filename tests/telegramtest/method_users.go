package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) usersMethods(t table) {
	add(t, tg.UsersGetUsersRequestTypeID, loggedIn, getUsers)
	add(t, tg.UsersGetFullUserRequestTypeID, loggedIn, getFullUser)
}

// https://core.telegram.org/method/users.getUsers. Whom the account cannot name is left out (A13).
func getUsers(c *call, r *tg.UsersGetUsersRequest) (bin.Encoder, error) {
	all := &tg.UserClassVector{}
	for _, id := range r.ID {
		if a := c.inputUser(id); a != nil {
			all.Elems = append(all.Elems, c.server.see(a, c.account, false))
		}
	}
	return all, nil
}

// https://core.telegram.org/method/users.getFullUser
func getFullUser(c *call, r *tg.UsersGetFullUserRequest) (bin.Encoder, error) {
	a := c.inputUser(r.ID)
	if a == nil {
		return nil, tgerr.New(400, "USER_ID_INVALID")
	}
	common := 0
	for _, g := range c.server.groupOrder {
		if a != c.account && g.has(a) && g.has(c.account) {
			common++
		}
	}
	return &tg.UsersUserFull{
		FullUser: tg.UserFull{ID: a.id, Blocked: c.account.blocked[a.id], CommonChatsCount: common},
		Users:    []tg.UserClass{c.server.see(a, c.account, false)},
	}, nil
}
