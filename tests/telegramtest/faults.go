package telegramtest

import (
	"context"
	"sync"

	"github.com/gotd/td/tgerr"
)

// Faults are what a test makes go wrong above the wire; those of the network are [mtserver.Faults]. Methods are named as
// in the schema ("messages.sendMessage"), "" means any.
type Faults struct {
	mu    sync.Mutex
	fails []*failure
	holds []*hold
	lost  map[int64]int // pushes to lose, by account; 0 is any
}

type failure struct {
	method  string
	err     *tgerr.Error
	times   int
	carried bool // the request is carried out before
}

// Fail refuses the next requests of a method so many times with an error, such as 420 and "FLOOD_WAIT_30".
func (f *Faults) Fail(method string, code int, message string, times int) {
	f.fail(&failure{method: method, err: tgerr.New(code, message), times: times})
}

// FailAfter carries the next requests of a method out and answers them with an error nevertheless.
func (f *Faults) FailAfter(method string, code int, message string, times int) {
	f.fail(&failure{method: method, err: tgerr.New(code, message), times: times, carried: true})
}

func (f *Faults) fail(x *failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = append(f.fails, x)
}

// LosePushes loses the next pushes to an account's logins, 0 to everybody's.
func (f *Faults) LosePushes(account int64, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost == nil {
		f.lost = map[int64]int{}
	}
	f.lost[account] = n
}

func (f *Faults) loses(account int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range []int64{account, 0} {
		if f.lost[id] > 0 {
			f.lost[id]--
			return true
		}
	}
	return false
}

// hold is a request that waits.
type hold struct {
	method  string
	carried bool
	arrived chan struct{}
	release chan struct{}
	once    sync.Once
}

// Hold stops the next request of a method before it is carried out; arrived is closed when it is there.
func (f *Faults) Hold(method string) (arrived <-chan struct{}, release func()) {
	return f.hold(method, false)
}

// HoldAnswer stops the next request of a method after it was carried out and before it is answered.
func (f *Faults) HoldAnswer(method string) (arrived <-chan struct{}, release func()) {
	return f.hold(method, true)
}

func (f *Faults) hold(method string, carried bool) (<-chan struct{}, func()) {
	h := &hold{method: method, carried: carried, arrived: make(chan struct{}), release: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds = append(f.holds, h)
	return h.arrived, h.open
}

func (h *hold) open() { h.once.Do(func() { close(h.release) }) }

// Reset takes everything back.
func (f *Faults) Reset() {
	f.release()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails, f.lost = nil, nil
}

// release lets all requests go that are held.
func (f *Faults) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.holds {
		h.open()
	}
	f.holds = nil
}

func (f *Faults) before(ctx context.Context, method string) error { return f.apply(ctx, method, false) }
func (f *Faults) after(ctx context.Context, method string) error  { return f.apply(ctx, method, true) }

func (f *Faults) apply(ctx context.Context, method string, carried bool) error {
	if h := f.held(method, carried); h != nil {
		close(h.arrived)
		select {
		case <-h.release:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.fails {
		if x.times > 0 && x.carried == carried && (x.method == "" || x.method == method) {
			x.times--
			return x.err
		}
	}
	return nil
}

// held returns the hold that is meant for a request. It stays in the list until it is let go, so that the end of the
// server lets it go too.
func (f *Faults) held(method string, carried bool) *hold {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.holds {
		if h.carried != carried || h.method != "" && h.method != method {
			continue
		}
		select {
		case <-h.arrived:
			continue // it holds another one, or did
		default:
			return h
		}
	}
	return nil
}
