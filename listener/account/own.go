package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"telegram-client/listener/updates"
	"telegram-client/shared/entry"
	"telegram-client/shared/event"
	"telegram-client/shared/health"
	"telegram-client/shared/outbox"
)

// The events that the bridge itself tells.
const (
	connectionEvent = entry.Domain + "_connection"
	droppedEvent    = entry.Domain + "_events_dropped"
	meEvent         = entry.Domain + "_me"
)

// timeFormat is ISO 8601 with the offset in digits, as everywhere in events.
const timeFormat = "2006-01-02T15:04:05-07:00"

// own makes an event of ours. What happened since the same moment has the same id.
func (a *Account) own(kind string, since time.Time, members any) outbox.Item {
	now := a.o.Clock.Now()
	most := a.entry.Target.MaxAge
	if most == 0 {
		most = entry.DefaultMaxAge
	}
	b, err := json.Marshal(members)
	if err != nil { // cannot be: structs of text and numbers
		b = []byte("{}")
	}
	body := event.AppendHead(nil, string(a.entry.ID), event.Me(a.entry.Account))
	if inner := strings.TrimSuffix(strings.TrimPrefix(string(b), "{"), "}"); inner != "" {
		body = append(append(body, ','), inner...)
	}
	return outbox.Item{
		EventID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s %d %s %d", entry.Domain, a.entry.Account.ID, kind, since.UnixNano())),
		Type:    kind, OccurredAt: now.UTC(), Class: outbox.Durable, ExpiresAt: now.Add(most), Body: body,
	}
}

// announceAt returns when to tell that the connection is gone; zero: not at all.
func (a *Account) announceAt() time.Time {
	if a.report.Connected || len(a.report.Conditions) == 0 || a.told != nil && !*a.told {
		return time.Time{}
	}
	return a.report.Since.Add(health.Connecting.ShownAfter())
}

// announce tells as an event that the connection is gone, once that has lasted, and that it is back.
func (a *Account) announce() {
	type connection struct {
		Connected bool    `json:"connected"`
		Code      *string `json:"code"`
		Since     string  `json:"since"`
		Until     *string `json:"until"`
		Message   *string `json:"message"`
	}
	connected := a.report.Connected
	if at := a.announceAt(); !connected && (at.IsZero() || at.After(a.o.Clock.Now())) {
		return
	}
	if connected && (a.told == nil || *a.told) {
		return // nobody was told that it was gone
	}
	a.told = &connected
	c := connection{Connected: connected, Since: a.report.Since.UTC().Format(timeFormat)}
	if !connected {
		condition := a.report.Conditions[0]
		code, message := string(condition.Code), condition.Message()
		c.Code, c.Message = &code, &message
		if !condition.Until.IsZero() {
			until := condition.Until.UTC().Format(timeFormat)
			c.Until = &until
		}
	}
	kind := connectionEvent + " gone"
	if connected {
		kind = connectionEvent
	}
	it := a.own(kind, a.report.Since, c)
	it.Type = connectionEvent
	a.items = append(a.items, it)
}

// dropped is the event that tells of events that were given up.
type dropped struct {
	Count  int            `json:"count"`
	Reason string         `json:"reason"`
	First  *string        `json:"first_occurred_at"`
	Last   *string        `json:"last_occurred_at"`
	Events map[string]int `json:"events"`
}

// droppedItems makes one event for each reason for which events were given up.
func (a *Account) droppedItems(all []outbox.Dropped) []outbox.Item {
	byReason := map[string]*dropped{}
	first, last := map[string]time.Time{}, map[string]time.Time{}
	for _, d := range all {
		if d.Type == droppedEvent {
			continue // would never end
		}
		r := byReason[d.Reason]
		if r == nil {
			r = &dropped{Reason: d.Reason, Events: map[string]int{}}
			byReason[d.Reason] = r
			first[d.Reason], last[d.Reason] = d.First, d.Last
		}
		r.Count += d.Count
		r.Events[strings.TrimPrefix(d.Type, entry.Domain+"_")] += d.Count
		if d.First.Before(first[d.Reason]) {
			first[d.Reason] = d.First
		}
		if d.Last.After(last[d.Reason]) {
			last[d.Reason] = d.Last
		}
	}
	var items []outbox.Item
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		r := byReason[reason]
		r.First, r.Last = stamp(first[reason]), stamp(last[reason])
		a.o.Count("dropped", r.Count)
		items = append(items, a.own(droppedEvent, a.o.Clock.Now(), r))
	}
	return items
}

// gapItem tells of a stretch that Telegram does not tell any more. Its count is that of numbers, of which an event may
// take several.
func (a *Account) gapItem(g updates.Gap) outbox.Item {
	a.o.Count("gap", 1)
	unix := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return time.Unix(int64(n), 0)
	}
	it := a.own(droppedEvent, time.Unix(0, int64(g.Channel)<<32|int64(g.From)), dropped{
		Count: max(g.To-g.From, 0), Reason: "gap", First: stamp(unix(g.After)), Last: stamp(unix(g.Before)), Events: map[string]int{},
	})
	return it
}

func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeFormat)
	return &s
}

// meItem tells that what Telegram says about the account has changed.
func (a *Account) meItem(old, now entry.Account) outbox.Item {
	changed := []string{}
	for _, c := range []struct {
		name   string
		differ bool
	}{
		{"id", old.ID != now.ID}, {"username", old.Username != now.Username}, {"restricted", old.Restricted != now.Restricted},
		{"premium", old.Premium != now.Premium}, {"last_name", old.LastName != now.LastName},
		{"first_name", old.FirstName != now.FirstName}, {"phone", old.Phone != now.Phone},
	} {
		if c.differ {
			changed = append(changed, c.name)
		}
	}
	return a.own(meEvent, a.o.Clock.Now(), struct {
		Changed []string        `json:"changed"`
		Old     json.RawMessage `json:"old"`
	}{changed, event.Me(old).Append(nil)})
}
