package authorization

import "time"

// A Standing is how an authorization of an entry stands.
type Standing struct {
	Name Name
	// Fate is Ended if Telegram has ended it, Duplicated if it is in doubt until a probe, else Fine.
	Fate Fate
	// Used is when Telegram last answered it, or when it was made.
	Used time.Time
	// Free is from when on it can be granted: before now unless it is in use, rests or is in quarantine.
	Free time.Time
}

// Missing returns the first of so many senders that an entry does not have or that has ended; empty: it has them all.
func Missing(all []Standing, senders int) Name {
	has := map[Name]bool{}
	for _, s := range all {
		has[s.Name] = s.Fate != Ended
	}
	for _, n := range Names(senders) {
		if n != Listener && !has[n] {
			return n
		}
	}
	return ""
}

// What a bot may log in by itself: Telegram answers a handful in an hour with waits of 1,000 s and more.
const (
	GrowthPause = time.Hour // between two attempts
	growthDay   = 24 * time.Hour
	growthMost  = 5 // attempts a day
)

// Growth is what is remembered of the senders of a bot that were made in the background: enough to keep within the
// limits, whatever is restarted.
type Growth struct {
	// Tried are the attempts of the last day, whatever came of them, the oldest first.
	Tried []time.Time
	// Until is when Telegram lets the bot log in again.
	Until time.Time
}

// Next is when the next attempt may be made.
func (g Growth) Next() time.Time {
	next := g.Until
	later := func(t time.Time) {
		if t.After(next) {
			next = t
		}
	}
	if n := len(g.Tried); n > 0 {
		later(g.Tried[n-1].Add(GrowthPause))
		if n >= growthMost {
			later(g.Tried[n-growthMost].Add(growthDay))
		}
	}
	return next
}

// Try returns the growth with an attempt at the time now.
func (g Growth) Try(now time.Time) Growth {
	next := Growth{Until: g.Until}
	for _, at := range g.Tried {
		if now.Sub(at) < growthDay {
			next.Tried = append(next.Tried, at)
		}
	}
	next.Tried = append(next.Tried, now)
	return next
}

// Wait returns the growth after Telegram, or whoever else, asked to wait for d from the time now on.
func (g Growth) Wait(now time.Time, d time.Duration) Growth {
	if until := now.Add(d); until.After(g.Until) {
		g.Until = until
	}
	return g
}
