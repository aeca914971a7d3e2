package service

import (
	"context"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/transfer"
)

const (
	// longFile is from what size on the log says how far a file is: as often as a tenth of it or some time has passed.
	longFile     = 10 << 20
	progressTime = 10 * time.Second
)

// progress is how far the files of a call are.
type progress struct {
	s     *Service
	ctx   context.Context
	c     *authorization.Call
	sizes []int64 // -1: not known
	done  []int64

	what      string // happens to a file, for the log
	said      time.Time
	saidTenth int64
}

func (s *Service) newProgress(ctx context.Context, c *authorization.Call, files int) *progress {
	p := &progress{s: s, ctx: ctx, c: c, what: "a file is on its way to Telegram", sizes: make([]int64, files), done: make([]int64, files)}
	for i := range p.sizes {
		p.sizes[i] = -1
	}
	return p
}

// of returns what the transfer of the i-th file reports to.
func (p *progress) of(i int, size int64) transfer.Progress {
	p.sizes[i], p.done[i] = size, 0
	p.said, p.saidTenth = p.s.o.Clock.Now(), 0
	return func(done, total int64) {
		p.done[i] = done
		p.log(i, done, total)
		if p.s.o.Progress != nil {
			p.s.o.Progress(p.ctx, sum(p.done), whole(p.sizes))
		}
	}
}

// fetching is of for the one file that is fetched, of which only the log tells.
func (p *progress) fetching() transfer.Progress {
	p.what, p.said = "a file is on its way from Telegram", p.s.o.Clock.Now()
	return func(done, total int64) { p.log(0, done, total) }
}

// log says in the log how far a long file is. It names neither the file nor where it comes from.
func (p *progress) log(i int, done, total int64) {
	now := p.s.o.Clock.Now()
	tenth := int64(0)
	if total > 0 {
		tenth = done * 10 / total
	}
	if p.s.o.Log == nil || max(done, total) <= longFile || tenth == p.saidTenth && now.Sub(p.said) < progressTime {
		return
	}
	p.said, p.saidTenth = now, tenth
	p.s.o.Log.InfoContext(p.ctx, p.what, "entry", p.c.Entry.ID, "file", i+1, "files", len(p.sizes), "bytes", done, "size", total)
}

func sum(all []int64) (n int64) {
	for _, one := range all {
		n += one
	}
	return n
}

// whole returns the size of all files; -1 if that of one is not known.
func whole(sizes []int64) int64 {
	for _, size := range sizes {
		if size < 0 {
			return -1
		}
	}
	return sum(sizes)
}
