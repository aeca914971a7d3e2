package pyregex

import "slices"

// A candidate is what a text that blows up is made of.
type candidate struct {
	before, repeated []rune
	ends             []string
}

// mostCandidates is how many are looked for.
const mostCandidates = 8

// A pair is two places that are reached by the same text.
type pair struct{ p, q int }

// ambiguous returns parts of texts that can be matched in several ways from a place back to itself. It is the question
// whether the product of the automaton with itself has a cycle through a pair of the same and a pair of different places,
// or an edge of several ways on a cycle. See Weber and Seidl, On the degree of ambiguity of finite automata (1991).
func (a *automaton) ambiguous() []candidate {
	var all []candidate
	groups := components(len(a.labels), func(p int, visit func(int)) {
		for _, q := range a.next(p) {
			visit(q)
		}
	})
	steps := 0
	for _, group := range groups {
		inside := map[int]bool{}
		for _, p := range group {
			inside[p] = true
		}
		for _, p := range group {
			for _, q := range a.next(p) {
				if inside[q] && a.follow[p][q] > 1 {
					back := a.path(pair{q, q}, pair{p, p}, inside)
					all = append(all, a.candidate(p, append([]rune{a.common(q, q)}, back...), inside))
				}
			}
			if len(all) >= mostCandidates {
				return all
			}
		}
		if len(group)*len(group) > mostSteps/100 {
			continue
		}
		index := func(x pair) int { return slices.Index(group, x.p)*len(group) + slices.Index(group, x.q) }
		at := func(i int) pair { return pair{group[i/len(group)], group[i%len(group)]} }
		pairs := components(len(group)*len(group), func(i int, visit func(int)) {
			a.step(at(i), inside, func(y pair) {
				if steps++; steps < mostSteps {
					visit(index(y))
				}
			})
		})
		for _, c := range pairs {
			same, other := -1, -1
			for _, i := range c {
				if x := at(i); x.p == x.q {
					same = i
				} else {
					other = i
				}
			}
			if same < 0 || other < 0 {
				continue
			}
			x, y := at(same), at(other)
			all = append(all, a.candidate(x.p, append(a.path(x, y, inside), a.path(y, x, inside)...), inside))
			if len(all) >= mostCandidates {
				return all
			}
		}
	}
	return all
}

// next returns the places that follow one, in order.
func (a *automaton) next(p int) []int {
	all := make([]int, 0, len(a.follow[p]))
	for q := range a.follow[p] {
		all = append(all, q)
	}
	slices.Sort(all)
	return all
}

// common returns a character that both places match, the likeliest one to be meant; -1 for none.
func (a *automaton) common(p, q int) rune {
	found := rune(-1)
	for i, r := range a.pool {
		if a.labels[p][i/64]&a.labels[q][i/64]&(1<<(i%64)) == 0 {
			continue
		}
		if r >= 'a' && r <= 'z' {
			return r
		}
		if found < 0 || found < ' ' {
			found = r
		}
	}
	return found
}

// step visits the pairs that follow one by a character.
func (a *automaton) step(x pair, inside map[int]bool, visit func(pair)) {
	for _, p := range a.next(x.p) {
		if !inside[p] {
			continue
		}
		for _, q := range a.next(x.q) {
			if inside[q] && a.common(p, q) >= 0 {
				visit(pair{p, q})
			}
		}
	}
}

// path returns the shortest text that leads from one pair to another.
func (a *automaton) path(from, to pair, inside map[int]bool) []rune {
	came := map[pair]pair{}
	queue := []pair{from}
	for from != to && len(queue) > 0 {
		x := queue[0]
		queue = queue[1:]
		if _, there := came[to]; there {
			break
		}
		a.step(x, inside, func(y pair) {
			if _, seen := came[y]; !seen && y != from {
				came[y] = x
				queue = append(queue, y)
			}
		})
	}
	var text []rune
	for x := to; x != from; x = came[x] {
		if _, there := came[x]; !there {
			return nil
		}
		text = append(text, a.common(x.p, x.q))
	}
	slices.Reverse(text)
	return text
}

// candidate completes one by a text that leads to its place, and by ends that may be no match.
func (a *automaton) candidate(p int, repeated []rune, inside map[int]bool) candidate {
	c := candidate{repeated: repeated}
	// The shortest way from the beginning: from a place in front of all.
	came, queue := map[int]int{}, []int{}
	for q := range a.first {
		queue = append(queue, q)
	}
	slices.Sort(queue)
	for _, q := range queue {
		came[q] = -1
	}
	for len(queue) > 0 {
		q := queue[0]
		queue = queue[1:]
		for _, r := range a.next(q) {
			if _, seen := came[r]; !seen {
				came[r] = q
				queue = append(queue, r)
			}
		}
	}
	if _, there := came[p]; there {
		for q := p; q >= 0; q = came[q] {
			c.before = append(c.before, a.common(q, q))
		}
		slices.Reverse(c.before)
	}
	for i, r := range a.pool {
		taken := false
		for q := range inside {
			taken = taken || a.labels[q][i/64]&(1<<(i%64)) != 0
		}
		if !taken {
			c.ends = append(c.ends, string(r))
			break
		}
	}
	return c
}

// components returns the groups of nodes that lead to each other, without those of one node that does not lead to itself.
// (Tarjan 1972.)
func components(n int, edges func(int, func(int))) [][]int {
	var groups [][]int
	number, low := make([]int, n), make([]int, n)
	on := make([]bool, n)
	var stack []int
	count := 0
	var enter func(int)
	enter = func(v int) {
		count++
		number[v], low[v] = count, count
		stack = append(stack, v)
		on[v] = true
		itself := false
		edges(v, func(w int) {
			itself = itself || w == v
			if number[w] == 0 {
				enter(w)
				low[v] = min(low[v], low[w])
			} else if on[w] {
				low[v] = min(low[v], number[w])
			}
		})
		if low[v] != number[v] {
			return
		}
		i := slices.Index(stack, v)
		group := slices.Clone(stack[i:])
		stack = stack[:i]
		for _, w := range group {
			on[w] = false
		}
		if len(group) > 1 || itself {
			slices.Sort(group)
			groups = append(groups, group)
		}
	}
	for v := range n {
		if number[v] == 0 {
			enter(v)
		}
	}
	return groups
}
