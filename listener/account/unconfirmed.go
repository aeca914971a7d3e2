package account

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/health"
)

// unconfirmedFor is after how long Telegram confirms a login by itself: authorization_autoconfirm_period.
// https://core.telegram.org/api/config#authorization-autoconfirm-period
const unconfirmedFor = 7 * 24 * time.Hour

// logins are the logins of the account that Telegram asks its owner to confirm, by their hash, and when they were made.
type logins map[int64]time.Time

// told takes in what Telegram tells of a login, and reports whether that changes anything.
func (l logins) told(u *tg.UpdateNewAuthorization, now time.Time) bool {
	if !u.Unconfirmed {
		_, was := l[u.Hash]
		delete(l, u.Hash)
		return was
	}
	at := now
	if u.Date != 0 {
		at = time.Unix(int64(u.Date), 0)
	}
	if l[u.Hash].Equal(at) {
		return false
	}
	l[u.Hash] = at
	return true
}

// prune forgets what Telegram has confirmed by itself.
func (l logins) prune(now time.Time) {
	maps.DeleteFunc(l, func(_ int64, at time.Time) bool { return now.Sub(at) >= unconfirmedFor })
}

// conditions are what there is to say about them: one, since the first.
func (l logins) conditions() []health.Condition {
	if len(l) == 0 {
		return nil
	}
	since := slices.MinFunc(slices.Collect(maps.Values(l)), time.Time.Compare)
	return []health.Condition{{Code: health.LoginUnconfirmed, Since: since.UTC()}}
}

// unconfirmed asks which logins of a person's account wait to be confirmed: what was told while nobody was connected is
// not told again. Bots have no list of devices.
func (a *Account) unconfirmed(ctx context.Context, api *tg.Client) (logins, error) {
	if a.o.Claim.Entry.ClientType == entry.Bot {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, selfWithin)
	defer cancel()
	all, err := api.AccountGetAuthorizations(ctx)
	if err != nil {
		return nil, err
	}
	waiting := logins{}
	for _, x := range all.Authorizations {
		if x.Unconfirmed {
			waiting[x.Hash] = time.Unix(int64(x.DateCreated), 0)
		}
	}
	return waiting, nil
}
