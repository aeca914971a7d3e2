package message

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parseScheduleField(value string) (Schedule, []string) {
	r, _ := newReader(SendMessages, json.RawMessage(`{"schedule":`+value+`}`))
	r.faults = nil
	s := r.schedule()
	return s, said(r.faults)
}

func TestSchedule_ReadsEveryForm(t *testing.T) {
	t.Parallel()
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 5000, time.UTC)
	for value, want := range map[string]string{
		`null`:                                 "0001-01-01T00:00:00Z",
		`""`:                                   "0001-01-01T00:00:00Z",
		`"2026-11-22T11:30:00+00:00"`:          "2026-11-22T12:30:00+01:00",
		`"2026-11-22T11:30:00Z"`:               "2026-11-22T12:30:00+01:00",
		`"2026-11-22t11:30:00z"`:               "2026-11-22T12:30:00+01:00",
		`"2026-11-22T11:30:00.123456+00:00"`:   "2026-11-22T12:30:01+01:00",
		`"2026-11-22 11:30:00+0100"`:           "2026-11-22T11:30:00+01:00",
		`"2026-11-22T11:30+01"`:                "2026-11-22T11:30:00+01:00",
		`"2026-11-22T11:30:00"`:                "2026-11-22T11:30:00+01:00",
		`" 2026-11-22 11:30:00 "`:              "2026-11-22T11:30:00+01:00",
		`"2026-11-22 11:30"`:                   "2026-11-22T11:30:00+01:00",
		`"2027-07-01 11:30"`:                   "2027-07-01T11:30:00+02:00",
		`"2026-11-22 11:30:00.5"`:              "2026-11-22T11:30:00+01:00",
		`1795346400`:                           "2026-11-22T12:20:00+01:00",
		`"1795346400"`:                         "2026-11-22T12:20:00+01:00",
		`1795346399.25`:                        "2026-11-22T12:20:00+01:00",
		`"00:05:00"`:                           "2026-11-22T11:05:01+01:00",
		`"0:05:00"`:                            "2026-11-22T11:05:01+01:00",
		`"26:00:30.5"`:                         "2026-11-23T13:00:31+01:00",
		`"1 day, 2:00:00"`:                     "2026-11-23T13:00:01+01:00",
		`"PT5M"`:                               "2026-11-22T11:05:01+01:00",
		`"pt1h30m"`:                            "2026-11-22T12:30:01+01:00",
		`"P1DT1,5H"`:                           "2026-11-23T12:30:01+01:00",
		`"P1W"`:                                "2026-11-29T11:00:01+01:00",
		`{"minutes":5}`:                        "2026-11-22T11:05:01+01:00",
		`{"hours":"1","minutes":0.5}`:          "2026-11-22T12:00:31+01:00",
		`{"days":1,"seconds":null,"weeks":0}`:  "2026-11-23T11:00:01+01:00",
		`{"milliseconds":1500,"seconds":"30"}`: "2026-11-22T11:00:32+01:00",
	} {
		s, faults := parseScheduleField(value)
		if faults != nil {
			t.Errorf("%s: %v", value, faults)
			continue
		}
		at, f := s.Time(now, warsaw)
		if got := at.Format("2006-01-02T15:04:05Z07:00"); f != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", value, got, f, want)
		}
	}
}

func TestSchedule_RefusesTheRest(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"soon"`: "schedule_invalid schedule", `"2026-13-01 00:00"`: "schedule_invalid schedule", `"11:30"`: "schedule_invalid schedule",
		`"00:60:00"`: "schedule_invalid schedule", `"00:5:00"`: "schedule_invalid schedule", `"-00:05:00"`: "schedule_invalid schedule",
		`"00:00:00"`: "schedule_invalid schedule", `"PT"`: "schedule_invalid schedule", `"P"`: "schedule_invalid schedule", `"P5M"`: "schedule_invalid schedule",
		`"PT5M1H"`: "schedule_invalid schedule", `"PT-5M"`: "schedule_invalid schedule", `0`: "schedule_invalid schedule", `-5`: "schedule_invalid schedule",
		`1795346400000`: "schedule_invalid schedule", `true`: "schedule_invalid schedule", `{}`: "schedule_invalid schedule", `{"minutes":0}`: "schedule_invalid schedule",
		`[1]`: "schedule_invalid schedule", `{"minute":5}`: "unknown_field schedule.minute", `{"minutes":-5}`: "invalid_field schedule.minutes",
		`{"minutes":"x"}`: "invalid_field schedule.minutes", `{"minutes":[]}`: "invalid_field schedule.minutes", `{"weeks":99999}`: "invalid_field schedule.weeks",
	} {
		if s, faults := parseScheduleField(value); !cmp.Equal([]string{want}, faults) {
			t.Errorf("%s: %+v, %v", value, s, faults)
		}
	}
}

func TestSchedule_HasToBeAhead(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795339400, 0)
	for _, s := range []Schedule{{At: now}, {At: now.Add(-time.Hour)}, {In: 366 * 24 * time.Hour}, {Local: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		if _, f := s.Time(now, time.UTC); f == nil || f.Field != "schedule" || f.Code != "schedule_invalid" {
			t.Errorf("%+v: %v", s, f)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, s := range []string{`"2026-11-22T11:30:00+01:00"`, `"00:05:00"`, `"PT5M"`, `{"minutes":5}`, `1795346400`, `"1 day, 2:00:00"`, `"P1DT2H"`, `1e400`} {
		f.Add(s)
	}
	now := time.Unix(1795339400, 0)
	f.Fuzz(func(t *testing.T, value string) {
		if !json.Valid([]byte(value)) {
			return
		}
		s, faults := parseScheduleField(value)
		if len(faults) > 0 {
			return
		}
		at, fl := s.Time(now, time.UTC)
		if fl == nil && !s.IsZero() && (!at.After(now) || at.Sub(now) > maxAhead || at.Nanosecond() != 0) {
			t.Fatalf("%s: %s", value, at)
		}
	})
}
