package message

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telegram-client/shared/textparse"
)

func TestSplit_PartsAtLinesThenWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		limit int
		want  []string
	}{
		"short":                     {"abc", 10, []string{"abc"}},
		"exact":                     {"0123456789", 10, []string{"0123456789"}},
		"nothing":                   {" \n\r\t", 10, nil},
		"line before word":          {"aaa bbb\nccc ddd", 12, []string{"aaa bbb", "ccc ddd"}},
		"word if the line is early": {"a\nbbb ccc ddd eee", 14, []string{"a\nbbb ccc ddd", "eee"}},
		"word that ends exactly":    {"01234 6789 x", 10, []string{"01234 6789", "x"}},
		"no end of a word":          {"0123456789abc", 10, []string{"0123456789", "abc"}},
		"units, not characters":     {"😀😀😀", 4, []string{"😀😀", "😀"}},
		"never inside a pair":       {"a😀😀", 4, []string{"a😀", "😀"}},
		"carriage returns":          {"a\r\nb", 10, []string{"a\nb"}},
		"much white space":          {"aaaa" + strings.Repeat(" ", 50) + "bbbb", 10, []string{"aaaa", "bbbb"}},
	} {
		if diff := cmp.Diff(c.want, texts(Split(textparse.Text{Text: c.text}, c.limit))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSplit_LosesNothingAndKeepsTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab \n😀é\u00a0"))).Draw(t, "text")
		checkSplit(t, text, rapid.IntRange(2, 20).Draw(t, "limit"))
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("hello world", 5)
	f.Add("😀 a\nb", 2)
	f.Add("a\xffb", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 2 || limit > 5000 {
			limit = 2 + (limit&0x7fffffff)%5000
		}
		checkSplit(t, strings.ToValidUTF8(text, "\ufffd"), limit) // JSON brings no other
	})
}

type fataler interface{ Fatalf(string, ...any) }

func texts(parts []textparse.Text) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p.Text)
	}
	return all
}

func TestSplit_EntitiesGoOnInTheNextPart(t *testing.T) {
	t.Parallel()
	got := Split(textparse.Text{Text: "  😀aa bbb\r\ncc", Entities: []textparse.Entity{
		{Kind: textparse.Bold, Offset: 1, Length: 8},
		{Kind: textparse.Link, Offset: 7, Length: 6, URL: "u"},
		{Kind: textparse.Emoji, Offset: 2, Length: 3, Document: 5},
		{Kind: textparse.Emoji, Offset: 5, Length: 3, Document: 6},
		{Kind: textparse.Italic, Offset: 10, Length: 1},
	}}, 5)
	want := []textparse.Text{
		{Text: "😀aa", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 4}, {Kind: textparse.Emoji, Length: 3, Document: 5}}},
		{Text: "bbb", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 2}, {Kind: textparse.Link, Length: 3, URL: "u"}}},
		{Text: "cc", Entities: []textparse.Entity{{Kind: textparse.Link, Length: 1, URL: "u"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func checkSplit(t fataler, text string, limit int) {
	units := textparse.Units(text)
	parts := Split(textparse.Text{Text: text, Entities: []textparse.Entity{{Kind: textparse.Bold, Length: units}, {Kind: textparse.Code, Offset: units / 3, Length: units / 2}}}, limit)
	for _, p := range parts {
		n := len(utf16.Encode([]rune(p.Text)))
		if n == 0 || n > limit {
			t.Fatalf("a part of %d units: %q", n, p.Text)
		}
		for i, e := range p.Entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > n || i == 0 && e != (textparse.Entity{Kind: textparse.Bold, Length: n}) {
				t.Fatalf("an entity %+v of %d units", e, n)
			}
		}
		if len(p.Entities) == 0 {
			t.Fatalf("%q is not bold", p.Text)
		}
	}
	if want, got := solid(text), solid(strings.Join(texts(parts), "")); want != got {
		t.Fatalf("%q became %q", want, got)
	}
}

// solid returns a text without its white space.
func solid(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
