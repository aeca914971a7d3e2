package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	optionsflow "telegram-client/shared/flow/options"
	"telegram-client/shared/lease"
	"telegram-client/shared/seal"
)

var (
	_ authorization.Store = (*Store)(nil)
	_ login.Store         = (*Store)(nil)
	_ optionsflow.Store   = (*Store)(nil)
)

// Options say how a Store works. The zero Options are those of a function.
type Options struct {
	Numbers Numbers
	// OwnStore: the store is our own child process that writes every change to the disk before it answers. After its
	// restart nothing has been forgotten, so nobody waits.
	OwnStore bool
	// Holder is the mark of this installation, recorded with the leases it is granted; "" has none. See ClaimEntry.
	Holder string
	// Sole: the caller has the proof, as long as the Store lives, that every other process of this Holder is dead. What they
	// hold is then free at once.
	Sole bool
	// Now is the local clock; nil is time.Now.
	Now func() time.Time
}

// A Store keeps everything. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	ring    *seal.Keyring
	numbers Numbers
	own     bool
	holder  string
	sole    bool
	process string // a mark of this Store, so that a takeover spares what it holds itself
	now     func() time.Time
	scripts scripts
	bells   *bells
	// ahead is how far the scripts' clock is ahead of the store's; tests let time pass with it.
	ahead func() time.Duration

	mu      sync.Mutex
	scanned time.Time // when the index of entries was last compared with what is there
	changes *bell     // kept, so that a change between two waits is not missed
}

// New returns a Store on a client, which it closes.
func New(client redis.UniversalClient, ring *seal.Keyring, o Options) *Store {
	s := &Store{client: client, ring: ring, numbers: o.Numbers.withDefaults(), own: o.OwnStore, holder: o.Holder, sole: o.Sole && o.Holder != "", now: o.Now,
		process: lease.NewNonce(), scripts: newScripts(), ahead: func() time.Duration { return 0 }}
	if s.now == nil {
		s.now = time.Now
	}
	s.bells = newBells(client)
	return s
}

// Close ends what runs in the background and all connections.
func (s *Store) Close() error {
	s.bells.close()
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// fields are what a script is told in clear. A script that is told nil where it wants a list would not find one, so
// lists are never nil.
type fields map[string]any

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// run runs a script on an entry.
func (s *Store) run(ctx context.Context, sc *script, id entry.ID, h fields, sealed ...[]byte) (reply, error) {
	h["idem_prefix"], h["bell"] = idemPrefix(id), bellKey(id)
	return s.runOn(ctx, sc, keys(id, sc.parts), h, sealed...)
}

func (s *Store) runOn(ctx context.Context, sc *script, names []string, h fields, sealed ...[]byte) (reply, error) {
	return s.runBy(ctx, s.client, sc, names, h, sealed...)
}

func (s *Store) runBy(ctx context.Context, client redis.Scripter, sc *script, names []string, h fields, sealed ...[]byte) (reply, error) {
	h["ahead"] = s.ahead().Milliseconds()
	h["own_store"] = s.own
	h["process"] = s.process
	h["quarantine"] = s.numbers.Quarantine.Milliseconds()
	h["rest"] = s.numbers.Rest.Milliseconds()
	h["cooldown"] = s.numbers.CoolDown.Milliseconds()
	h["mark_life"] = s.numbers.MarkLife.Milliseconds()
	h["max_items"], h["max_bytes"], h["max_passing"] = s.numbers.OutboxItems, s.numbers.OutboxBytes, s.numbers.OutboxPassing
	h["max_dead"], h["dead_life"] = s.numbers.DeadLetters, s.numbers.DeadLife.Milliseconds()
	h["first_lease"] = (s.numbers.CallDeadline + s.numbers.Margin).Milliseconds()
	h["first_listener_lease"] = s.numbers.ListenerLease.Milliseconds()
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sc.name, err)
	}
	args := make([]any, 0, 1+len(sealed))
	args = append(args, head)
	for _, b := range sealed {
		args = append(args, b)
	}
	got, err := sc.run.Run(ctx, client, names, args...).Slice()
	if err != nil {
		return nil, s.failed(ctx, sc.name, err)
	}
	if len(got) == 0 {
		return nil, fmt.Errorf("%s: no answer", sc.name)
	}
	return reply(got), nil
}

// failed returns the error of a command: the store is away, unless the caller gave up or we asked nonsense.
func (s *Store) failed(ctx context.Context, what string, err error) error {
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fault.New(fault.Timeout, "The store did not answer in time.").Because(fmt.Errorf("%s: %w", what, cause))
		}
		return fmt.Errorf("%s: %w", what, cause)
	}
	var said redis.Error
	if errors.As(err, &said) {
		if word, _, _ := strings.Cut(said.Error(), " "); word == "ERR" || word == "CROSSSLOT" || word == "WRONGTYPE" {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return fault.New(fault.StoreUnavailable, "The store of the bridge cannot be reached. Try again in a moment.").
		After(2 * time.Second).Because(fmt.Errorf("%s: %w", what, withoutAddress(err)))
}

// withoutAddress keeps what a network error says, not where the store is.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// A reply is a script's answer.
type reply []any

func (r reply) word() string { return r.text(0) }

func (r reply) text(i int) string {
	if i >= len(r) {
		return ""
	}
	switch v := r[i].(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

func (r reply) bytes(i int) []byte { return []byte(r.text(i)) }

func (r reply) int(i int) int64 {
	n, _ := strconv.ParseInt(r.text(i), 10, 64)
	return n
}

func (r reply) millis(i int) time.Duration { return time.Duration(r.int(i)) * time.Millisecond }

func (r reply) list(i int) reply {
	if i >= len(r) {
		return nil
	}
	l, _ := r[i].([]any)
	return l
}

// The faults that several sentences share.

func unknownEntry() error {
	return fault.New(fault.UnknownEntry, "There is no such entry. Look at /config/entries for those there are.")
}

func removing() error {
	return fault.New(fault.RemovalInProgress, "This entry is being removed: its logins are being ended.")
}

func unreadable(err error) error {
	return fault.New(fault.Misconfigured, "The stored login cannot be opened. Restore the seal keys it was sealed with.").Because(err)
}

func (s *Store) unexpected(sc *script, r reply) error {
	switch r.word() {
	case "unknown_entry":
		return unknownEntry()
	case "removing":
		return removing()
	}
	return fmt.Errorf("%s answered %q", sc.name, r.word())
}
