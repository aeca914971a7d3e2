// Package service carries out service calls: a file per verb, and the steps that verbs share, which are exactly
// resolve (find a target's peer), attach (take files to Telegram) and perform (ask Telegram and read what it did from the
// answer). Verbs that make messages share delivery, which serves one target after the other and makes
// calls repeatable, those about one chat share one.
//
// A call reaches it parsed and checked. It says what became of each target, and tells the pool what it did, so that the
// listener does not report our own doing as an event. A call with files says so only when Telegram has them, and waits no
// longer from then on than one without: what waits then are the account's events. How a connection comes about is the business of authorization.
package service

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
)

// A Pool lends senders. *authorization.Pool is one.
type Pool interface {
	Do(ctx context.Context, r authorization.Request, use func(context.Context, *authorization.Call) error) error
}

// A Store answers what a call has to know besides.
type Store interface {
	// Oldest returns the entry that a call means which names none. Fault: no_entry.
	Oldest(ctx context.Context) (entry.ID, error)
	// Proofs returns which messages are known by now to have been sent by the call with that idempotency key.
	Proofs(ctx context.Context, id entry.ID, key string) ([]authorization.Proof, error)
	// Entry returns an entry. Fault: unknown_entry.
	Entry(ctx context.Context, id entry.ID) (entry.Entry, error)
	// Peers returns whom an entry has met.
	Peers(ctx context.Context, id entry.ID) ([]peer.Record, error)
	// Ask has the listener that serves an entry carry something out, and waits for what comes of it. Fault besides those
	// of the listener: listener_away.
	Ask(ctx context.Context, id entry.ID, c entry.Command) error
}

// Options of a service.
type Options struct {
	Pool  Pool
	Store Store
	Ring  *seal.Keyring
	Clock clock.Clock
	// Deadline is how long a call may take, FileDeadline one with files (0: as long as others; once its files are with
	// Telegram it waits no longer than others), Wait how long it waits for a sender.
	Deadline     time.Duration
	FileDeadline time.Duration
	Wait         time.Duration
	// Files and Media are for calls with files, which are refused without them.
	Files Files
	Media Media
	// Keeper keeps files of messages where calls say; nil: nothing is kept.
	Keeper Keeper
	// Progress is told how many bytes of a call's files Telegram has, after each part; total is -1 while the size of one is
	// not known. Nil: nobody asks. ctx is the call's.
	Progress func(ctx context.Context, done, total int64)
	Log      *slog.Logger // nil: nothing is logged
}

// A Service carries out calls. It is safe for concurrent use.
type Service struct{ o Options }

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// names returns the keyed hashes of an entry.
func (s *Service) names(id entry.ID) outbox.Names { return outbox.NewNames(s.o.Ring, string(id)) }

// entryID returns which entry a call means.
func (s *Service) entryID(ctx context.Context, named string) (entry.ID, error) {
	if named == "" {
		return s.o.Store.Oldest(ctx)
	}
	id, ok := entry.ParseID(named)
	if !ok {
		return "", fault.At(fault.UnknownEntry, "config_entry_id", "There is no entry with this id. GET /config/entries lists them.")
	}
	return id, nil
}

// request returns what a call asks of the pool, whose waiting ends before the call's own time does.
func (s *Service) request(ctx context.Context, id entry.ID) authorization.Request {
	return s.requestWithin(ctx, id, s.o.Deadline)
}

// fileRequest is request for a call with files.
func (s *Service) fileRequest(ctx context.Context, id entry.ID) authorization.Request {
	return s.requestWithin(ctx, id, max(s.o.FileDeadline, s.o.Deadline))
}

func (s *Service) requestWithin(ctx context.Context, id entry.ID, left time.Duration) authorization.Request {
	if end, ok := ctx.Deadline(); ok {
		left = min(left, end.Sub(s.o.Clock.Now()))
	}
	return authorization.Request{Entry: id, For: left, Wait: max(0, min(s.o.Wait, left-2*time.Second))}
}

// patience returns until when a call may wait that announces itself now, after an upload: no longer than one without files,
// since from now on it holds events.
func (s *Service) patience() time.Time { return s.o.Clock.Now().Add(s.o.Deadline) }

// waitsUntil is the key of the time up to which may be waited, if that is before the context's deadline.
type waitsUntil struct{}

func waiting(ctx context.Context, until time.Time) context.Context {
	return context.WithValue(ctx, waitsUntil{}, until)
}

// sleep waits for d if that leaves time before the call has to have done with waiting, and reports whether it did.
func (s *Service) sleep(ctx context.Context, d time.Duration) bool {
	const toAnswer = 2 * time.Second
	end, ok := ctx.Deadline()
	if until, is := ctx.Value(waitsUntil{}).(time.Time); is && until.Before(end) {
		end = until
	}
	if !ok || end.Sub(s.o.Clock.Now()) < d+toAnswer {
		return false
	}
	t := s.o.Clock.Timer(d)
	defer clock.StopTimer(t)
	select {
	case <-ctx.Done():
		return false
	case <-t.C():
		return true
	}
}

// ends reports whether an error ends the whole call: nothing more can be asked over this connection.
func ends(ctx context.Context, err error) bool {
	var fate *authorization.FateError
	if errors.As(err, &fate) || ctx.Err() != nil {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if f, ok := err.(*fault.Fault); ok && (f.Code == fault.TelegramAway || f.Code == fault.Timeout || f.Code == fault.ClockWrong) {
			return true
		}
	}
	return false
}

// randomIDs returns n fresh random ids; none is 0.
func randomIDs(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		for ids[i] == 0 {
			var b [8]byte
			rand.Read(b[:])
			ids[i] = int64(binary.LittleEndian.Uint64(b[:]))
		}
	}
	return ids
}
