package supervisor

import (
	"time"

	"telegram-client/listener/delivery"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/homeassistant"
)

// Targets makes targets of Home Assistant that may be dialled as the policy says.
func Targets(p dialpolicy.Policy, now func() time.Time) func(entry.Target) (delivery.Target, error) {
	return func(t entry.Target) (delivery.Target, error) {
		target, err := homeassistant.New(t, homeassistant.Options{Dial: p.DialContext, Now: now})
		if err != nil || target == nil {
			return nil, err // a nil of the interface, not of a type in it
		}
		return target, nil
	}
}
