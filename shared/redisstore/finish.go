package redisstore

import (
	"context"
	"fmt"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

var fateNames = map[authorization.Fate]string{
	authorization.Fine: "fine", authorization.Rests: "rests", authorization.Ended: "ended", authorization.Duplicated: "duplicated",
}

// scheduledLife is how long after its date a scheduled message is still known to be ours: the listener may be away.
const scheduledLife = 7 * 24 * time.Hour

// Finish gives a grant back. See authorization.Store.
func (s *Store) Finish(ctx context.Context, g *authorization.Grant, r authorization.Result) error {
	if g.Lease == nil {
		return nil // an earlier call's answer: nothing was granted
	}
	id := g.Entry.ID
	var session, answer []byte
	var err error
	if r.Session != nil {
		if session, err = s.sealSession(id, g.Name, *r.Session); err != nil {
			return err
		}
	}
	h := fields{"nonce": g.Lease.Nonce(), "name": g.Name, "fate": fateNames[r.Fate], "unsure": r.Outcome.Unsure, "open": r.Outcome.Open, "untouched": r.Untouched}
	if g.Key != "" {
		hash := s.idemName(id, g.Key)
		h["idem"] = hash
		if r.Outcome.Answer != nil {
			answer = s.ring.Seal(idemPrefix(id)+hash+"/answer", r.Outcome.Answer)
		}
	}
	released, err := s.sealCommand(id, entry.Command{Kind: entry.Released})
	if err != nil {
		return err
	}
	changed, err := s.sealCommand(id, entry.Command{Kind: entry.Devices})
	if err != nil {
		return err
	}
	sealed := [][]byte{session, answer, released, changed}

	names := outbox.NewNames(s.ring, string(id))
	marks, lives := []string{}, []int64{}
	for _, m := range r.Outcome.Marks {
		name, life := names.Mark(m.Box, m.MessageID), s.numbers.MarkLife
		if m.Scheduled != "" {
			name, life = m.Scheduled, max(m.Due.Sub(s.now()), 0)+scheduledLife
		}
		marks, lives = append(marks, markName(m.Kind, name, m.Version)), append(lives, life.Milliseconds())
	}
	sent := []string{}
	for _, f := range []struct {
		name string
		id   int
	}{{"sent", r.Outcome.Sent.LastSent}, {"edited", r.Outcome.Sent.LastEdited}, {"deleted", r.Outcome.Sent.LastDeleted}} {
		if f.id == 0 {
			continue
		}
		blob, err := s.sealJSON(fieldName(id, partEntry, f.name), f.id)
		if err != nil {
			return err
		}
		sent, sealed = append(sent, f.name), append(sealed, blob)
	}
	peers, usernames, blobs, err := s.sealPeers(id, r.Outcome.Learnt)
	if err != nil {
		return err
	}
	h["lives"] = lives
	h["marks"], h["sent"], h["peers"], h["names"] = marks, sent, list(peers), list(usernames)

	got, err := s.run(ctx, s.scripts.finish, id, h, append(sealed, blobs...)...)
	if err != nil {
		return err
	}
	g.Lease.Lose()
	switch got.word() {
	case "ok":
		return nil
	case "lost":
		return fmt.Errorf("give %s back: %w", g.Name, lease.ErrLost)
	}
	return s.unexpected(s.scripts.finish, got)
}

// markName is how an own action and its event find each other.
func markName(k outbox.Kind, mark string, version int64) string {
	return fmt.Sprintf("%s|%s|%d", k, mark, version)
}
