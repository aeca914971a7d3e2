package pull

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/clock"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
)

const (
	kitchen = entry.ID("tg_kitchenkitchenkitchenkitch")
	garden  = entry.ID("tg_gardengardengardengardenga")
)

func owned(id entry.ID, change ...func(*entry.Entry)) entry.Entry {
	e := entry.Entry{ID: id, Revision: 1, Target: entry.Target{Type: entry.Pull, Owner: "home"}}
	for _, c := range change {
		c(&e)
	}
	return e
}

// A shelf answers each look at an entry with what the test puts there, and remembers what it was asked.
type shelf struct {
	entries []entry.Entry
	answers map[entry.ID][]any // an error or what is pulled; the last one stays
	asked   map[entry.ID][]outbox.Pull
	told    []entry.Command
	rung    chan struct{}
	looked  func()
}

func newShelf(entries ...entry.Entry) *shelf {
	return &shelf{entries: entries, answers: map[entry.ID][]any{}, asked: map[entry.ID][]outbox.Pull{}, rung: make(chan struct{}, 1), looked: func() {}}
}

func (s *shelf) Entries(context.Context) (ids []entry.ID, err error) {
	for _, e := range s.entries {
		ids = append(ids, e.ID)
	}
	return append(ids, "tg_forgottenmeanwhileforgotten"), nil
}

func (s *shelf) Entry(_ context.Context, id entry.ID) (entry.Entry, error) {
	for _, e := range s.entries {
		if e.ID == id {
			return e, nil
		}
	}
	return entry.Entry{}, fault.New(fault.UnknownEntry, "There is no such entry.")
}

func (s *shelf) Pull(_ context.Context, id entry.ID, p outbox.Pull) (outbox.Pulled, error) {
	s.asked[id] = append(s.asked[id], p)
	all := s.answers[id]
	if len(all) > 1 {
		s.answers[id] = all[1:]
	}
	s.looked()
	if err, ok := all[0].(error); ok {
		return outbox.Pulled{}, err
	}
	return all[0].(outbox.Pulled), nil
}

func (s *shelf) WaitEvents(context.Context, []entry.ID) (<-chan struct{}, func()) {
	return s.rung, func() {}
}

func (s *shelf) SendCommand(_ context.Context, _ entry.ID, c entry.Command) error {
	s.told = append(s.told, c)
	return nil
}

func (s *shelf) afters(id entry.ID) (all []string) {
	for _, p := range s.asked[id] {
		all = append(all, p.After)
	}
	return all
}

func batch(name byte, bodies ...string) outbox.Pulled {
	p := outbox.Pulled{Batch: strings.Repeat(string(name), BatchName)}
	for _, b := range bodies {
		p.Items = append(p.Items, outbox.Item{Body: []byte(b)})
	}
	return p
}

func read(t *testing.T, s *shelf, q Request) (Batch, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	q.Owner, q.Reader = "home", "1"
	return New(s, clock.System).Read(ctx, q)
}

func TestRead_NamesTheBatchOfEachEntry(t *testing.T) {
	t.Parallel()
	others := func(e *entry.Entry) { e.Target.Owner = "another" }
	posted := func(e *entry.Entry) { e.Target.Type = entry.Webhook }
	tomb := func(e *entry.Entry) { e.Removing = true }
	s := newShelf(owned(kitchen), owned("tg_another4another4another4an", others), owned("tg_posted44posted44posted44po", posted),
		owned("tg_tombstonetombstonetombston", tomb), owned(garden, func(e *entry.Entry) { e.Target.Paused = true }))
	asked := batch('a', "1", "2")
	asked.More, asked.Queries = true, []int64{77}
	s.answers[kitchen] = []any{asked}
	s.answers[garden] = []any{outbox.Pulled{}, batch('g')}
	got, err := read(t, s, Request{})
	if err != nil || len(got.Items) != 2 || !got.More || got.Cursor != "b_kitchenkitch"+strings.Repeat("a", 16) {
		t.Fatalf("%+v, %v", got, err)
	}
	if len(s.told) != 1 || s.told[0].Kind != entry.Acknowledged || s.told[0].Callback.QueryID != 77 {
		t.Errorf("told: %+v", s.told)
	}
	got, err = read(t, s, Request{After: got.Cursor})
	if want := "b_kitchenkitch" + strings.Repeat("a", 16) + "gardengarden" + strings.Repeat("g", 16); err != nil || got.Cursor != want {
		t.Fatalf("%+v, %v; not %s", got, err, want)
	}
	if _, err = read(t, s, Request{After: got.Cursor}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", strings.Repeat("a", 16), strings.Repeat("a", 16)}, s.afters(kitchen)); diff != "" {
		t.Errorf("of the kitchen:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "", strings.Repeat("g", 16)}, s.afters(garden)); diff != "" {
		t.Errorf("of the garden:\n%s", diff)
	}
	if p := s.asked[kitchen][0]; p.Most != 50 || p.MostBytes != 500_000 || p.Reader != "1" || p.Revision != 1 {
		t.Errorf("asked %+v", p)
	}
	if p := s.asked[garden][0]; p.Most != 0 {
		t.Errorf("a paused entry is asked for events: %+v", p)
	}
	if len(s.asked) != 2 {
		t.Errorf("asked: %v", s.asked)
	}
}

func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after string
		owner string
		err   error
		want  fault.Code
	}{
		"no cursor at all":             {after: "c_1", want: fault.CursorUnknown},
		"a part of a cursor":           {after: "b_kitchen", want: fault.CursorUnknown},
		"one of no entry that is here": {after: "b_gardengarden" + strings.Repeat("g", 16), want: fault.CursorUnknown},
		"one that the entry forgot":    {after: "b_kitchenkitch" + strings.Repeat("a", 16), err: UnknownCursor(), want: fault.CursorUnknown},
		"the entry of another":         {owner: "another", want: fault.NoEntry},
		"who was replaced":             {err: fault.New(fault.ReaderReplaced, "Another reader."), want: fault.ReaderReplaced},
	} {
		s := newShelf(owned(kitchen, func(e *entry.Entry) {
			if c.owner != "" {
				e.Target.Owner = c.owner
			}
		}))
		s.answers[kitchen] = []any{batch('a', "1")}
		if c.err != nil {
			s.answers[kitchen] = []any{c.err}
		}
		if _, err := read(t, s, Request{After: c.after, Wait: time.Second}); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// still is a clock whose timers never end: only a bell ends a wait.
type still struct{ clock.Clock }

func (c still) Timer(time.Duration) clock.Timer { return c.Clock.Timer(24 * time.Hour) }

func TestRead_WaitsForTheBell(t *testing.T) {
	t.Parallel()
	s := newShelf(owned(kitchen))
	s.answers[kitchen] = []any{outbox.ErrChanged, outbox.Pulled{}, outbox.Pulled{}, batch('a', "1")}
	looks := 0
	s.looked = func() {
		if looks++; looks == 3 { // before the bell is heard there are two looks that find nothing
			s.rung <- struct{}{}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := New(s, still{clock.System}).Read(ctx, Request{Owner: "home", Reader: "1", Wait: time.Hour})
	if err != nil || len(got.Items) != 1 || looks != 4 {
		t.Fatalf("%+v, %v after %d looks", got, err, looks)
	}
	for i, p := range s.asked[kitchen] {
		if p.Wait <= 0 || p.Wait > MostWait {
			t.Errorf("look %d: waits %v", i, p.Wait)
		}
	}
}

func TestRead_EndsWithTheWait(t *testing.T) {
	t.Parallel()
	s := newShelf(owned(kitchen))
	after := "b_kitchenkitch" + strings.Repeat("a", 16)
	s.answers[kitchen] = []any{batch('a')}
	got, err := read(t, s, Request{After: after, Wait: 30 * time.Millisecond})
	if err != nil || got.Cursor != after || len(got.Items) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.looked = func() {
		if len(s.asked[kitchen]) > 5 {
			cancel()
		}
	}
	go func() { // ends with the bell that nobody hears any more
		for range 10 {
			select {
			case s.rung <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	if _, err := New(s, clock.System).Read(ctx, Request{Owner: "home", Reader: "1", Wait: MostWait}); !fault.Is(err, fault.Timeout) {
		t.Errorf("after the caller has gone: %v", err)
	}
}
