package telegramtest

import (
	"fmt"
	"strings"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) contactsMethods(t table) {
	add(t, tg.ContactsResolveUsernameRequestTypeID, loggedIn, resolveUsername)
}

// https://core.telegram.org/method/contacts.resolveUsername
func resolveUsername(c *call, r *tg.ContactsResolveUsernameRequest) (bin.Encoder, error) {
	s := c.server
	if !c.account.resolves.take(s.opt.Clock.Now(), s.behaviour.ResolvesPerHour) {
		return nil, tgerr.New(420, fmt.Sprintf("FLOOD_WAIT_%d", resolveWait)) // facts/telegram.md
	}
	name := strings.ToLower(r.Username)
	if !isUsername(name) {
		return nil, tgerr.New(400, "USERNAME_INVALID")
	}
	a := s.usernames[name]
	if a == nil {
		return nil, tgerr.New(400, "USERNAME_NOT_OCCUPIED")
	}
	return &tg.ContactsResolvedPeer{
		Peer: &tg.PeerUser{UserID: a.id}, Users: []tg.UserClass{s.see(a, c.account, false)},
	}, nil
}
