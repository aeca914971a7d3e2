package account

import (
	"context"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/health"
)

// A Report says how an account is.
type Report struct {
	Connected  bool
	Since      time.Time // of Connected
	Conditions []health.Condition
}

// works records that a login in doubt has been answered. If that fails the next connection tries again.
func (a *Account) works(ctx context.Context) {
	if !a.inDoubt {
		return
	}
	if err := a.o.Store.Works(ctx, a.entry.ID, a.o.Claim.Lease); err != nil {
		if ctx.Err() == nil {
			a.o.Log.Warn("that a login works after all could not be kept", "entry", a.entry.ID, "error", err)
		}
		return
	}
	a.inDoubt = false
}

// look takes in what a look has found.
func (a *Account) look(s *seen) {
	if s.me != nil {
		a.book.Learn([]tg.UserClass{s.me}, nil)
		a.know(s.me)
	}
	before := len(a.waiting)
	if a.waiting.prune(a.o.Clock.Now()); s.waiting != nil {
		a.waiting = s.waiting
	}
	if len(a.waiting) != before {
		a.say(a.report)
	}
}

// say reports how the account is, with the problems of its options.
func (a *Account) say(r Report) {
	a.report = Report{Connected: r.Connected, Since: r.Since}
	for _, c := range r.Conditions {
		if c.Code != health.OptionsInvalid && c.Code != health.LoginUnconfirmed {
			a.report.Conditions = append(a.report.Conditions, c)
		}
	}
	for _, p := range a.problems {
		a.report.Conditions = append(a.report.Conditions, a.condition(health.OptionsInvalid,
			map[string]string{"event": string(p.Event), "reason": p.Fault.Field + ": " + p.Fault.Message}))
	}
	a.waiting.prune(a.o.Clock.Now())
	a.report.Conditions = append(a.report.Conditions, a.waiting.conditions()...)
	a.o.Report(a.report)
}

func (a *Account) condition(code health.Code, placeholders map[string]string) health.Condition {
	return health.Condition{Code: code, Since: a.o.Clock.Now().UTC(), Placeholders: placeholders}
}
