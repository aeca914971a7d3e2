package supervisor

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/health"
)

const (
	upkeepEvery = time.Minute // how often the authorizations are looked at, if nothing says that something became of one
	// touchEvery is how long a sender is left unused: Telegram ends logins that are idle.
	touchEvery = 7 * 24 * time.Hour
	touchAgain = 10 * time.Minute // after a touch that did not reach Telegram
	growWithin = time.Minute      // for one login in the background
	// growRefused is how long a token is left alone that Telegram refused.
	growRefused = 24 * time.Hour
)

// A Toucher uses a sender for a moment. *authorization.Pool is one.
type Toucher interface {
	Touch(ctx context.Context, id entry.ID, name authorization.Name) error
}

// A Grower adds a sender to a bot's entry by a login of its own. A refusal for a while is a fault flood_wait with the time
// to wait, one for good reauth_required. *login.Flows is one.
type Grower interface {
	Grow(ctx context.Context, id entry.ID, name authorization.Name) error
}

// An upkeep looks after the senders of an entry that is served: it shows which have ended, touches those that nobody has
// used for a week, probes those in doubt, and makes the missing ones of a bot, as often as Telegram allows. What it does
// for one sender does not touch the others.
type upkeep struct {
	s      *Supervisor
	claim  *Claim
	status *status
	rung   chan struct{}

	mu      sync.Mutex
	entry   entry.Entry
	touched map[authorization.Name]time.Time // last tried

	growing sync.Mutex
}

func newUpkeep(s *Supervisor, claim *Claim, st *status) *upkeep {
	return &upkeep{s: s, claim: claim, status: st, rung: make(chan struct{}, 1), entry: claim.Entry, touched: map[authorization.Name]time.Time{}}
}

// take takes up a changed record.
func (u *upkeep) take(e entry.Entry) {
	u.mu.Lock()
	u.entry = e
	u.mu.Unlock()
	u.now()
}

// now says that something may have become of an authorization.
func (u *upkeep) now() {
	select {
	case u.rung <- struct{}{}:
	default:
	}
}

// run looks until ctx ends.
func (u *upkeep) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := u.look(ctx)
		if err != nil && ctx.Err() == nil {
			u.s.o.Log.Warn("the logins of an entry cannot be looked after", "entry", u.claim.Entry.ID, "error", err)
		}
		timer := u.s.o.Clock.Timer(wait)
		select {
		case <-timer.C():
		case <-u.rung:
		case <-ctx.Done():
		}
		clock.StopTimer(timer)
	}
}

// look shows how the senders stand, does what is due, and returns when to look again.
func (u *upkeep) look(ctx context.Context) (again time.Duration, err error) {
	o := &u.s.o
	all, err := o.Store.Standings(ctx, u.claim.Entry.ID)
	if err != nil {
		return upkeepEvery, err
	}
	u.status.senders(all, o.Clock.Now())
	again = upkeepEvery
	for _, s := range all {
		if !u.due(s) {
			if rest := s.Free.Sub(o.Clock.Now()); s.Fate == authorization.Duplicated && rest > 0 {
				again = min(again, rest+time.Second)
			}
			continue
		}
		if err := u.touch(ctx, s.Name); err != nil && ctx.Err() == nil {
			o.Log.Info("a login was not touched", "entry", u.claim.Entry.ID, "authorization", s.Name, "error", err)
		}
	}
	if err := u.grow(ctx, all); err != nil && ctx.Err() == nil && !fault.Is(err, notDue) {
		o.Log.Warn("a sender could not be added", "entry", u.claim.Entry.ID, "error", err)
	}
	return again, nil
}

// due reports whether a sender is to be touched: it is idle, or in doubt and has rested.
func (u *upkeep) due(s authorization.Standing) bool {
	now := u.s.o.Clock.Now()
	if u.s.o.Toucher == nil || s.Name == authorization.Listener || s.Fate == authorization.Ended || s.Free.After(now) {
		return false
	}
	u.mu.Lock()
	last, tried := u.touched[s.Name]
	u.mu.Unlock()
	if tried && now.Sub(last) < touchAgain {
		return false
	}
	return s.Fate == authorization.Duplicated || now.Sub(s.Used) >= touchEvery
}

func (u *upkeep) touch(ctx context.Context, name authorization.Name) error {
	u.mu.Lock()
	u.touched[name] = u.s.o.Clock.Now()
	u.mu.Unlock()
	return u.s.o.Toucher.Touch(ctx, u.claim.Entry.ID, name)
}

// touchNow touches one sender, or all.
func (u *upkeep) touchNow(ctx context.Context, name authorization.Name) error {
	if u.s.o.Toucher == nil {
		return errNotHere
	}
	if name == authorization.Listener {
		return fault.New(fault.InvalidField, "The listener's own login is in use all the time.")
	}
	names := []authorization.Name{name}
	if name == "" {
		all, err := u.s.o.Store.Standings(ctx, u.claim.Entry.ID)
		if err != nil {
			return err
		}
		names = names[:0]
		for _, s := range all {
			if s.Name != authorization.Listener && s.Fate != authorization.Ended {
				names = append(names, s.Name)
			}
		}
	}
	var first error
	for _, n := range names {
		if err := u.touch(ctx, n); err != nil && first == nil {
			first = fmt.Errorf("touch %s: %w", n, err)
		}
	}
	return first
}

// notDue is the code of a growth that is not allowed yet.
const notDue = fault.FloodWait

var errNotHere = fault.New(fault.Internal, "This listener does not look after the logins of entries.")

// mint adds a sender to a bot's entry now, if the limits allow it.
func (u *upkeep) mint(ctx context.Context) error {
	u.mu.Lock()
	bot := u.entry.ClientType == entry.Bot
	u.mu.Unlock()
	if !bot {
		return fault.New(fault.ReauthRequired, "A login that sends can be added to a user's account only by logging in again.")
	}
	if u.s.o.Grower == nil {
		return errNotHere
	}
	all, err := u.s.o.Store.Standings(ctx, u.claim.Entry.ID)
	if err != nil {
		return err
	}
	return u.grow(ctx, all)
}

// grow makes the first sender that a bot's entry is missing. An attempt is written down before it is made: a restart does
// not give another one. Fault flood_wait if none is allowed now.
func (u *upkeep) grow(ctx context.Context, all []authorization.Standing) error {
	o := &u.s.o
	u.growing.Lock()
	defer u.growing.Unlock()
	u.mu.Lock()
	e := u.entry
	u.mu.Unlock()
	name := authorization.Missing(all, o.Senders)
	if o.Grower == nil || name == "" || e.ClientType != entry.Bot || e.BotToken.IsZero() || u.claim.Fate == authorization.Ended {
		return nil
	}
	g, err := o.Store.Growth(ctx, e.ID)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	next := g.Next()
	if first := e.CreatedAt.Add(authorization.GrowthPause); first.After(next) {
		next = first // its first logins were made just then
	}
	if next.After(now) {
		return fault.New(notDue, "A bot can log in only so often: one more login is made later.").After(next.Sub(now))
	}
	g = g.Try(now)
	if err := o.Store.SaveGrowth(ctx, e.ID, u.claim.Lease, g); err != nil {
		return err
	}
	trying, cancel := context.WithTimeout(ctx, growWithin)
	defer cancel()
	err = o.Grower.Grow(trying, e.ID, name)
	if err == nil {
		o.Log.Info("a sender was added", "entry", e.ID, "authorization", name)
		return nil
	}
	wait := time.Duration(0)
	switch f := fault.Of(err); f.Code {
	case fault.FloodWait:
		wait = f.RetryAfter
	case fault.ReauthRequired:
		wait = growRefused
	}
	if wait > 0 {
		if kept := o.Store.SaveGrowth(ctx, e.ID, u.claim.Lease, g.Wait(o.Clock.Now(), wait)); kept != nil {
			o.Log.Warn("how long a bot must not log in could not be kept", "entry", e.ID, "error", kept)
		}
	}
	return fmt.Errorf("add %s: %w", name, err)
}

// senders shows which senders have ended.
func (t *status) senders(all []authorization.Standing, now time.Time) {
	var ended []string
	for _, s := range all {
		if s.Name != authorization.Listener && s.Fate == authorization.Ended {
			ended = append(ended, s.Name.Device())
		}
	}
	c := health.Condition{Code: health.SenderReauth, Since: now.UTC(), Placeholders: map[string]string{"device": strings.Join(ended, ", ")}}
	t.mu.Lock()
	former := t.lost
	t.mu.Unlock()
	switch {
	case len(ended) == 0 && len(former) == 0:
		return
	case len(ended) == 0:
		t.change(func() { t.lost = nil })
		return
	case len(former) > 0:
		if c.Since = former[0].Since; former[0].Placeholders["device"] == c.Placeholders["device"] {
			return
		}
	}
	t.change(func() { t.lost = []health.Condition{c} })
}
