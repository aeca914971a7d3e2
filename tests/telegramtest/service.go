package telegramtest

import (
	"fmt"

	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

// serviceID is the account of Telegram itself: it writes login codes and tells of new logins.
// https://core.telegram.org/api/auth ("sent by the service notifications account")
const serviceID = 777000

// addService makes that account. It stands in no list, as nobody made it.
func (s *Server) addService() {
	s.accounts[serviceID] = &account{
		id: serviceID, firstName: "Telegram", phone: "42777", home: 1, met: map[int64]bool{}, blocked: map[int64]bool{},
		contacts: map[int64]bool{}, readInbox: map[int64]int{}, readOutbox: map[int64]int{}, box: newBox(1, 1),
	}
}

// tellCode writes a login code to the devices of an account.
func (s *Server) tellCode(a *account, code string) {
	s.notify(a, fmt.Sprintf("Login code: %s. Do not give this code to anyone, even if they say they are from Telegram!\n\n"+
		"This code can be used to log in to your Telegram account. We never ask it for anything else.\n\n"+
		"If you didn't request this code by trying to log in on another device, simply ignore this message.", code))
}

// announce writes of a new login to the devices that are there already.
func (s *Server) announce(a *account, r *mtserver.Request) {
	device := ""
	if r.Init != nil {
		device = r.Init.DeviceModel
	}
	s.notify(a, fmt.Sprintf("New login. Dear %s, we detected a login into your account from a new device on %s.\n\n"+
		"Device: %s\nLocation: Berlin, Germany\n\n"+
		"If this wasn't you, you can terminate that session in Settings > Devices.",
		a.firstName, s.opt.Clock.Now().UTC().Format("02/01/2006 at 15:04:05 UTC"), device))
}

func (s *Server) notify(a *account, text string) {
	s.publish(&message{from: s.accounts[serviceID], to: a, date: s.now(), text: text}, nil)
}

// tellLogin tells the account's other authorizations of a new one.
// https://core.telegram.org/constructor/updateNewAuthorization
func (s *Server) tellLogin(x *authorization) {
	u := &tg.UpdateNewAuthorization{Hash: x.id}
	if x.unconfirmed {
		u.SetUnconfirmed(true)
		u.SetDate(int(x.created.Unix()))
		u.SetDevice(x.device.DeviceModel)
		u.SetLocation("Berlin, Germany")
	}
	for _, other := range s.of(x.account) {
		if other != x {
			s.tellPassing(other, u, nil)
		}
	}
}

// tellPassing pushes an update that has neither pts nor qts: who is not connected never hears of it.
// https://core.telegram.org/api/updates
func (s *Server) tellPassing(x *authorization, u tg.UpdateClass, about []*account, rooms ...room) {
	for _, session := range s.subscribers(x) {
		if len(about) == 0 && len(rooms) == 0 {
			s.send(x, session, &tg.UpdateShort{Update: u, Date: s.now()})
			continue
		}
		s.send(x, session, s.container(x, []tg.UpdateClass{u}, about, rooms))
	}
}

// numbered is an update with a qts. Each authorization has its own (A7).
type numbered struct {
	qts    int
	update tg.UpdateClass
	about  []*account
	rooms  []room
}

// tellNumbered gives an update the next qts of an authorization and pushes it.
func (s *Server) tellNumbered(x *authorization, update func(qts int) tg.UpdateClass, about []*account, rooms ...room) {
	x.qts++
	n := numbered{qts: x.qts, update: update(x.qts), about: about, rooms: rooms}
	x.numbered = append(x.numbered, n)
	for _, session := range s.subscribers(x) {
		s.send(x, session, s.container(x, []tg.UpdateClass{n.update}, about, rooms))
	}
}
