package supervisor

import (
	"context"
	"strings"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/outbox"
)

const (
	// removeFor is how long logging out is tried before the owner is asked to do it.
	removeFor = 24 * time.Hour
	// logOutWithin is how long one may take.
	logOutWithin = 30 * time.Second
)

// remove ends every login of a tombstone and then forgets the entry, which gone says. It tries until ctx ends; after a
// day it says which logins are left, and forgets the entry when it is told so once more.
func (v *service) remove(ctx context.Context, session authorization.Session) (gone bool, err error) {
	o := &v.s.o
	told := false
	v.status.account(stoppedReport(o.Clock.Now()))
	for attempt := 1; ; attempt++ {
		left, err := v.logOut(ctx, session)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err == nil && len(left) == 0 {
			return v.forget(ctx)
		}
		if err != nil {
			o.Log.Warn("logins of a removed entry are still there", "entry", v.id, "error", err)
		}
		wait := outbox.Wait(attempt + 1)
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
		if lost(err) || !v.s.sleep(ctx, outbox.Wait(attempt+1)) {
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
func (v *service) logOut(ctx context.Context, session authorization.Session) (left []string, err error) {
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
			if ended, err = v.logOutOne(ctx, name, session); err != nil {
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

// logOutOne ends one login under its lease.
func (v *service) logOutOne(ctx context.Context, name authorization.Name, session authorization.Session) (bool, error) {
	o := &v.s.o
	ctx, cancel := context.WithTimeout(ctx, logOutWithin)
	defer cancel()
	app := authorization.App{App: v.claim.Entry.App, Device: name.Device()}
	if name == authorization.Listener {
		if v.claim.Fate == authorization.Ended || len(session.Keys) == 0 {
			return true, nil
		}
		err := o.LogOuter.LogOut(ctx, app, session, v.claim.Lease)
		return err == nil || isEnded(err), err
	}
	g, err := o.Store.Borrow(ctx, v.id, v.claim.Lease, name, logOutWithin)
	if err != nil || g == nil {
		return false, err // in use, or rests: next time
	}
	err = o.LogOuter.LogOut(ctx, app, g.Session, g.Lease)
	result := authorization.Result{Fate: authorization.Ended}
	if err != nil && !isEnded(err) {
		result.Fate = authorization.Rests
	}
	if gave := o.Store.Finish(ctx, g, result); gave != nil {
		o.Log.Warn("a login that was to be ended cannot be given back", "entry", v.id, "authorization", name, "error", gave)
	}
	return result.Fate == authorization.Ended, err
}

func isEnded(err error) bool { return fault.Is(err, fault.ReauthRequired) }
