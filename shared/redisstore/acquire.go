package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
)

// Acquire grants the use of a sender. See authorization.Store.
func (s *Store) Acquire(ctx context.Context, r authorization.Request) (*authorization.Grant, error) {
	if r.Entry == "" {
		id, err := s.Oldest(ctx)
		if err != nil {
			return nil, err
		}
		r.Entry = id
	}
	return s.acquire(ctx, r, "")
}

// Extend extends the lease of a grant. See authorization.Store.
func (s *Store) Extend(ctx context.Context, g *authorization.Grant) error {
	return s.extend(ctx, g.Entry.ID, g.Name, g.Lease, g.Term)
}

// Borrow takes the lease of a sender of an entry that the caller serves. See listener/supervisor.
func (s *Store) Borrow(ctx context.Context, id entry.ID, l *lease.Lease, name authorization.Name, d time.Duration) (*authorization.Grant, error) {
	g, err := s.acquire(ctx, authorization.Request{Entry: id, Only: name, For: d, Wait: -1}, l.Nonce())
	if fault.Is(err, fault.SenderBusy, fault.SenderResting, fault.ReauthRequired) {
		return nil, nil
	}
	return g, err
}

// An asking is one call's way to a grant: the same nonce at each look, so that a look whose answer was lost is no harm.
type asking struct {
	r        authorization.Request
	id       entry.ID
	nonce    string
	deadline time.Time     // of the call
	patience time.Time     // of its waiting
	term     time.Duration // of a lease that is renewed; 0: it is to last for the whole call
	h        fields
	ids      []byte // sealed random ids
}

func (s *Store) acquire(ctx context.Context, r authorization.Request, under string) (*authorization.Grant, error) {
	start := s.now()
	a := &asking{r: r, id: r.Entry, nonce: lease.NewNonce(), deadline: start.Add(r.For), patience: start.Add(r.Wait)}
	if under == "" && r.For > authorization.LongCall {
		a.term = s.numbers.CallDeadline + s.numbers.Margin
	}
	if err := s.describe(a, under); err != nil {
		return nil, err
	}
	var w *bell
	waited := false
	for {
		asked := s.now()
		a.h["lease"] = s.leaseOf(a, asked).Milliseconds()
		a.h["wait"] = a.patience.Sub(asked).Milliseconds()
		got, err := s.run(ctx, s.scripts.acquire, a.id, a.h, a.ids)
		if err != nil {
			if waited {
				s.stopWaiting(ctx, a)
			}
			return nil, err
		}
		if got.word() == "widened" {
			if err := s.kept(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if got.word() != "wait" {
			g, err := s.granted(a, asked, got)
			if waited && err != nil {
				s.stopWaiting(ctx, a)
			}
			if err != nil && got.word() == "granted" {
				s.giveBack(ctx, a, got)
			}
			return g, err
		}
		waited = true
		if w == nil {
			w = s.bells.listen(ctx, bellKey(a.id), a.nonce)
			defer s.bells.forget(w)
			continue // it may have rung before we listened
		}
		if err := s.await(ctx, a, w, got.millis(1)); err != nil {
			s.stopWaiting(ctx, a)
			return nil, err
		}
	}
}

// kept waits until the store has written down for sure what it has answered.
func (s *Store) kept(ctx context.Context) error {
	t := time.NewTimer(forgetful)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return s.failed(ctx, "wait for a long lease to be known", ctx.Err())
	}
}

// leaseOf returns how long the lease is that is asked for. One that is renewed is as long as that of a call that sends a
// text, so that whatever dies is over as soon as that.
func (s *Store) leaseOf(a *asking, asked time.Time) time.Duration {
	if a.term > 0 {
		return a.term
	}
	return a.deadline.Sub(asked) + s.numbers.Margin
}

// await waits for the bell, or for time to make a look worth while.
func (s *Store) await(ctx context.Context, a *asking, w *bell, delay time.Duration) error {
	pause := lookAgain
	if delay > 0 && delay < pause {
		pause = delay
	}
	if left := a.patience.Sub(s.now()); left < pause {
		pause = max(left, 0) + time.Millisecond
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-w.rung:
	case <-t.C:
	case <-ctx.Done():
		return s.failed(ctx, "wait for a sender", ctx.Err())
	}
	return nil
}

// stopWaiting leaves the queue. If that fails the store forgets us within seconds.
func (s *Store) stopWaiting(ctx context.Context, a *asking) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	_, _ = s.run(ctx, s.scripts.leave, a.id, fields{"token": a.nonce})
}

// giveBack ends a grant that cannot be used because its records cannot be opened.
func (s *Store) giveBack(ctx context.Context, a *asking, got reply) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	var said grantedAs
	if json.Unmarshal(got.bytes(1), &said) != nil {
		return
	}
	g := &authorization.Grant{Entry: entry.Entry{ID: a.id}, Name: said.Name, Lease: lease.New(a.nonce, said.Epoch, s.now(), 0, s.now)}
	_ = s.Finish(ctx, g, authorization.Result{Untouched: true})
}

// describe says in a script's words what is asked for.
func (s *Store) describe(a *asking, under string) error {
	var peers, names []string
	for _, t := range a.r.Targets {
		for _, id := range t.IDs() {
			peers = append(peers, s.peerName(a.id, id.String()))
		}
		if name := t.Name(); name != "" {
			names = append(names, s.userName(a.id, name))
		}
	}
	a.h = fields{"nonce": a.nonce, "token": a.nonce, "only": a.r.Only, "peers": list(peers), "names": list(names), "holder": s.holder}
	intend(a.h, a.r.Intent)
	if under != "" {
		a.h["under"] = under
	}
	if i := a.r.Idempotency; i != nil {
		hash := s.idemName(a.id, i.Key)
		var err error
		if a.ids, err = s.sealJSON(idemPrefix(a.id)+hash+"/ids", list(i.RandomIDs)); err != nil {
			return err
		}
		a.h["idem"], a.h["body"], a.h["idem_life"] = hash, s.bodyName(a.id, i.Body[:]), s.numbers.KeyLife.Milliseconds()
	}
	return nil
}

type grantedAs struct {
	Name   authorization.Name
	Epoch  int64
	Repeat bool
	Probe  bool
}

// granted reads the answer of the script, but for "wait".
func (s *Store) granted(a *asking, asked time.Time, got reply) (*authorization.Grant, error) {
	switch got.word() {
	case "granted", "answered":
	case "busy":
		return nil, fault.New(fault.SenderBusy, "All logins that send for this account are busy. Try again in a moment.").After(min(atLeastASecond(got.millis(1)), busyFor))
	case "resting":
		return nil, fault.New(fault.SenderResting, "The login that sends for this account rests after a broken connection.").After(atLeastASecond(got.millis(1)))
	case "reauth":
		return nil, fault.New(fault.ReauthRequired, "Telegram has ended the login that sends messages. Log the account in again.")
	case "in_progress":
		return nil, fault.New(fault.InProgress, "A call with this idempotency key is being carried out.").After(atLeastASecond(got.millis(1)))
	case "key_reused":
		return nil, fault.At(fault.KeyReused, "idempotency_key", "This idempotency key was used for another call. Use a new one.")
	case "unknown_outcome":
		return nil, fault.New(fault.UnknownOutcome, "An earlier call with this idempotency key may have been carried out, by a login that Telegram has ended since. Look into the chat.")
	case "lost":
		return nil, lease.ErrLost
	default:
		return nil, s.unexpected(s.scripts.acquire, got)
	}
	about := got.list(7)
	e, err := s.openEntry(a.id, got.bytes(2), about.int(0), about.int(1))
	if err != nil {
		return nil, err
	}
	g := &authorization.Grant{Entry: e}
	if got.word() == "answered" {
		answer, err := s.ring.Open(idemPrefix(a.id)+a.h["idem"].(string)+"/answer", got.bytes(4))
		if err != nil {
			return nil, unreadable(err)
		}
		g.Repeat = &authorization.Repeat{Answer: answer}
		return g, nil
	}
	if a.r.Idempotency != nil {
		g.Key = a.r.Idempotency.Key
	}
	var said grantedAs
	if err := json.Unmarshal(got.bytes(1), &said); err != nil {
		return nil, fmt.Errorf("acquire: %w", err)
	}
	g.Name = said.Name
	g.Term = a.term
	g.Lease = lease.New(a.nonce, said.Epoch, asked, s.leaseOf(a, asked), s.now)
	if g.Session, err = s.openSession(a.id, g.Name, got.bytes(3)); err != nil {
		return nil, err
	}
	g.Peers = s.openPeers(a.id, got.list(5))
	if said.Repeat {
		g.Repeat = &authorization.Repeat{Sent: s.openProofs(a.id, got.list(6))}
		if err := s.openJSON(idemPrefix(a.id)+a.h["idem"].(string)+"/ids", got.bytes(4), &g.Repeat.RandomIDs); err != nil {
			return nil, unreadable(err)
		}
		if so := got.bytes(8); len(so) > 0 {
			if g.Repeat.Answer, err = s.ring.Open(idemPrefix(a.id)+a.h["idem"].(string)+"/answer", so); err != nil {
				return nil, unreadable(err)
			}
		}
	}
	return g, nil
}

// busyFor is when to ask again for a sender that is busy: its lease may last much longer than its call.
const busyFor = 5 * time.Second

func atLeastASecond(d time.Duration) time.Duration { return max(d, time.Second) }

// Proofs returns what events have proved about a call. See authorization.Store.
func (s *Store) Proofs(ctx context.Context, id entry.ID, key string) ([]authorization.Proof, error) {
	all, err := s.client.HGetAll(ctx, idemPrefix(id)+s.idemName(id, key)).Result()
	if err != nil {
		return nil, s.failed(ctx, "proofs", err)
	}
	var flat reply
	for field, blob := range all {
		flat = append(flat, field, blob)
	}
	return s.openProofs(id, flat), nil
}

const proofField = "p:"

// openProofs opens fields and proofs in turn, in the order in which their events arrived. The field of a proof holds its
// place and the name of the item: p:0000000000000042:name.
func (s *Store) openProofs(id entry.ID, flat reply) []authorization.Proof {
	const placeSize = len(proofField) + 16 + 1
	byField := map[string][]byte{}
	var order []string
	for i := 0; i+1 < len(flat); i += 2 {
		if f := flat.text(i); strings.HasPrefix(f, proofField) && len(f) > placeSize {
			byField[f] = flat.bytes(i + 1)
			order = append(order, f)
		}
	}
	sort.Strings(order)
	var proofs []authorization.Proof
	for _, f := range order {
		var some []authorization.Proof
		if s.openJSON(proofName(id, f[placeSize:]), byField[f], &some) == nil {
			proofs = append(proofs, some...)
		}
	}
	return proofs
}
