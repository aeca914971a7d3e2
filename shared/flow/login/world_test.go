package login

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/seal"
)

// A world is a store and a Telegram that outlive the processes that use them.
type world struct {
	mu    sync.Mutex
	clock time.Time

	flows   map[string]*stored
	entries map[entry.ID]entry.Entry
	owned   map[entry.ID]map[authorization.Name]Made
	ended   map[authorization.Key]bool // authorizations that Telegram has ended, as the store knows
	states  map[entry.ID][]byte
	away    func(call string) error

	bots    map[string]entry.Account // by token
	users   map[string]*person       // by phone number
	keys    map[[256]byte]*key
	moves   map[string]moving // tokens to be imported
	devices map[[256]byte]string
	made    uint64 // keys
	tokens  int
	refuse  func(n int, device string) error // the n-th login; before or, for errUnclear, after it was done
	answer  func(call string) error          // instead of what Telegram would say to a call
	after   func(call string) error          // instead of the answer, when it was carried out
	logins  int
	sent    int // codes
	hashes  int // passwords checked
	logOuts error
	resets  bool // every connection has to be reset
	// listening is why the listener does nothing; nil: it runs.
	listening error
	ring      *seal.Keyring
	faults    []string // what no client may do
}

// errUnclear is an error of the network after Telegram has logged a key in.
var errUnclear = errors.New("connection reset")

type stored struct {
	flow  Flow
	nonce string
	until time.Time // of the nonce
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ring, err := seal.ParseKeyring(seal.NewKey(), seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		clock: time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC), ring: ring,
		flows: map[string]*stored{}, entries: map[entry.ID]entry.Entry{}, owned: map[entry.ID]map[authorization.Name]Made{},
		ended: map[authorization.Key]bool{}, states: map[entry.ID][]byte{},
		bots: map[string]entry.Account{
			kitchenToken: {ID: 2000001, Username: "kitchen_bot", FirstName: "Kitchen"},
			cellarToken:  {ID: 2000002, Username: "cellar_bot", FirstName: "Cellar"},
		},
		users: map[string]*person{}, keys: map[[256]byte]*key{}, moves: map[string]moving{}, devices: map[[256]byte]string{},
	}
}

const (
	kitchenToken = "2000001:kitchen-SECRET"
	cellarToken  = "2000002:cellar-SECRET"
)

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// A process uses the world until it is killed.
type process struct {
	*world
	killAt int // the kill-th point at which it dies; 0 never
	points int
	dead   bool
}

var errKilled = errors.New("killed")

// point is a moment at which the process may die: before and after everything that it does to the world.
func (p *process) point() error {
	p.points++
	if p.points == p.killAt {
		p.dead = true
	}
	if p.dead {
		return errKilled
	}
	return nil
}

// do carries something out, unless the process dies before, and returns its outcome, unless it dies after.
func (p *process) do(call string, effect func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.point(); err != nil {
		return err
	}
	if p.away != nil {
		if err := p.away(call); err != nil {
			return err
		}
	}
	err := effect()
	if dead := p.point(); dead != nil {
		return dead
	}
	return err
}

func (w *world) flowsOf(killAt int) (*Flows, *process) {
	p := &process{world: w, killAt: killAt}
	wait := func(_ context.Context, d time.Duration) error { w.pass(d); return nil }
	return New(Config{Store: p, Telegram: p, Keyring: w.ring, Now: w.now, Wait: wait}), p
}

// copyFlow copies a flow as deep as a step changes it.
func copyFlow(f Flow) Flow {
	f.Made = slices.Clone(f.Made)
	for i := range f.Made {
		f.Made[i].Session = f.Made[i].Session.Clone()
	}
	f.Code, f.Mailed, f.Token, f.Signed, f.Last = clone(f.Code), clone(f.Mailed), clone(f.Token), clone(f.Signed), clone(f.Last)
	return f
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func (p *process) NewFlow(_ context.Context, f Flow) error {
	return p.do("NewFlow", func() error { p.flows[f.ID] = &stored{flow: copyFlow(f)}; return nil })
}

func (p *process) ReadFlow(_ context.Context, id string) (f Flow, err error) {
	return f, p.do("ReadFlow", func() error {
		s := p.flows[id]
		if s == nil {
			return unknownFlow()
		}
		f = copyFlow(s.flow)
		return nil
	})
}

func (w *world) take(s *stored, d time.Duration) *Held {
	s.nonce = lease.NewNonce()
	s.until = w.clock.Add(d)
	return &Held{Flow: copyFlow(s.flow), Lease: lease.New(s.nonce, 1, w.clock, d, w.now)}
}

func (p *process) TakeFlow(_ context.Context, id string, d time.Duration) (h *Held, err error) {
	return h, p.do("TakeFlow", func() error {
		s := p.flows[id]
		switch {
		case s == nil || s.flow.Last != nil:
			return unknownFlow()
		case s.nonce != "" && p.clock.Before(s.until):
			return fault.New(fault.FlowBusy, "Somebody else answers this form.")
		}
		h = p.take(s, d)
		return nil
	})
}

// hold returns what the store keeps of a held flow.
func (w *world) hold(h *Held) (*stored, error) {
	s := w.flows[h.Flow.ID]
	if s == nil || s.nonce != h.Lease.Nonce() || !w.clock.Before(s.until) {
		return nil, lease.ErrLost
	}
	return s, nil
}

func (p *process) NoteFlow(_ context.Context, h *Held) error {
	return p.do("NoteFlow", func() error {
		s, err := p.hold(h)
		if err == nil {
			s.flow = copyFlow(h.Flow)
		}
		return err
	})
}

func (p *process) PutFlow(_ context.Context, h *Held) error {
	return p.do("PutFlow", func() error {
		s, err := p.hold(h)
		if err == nil {
			s.flow, s.nonce = copyFlow(h.Flow), ""
		}
		return err
	})
}

func (p *process) DropFlow(_ context.Context, h *Held) error {
	return p.do("DropFlow", func() error {
		_, err := p.hold(h)
		if err == nil {
			delete(p.flows, h.Flow.ID)
		}
		return err
	})
}

func (p *process) TakeExpired(_ context.Context, d time.Duration) (h *Held, err error) {
	return h, p.do("TakeExpired", func() error {
		for _, id := range slices.Sorted(maps.Keys(p.flows)) {
			s := p.flows[id]
			died := s.nonce != "" && !p.clock.Before(s.until)
			late := s.nonce == "" && !p.clock.Before(s.flow.ExpiresAt)
			if (died || late) && (s.flow.Last == nil || len(s.flow.Made) > 0) {
				h = p.take(s, d)
				return nil
			}
		}
		return nil
	})
}

func (p *process) CreateEntry(_ context.Context, n NewEntry) (e entry.Entry, made bool, err error) {
	return e, made, p.do("CreateEntry", func() error {
		if old, has := p.entries[n.Entry.ID]; has {
			e = old
			return nil
		}
		e, made = n.Entry, true
		p.entries[e.ID] = e
		p.states[e.ID] = n.State
		p.owned[e.ID] = map[authorization.Name]Made{}
		for _, m := range n.Authorizations {
			p.owned[e.ID][m.Name] = m
		}
		return nil
	})
}

func (p *process) Renew(_ context.Context, n NewEntry) (e entry.Entry, err error) {
	return e, p.do("Renew", func() error {
		old, has := p.entries[n.Entry.ID]
		if !has {
			return fault.New(fault.UnknownEntry, "There is no such entry.")
		}
		if old.Removing {
			return fault.New(fault.RemovalInProgress, "It is being removed.")
		}
		e = n.Entry
		p.entries[e.ID] = e
		for _, m := range n.Authorizations {
			if former, has := p.owned[e.ID][m.Name]; !has || p.ended[former.Session.Keys[former.Session.DC]] {
				p.owned[e.ID][m.Name] = m
				if m.Name == authorization.Listener {
					p.states[e.ID] = n.State
				}
			}
		}
		return nil
	})
}

func (p *process) Entry(_ context.Context, id entry.ID) (e entry.Entry, err error) {
	return e, p.do("Entry", func() error {
		var has bool
		if e, has = p.entries[id]; !has {
			return fault.New(fault.UnknownEntry, "There is no such entry.")
		}
		return nil
	})
}

func (p *process) Owned(_ context.Context, id entry.ID, made []Made) (owned []bool, err error) {
	return owned, p.do("Owned", func() error {
		owned = make([]bool, len(made))
		for i, m := range made {
			for _, o := range p.owned[id] {
				owned[i] = owned[i] || same(o.Session, m.Session)
			}
		}
		return nil
	})
}

func (p *process) Authorizations(_ context.Context, id entry.ID) (all []entry.Device, err error) {
	return all, p.do("Authorizations", func() error {
		for n, m := range p.owned[id] {
			d := entry.Device{Purpose: n.Purpose(), Name: n.Device(), State: "ok"}
			if p.ended[m.Session.Keys[m.Session.DC]] {
				d.State = "reauth_required"
			}
			all = append(all, d)
		}
		return nil
	})
}

// Ask has the listener let somebody in, if one runs.
func (p *process) Ask(_ context.Context, id entry.ID, c entry.Command) error {
	return p.do("Ask", func() error {
		m, has := p.owned[id][authorization.Listener]
		k := p.keys[m.Session.Keys[m.Session.DC].Auth]
		switch {
		case p.listening != nil:
			return p.listening
		case c.Kind != entry.Mint || !has || k.account == 0:
			return fault.New(fault.ReauthRequired, "Its login has ended.")
		}
		return p.accept([]byte(c.Login.Reveal()), k.account)
	})
}

// in returns how many keys are logged in, a password that is still missing included.
func (w *world) in() int {
	n := 0
	for _, k := range w.keys {
		if k.in() {
			n++
		}
	}
	return n
}

// in reports whether a key is logged in, or was let in.
func (k *key) in() bool { return k.account != 0 || k.waits != 0 || k.accepted != 0 }

// loose returns how many logins no entry owns, and fails the test if an entry owns one that is not logged in.
func (w *world) loose(t *testing.T) int {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		t.Error(f)
	}
	kept := map[[256]byte]bool{}
	for id, all := range w.owned {
		for name, m := range all {
			k := m.Session.Keys[m.Session.DC]
			if w.keys[k.Auth].account == 0 && !w.ended[k] {
				t.Errorf("%s of %s was logged out", name, id)
			}
			if m.Name != name || !m.LoggedIn || !m.Done {
				t.Errorf("%s is stored as %q, %v, %v", name, m.Name, m.LoggedIn, m.Done)
			}
			kept[k.Auth] = true
		}
	}
	n := 0
	for auth, k := range w.keys {
		if k.in() && !kept[auth] {
			n++
		}
	}
	return n
}
