package supervisor

import (
	"context"
	"errors"
	"strings"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
)

const (
	// removeFor is how long logging out is tried before the owner is asked to do it.
	removeFor = 24 * time.Hour
	// logOutWithin is how long one may take.
	logOutWithin = 30 * time.Second
)

// remove ends every login of a tombstone and then forgets the entry, which gone says. It tries until ctx ends; after a
// day it says which logins are left, and forgets the entry when it is told so once more. session and fate are those of the
// listener's login, which go back to the store if the entry is not gone. It ends early if that login is in doubt: the next
// claim says how long it rests.
func (v *service) remove(ctx context.Context, session authorization.Session, fate authorization.Fate) (gone bool, _ authorization.Session, _ authorization.Fate, err error) {
	own := &ownLogin{session, fate}
	if fate == authorization.Rests {
		v.free = v.s.o.Clock.Now().Add(v.s.o.Rest)
	}
	if fate != authorization.Duplicated {
		gone, err = v.removeAll(ctx, own)
	}
	if own.fate == authorization.Fine && v.s.o.Clock.Now().Before(v.free) {
		own.fate = authorization.Rests
	}
	return gone, own.session, own.fate, err
}

// ownLogin is the listener's login of a tombstone and what became of it.
type ownLogin struct {
	session authorization.Session
	fate    authorization.Fate
}

func (v *service) removeAll(ctx context.Context, own *ownLogin) (gone bool, err error) {
	o := &v.s.o
	told := false
	v.status.account(stoppedReport(o.Clock.Now()))
	for attempt := 1; ; attempt++ {
		left, err := v.logOut(ctx, own)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if own.fate == authorization.Duplicated {
			return false, nil
		}
		if err == nil && len(left) == 0 {
			return v.forget(ctx)
		}
		if err != nil {
			o.Log.Warn("logins of a removed entry are still there", "entry", v.id, "error", err)
		}
		wait := o.Pauses.Wait(attempt + 1)
		if err == nil && o.Clock.Now().Sub(v.tombstone.RemovingSince) >= removeFor {
			switch {
			case !told:
				// Whoever asked before could not know what is left.
				v.askedAgain(ctx, 0)
				told = true
				v.devicesLeft(ctx, left)
			case v.askedAgain(ctx, wait):
				return v.forget(ctx)
			default:
				continue
			}
		}
		if !v.s.sleep(ctx, wait) {
			return false, context.Cause(ctx)
		}
	}
}

func (v *service) forget(ctx context.Context) (bool, error) {
	for attempt := 1; ; attempt++ {
		err := v.s.o.Store.Forget(ctx, v.id, v.claim.Lease)
		if err == nil {
			return true, nil
		}
		if lost(err) || !v.s.sleep(ctx, v.s.o.Pauses.Wait(attempt+1)) {
			return false, err
		}
	}
}

// askedAgain reports whether the owner has removed the entry once more, having been told what is left.
func (v *service) askedAgain(ctx context.Context, wait time.Duration) bool {
	commands, err := v.s.o.Store.Commands(ctx, v.id, v.after, wait)
	if err != nil {
		v.s.sleep(ctx, time.Second)
		return false // next time
	}
	again := false
	for _, c := range commands {
		v.after = c.ID
		again = again || c.Kind == entry.Remove
	}
	return again
}

func (v *service) devicesLeft(ctx context.Context, left []string) {
	v.status.change(func() {
		v.status.extra = []health.Condition{{
			Code: health.DevicesLeft, Since: v.s.o.Clock.Now().UTC(), Placeholders: map[string]string{"devices": strings.Join(left, ", ")},
		}}
	})
	if err := v.s.o.Store.SaveStatus(ctx, v.id, v.claim.Lease, v.status.now()); err != nil {
		v.s.o.Log.Warn("the status of an entry cannot be published", "entry", v.id, "error", err)
	}
}

// logOut ends every login that can be ended now, and returns the devices that are left.
func (v *service) logOut(ctx context.Context, own *ownLogin) (left []string, err error) {
	o := &v.s.o
	devices, err := o.Store.Authorizations(ctx, v.id)
	if err != nil {
		return nil, err
	}
	for _, name := range authorization.Names(authorization.MaxSenders) {
		state, there := "", false
		for _, d := range devices {
			if d.Name == name.Device() {
				state, there = d.State, true
			}
		}
		if !there {
			continue
		}
		ended := state == "reauth_required" // Telegram has ended it already
		if !ended {
			if ended, err = v.logOutOne(ctx, name, own); err != nil {
				o.Log.Warn("a login cannot be ended", "entry", v.id, "authorization", name, "error", err)
			}
		}
		if ended {
			if err := o.Store.DropAuthorization(ctx, v.id, name, v.claim.Lease); err != nil {
				return nil, err
			}
			continue
		}
		left = append(left, name.Device())
	}
	return left, nil
}

// logOutOne ends one login under its lease. One that rests is left for the next time.
func (v *service) logOutOne(ctx context.Context, name authorization.Name, own *ownLogin) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, logOutWithin)
	defer cancel()
	if name == authorization.Listener {
		return v.logOutListener(ctx, own)
	}
	o := &v.s.o
	g, err := o.Store.Borrow(ctx, v.id, v.claim.Lease, name, logOutWithin)
	if err != nil || g == nil {
		return false, err // in use, or rests: next time
	}
	_, err = o.LogOuter.LogOut(ctx, v.appOf(name), g.Session, g.Lease)
	result := authorization.Result{Fate: authorization.Ended}
	if err != nil && !isEnded(err) {
		result.Fate = max(fateOf(err), authorization.Rests)
	}
	if gave := o.Store.Finish(ctx, g, result); gave != nil {
		o.Log.Warn("a login that was to be ended cannot be given back", "entry", v.id, "authorization", name, "error", gave)
	}
	return result.Fate == authorization.Ended, err
}

// logOutListener ends the listener's own login. After AUTH_KEY_DUPLICATED all use of it stops; if it was in doubt before, and
// this was the probe, it has ended.
func (v *service) logOutListener(ctx context.Context, own *ownLogin) (bool, error) {
	o := &v.s.o
	if v.claim.Fate == authorization.Ended || own.fate == authorization.Ended || len(own.session.Keys) == 0 {
		return true, nil
	}
	if o.Clock.Now().Before(v.free) {
		return false, nil
	}
	ending, err := o.LogOuter.LogOut(ctx, v.appOf(authorization.Listener), own.session, v.claim.Lease)
	if len(ending.Session.Keys) > 0 {
		own.session = ending.Session
	}
	own.fate = authorization.Fine
	if ending.Reset {
		v.free = o.Clock.Now().Add(o.Rest)
	}
	switch inDoubt := fateOf(err) == authorization.Duplicated; {
	case err == nil, isEnded(err), inDoubt && v.claim.Fate == authorization.Duplicated:
		own.fate = authorization.Ended
		return true, nil
	case inDoubt:
		own.fate = authorization.Duplicated
	}
	return false, err
}

func (v *service) appOf(name authorization.Name) authorization.App {
	return authorization.App{App: v.claim.Entry.App, Device: name.Device()}
}

func isEnded(err error) bool { return fault.Is(err, fault.ReauthRequired) }

func fateOf(err error) authorization.Fate {
	var f *authorization.FateError
	if errors.As(err, &f) {
		return f.Fate
	}
	return authorization.Fine
}
