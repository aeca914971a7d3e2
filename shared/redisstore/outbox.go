package redisstore

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

// An itemMeta is what the commit script may know of an event.
type itemMeta struct {
	Name     string   `json:"n"`
	Lane     string   `json:"l"`
	Class    string   `json:"c"`
	Expires  int64    `json:"x"`
	Tag      string   `json:"t"`
	Occurred int64    `json:"o"`
	Kind     string   `json:"k"`
	Marks    []string `json:"m"`
	Text     string   `json:"h"`
	Latest   string   `json:"g"`
}

// Commit moves state, events and what was learnt on in one atomic step. See listener/account.
func (s *Store) Commit(ctx context.Context, id entry.ID, l *lease.Lease, c outbox.Commit) error {
	sealed := [][]byte{s.ring.Seal(key(id, partState), c.State)}
	metas := make([]itemMeta, len(c.Items))
	for i := range c.Items {
		blobs, err := s.sealItem(id, &c.Items[i], &metas[i])
		if err != nil {
			return err
		}
		sealed = append(sealed, blobs...)
	}
	peers, names, blobs, err := s.sealPeers(id, c.Learnt)
	if err != nil {
		return err
	}
	return s.held(ctx, s.scripts.commit, id, l, fields{"commit": lease.NewNonce(), "items": metas, "peers": list(peers), "names": list(names)},
		append(sealed, blobs...)...)
}

// sealItem seals an item, the proof that it may become, and its type, and says what the script may know.
func (s *Store) sealItem(id entry.ID, it *outbox.Item, m *itemMeta) ([][]byte, error) {
	name, tag := s.itemName(id, it.EventID.String()), s.typeTag(id, it.Type)
	*m = itemMeta{Name: name, Lane: it.Lane, Class: string(it.Class), Expires: it.ExpiresAt.UnixMilli(), Tag: tag,
		Occurred: it.OccurredAt.UnixMilli(), Marks: []string{}, Latest: it.Latest}
	blob, err := s.sealJSON(fieldName(id, partItems, name), newItemRecord(it))
	if err != nil {
		return nil, err
	}
	var proof []byte
	if o := it.Own; o != nil {
		m.Kind, m.Text = string(o.Kind), o.Text
		var proofs []authorization.Proof
		for i, mark := range o.Marks {
			m.Marks = append(m.Marks, markName(o.Kind, mark, o.Version))
			p := authorization.Proof{Chat: it.Lane, Text: o.Text, Mark: mark, Date: it.OccurredAt.Unix()}
			if i < len(o.MessageIDs) {
				p.MessageID = o.MessageIDs[i]
			}
			proofs = append(proofs, p)
		}
		if proof, err = s.sealJSON(proofName(id, name), proofs); err != nil {
			return nil, err
		}
	}
	return [][]byte{blob, proof, s.ring.Seal(fieldName(id, partTypes, tag), []byte(it.Type))}, nil
}

// Claim returns what is due. See listener/delivery.
func (s *Store) Claim(ctx context.Context, id entry.ID, l *lease.Lease, c outbox.Claim) (outbox.Claimed, error) {
	var claimed outbox.Claimed
	busy := map[string]bool{}
	for _, lane := range c.Busy {
		busy[lane+":"] = true // a lane's name may be empty
	}
	got, err := s.heldReply(ctx, s.scripts.claim, id, l, fields{"claim": lease.NewNonce(), "busy": busy, "limit": c.Limit, "now": c.Now})
	if err != nil {
		return claimed, err
	}
	var broken []outbox.Settlement
	for found := got.list(1); len(found) >= 4; found = found[4:] {
		var r itemRecord
		if s.openJSON(fieldName(id, partItems, found.text(0)), found.bytes(3), &r) != nil {
			broken = append(broken, outbox.Settlement{Reason: found.text(0)})
			continue
		}
		it := r.item()
		it.Seq, it.Attempts = found.int(1), int(found.int(2))
		claimed.Items = append(claimed.Items, it)
	}
	if next := got.int(2); next > 0 {
		claimed.Next = time.UnixMilli(next).Add(-s.ahead())
	}
	claimed.Expired = s.dropped(id, got.list(3), got.list(4))
	if len(broken) > 0 {
		// They would block their lanes for ever: what nobody can read is given up, and counted.
		gone, err := s.giveUp(ctx, id, l, broken)
		if err != nil {
			return claimed, err
		}
		claimed.Expired = append(claimed.Expired, gone)
		claimed.Next = s.now()
	}
	return claimed, nil
}

// giveUp drops items that cannot be opened, named by Reason.
func (s *Store) giveUp(ctx context.Context, id entry.ID, l *lease.Lease, broken []outbox.Settlement) (outbox.Dropped, error) {
	items := make([]settlement, len(broken))
	sealed := make([][]byte, len(broken))
	for i, b := range broken {
		items[i] = settlement{Name: b.Reason, Do: "lost"}
		sealed[i] = []byte{}
	}
	err := s.held(ctx, s.scripts.settle, id, l, fields{"items": items}, sealed...)
	now := s.now()
	return outbox.Dropped{Reason: "unreadable", Count: len(broken), First: now, Last: now}, err
}

// dropped reads what was given up since the last claim.
func (s *Store) dropped(id entry.ID, tallies, types reply) []outbox.Dropped {
	names := map[string]string{}
	for i := 0; i+1 < len(types); i += 2 {
		tag := types.text(i)
		if name, err := s.ring.Open(fieldName(id, partTypes, tag), types.bytes(i+1)); err == nil {
			names[tag] = string(name)
		}
	}
	var all []outbox.Dropped
	for i := 0; i+1 < len(tallies); i += 2 {
		reason, tag, _ := strings.Cut(tallies.text(i), "|")
		var t struct {
			Count       int   `json:"c"`
			First, Last int64 `json:"-"`
			F           int64 `json:"f"`
			L           int64 `json:"l"`
		}
		if json.Unmarshal(tallies.bytes(i+1), &t) != nil {
			continue
		}
		all = append(all, outbox.Dropped{Type: names[tag], Reason: reason, Count: t.Count,
			First: time.UnixMilli(t.F).UTC(), Last: time.UnixMilli(t.L).UTC()})
	}
	return all
}

type settlement struct {
	Name  string `json:"n"`
	Do    string `json:"d"`
	Wait  int64  `json:"w"`
	Pause bool   `json:"p"`
}

// Settle records what became of claimed items. See listener/delivery.
func (s *Store) Settle(ctx context.Context, id entry.ID, l *lease.Lease, all []outbox.Settlement) error {
	items := make([]settlement, len(all))
	sealed := make([][]byte, len(all))
	for i := range all {
		st := &all[i]
		name := s.itemName(id, st.Item.EventID.String())
		items[i] = settlement{Name: name, Do: "retry", Wait: st.Decision.Wait.Milliseconds(), Pause: st.Decision.HoldsTarget}
		switch st.Decision.Action {
		case outbox.Done:
			items[i].Do = "done"
		case outbox.Dead:
			items[i].Do = "dead"
			var err error
			if sealed[i], err = s.sealJSON(fieldName(id, partDead, name), deadRecord{Item: newItemRecord(&st.Item),
				Attempts: st.Item.Attempts, Reason: st.Reason, At: s.now().UTC()}); err != nil {
				return err
			}
		}
	}
	return s.held(ctx, s.scripts.settle, id, l, fields{"items": items}, sealed...)
}
