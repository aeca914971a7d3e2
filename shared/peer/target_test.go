package peer

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
)

func TestParseTarget_ReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Target{
		"1001": {ID: 1001}, " -5001 ": {ID: -5001}, "-1001234567890": {ID: -1001234567890},
		"me": {Self: true}, "Self": {Self: true},
		"@alice": {Username: "alice"}, "BotFather": {Username: "BotFather"}, "@gif": {Username: "gif"},
		"https://t.me/alice": {Username: "alice"}, "t.me/alice/71": {Username: "alice"}, "HTTP://WWW.T.ME/Alice?start=x": {Username: "Alice"},
		"https://telegram.me/s/alice": {Username: "alice"}, "tg://resolve?start=1&domain=alice": {Username: "alice"},
		"https://t.me/c/1234567890/71": {ID: -1001234567890},
		"+15551001":                    {Phone: "15551001"}, " +1 (555) 10-01 ": {Phone: "15551001"},
	} {
		got, f := ParseTarget(text)
		if f != nil {
			t.Errorf("%q: %v", text, f)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestParseTarget_RefusesTheRest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "@", "ab", "1alice", "alice bob", "алиса", "+1", "+1234567890123456", "+1555x1001", "0", "99999999999999999999", "9007199254740993", "--5",
		"https://t.me/+abcdef", "t.me/joinchat/abc", "t.me/c/x", "t.me/c/-5", "t.me/", "tg://resolve?x=alice", "https://example.org/alice",
		"a23456789012345678901234567890123",
	} {
		if got, f := ParseTarget(text); f == nil || f.Code != fault.InvalidField || f.Message == "" {
			t.Errorf("%q became %+v, fault %v", text, got, f)
		}
	}
}

func TestTarget_ShowsAsAnswersDo(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal([]Target{{ID: -1001234567890}, {Username: "Alice"}, {Self: true}, {Phone: "15551001"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`[-1001234567890,"@Alice","me","+…01"]`, string(got)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"1001", "@alice", "t.me/c/1/2", "tg://resolve?domain=a", "me", "+1 (555) 10-01", "İt.me/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, fl := ParseTarget(s)
		if (fl == nil) == (target == Target{}) {
			t.Fatalf("%q: %+v, fault %v", s, target, fl)
		}
		if fl != nil {
			return
		}
		if target.Phone != "" {
			return // answers do not show all of it
		}
		again, fl := ParseTarget(target.String())
		if fl != nil || again != target {
			t.Fatalf("%q: %+v shows as %q, which is %+v, %v", s, target, target.String(), again, fl)
		}
	})
}
