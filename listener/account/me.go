package account

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/event"
)

// know takes in what Telegram says about the account itself: it is `me` in all events from here on, and what changed is
// an event. The record is changed when that is committed, so that whoever dies in between tells it again.
func (a *Account) know(u *tg.User) {
	a.me = u
	now := entry.Account(event.MeOf(u))
	former := a.entry.Account
	if now == former {
		return
	}
	a.entry.Account, a.unsaved = now, true
	a.items = append(a.items, a.meItem(former, now))
}

// save records what was learnt about the account itself. What cannot be kept is tried again with the next input.
func (a *Account) save(ctx context.Context) {
	if !a.unsaved {
		return
	}
	if err := a.o.Store.SaveAccount(ctx, a.entry.ID, a.o.Claim.Lease, a.entry.Account); err != nil {
		if ctx.Err() == nil {
			a.o.Log.Warn("what Telegram says about the account could not be kept", "entry", a.entry.ID, "error", err)
		}
		return
	}
	a.unsaved = false
}

// about takes in an update that concerns the account itself and came without describing it.
func (a *Account) about(u tg.UpdateClass) {
	self := a.book.Self().Bare()
	switch u := u.(type) {
	case *tg.UpdateUserName:
		if u.UserID == self && a.me != nil {
			me := *a.me
			me.FirstName, me.LastName = u.FirstName, u.LastName
			me.Username, me.Usernames = "", u.Usernames
			if len(u.Usernames) == 1 && u.Usernames[0].Editable { // an only one of one's own has a place of its own
				me.Username, me.Usernames = u.Usernames[0].Username, nil
			}
			a.changed(&me)
		}
	case *tg.UpdateUserPhone:
		if u.UserID == self && a.me != nil {
			me := *a.me
			me.Phone = u.Phone
			a.changed(&me)
		}
	case *tg.UpdateUser:
		if u.UserID == self {
			a.askWho()
		}
	}
}

// changed takes in a description that was changed here.
func (a *Account) changed(me *tg.User) {
	me.Flags, me.Flags2 = 0, 0
	me.SetFlags()
	a.book.Learn([]tg.UserClass{me}, nil)
	a.know(me)
}

// askWho asks who the account is now: Telegram said that something changed, and not what.
func (a *Account) askWho() {
	up := a.up
	if up == nil {
		return // it is asked as soon as there is a connection
	}
	a.calls.Add(1)
	go func() { // ends with the call, at the latest with the connection
		defer a.calls.Done()
		me, err := self(up.ctx, up.api)
		if err != nil {
			up.judge(err)
			return // the next look over the connection asks again
		}
		a.push(up.ctx, input{seen: &seen{me: me}})
	}()
}
