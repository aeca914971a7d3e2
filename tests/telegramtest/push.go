package telegramtest

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

// tell pushes a change to the authorizations of an account but the one that acts, which has it in its result.
// https://core.telegram.org/api/updates ("the other sessions")
func (s *Server) tell(a *account, c change, actor *authorization) {
	for _, x := range s.of(a) {
		if x == actor {
			continue // none of its sessions, also those that did not ask (A5)
		}
		to := s.subscribers(x)
		if len(to) == 0 {
			continue
		}
		u := s.pushed(x, c)
		for _, session := range to {
			s.send(x, session, u)
		}
	}
}

// subscribers are the sessions that get updates: those that asked for something without invokeWithoutUpdates. Only
// those in the account's own data centre do. https://core.telegram.org/api/updates ("Subscribing to updates")
func (s *Server) subscribers(x *authorization) []*mtserver.Session {
	var all []*mtserver.Session
	for _, session := range s.wire.Sessions(x.keys[0]) {
		if session.WantsUpdates() {
			all = append(all, session)
		}
	}
	return all
}

// send pushes to one session. Whoever was not reached finds out by the difference.
func (s *Server) send(x *authorization, session *mtserver.Session, u tg.UpdatesClass) {
	s.pushTo(session, Event{Kind: Pushed, Account: x.account.id, Authorization: x.id}, u)
}

func (s *Server) pushTo(session *mtserver.Session, e Event, u tg.UpdatesClass) {
	e.Text = u.TypeName()
	switch {
	case s.faults.loses(e.Account):
		e.Lost = true
	default:
		if err := session.Push(context.Background(), u); err != nil {
			e.Lost, e.Error = true, err.Error()
		}
	}
	s.note(e)
}

// pushed returns a change as it is pushed, in one of the forms that Telegram chooses from.
func (s *Server) pushed(x *authorization, c change) tg.UpdatesClass {
	if c.kind == newMessage && c.channel == nil && c.stored.message.isPlain() && s.chooses(s.behaviour.Short) {
		return s.short(c)
	}
	accounts, rooms := c.mentioned(s)
	return s.container(x, []tg.UpdateClass{s.update(c, x.account)}, accounts, rooms)
}

// container returns updates with who occurs in them. seq may be 0 (A9).
func (s *Server) container(x *authorization, u []tg.UpdateClass, accounts []*account, rooms []room) *tg.Updates {
	all := &tg.Updates{Updates: u, Date: s.now(), Chats: s.seeRooms(rooms, x.account)}
	all.Users = s.seeAll(accounts, x.account, s.behaviour.MinUsers)
	if s.chooses(s.behaviour.Numbered) {
		x.seq++
		all.Seq = x.seq
	}
	return all
}

func (s *Server) seeAll(accounts []*account, viewer *account, min bool) []tg.UserClass {
	users := []tg.UserClass{}
	seen := map[*account]bool{}
	for _, a := range accounts {
		if !seen[a] {
			seen[a] = true
			users = append(users, s.see(a, viewer, min))
		}
	}
	return users
}

func (s *Server) seeRooms(rooms []room, viewer *account) []tg.ChatClass {
	chats := []tg.ChatClass{}
	seen := map[room]bool{}
	for _, r := range rooms {
		if !seen[r] {
			seen[r] = true
			chats = append(chats, r.see(s, viewer))
		}
	}
	return chats
}
