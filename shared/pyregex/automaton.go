package pyregex

import (
	"slices"

	"github.com/dlclark/regexp2/v2/syntax"
)

const (
	mostPositions = 1000
	mostEdges     = 50_000
	// mostSteps bounds the search for ambiguity. A pattern of more is not looked into.
	mostSteps = 2_000_000
)

// An automaton is a pattern without counting, groups and anchors: its places where a character is matched, which of them
// can follow each other, and in how many ways. It matches more than the pattern does.
type automaton struct {
	pool   []rune         // characters that stand for all
	labels [][]uint64     // by place: which of the pool it matches
	follow []map[int]int8 // by place: the next places, and whether in one way or in several (2)
	first  map[int]int8
	edges  int
	large  bool
}

// A part is a part of a pattern: the places it can begin and end with, and in how many ways it matches nothing.
type part struct {
	first, last map[int]int8
	empty       int8
}

func several(n int) int8 { return int8(min(n, 2)) }

// newAutomaton returns the automaton of a tree; nil if it is too large.
func newAutomaton(root *syntax.RegexNode, bytes bool) *automaton {
	a := &automaton{}
	for r := rune(0); r < 128; r++ {
		a.pool = append(a.pool, r)
	}
	a.pool = append(a.pool, 0x80, 0xa0, 0xe9, 0xff, 0x430, 0x5d0, 0x661, 0x2028, 0x4e2d, 0x1f600)
	a.collect(root)
	slices.Sort(a.pool)
	a.pool = slices.DeleteFunc(slices.Compact(a.pool), func(r rune) bool { return bytes && r > 0xff })
	a.first = a.build(root).first
	if a.large {
		return nil
	}
	return a
}

// collect adds the characters that a pattern names to the pool.
func (a *automaton) collect(n *syntax.RegexNode) {
	if len(a.pool) > 1000 {
		return
	}
	a.pool = append(append(a.pool, n.Ch), n.Str...)
	if n.Set != nil {
		a.pool = append(a.pool, n.Set.GetSetChars(20)...)
	}
	for _, c := range n.Children {
		a.collect(c)
	}
}

// place adds a place that matches some characters.
func (a *automaton) place(matches func(rune) bool) part {
	if len(a.labels) >= mostPositions {
		a.large = true
		return part{empty: 1}
	}
	label := make([]uint64, (len(a.pool)+63)/64)
	for i, r := range a.pool {
		if matches(r) {
			label[i/64] |= 1 << (i % 64)
		}
	}
	p := len(a.labels)
	a.labels, a.follow = append(a.labels, label), append(a.follow, map[int]int8{})
	return part{first: map[int]int8{p: 1}, last: map[int]int8{p: 1}}
}

// join lets what begins follow what ends.
func (a *automaton) join(last, first map[int]int8) {
	for p, n := range last {
		for q, m := range first {
			if a.edges++; a.edges > mostEdges {
				a.large = true
				return
			}
			a.follow[p][q] = several(int(a.follow[p][q]) + int(n)*int(m))
		}
	}
}

func union(into, from map[int]int8, times int8) map[int]int8 {
	if times == 0 || len(from) == 0 {
		return into
	}
	if into == nil {
		into = map[int]int8{}
	}
	for p, n := range from {
		into[p] = several(int(into[p]) + int(n)*int(times))
	}
	return into
}

func (a *automaton) concatenate(x, y part) part {
	a.join(x.last, y.first)
	return part{union(x.first, y.first, x.empty), union(y.last, x.last, y.empty), several(int(x.empty) * int(y.empty))}
}

// repeat is a part that is matched from least to most times.
func (a *automaton) repeat(x part, least, most int) part {
	switch {
	case most == 0:
		return part{empty: 1}
	case most > 1:
		a.join(x.last, x.first)
		if least == 0 { // an engine goes round once at most without matching anything
			x.empty = 1
		}
	case least == 0:
		x.empty = several(int(x.empty) + 1)
	}
	return x
}

func (a *automaton) build(n *syntax.RegexNode) part {
	if a.large {
		return part{empty: 1}
	}
	one := func() part { return a.place(func(r rune) bool { return r == n.Ch }) }
	notOne := func() part { return a.place(func(r rune) bool { return r != n.Ch }) }
	set := func() part { return a.place(n.Set.Contains) }
	switch n.T {
	case syntax.NtOne:
		return one()
	case syntax.NtNotone:
		return notOne()
	case syntax.NtSet:
		return set()
	case syntax.NtOneloop, syntax.NtOnelazy, syntax.NtOneloopatomic:
		return a.repeat(one(), n.M, n.N)
	case syntax.NtNotoneloop, syntax.NtNotonelazy, syntax.NtNotoneloopatomic:
		return a.repeat(notOne(), n.M, n.N)
	case syntax.NtSetloop, syntax.NtSetlazy, syntax.NtSetloopatomic:
		return a.repeat(set(), n.M, n.N)
	case syntax.NtMulti:
		all := part{empty: 1}
		for _, c := range n.Str {
			all = a.concatenate(all, a.place(func(r rune) bool { return r == c }))
		}
		return all
	case syntax.NtLoop, syntax.NtLazyloop:
		return a.repeat(a.build(n.Children[0]), n.M, n.N)
	case syntax.NtConcatenate:
		all := part{empty: 1}
		for _, c := range n.Children {
			all = a.concatenate(all, a.build(c))
		}
		return all
	case syntax.NtAlternate, syntax.NtBackRefCond, syntax.NtExprCond:
		all := part{}
		for _, c := range n.Children {
			x := a.build(c)
			all = part{union(all.first, x.first, 1), union(all.last, x.last, 1), several(int(all.empty) + int(x.empty))}
		}
		if n.T != syntax.NtAlternate {
			all.empty = 1
		}
		return all
	case syntax.NtPosLook, syntax.NtNegLook:
		if n.Options&syntax.RightToLeft != 0 {
			break // what it looks at lies behind
		}
		return part{first: a.build(n.Children[0]).first, empty: 1} // a way that leads nowhere else
	case syntax.NtCapture, syntax.NtGroup, syntax.NtAtomic:
		if len(n.Children) > 0 {
			return a.build(n.Children[0])
		}
	}
	return part{empty: 1} // anchors; references, which match what was matched already
}
