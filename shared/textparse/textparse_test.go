package textparse

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// What the original does with the same input: Telethon 1.37.0 on Python 3.11, its HTML parser closed at the end and the
// length of a link's marks counted right, which are our decisions.
func TestReference_DoesWhatTheOriginalDoes(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/telethon.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, n := bufio.NewScanner(file), 0
	for ; lines.Scan(); n++ {
		var c struct {
			Mode     Mode
			Input    string
			Text     string
			Entities []struct {
				Type           string
				Offset, Length int
				URL, Language  string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		want := Text{Text: c.Text}
		for _, e := range c.Entities {
			want.Entities = append(want.Entities, Entity{Kind: kinds[e.Type], Offset: e.Offset, Length: e.Length, URL: e.URL, Language: e.Language})
		}
		got := Reference(c.Mode, c.Input)
		if diff := cmp.Diff(want, Text{got.Text, append([]Entity(nil), got.Entities...)}); diff != "" {
			t.Errorf("%s %q: %s", c.Mode, c.Input, diff)
		}
	}
	if lines.Err() != nil || n < 500 {
		t.Errorf("%d cases, %v", n, lines.Err())
	}
}

var kinds = map[string]Kind{
	"MessageEntityBold": Bold, "MessageEntityItalic": Italic, "MessageEntityUnderline": Underline, "MessageEntityStrike": Strike,
	"MessageEntityCode": Code, "MessageEntityPre": Pre, "MessageEntityBlockquote": Blockquote, "MessageEntityTextUrl": Link, "MessageEntityEmail": Email,
}

func TestParse_DiffersFromTheOriginalOnPurpose(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]Text{
		"<ins>a</ins>":                              {"a", []Entity{{Kind: Underline, Length: 1}}},
		"<strike>a</strike>":                        {"a", []Entity{{Kind: Strike, Length: 1}}},
		"<tg-spoiler>a</tg-spoiler>":                {"a", []Entity{{Kind: Spoiler, Length: 1}}},
		`<span class="tg-spoiler">a</span>`:         {"a", []Entity{{Kind: Spoiler, Length: 1}}},
		`<span class="other">a</span>`:              {"a", nil},
		`<tg-emoji emoji-id="5368">😀</tg-emoji>`:    {"😀", []Entity{{Kind: Emoji, Length: 2, Document: 5368}}},
		`<tg-emoji emoji-id="x">😀</tg-emoji>`:       {"😀", nil},
		"<blockquote expandable>a</blockquote>":     {"a", []Entity{{Kind: Blockquote, Collapsed: true, Length: 1}}},
		"<blockquote>a</blockquote>":                {"a", []Entity{{Kind: Blockquote, Length: 1}}},
		"<i>&#128512;</i> <b>x</b>":                 {"😀 x", []Entity{{Kind: Italic, Length: 2}, {Kind: Bold, Offset: 3, Length: 1}}},
		"<b>&Afr;</b>":                              {"\U0001d504", []Entity{{Kind: Bold, Length: 2}}},
		"<script>1 &lt; 2":                          {"1 &lt; 2", nil},
		"AT&T":                                      {"AT&T", nil},
		"see http://x/?a=1&b=2":                     {"see http://x/?a=1&b=2", nil},
		"<a href>x</a>":                             {"x", nil},
		"<pre><code class>x</code></pre>":           {"x", []Entity{{Kind: Pre, Length: 1}}},
		"a <![x y]> b":                              {"a  b", nil},
		"&#" + strings.Repeat("9", 5000) + "; <b>x": {"\ufffd x", nil},
	} {
		if diff := cmp.Diff(want, Parse(HTML, input)); diff != "" {
			t.Errorf("%q: %s", input, diff)
		}
	}
	// The original makes the first range end before it begins.
	got := Parse(Markdown, "є **__b** c__")
	if diff := cmp.Diff(Text{"є b c", []Entity{{Kind: Italic, Offset: 2, Length: 3}}}, got); diff != "" {
		t.Error(diff)
	}
	// Or in the middle of a character.
	got = Parse(Markdown, "**x😀__d**e__")
	if diff := cmp.Diff(Text{"x😀de", []Entity{{Kind: Bold, Length: 1}, {Kind: Italic, Offset: 3, Length: 2}}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParse_PlainTextIsOnlyStripped(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(Text{Text: "<b>**a**"}, Parse(Plain, " <b>**a**\n")); diff != "" {
		t.Error(diff)
	}
}

func TestEntity_Mention(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"@alice": "@alice", "+1 555": "+1 555", "tg://user?id=42": "42", "tg://user?id=42&x": "42",
		"tg://user?id=": "", "tg://user?id=x": "", "http://x/@alice": "", "": "", "TG://user?id=4": "",
	} {
		got, ok := Entity{Kind: Link, URL: url}.Mention()
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", url, got, ok)
		}
	}
	if _, ok := (Entity{Kind: Bold, URL: "@alice"}).Mention(); ok {
		t.Error("bold is no mention")
	}
}

func TestEntity_EveryKindHasAnEntityOfTelegram(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Bold; k <= Emoji; k++ {
		e := Entity{Kind: k, Offset: 3, Length: 4}.TL()
		if e.GetOffset() != 3 || e.GetLength() != 4 || seen[e.TypeName()] {
			t.Errorf("%d: %v", k, e)
		}
		seen[e.TypeName()] = true
	}
	if _, unknown := (Entity{}).TL().(*tg.MessageEntityUnknown); !unknown {
		t.Error("an entity of no kind")
	}
}

// hard are sources that a reader that looks ahead too often takes quadratic time for, made as long as asked.
var hard = map[string]func(n int) string{
	"<b>":               repeat("<b>"),
	"<b>…</b>":          repeat("<b>x</b>"),
	"</b>":              repeat("</b>"),
	"<":                 repeat("<"),
	"<a":                repeat("<a "),
	"<a<a":              repeat("<a<a"),
	"<a x='":            repeat("<a x='>"),
	"quotes":            repeat(`<a b='"`),
	"quotes that close": repeat(`<a x="'>" y='">' `),
	"equals":            repeat(`<a =='`),
	"<!--":              repeat("<!--"),
	"<!-- --":           repeat("<!-- -- "),
	"<![CDATA[":         repeat("<![CDATA[ ] ]"),
	"<?":                repeat("<?"),
	"</":                repeat("</"),
	"<script>":          repeat("<script></"),
	"&":                 repeat("&"),
	"&amp;":             repeat("&amp;"),
	"&#":                repeat("&#1"),
	"&x":                repeat("&xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	"mailto":            repeat(`<a href="mailto:a@b.c">x`),
	"**":                repeat("**"),
	"** x":              repeat("** x"),
	"**x__y":            repeat("**x__y"),
	"joined":            repeat("**_**_x "),
	"joined twice":      repeat("~~_~~__**`**`` "),
	"`":                 repeat("`"),
	"```":               repeat("```x"),
	"` in ```":          repeat("`a```b"),
	"[":                 repeat("["),
	"[x](":              repeat("[x]("),
	"[x](u)":            repeat("**[x](u)__"),
	"[x]":               repeat("[x]"),
	"spaces":            repeat(" "),
}

func repeat(s string) func(int) string {
	return func(n int) string { return strings.Repeat(s, n/len(s)+1) }
}

// The count of what was looked at, not the clock, shows that the time grows with the length.
func TestParse_LooksAtEverythingAFewTimesAtMost(t *testing.T) {
	t.Parallel()
	const length = 1 << 18
	for name, source := range hard {
		s := source(length)
		m, r := markup{source: s}, &htmlReader{}
		m.read(r)
		if m.steps > 20*len(s) {
			t.Errorf("HTML of %s: %d steps for %d bytes", name, m.steps, len(s))
		}
		md := &markdownReader{source: s}
		md.read()
		if md.steps > 20*len(s) {
			t.Errorf("Markdown of %s: %d steps for %d bytes", name, md.steps, len(s))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"<b>a<i>b</b>c</i>", "**a __b** c__", "`a```b`", "[x](u) **y**", "😀<pre><code class='language-go'>x</code></pre>",
		"<a href='mailto:a@b'>x<b>y</b>z</a>", "&#128512;<b>&Afr; </b>", "<blockquote expandable>x", "~~ __ ~~ __", "\xff<b>\xff</b>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range []Mode{Plain, HTML, Markdown} {
			got := Parse(m, s)
			units, last := Units(got.Text), 0
			for _, e := range got.Entities {
				if e.Kind == 0 || e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > units {
					t.Fatalf("%s of %q: %+v in %d units", m, s, e, units)
				}
				if m == HTML && e.Offset < last {
					t.Fatalf("%q: %+v are not in order", s, got.Entities)
				}
				last = e.Offset
				if utf8.ValidString(s) && (splits(got.Text, e.Offset) || splits(got.Text, e.Offset+e.Length)) {
					t.Fatalf("%q: %+v cuts a character of %q", s, e, got.Text)
				}
			}
			if space(got.Text, 0) != 0 || spaceBefore(got.Text, len(got.Text)) != 0 {
				t.Fatalf("%s of %q: %q has white space around it", m, s, got.Text)
			}
			if utf8.ValidString(s) && !utf8.ValidString(got.Text) {
				t.Fatalf("%s of %q: %q", m, s, got.Text)
			}
			if m == Markdown && strings.Count(got.Text, "x") > strings.Count(s, "x") {
				t.Fatalf("%q became %q", s, got.Text)
			}
		}
	})
}

// splits reports whether a position in UTF-16 units is inside a character.
func splits(text string, at int) bool {
	for _, c := range text {
		n := 1
		if c > 0xffff {
			n = 2
		}
		if at == 1 && n == 2 {
			return true
		}
		if at < n {
			return false
		}
		at -= n
	}
	return false
}
