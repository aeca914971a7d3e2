package textparse

import "testing"

func BenchmarkParse_HTML(b *testing.B)     { bench(b, HTML, hard["<b>…</b>"](1<<20)) }
func BenchmarkParse_OnlyTags(b *testing.B) { bench(b, HTML, hard["<b>"](1<<20)) }
func BenchmarkParse_Stars(b *testing.B)    { bench(b, Markdown, hard["**"](1<<20)) }
func BenchmarkParse_Markdown(b *testing.B) { bench(b, Markdown, hard["** x"](1<<20)) }

func bench(b *testing.B, m Mode, source string) {
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(m, source)
	}
}
