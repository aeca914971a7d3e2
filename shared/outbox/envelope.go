package outbox

import (
	"strconv"
	"time"
)

// timeFormat is ISO 8601 with the offset in digits, never Z.
const timeFormat = "2006-01-02T15:04:05-07:00"

// AppendJSON appends the event as its receiver sees it: the envelope of this attempt, then the event's own members.
// The event bus of Home Assistant has the type in the path, so there it is left out.
func (it *Item) AppendJSON(dst []byte, attempt int, withType bool) []byte {
	dst = append(dst, '{')
	if withType {
		dst = append(dst, `"event_type":`...)
		dst = strconv.AppendQuote(dst, it.Type) // letters and underscores
		dst = append(dst, ',')
	}
	dst = append(dst, `"event_id":"`...)
	dst = append(dst, it.EventID.String()...)
	dst = append(dst, `","occurred_at":"`...)
	dst = it.OccurredAt.UTC().Truncate(time.Second).AppendFormat(dst, timeFormat)
	dst = append(dst, `","replayed":`...)
	dst = strconv.AppendBool(dst, it.Replayed)
	dst = append(dst, `,"attempt":`...)
	dst = strconv.AppendInt(dst, int64(attempt), 10)
	if len(it.Body) > 0 {
		dst = append(dst, ',')
		dst = append(dst, it.Body...)
	}
	return append(dst, '}')
}
