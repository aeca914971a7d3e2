package health

import (
	"regexp"
	"testing"
	"time"
)

func TestTable_EveryStateCanBeShown(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for code, s := range table {
		if !name.MatchString(string(code)) {
			t.Errorf("%q is no code", code)
		}
		if s.severity != Warning && s.severity != Error {
			t.Errorf("%s has severity %q", code, s.severity)
		}
		if s.text == "" || s.text[len(s.text)-1] != '.' && s.text[len(s.text)-1] != '}' {
			t.Errorf("%s has no sentence: %q", code, s.text)
		}
		if code.Severity() != s.severity || code.ShownAfter() != s.shownAfter || code.NeedsOwner() != s.needsOwner {
			t.Errorf("%s is not what its table says", code)
		}
		// With all that a sentence asks for, no brace is left.
		c := Condition{Code: code, Since: time.Unix(0, 0), Until: time.Unix(60, 0), Placeholders: map[string]string{}}
		for _, p := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(s.text, -1) {
			if p[1] != "since" && p[1] != "until" {
				c.Placeholders[p[1]] = "word"
			}
		}
		if m := c.Message(); regexp.MustCompile(`[{}?]`).MatchString(m) {
			t.Errorf("%s: %s", code, m)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	c := Condition{Code: HomeUnreachable, Since: time.Date(2026, 11, 22, 11, 31, 0, 0, time.UTC), Placeholders: map[string]string{"reason": "connection {since} refused"}}
	want := "Home Assistant has not answered since 11:31:00 UTC: connection {since} refused. Check that it runs and that its address is right. Events wait."
	if got := c.Message(); got != want {
		t.Errorf("%s", got)
	}
}

func TestShown_ShortSpellsAreNot(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	all := []Condition{{Code: Connecting, Since: now.Add(-9 * time.Second)}, {Code: HomeUnreachable, Since: now.Add(-10 * time.Second)}, {Code: ReauthRequired, Since: now}}
	got := Shown(all, now)
	if len(got) != 2 || got[0].Code != HomeUnreachable || got[1].Code != ReauthRequired {
		t.Errorf("%v", got)
	}
	if Shown(nil, now) != nil {
		t.Error("nothing is something")
	}
}
