package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
)

// CreateEntry makes an entry. See flow/login.
func (s *Store) CreateEntry(ctx context.Context, n login.NewEntry) (entry.Entry, bool, error) {
	e := n.Entry
	if e.CreatedAt.IsZero() {
		e.CreatedAt = s.now().UTC()
	}
	if e.ModifiedAt.IsZero() {
		e.ModifiedAt = e.CreatedAt
	}
	record, err := s.sealEntry(&e)
	if err != nil {
		return entry.Entry{}, false, err
	}
	names, rests, sealed, err := s.sealMade(e.ID, n.Authorizations)
	if err != nil {
		return entry.Entry{}, false, err
	}
	// The index first: an id without an entry is repaired, an entry that nobody finds is not seen for minutes.
	created := e.CreatedAt.UnixMilli()
	if err := s.client.ZAddNX(ctx, entriesKey, redis.Z{Score: float64(created), Member: string(e.ID)}).Err(); err != nil {
		return entry.Entry{}, false, s.failed(ctx, "create entry", err)
	}
	state := s.ring.Seal(key(e.ID, partState), n.State)
	got, err := s.run(ctx, s.scripts.createEntry, e.ID, fields{"by": lease.NewNonce(), "created": created, "names": names, "rests": rests},
		append([][]byte{record, state}, sealed...)...)
	if err != nil {
		return entry.Entry{}, false, err
	}
	made := got.word() == "created"
	if !made && got.word() != "exists" {
		return entry.Entry{}, false, s.unexpected(s.scripts.createEntry, got)
	}
	if made {
		s.tellChange(ctx)
	}
	e, err = s.openEntry(e.ID, got.bytes(1), got.int(2), got.int(3))
	return e, made, err
}

func (s *Store) sealMade(id entry.ID, made []login.Made) (names []string, rests []bool, sealed [][]byte, err error) {
	names, rests = []string{}, []bool{}
	for _, m := range made {
		if m.Name == "" {
			continue // one that is to be logged out
		}
		session, err := s.sealSession(id, m.Name, m.Session)
		if err != nil {
			return nil, nil, nil, err
		}
		names, rests, sealed = append(names, string(m.Name)), append(rests, m.Rests), append(sealed, session)
	}
	return names, rests, sealed, nil
}

// Renew puts new authorizations in the place of dead ones. See flow/login.
func (s *Store) Renew(ctx context.Context, n login.NewEntry) (entry.Entry, error) {
	id := n.Entry.ID
	for {
		e, err := s.Entry(ctx, id)
		if err != nil {
			return entry.Entry{}, err
		}
		e.Account, e.App, e.BotToken, e.ClientType = n.Entry.Account, n.Entry.App, n.Entry.BotToken, n.Entry.ClientType
		e.ModifiedAt = s.now().UTC()
		record, err := s.sealEntry(&e)
		if err != nil {
			return entry.Entry{}, err
		}
		names, rests, sealed, err := s.sealMade(id, n.Authorizations)
		if err != nil {
			return entry.Entry{}, err
		}
		reload, err := s.sealCommand(id, entry.Command{Kind: entry.Reload})
		if err != nil {
			return entry.Entry{}, err
		}
		state := s.ring.Seal(key(id, partState), n.State)
		got, err := s.run(ctx, s.scripts.renewEntry, id, fields{"rev": fmt.Sprint(e.Revision), "names": names, "rests": rests},
			append([][]byte{record, state, reload}, sealed...)...)
		if err != nil {
			return entry.Entry{}, err
		}
		switch got.word() {
		case "ok":
			s.tellChange(ctx) // the listener lost its lease with its old authorization
			e.Revision = got.int(1)
			return e, nil
		case "conflict":
			continue
		}
		return entry.Entry{}, s.unexpected(s.scripts.renewEntry, got)
	}
}

// Owned reports which of made are authorizations of the entry now. See flow/login.
func (s *Store) Owned(ctx context.Context, id entry.ID, made []login.Made) ([]bool, error) {
	owned := make([]bool, len(made))
	var keys [][256]byte
	for _, n := range authorization.Names(authorization.MaxSenders) {
		blob, err := s.client.HGet(ctx, key(id, partAuthorization(n)), "session").Bytes()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, s.failed(ctx, "owned", err)
		}
		session, err := s.openSession(id, n, blob)
		if err != nil {
			return nil, err
		}
		for _, k := range session.Keys {
			keys = append(keys, k.Auth)
		}
	}
	for i, m := range made {
		for _, k := range keys {
			if m.Session.Keys[m.Session.DC].Auth == k {
				owned[i] = true
			}
		}
	}
	return owned, nil
}

// Entry returns the record of an entry. Fault: unknown_entry.
func (s *Store) Entry(ctx context.Context, id entry.ID) (entry.Entry, error) {
	got, err := s.client.HMGet(ctx, key(id, partEntry), "rec", "rev", "removing").Result()
	if err != nil {
		return entry.Entry{}, s.failed(ctx, "entry", err)
	}
	r := reply(got)
	if len(r.bytes(0)) == 0 {
		return entry.Entry{}, unknownEntry()
	}
	return s.openEntry(id, r.bytes(0), r.int(1), r.int(2))
}

// ChangeEntry applies change to the record as it is, keeps the result, and tells the listener. If somebody else changed
// it meanwhile, change is called again with what it is then; an error of change ends the attempt. Faults: unknown_entry,
// removal_in_progress.
func (s *Store) ChangeEntry(ctx context.Context, id entry.ID, change func(*entry.Entry) error) (entry.Entry, error) {
	return s.changeEntry(ctx, id, "", true, change)
}

// errAsItIs of a change means that there is nothing to change.
var errAsItIs = errors.New("nothing to change")

func (s *Store) changeEntry(ctx context.Context, id entry.ID, nonce string, tell bool, change func(*entry.Entry) error) (entry.Entry, error) {
	for {
		e, err := s.Entry(ctx, id)
		if err != nil {
			return entry.Entry{}, err
		}
		if e.Removing && nonce == "" {
			return entry.Entry{}, removing()
		}
		if err := change(&e); errors.Is(err, errAsItIs) {
			return e, nil
		} else if err != nil {
			return entry.Entry{}, err
		}
		e.ModifiedAt = s.now().UTC()
		record, err := s.sealEntry(&e)
		if err != nil {
			return entry.Entry{}, err
		}
		var reload []byte
		if tell {
			if reload, err = s.sealCommand(id, entry.Command{Kind: entry.Reload}); err != nil {
				return entry.Entry{}, err
			}
		}
		got, err := s.run(ctx, s.scripts.changeEntry, id, fields{"by": lease.NewNonce(), "rev": fmt.Sprint(e.Revision), "nonce": nonce}, record, reload)
		if err != nil {
			return entry.Entry{}, err
		}
		switch got.word() {
		case "ok":
			e.Revision = got.int(1)
			return e, nil
		case "conflict":
			continue
		case "lost":
			return entry.Entry{}, fmt.Errorf("change %s: %w", id, lease.ErrLost)
		}
		return entry.Entry{}, s.unexpected(s.scripts.changeEntry, got)
	}
}

// ConfirmTarget records that the handshake of the target of that generation succeeded; one of another is forgotten.
func (s *Store) ConfirmTarget(ctx context.Context, id entry.ID, generation int64) error {
	_, err := s.changeEntry(ctx, id, "", false, func(e *entry.Entry) error {
		if e.Target.Generation != generation || e.Target.Confirmed {
			return errAsItIs
		}
		e.Target.Confirmed = true
		return nil
	})
	return err
}

// MarkRemoving makes an entry a tombstone and tells the listener, again if it is one already. Fault: unknown_entry.
func (s *Store) MarkRemoving(ctx context.Context, id entry.ID) error {
	remove, err := s.sealCommand(id, entry.Command{Kind: entry.Remove})
	if err != nil {
		return err
	}
	got, err := s.run(ctx, s.scripts.removeEntry, id, fields{}, remove)
	if err != nil {
		return err
	}
	if got.word() != "ok" {
		return s.unexpected(s.scripts.removeEntry, got)
	}
	// A tombstone goes to the end of the index, so that it is not taken for the oldest entry. It is only a hint.
	_ = s.client.ZAddXX(ctx, entriesKey, redis.Z{Score: tombstoneScore, Member: string(id)}).Err()
	s.tellChange(ctx)
	return nil
}

const tombstoneScore = 9e15

// Overviews returns what there is to show about every entry, tombstones too, the oldest first.
func (s *Store) Overviews(ctx context.Context) ([]entry.Overview, error) {
	ids, err := s.Entries(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]entry.Overview, 0, len(ids))
	for _, id := range ids {
		o, err := s.Overview(ctx, id)
		if fault.Is(err, fault.UnknownEntry) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// Overview returns what there is to show about an entry. One whose record cannot be opened shows that. Fault:
// unknown_entry.
func (s *Store) Overview(ctx context.Context, id entry.ID) (entry.Overview, error) {
	got, err := s.run(ctx, s.scripts.overview, id, fields{})
	if err != nil {
		return entry.Overview{}, err
	}
	if got.word() != "ok" {
		return entry.Overview{}, s.unexpected(s.scripts.overview, got)
	}
	e, queue := got.list(1), got.list(3)
	o := entry.Overview{Devices: devices(got.list(2))}
	o.Entry, err = s.openEntry(id, e.bytes(0), e.int(1), e.int(2))
	if err != nil {
		o.Entry.CreatedAt = time.UnixMilli(e.int(3)).UTC()
		o.Entry.ModifiedAt = o.Entry.CreatedAt
		o.Status.Health = append(o.Status.Health, health.Condition{Code: health.RecordUnreadable, Since: o.Entry.CreatedAt,
			Placeholders: map[string]string{"reason": "it was sealed with a key that is not configured, or is damaged"}})
	}
	s.openStatus(id, e.bytes(4), queue, &o.Status)
	for i, at := range []*int{&o.Sent.LastSent, &o.Sent.LastEdited, &o.Sent.LastDeleted} {
		if blob := e.bytes(5 + i); len(blob) > 0 {
			_ = s.openJSON(fieldName(id, partEntry, []string{"sent", "edited", "deleted"}[i]), blob, at) // unreadable: not known
		}
	}
	o.Queue = entry.Queue{Waiting: int(queue.int(0)), Dead: int(queue.int(2)), Dropped: int(queue.int(3))}
	if oldest := queue.int(1); oldest > 0 {
		o.Queue.OldestAge = max(0, time.Duration(queue.int(6)-oldest)*time.Millisecond)
	}
	unread(&o, queue.int(7), queue.int(6))
	return o, nil
}

// unreadAfter is how long the target of a reader is usable after it was set or read.
const unreadAfter = 2 * time.Minute

// unread says that nobody fetches the events of an entry that has them fetched: no delivery of the listener finds out.
func unread(o *entry.Overview, read, now int64) {
	if t := &o.Entry.Target; t.Type != entry.Pull || t.Paused || o.Entry.Removing {
		return
	}
	since := o.Entry.ModifiedAt
	if at := unixMilli(read); at.After(since) {
		since = at
	}
	if time.UnixMilli(now).Sub(since) < unreadAfter {
		return
	}
	o.Status.TargetUnreachableSince = since
	o.Status.Health = append(o.Status.Health, health.Condition{Code: health.HomeUnreachable, Since: since,
		Placeholders: map[string]string{"reason": "it does not fetch its events"}})
}

// openStatus completes what the listener last said: if none serves the entry any more it is not connected, whatever the
// last one said before it died.
func (s *Store) openStatus(id entry.ID, blob []byte, queue reply, to *entry.Status) {
	var r statusRecord
	if len(blob) > 0 && s.openJSON(fieldName(id, partEntry, "status"), blob, &r) == nil {
		to.Connected, to.Since, to.TargetUnreachableSince = r.Connected, r.Since, r.TargetUnreachableSince
		to.Health = append(to.Health, r.Health...)
	}
	if served := queue.int(4) == 1; !served && to.Connected {
		since := queue.int(5)
		if since == 0 {
			since = queue.int(6)
		}
		to.Connected, to.Since = false, time.UnixMilli(since).UTC()
		to.Health = append(to.Health, health.Condition{Code: health.Connecting, Since: to.Since,
			Placeholders: map[string]string{"reason": "no listener runs"}})
	}
}

func devices(flat reply) []entry.Device {
	all := []entry.Device{}
	for i := 0; i+1 < len(flat); i += 2 {
		n := authorization.Name(flat.text(i))
		state := "ok"
		switch flat.text(i + 1) {
		case "ended":
			state = "reauth_required"
		case "duplicated", "resting":
			state = "resting"
		}
		all = append(all, entry.Device{Purpose: n.Purpose(), Name: n.Device(), State: state})
	}
	return all
}

// Authorizations returns the state of each authorization of an entry. Fault: unknown_entry.
func (s *Store) Authorizations(ctx context.Context, id entry.ID) ([]entry.Device, error) {
	got, err := s.run(ctx, s.scripts.overview, id, fields{})
	if err != nil {
		return nil, err
	}
	if got.word() != "ok" {
		return nil, s.unexpected(s.scripts.overview, got)
	}
	return devices(got.list(2)), nil
}

// KnowsEvent reports whether an event waits for its acknowledgement, or had it in the last day, or is the one with which
// the present target is tried. Fault: unknown_entry.
func (s *Store) KnowsEvent(ctx context.Context, id entry.ID, event uuid.UUID) (bool, error) {
	e, err := s.Entry(ctx, id)
	if err != nil {
		return false, err
	}
	if event == entry.HandshakeID(id, e.Target.Generation) {
		return true, nil
	}
	name := s.itemName(id, event.String())
	waits, err := s.client.HExists(ctx, key(id, partMeta), name).Result()
	if err != nil || waits {
		return waits, s.failedUnlessNil(ctx, "event", err)
	}
	err = s.client.ZScore(ctx, key(id, partAcked), name).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, s.failedUnlessNil(ctx, "event", err)
}

func (s *Store) failedUnlessNil(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	return s.failed(ctx, what, err)
}
