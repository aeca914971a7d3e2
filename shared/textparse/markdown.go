package textparse

import "strings"

// A delimiter stands on both sides of what it marks.
type delimiter struct {
	mark string
	kind Kind
}

// delimiters, longest first: three backticks are never one and two.
var delimiters = [...]delimiter{{"```", Pre}, {"**", Bold}, {"__", Italic}, {"~~", Strike}, {"`", Code}}

// A markdownReader goes through a source from left to right. When a delimiter has a partner the original takes both out
// of the text and goes on with what is left at the same place, so that marks can come to stand next to each other that
// did not. Here the source stays as it is, and what was taken out ahead of the reading position is a hole in it.
type markdownReader struct {
	source string
	at     int // the reading position: what is before it is in text, or gone
	holes  []hole
	marks  [len(delimiters)]marks

	text   strings.Builder
	units  int
	found  []Entity
	inside []int // those in found that end after the reading position

	bracket, paren next
	steps          int
}

// A hole is a part of the source that is no longer there. They are in order, and there are never more than a few: of
// two delimiters of a kind one ends before the next begins, or at most two are inside each other.
type hole struct{ from, to int }

// marks finds the delimiters of one kind. There is none ahead but in joined between from and at.
type marks struct {
	at     int
	joined []int // where holes may have made one
}

func parseMarkdown(source string, reference bool) Text {
	r := &markdownReader{source: source}
	r.text.Grow(len(source))
	r.read()
	t := strip(r.text.String(), r.found, reference)
	if !reference {
		t.wholeCharacters()
	}
	return t
}

func (r *markdownReader) read() {
	for r.at = r.over(0); r.at < len(r.source); {
		switch c := r.source[r.at]; {
		case c == '[':
			if !r.link() {
				r.copy(r.next(r.at))
			}
		case c == '*' || c == '_' || c == '~' || c == '`':
			if !r.pair() {
				r.copy(r.next(r.at))
			}
		default:
			end := r.at + 1
			for end < len(r.source) && strings.IndexByte("[*_~`", r.source[end]) < 0 {
				end++
			}
			r.copy(r.over(end))
		}
	}
}

// over returns i, or where the hole ends that i is in.
func (r *markdownReader) over(i int) int {
	for _, h := range r.holes {
		if h.from <= i && i < h.to {
			i = h.to
		}
	}
	return i
}

// next returns the position after that of one byte.
func (r *markdownReader) next(i int) int { return r.over(i + 1) }

// before returns the position before i, or -1 if that was read already.
func (r *markdownReader) before(i int) int {
	i--
	for k := len(r.holes) - 1; k >= 0; k-- {
		if h := r.holes[k]; h.from <= i && i < h.to {
			i = h.from - 1
		}
	}
	if i < r.at {
		return -1
	}
	return i
}

// pieces calls f with what is there of the source between two positions.
func (r *markdownReader) pieces(from, to int, f func(string)) {
	r.steps += to - from
	for _, h := range r.holes {
		if h.to <= from || h.from >= to {
			continue
		}
		if h.from > from {
			f(r.source[from:h.from])
		}
		from = h.to
	}
	if from < to {
		f(r.source[from:to])
	}
}

// copy takes the source up to end as text.
func (r *markdownReader) copy(end int) {
	r.pieces(r.at, end, func(s string) {
		r.text.WriteString(s)
		r.units += Units(s)
	})
	r.skip(end)
}

// skip moves the reading position. Holes before it are of no interest any more, nor are entities that end there.
func (r *markdownReader) skip(end int) {
	r.at = end
	gone := 0
	for gone < len(r.holes) && r.holes[gone].to <= end {
		gone++
	}
	r.holes = append(r.holes[:0], r.holes[gone:]...)
}

// has reports whether a mark is at i.
func (r *markdownReader) has(mark string, i int) bool {
	for k := range len(mark) {
		if i >= len(r.source) || r.source[i] != mark[k] {
			return false
		}
		i = r.next(i)
	}
	return true
}

// end returns the position after a mark at i.
func (r *markdownReader) end(mark string, i int) int {
	for range len(mark) {
		i = r.next(i)
	}
	return i
}

// pair takes the delimiter at the reading position and its partner out of the text, if it has one, and makes an entity
// of what is between them.
func (r *markdownReader) pair() bool {
	for k, d := range delimiters {
		if !r.has(d.mark, r.at) {
			continue
		}
		first := r.end(d.mark, r.at)
		if first >= len(r.source) {
			return false
		}
		partner := r.find(k, r.next(first)) // at least one byte is between them
		if partner < 0 {
			return false
		}
		length := 0
		r.pieces(first, partner, func(s string) { length += Units(s) })
		r.shrink(2 * len(d.mark))
		r.inside = append(r.inside, len(r.found))
		r.found = append(r.found, Entity{Kind: d.kind, Offset: r.units, Length: length})
		after := r.end(d.mark, partner)
		if d.kind == Code || d.kind == Pre { // nothing inside of it is a mark
			r.skip(first)
			r.copy(partner)
			r.skip(after)
			return true
		}
		r.skip(first)
		r.cut(partner, after)
		return true
	}
	return false
}

// shrink makes the entities shorter that end after the reading position.
func (r *markdownReader) shrink(by int) {
	still := r.inside[:0]
	for _, i := range r.inside {
		if e := &r.found[i]; e.Offset+e.Length > r.units {
			e.Length -= by
			still = append(still, i)
		}
	}
	r.inside = still
}

// cut makes a hole, and looks for delimiters that its edges make.
func (r *markdownReader) cut(from, to int) {
	k := 0
	for k < len(r.holes) && r.holes[k].from < from {
		k++
	}
	r.holes = append(r.holes[:k], append([]hole{{from, to}}, r.holes[k:]...)...)
	at := from
	for range len(delimiters[0].mark) - 1 {
		if at = r.before(at); at < 0 {
			return
		}
		for k, d := range delimiters {
			if len(d.mark) > 1 && r.source[at] == d.mark[0] {
				r.marks[k].joined = append(r.marks[k].joined, at)
			}
		}
	}
}

// find returns the first delimiter k from i on, or -1.
func (r *markdownReader) find(k, i int) int {
	m, mark := &r.marks[k], delimiters[k].mark
	best := -1
	still := m.joined[:0]
	for _, at := range m.joined {
		if at >= i && r.over(at) == at {
			still = append(still, at)
			if r.has(mark, at) && (best < 0 || at < best) {
				best = at
			}
		}
	}
	m.joined = still
	m.at = max(m.at, i)
	for m.at < len(r.source) && (best < 0 || m.at < best) {
		if r.over(m.at) == m.at && r.has(mark, m.at) {
			return m.at
		}
		n := strings.IndexByte(r.source[m.at+1:], mark[0])
		if n < 0 {
			n = len(r.source) - m.at - 1
		}
		m.at += n + 1
		r.steps += n + 1
	}
	return best
}

// link takes [text](address) at the reading position for a link. Marks in its text are text.
func (r *markdownReader) link() bool {
	s := r.source
	first := r.next(r.at)
	closing := r.bracket.index(s, ']', first)
	if closing <= first {
		return false
	}
	paren := r.next(closing)
	if paren >= len(s) || s[paren] != '(' {
		return false
	}
	address := r.next(paren)
	end := r.paren.index(s, ')', address)
	if end <= address {
		return false
	}
	var url strings.Builder
	r.pieces(address, end, func(s string) { url.WriteString(s) })
	length, cut := 0, len("[](")+len(")")
	r.pieces(first, closing, func(s string) { length += Units(s) })
	cut += Units(url.String())
	r.shrink(cut)
	r.inside = append(r.inside, len(r.found))
	r.found = append(r.found, Entity{Kind: Link, Offset: r.units, Length: length, URL: url.String()})
	r.skip(first)
	r.copy(closing)
	r.skip(r.next(end))
	return true
}
