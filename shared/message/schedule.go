package message

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"telegram-client/shared/fault"
)

// A Schedule is when a message is to be sent, as a call says it. The zero Schedule: at once.
type Schedule struct {
	At    time.Time     // a moment
	Local time.Time     // what a clock on the wall of Home Assistant shows then; its zone means nothing
	In    time.Duration // from now
}

// maxAhead is how far in the future Telegram takes messages.
const maxAhead = 365 * 24 * time.Hour

// IsZero reports whether nothing is scheduled.
func (s Schedule) IsZero() bool { return s == Schedule{} }

// Time returns the moment, which has to be in the future, in the zone of Home Assistant; Telegram counts in whole
// seconds. The zero Schedule has the zero time.
func (s Schedule) Time(now time.Time, zone *time.Location) (time.Time, *fault.Fault) {
	var at time.Time
	switch {
	case s.IsZero():
		return at, nil
	case s.In > 0:
		at = now.Add(s.In)
	case !s.Local.IsZero():
		l := s.Local
		at = time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, zone)
	default:
		at = s.At
	}
	if at.Nanosecond() != 0 {
		at = at.Add(time.Second - time.Duration(at.Nanosecond())) // never before it was asked for
	}
	at = at.In(zone)
	switch {
	case !at.After(now):
		return at, fault.At(fault.ScheduleInvalid, "schedule", "This is not in the future: here it is %s.", now.In(zone).Format("2006-01-02T15:04:05-07:00"))
	case at.Sub(now) > maxAhead:
		return at, fault.At(fault.ScheduleInvalid, "schedule", "This is too far in the future: Telegram takes messages up to a year ahead.")
	}
	return at, nil
}

// schedule reads the field in any of its forms.
func (r *reader) schedule() Schedule {
	const field = "schedule"
	raw, ok := r.fields[field]
	if !ok {
		return Schedule{}
	}
	var s Schedule
	switch raw[0] {
	case '{':
		s.In, ok = r.period(field, raw)
		if !ok {
			return Schedule{} // said already
		}
	case '"':
		text := strings.TrimSpace(r.plain(field, raw))
		if text == "" {
			return Schedule{} // what a template leaves of nothing
		}
		s, ok = parseSchedule(text)
	default:
		s, ok = parseSchedule(string(bytes.TrimSpace(raw)))
	}
	if !ok {
		r.faults = append(r.faults, fault.At(fault.ScheduleInvalid, field,
			`This is no time that can be read. Write 2026-11-22T11:30:00+01:00, 2026-11-22 11:30:00, seconds since 1970, or a duration from now: 00:05:00, PT5M or {"minutes":5}.`))
	}
	return s
}

// parseSchedule reads the forms that are text or numbers.
func parseSchedule(s string) (Schedule, bool) {
	if at, ok := unixTime(s); ok {
		return Schedule{At: at}, true
	}
	if in, ok := isoDuration(s); ok {
		return Schedule{In: in}, in > 0
	}
	if in, ok := clockDuration(s); ok {
		return Schedule{In: in}, in > 0
	}
	// Go reads a fraction of a second also where the layout has none.
	for _, date := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		s := strings.Replace(strings.ToUpper(s), ",", ".", 1)
		for _, zone := range []string{"Z07:00", "Z0700", "Z07", " Z07:00"} {
			if at, err := time.Parse(date+zone, s); err == nil {
				return Schedule{At: at.UTC()}, true
			}
		}
		if local, err := time.Parse(date, s); err == nil {
			return Schedule{Local: local.Truncate(time.Second)}, true
		}
	}
	return Schedule{}, false
}

// unixTime reads seconds since 1970. From 1e11 on they would be milliseconds, which people write by mistake.
func unixTime(s string) (time.Time, bool) {
	if strings.Trim(s, "0123456789.") != "" {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f <= 0 || f >= 1e11 {
		return time.Time{}, false
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e6)*1e3).UTC(), true
}

// clockDuration reads HH:MM:SS, with hours beyond a day if need be, and what Python makes of longer ones: "1 day, 2:00:00".
func clockDuration(s string) (time.Duration, bool) {
	var total time.Duration
	if days, rest, ok := strings.Cut(s, ","); ok {
		number, unit, _ := strings.Cut(strings.TrimSpace(days), " ")
		n, ok := part(number, time.Hour*24)
		if !ok || unit != "day" && unit != "days" {
			return 0, false
		}
		total, s = n, strings.TrimSpace(rest)
	}
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	units := []time.Duration{time.Hour, time.Minute, time.Second}
	for i, p := range parts {
		n, ok := part(p, units[i])
		if !ok || i > 0 && (len(p) < 2 || n >= 60*units[i]) || i < 2 && strings.Contains(p, ".") {
			return 0, false
		}
		total += n
	}
	return total, true
}

// isoDuration reads P1DT2H3M4S and P1W.
func isoDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" {
		return 0, false
	}
	date, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" {
		return 0, false
	}
	var total time.Duration
	for _, p := range []struct {
		text, units string
		of          []time.Duration
	}{
		{date, "WD", []time.Duration{7 * 24 * time.Hour, 24 * time.Hour}},
		{clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second}},
	} {
		next := 0 // units come in order, each once
		for p.text != "" {
			end := strings.IndexAny(p.text, p.units)
			if end < 0 {
				return 0, false
			}
			unit := strings.IndexByte(p.units, p.text[end])
			n, ok := part(strings.Replace(p.text[:end], ",", ".", 1), p.of[unit])
			if !ok || unit < next {
				return 0, false
			}
			total, next, p.text = total+n, unit+1, p.text[end+1:]
		}
	}
	return total, true
}

// periodUnits are the members of a duration that is written as an object, as in Home Assistant.
var periodUnits = map[string]time.Duration{
	"weeks": 7 * 24 * time.Hour, "days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute, "seconds": time.Second, "milliseconds": time.Millisecond,
}

func (r *reader) period(field string, raw json.RawMessage) (time.Duration, bool) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		r.fail(field, "This object cannot be read.")
		return 0, false
	}
	before := len(r.faults)
	var total time.Duration
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at, raw := field+"."+shown(name), object[name]
		unit, known := periodUnits[name]
		if !known {
			r.faults = append(r.faults, fault.At(fault.UnknownField, at, "A duration has %s.", strings.Join(slices.Sorted(maps.Keys(periodUnits)), ", ")))
			continue
		}
		if isNull(raw) {
			continue
		}
		n, ok := part(strings.TrimSpace(strings.Trim(string(raw), `"`)), unit)
		if !ok {
			r.fail(at, "This must be a number of %s, not a negative one.", name)
			continue
		}
		total += n
	}
	if len(r.faults) == before && total <= 0 {
		r.faults = append(r.faults, fault.At(fault.ScheduleInvalid, field, "This duration is none: it must be longer than nothing."))
	}
	return total, len(r.faults) == before
}

// part reads how many of a unit, up to some years of them.
func part(s string, unit time.Duration) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f*float64(unit) > float64(10*maxAhead) {
		return 0, false
	}
	return time.Duration(math.Round(f * float64(unit))), true
}
