package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
)

// ClaimEntry takes the lease of an entry's listener authorization for d. holder is the mark of the caller's
// installation; with takeover, which needs the proof that the installation's former process is dead, leases of the same
// holder, its senders' too, are over at once, but for those granted by this Store. It returns nil if the entry is served by somebody else, rests, is
// quarantined, or the store was restarted a moment ago. Faults: unknown_entry, misconfigured if the record cannot be
// opened.
func (s *Store) ClaimEntry(ctx context.Context, id entry.ID, holder string, takeover bool, d time.Duration) (*authorization.Claim, error) {
	nonce, asked := lease.NewNonce(), s.now()
	got, err := s.run(ctx, s.scripts.claimEntry, id, fields{"nonce": nonce, "lease": d.Milliseconds(), "holder": holder,
		"takeover": takeover && holder != ""})
	if err != nil {
		return nil, err
	}
	switch got.word() {
	case "no":
		return nil, nil
	case "claimed":
	default:
		return nil, s.unexpected(s.scripts.claimEntry, got)
	}
	var said struct {
		Epoch int64
		State string
		Now   int64
		Rest  int64
	}
	if err := json.Unmarshal(got.bytes(1), &said); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	c := &authorization.Claim{Lease: lease.New(nonce, said.Epoch, asked, d, s.now),
		Commands: fmt.Sprintf("%d-0", said.Now-s.ahead().Milliseconds()-commandsBefore.Milliseconds())}
	c.Rest = time.Duration(said.Rest) * time.Millisecond
	if err := s.openClaim(id, c, said.State, got); err != nil {
		// Nothing was done with it: it goes back at once.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		return nil, errors.Join(err, s.release(ctx, id, c.Lease, nil, authorization.Fine))
	}
	return c, nil
}

func (s *Store) openClaim(id entry.ID, c *authorization.Claim, state string, got reply) (err error) {
	about := got.list(7)
	if c.Entry, err = s.openEntry(id, got.bytes(2), about.int(0), about.int(1)); err != nil {
		return err
	}
	switch state {
	case "ended", "gone":
		c.Fate = authorization.Ended
	case "duplicated":
		c.Fate = authorization.Duplicated
	}
	if c.Fate != authorization.Ended {
		if c.Session, err = s.openSession(id, authorization.Listener, got.bytes(3)); err != nil {
			return err
		}
	}
	for i, at := range []*[]byte{&c.State, &c.Renewed} {
		if blob := got.bytes(4 + i); len(blob) > 0 {
			if *at, err = s.ring.Open(key(id, partState), blob); err != nil {
				return unreadable(err)
			}
		}
	}
	c.Peers = s.openPeers(id, got.list(6))
	return nil
}

// RenewEntry extends the lease, and keeps which store it is that says so. Error: lease.ErrLost, also if the lease had
// expired by the store's clock.
func (s *Store) RenewEntry(ctx context.Context, id entry.ID, l *lease.Lease, d time.Duration) error {
	return s.extend(ctx, id, authorization.Listener, l, d)
}

// extend extends the lease of any authorization.
func (s *Store) extend(ctx context.Context, id entry.ID, name authorization.Name, l *lease.Lease, d time.Duration) error {
	asked := s.now()
	if err := s.held(ctx, s.scripts.extend, id, l, fields{"name": name, "lease": d.Milliseconds()}); err != nil {
		return err
	}
	l.Extend(asked, d)
	return l.Check()
}

// Works records that the listener's authorization, which was in doubt, has been answered by Telegram. Error:
// lease.ErrLost.
func (s *Store) Works(ctx context.Context, id entry.ID, l *lease.Lease) error {
	return s.held(ctx, s.scripts.works, id, l, fields{})
}

// ReleaseEntry gives an entry back. Its connection has ended. Error: lease.ErrLost.
func (s *Store) ReleaseEntry(ctx context.Context, id entry.ID, l *lease.Lease, session authorization.Session, f authorization.Fate) error {
	var sealed []byte
	if len(session.Keys) > 0 {
		var err error
		if sealed, err = s.sealSession(id, authorization.Listener, session); err != nil {
			return err
		}
	}
	return s.release(ctx, id, l, sealed, f)
}

func (s *Store) release(ctx context.Context, id entry.ID, l *lease.Lease, session []byte, f authorization.Fate) error {
	if err := s.held(ctx, s.scripts.release, id, l, fields{"fate": fateNames[f], "untouched": true}, session); err != nil {
		return err
	}
	l.Lose()
	s.tellChange(ctx)
	return nil
}

// held runs a script for the holder of a lease of an entry. The lease is lost for the holder if the store says so.
func (s *Store) held(ctx context.Context, sc *script, id entry.ID, l *lease.Lease, h fields, sealed ...[]byte) error {
	_, err := s.heldReply(ctx, sc, id, l, h, sealed...)
	return err
}

func (s *Store) heldReply(ctx context.Context, sc *script, id entry.ID, l *lease.Lease, h fields, sealed ...[]byte) (reply, error) {
	h["nonce"] = l.Nonce()
	got, err := s.run(ctx, sc, id, h, sealed...)
	if err != nil {
		return nil, err
	}
	switch got.word() {
	case "ok":
		return got, nil
	case "lost":
		l.Lose()
		return nil, fmt.Errorf("%s %s: %w", sc.name, id, lease.ErrLost)
	}
	return nil, s.unexpected(sc, got)
}

// SaveStatus publishes what the listener sees of an entry it holds. Error: lease.ErrLost.
func (s *Store) SaveStatus(ctx context.Context, id entry.ID, l *lease.Lease, st entry.Status) error {
	blob, err := s.sealJSON(fieldName(id, partEntry, "status"), statusRecord(st))
	if err != nil {
		return err
	}
	return s.held(ctx, s.scripts.note, id, l, fields{"field": "status"}, blob)
}

// SaveAccount records what Telegram now says about the account itself. Error: lease.ErrLost.
func (s *Store) SaveAccount(ctx context.Context, id entry.ID, l *lease.Lease, a entry.Account) error {
	_, err := s.changeEntry(ctx, id, l.Nonce(), false, func(e *entry.Entry) error {
		if e.Account == a {
			return errAsItIs
		}
		e.Account = a
		return nil
	})
	return err
}

// DropAuthorization forgets one authorization that was logged out. Error: lease.ErrLost.
func (s *Store) DropAuthorization(ctx context.Context, id entry.ID, name authorization.Name, l *lease.Lease) error {
	return s.held(ctx, s.scripts.drop, id, l, fields{"name": name})
}

// Forget removes a tombstone and everything stored under it. Error: lease.ErrLost.
func (s *Store) Forget(ctx context.Context, id entry.ID, l *lease.Lease) error {
	if err := s.held(ctx, s.scripts.forget, id, l, fields{}); err != nil {
		return err
	}
	l.Lose()
	err := s.client.ZRem(ctx, entriesKey, string(id)).Err()
	s.tellChange(ctx)
	return s.failedUnlessNil(ctx, "forget", err)
}
