package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gotd/td/tgerr"
)

// throwaway are probes that end logins made for them.
var throwaway = []probe{{"A11", (*field).endedElsewhere}, {"A3", (*field).hasty}, {"A4", (*field).logins}}

// spare logs the bot in once more; forget ends what is kept of it.
func (f *field) spare(ctx context.Context, name string) (d *device, forget func() error, err error) {
	d = &device{field: f, name: name}
	forget = func() error {
		return errors.Join(d.down(ctx), os.Remove(f.sessionFile(name)))
	}
	return d, forget, d.up(ctx, f.asBot, false)
}

// endedElsewhere: whether a login is told that it has been logged out over another connection of its own.
func (f *field) endedElsewhere(ctx context.Context) (_ finding, err error) {
	d, forget, err := f.spare(ctx, "bot, ended")
	defer func() { err = errors.Join(err, forget()) }()
	if err != nil {
		return finding{}, err
	}
	if _, err := d.api.AuthLogOut(ctx); err != nil {
		return finding{}, err
	}
	pushed, err := d.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	_, err = d.api.UpdatesGetState(ctx)
	e, ok := tgerr.As(err)
	if !ok {
		return found(false, "%d pushes, and the next request: %v", len(pushed), err)
	}
	return found(len(pushed) == 0 && e.Code == 401, "%d pushes, and the next request: %d %s", len(pushed), e.Code, e.Message)
}

// hasty: a connection that was closed does not count any more; one that is open does (AUTH_KEY_DUPLICATED, A20).
func (f *field) hasty(ctx context.Context) (_ finding, err error) {
	d, forget, err := f.spare(ctx, "bot, twice")
	defer func() { err = errors.Join(err, forget()) }()
	if err != nil {
		return finding{}, err
	}
	if err := d.down(ctx); err != nil {
		return finding{}, err
	}
	if err := d.up(ctx, f.asBot, false); err != nil {
		return found(false, "after closing and a rest: %s", answer(0, err))
	}
	twin := &device{field: f, name: d.name} // the same key
	if err = twin.up(ctx, f.asBot, false); err == nil {
		_, err = twin.api.UpdatesGetState(ctx)
	}
	if err == nil {
		_, err = d.api.UpdatesGetState(ctx)
	}
	// Both have to be down before one of them rests: they have one name.
	if d.end != nil {
		d.end()
	}
	if ended := twin.down(ctx); ended != nil {
		return finding{}, ended
	}
	if err == nil {
		return found(false, "two connections of one key are both answered")
	}
	return found(strings.Contains(err.Error(), "AUTH_KEY_DUPLICATED"), "a second connection: %v", err)
}

// logins: how many logins of a bot are taken.
func (f *field) logins(ctx context.Context) (_ finding, err error) {
	taken := 0
	for ; taken < 20; taken++ {
		name := fmt.Sprintf("bot, login %d", taken)
		d := &device{field: f, name: name}
		err := d.up(ctx, f.asBot, true)
		if err == nil {
			_, err = d.api.AuthLogOut(ctx)
			err = errors.Join(err, d.down(ctx))
		}
		removed := os.Remove(f.sessionFile(name))
		if wait, ok := tgerr.AsFloodWait(err); ok {
			return found(true, "after %d more logins: FLOOD_WAIT of %v", taken, wait)
		}
		if err = errors.Join(err, removed); err != nil {
			return finding{}, err
		}
	}
	return found(false, "%d more logins were all taken", taken)
}
