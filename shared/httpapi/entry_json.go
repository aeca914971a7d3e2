package httpapi

import (
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/health"
)

// entryJSON is an entry as the API shows it. Secrets of the target and of the login have no place in it.
type entryJSON struct {
	EntryID         entry.ID            `json:"entry_id"`
	Domain          string              `json:"domain"`
	UniqueID        string              `json:"unique_id"`
	Title           string              `json:"title"`
	ClientType      entry.ClientType    `json:"client_type"`
	Source          string              `json:"source"`
	State           entry.State         `json:"state"`
	Reason          *string             `json:"reason"`
	CreatedAt       float64             `json:"created_at"`
	ModifiedAt      float64             `json:"modified_at"`
	SupportsOptions bool                `json:"supports_options"`
	Sensors         sensorsJSON         `json:"sensors"`
	Connection      connectionJSON      `json:"connection"`
	Health          []conditionJSON     `json:"health"`
	Outbox          outboxJSON          `json:"outbox"`
	Authorizations  []authorizationJSON `json:"authorizations"`
	Target          *targetJSON         `json:"target"`
}

type sensorsJSON struct {
	ID                   int64   `json:"id"`
	Username             *string `json:"username"`
	FirstName            *string `json:"first_name"`
	LastName             *string `json:"last_name"`
	Phone                *string `json:"phone"`
	Restricted           bool    `json:"restricted"`
	Premium              bool    `json:"premium"`
	LastSentMessageID    *int    `json:"last_sent_message_id"`
	LastEditedMessageID  *int    `json:"last_edited_message_id"`
	LastDeletedMessageID *int    `json:"last_deleted_message_id"`
}

type connectionJSON struct {
	Connected bool    `json:"connected"`
	Since     *string `json:"since"`
}

type conditionJSON struct {
	Code         health.Code       `json:"code"`
	Severity     health.Severity   `json:"severity"`
	Since        *string           `json:"since"`
	Until        *string           `json:"until"`
	Message      string            `json:"message"`
	Placeholders map[string]string `json:"placeholders"`
}

type outboxJSON struct {
	Waiting   int      `json:"waiting"`
	OldestAge *float64 `json:"oldest_age"` // seconds; null: nothing waits
	Dead      int      `json:"dead"`
	Dropped   int      `json:"dropped"`
}

type authorizationJSON struct {
	Purpose string `json:"purpose"`
	Device  string `json:"device"`
	State   string `json:"state"`
}

type targetJSON struct {
	Type     entry.TargetType  `json:"type"`
	Owner    *string           `json:"owner"`
	TimeZone string            `json:"time_zone"`
	Confirm  bool              `json:"confirm"`
	Paused   bool              `json:"paused"`
	MaxAge   int64             `json:"max_age"` // seconds
	State    entry.TargetState `json:"state"`
}

// newEntryJSON shows an entry as it is at the time now.
func newEntryJSON(o *entry.Overview, now time.Time) entryJSON {
	e, a := &o.Entry, &o.Entry.Account
	state, reason := o.State()
	out := entryJSON{
		EntryID: e.ID, Domain: entry.Domain, UniqueID: e.UniqueID(), Title: e.Title(), ClientType: e.ClientType, Source: "user",
		State: state, Reason: orNull(reason), CreatedAt: unixSeconds(e.CreatedAt), ModifiedAt: unixSeconds(e.ModifiedAt), SupportsOptions: true,
		Sensors: sensorsJSON{
			ID: a.ID, Username: orNull(a.Username), FirstName: orNull(a.FirstName), LastName: orNull(a.LastName), Phone: orNull(a.Phone),
			Restricted: a.Restricted, Premium: a.Premium,
			LastSentMessageID: orNull(o.Sent.LastSent), LastEditedMessageID: orNull(o.Sent.LastEdited), LastDeletedMessageID: orNull(o.Sent.LastDeleted),
		},
		Connection:     connectionJSON{Connected: o.Status.Connected, Since: isoTime(o.Status.Since)},
		Health:         []conditionJSON{},
		Outbox:         outboxJSON{Waiting: o.Queue.Waiting, Dead: o.Queue.Dead, Dropped: o.Queue.Dropped},
		Authorizations: []authorizationJSON{},
		Target:         newTargetJSON(o),
	}
	if o.Queue.Waiting > 0 {
		age := o.Queue.OldestAge.Round(100 * time.Millisecond).Seconds()
		out.Outbox.OldestAge = &age
	}
	for _, c := range health.Shown(o.Status.Health, now) {
		placeholders := c.Placeholders
		if placeholders == nil {
			placeholders = map[string]string{}
		}
		out.Health = append(out.Health, conditionJSON{c.Code, c.Code.Severity(), isoTime(c.Since), isoTime(c.Until), c.Message(), placeholders})
	}
	for _, d := range o.Devices {
		out.Authorizations = append(out.Authorizations, authorizationJSON{d.Purpose, d.Name, d.State})
	}
	return out
}

// newTargetJSON shows an entry's target; nil if it has none.
func newTargetJSON(o *entry.Overview) *targetJSON {
	t := &o.Entry.Target
	if t.Type == entry.NoTarget {
		return nil
	}
	zone := t.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	return &targetJSON{t.Type, orNull(t.Owner), zone, t.Confirm, t.Paused, int64(t.MaxAge / time.Second), t.State(o.Status.TargetUnreachableSince)}
}

// orNull is null for what is not there.
func orNull[T comparable](v T) *T {
	var nothing T
	if v == nothing {
		return nil
	}
	return &v
}

// isoTime is ISO 8601 with an offset, to the second; null for no time.
func isoTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05-07:00")
	return &s
}

// unixSeconds is how Home Assistant writes created_at and modified_at.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
