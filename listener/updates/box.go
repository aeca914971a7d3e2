package updates

import (
	"slices"
	"time"
)

// A box is a sequence of numbered updates: the account's pts, its qts, or a channel's pts. An update with number pts
// and count n takes the box from pts-n to pts.
type box struct {
	pts     int
	pending []pending // ordered by where they start, then by arrival
	// since is when a hole in front of pending was first seen; zero: there is none.
	since time.Time
}

type pending struct {
	pts, count int
	update     Update
	from       *origin
}

func (p *pending) start() int { return p.pts - p.count }

// offer puts an update in line.
func (b *box) offer(p pending) {
	i := len(b.pending)
	for i > 0 && b.pending[i-1].start() > p.start() {
		i--
	}
	b.pending = slices.Insert(b.pending, i, p)
}

// next takes the update that continues the box, and moves the box on. It drops what the box is past. torn reports that
// an update begins before the box's place and ends after it: only a difference can tell what is missing.
func (b *box) next() (p pending, ok, torn bool) {
	for len(b.pending) > 0 {
		p = b.pending[0]
		switch {
		case p.start() == b.pts:
			b.pending = b.pending[1:]
			b.pts = p.pts
			return p, true, false
		case p.pts <= b.pts:
			b.pending = b.pending[1:]
		default:
			return pending{}, false, p.start() < b.pts
		}
	}
	b.pending = nil // lets go of the array
	return pending{}, false, false
}

// jump moves the box to where a difference ends, and drops what the difference had.
func (b *box) jump(pts int) {
	b.pts = pts
	b.pending = slices.DeleteFunc(b.pending, func(p pending) bool { return p.pts <= pts })
	b.since = time.Time{}
}

// mind keeps since: it says since when there has been a hole, given that everything that fits was taken.
func (b *box) mind(now time.Time) {
	switch {
	case len(b.pending) == 0:
		b.since = time.Time{}
	case b.since.IsZero():
		b.since = now
	}
}
