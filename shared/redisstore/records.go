package redisstore

import (
	"encoding/json"
	"fmt"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
	"telegram-client/shared/health"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"

	"github.com/google/uuid"
)

// The records are what stands in the store, sealed. Their secrets are plain strings, so they never leave this package.

type entryRecord struct {
	Account    entry.Account
	ClientType entry.ClientType
	AppID      int
	AppHash    string
	BotToken   string `json:",omitempty"`
	Options    filter.Options
	Target     targetRecord
	CreatedAt  time.Time
	ModifiedAt time.Time
}

type targetRecord struct {
	Type               entry.TargetType `json:",omitempty"`
	URL, Secret, Token string           `json:",omitempty"`
	Owner, TimeZone    string           `json:",omitempty"`
	Confirm, Paused    bool             `json:",omitempty"`
	MaxAge             time.Duration    `json:",omitempty"`
	Generation         int64            `json:",omitempty"`
	Confirmed          bool             `json:",omitempty"`
}

func newEntryRecord(e *entry.Entry) entryRecord {
	t := &e.Target
	return entryRecord{
		Account: e.Account, ClientType: e.ClientType, AppID: e.App.ID, AppHash: e.App.Hash.Reveal(),
		BotToken: e.BotToken.Reveal(), Options: e.Options, CreatedAt: e.CreatedAt, ModifiedAt: e.ModifiedAt,
		Target: targetRecord{Type: t.Type, URL: t.URL.Reveal(), Secret: t.Secret.Reveal(), Token: t.Token.Reveal(), Owner: t.Owner,
			TimeZone: t.TimeZone, Confirm: t.Confirm, Paused: t.Paused, MaxAge: t.MaxAge, Generation: t.Generation, Confirmed: t.Confirmed},
	}
}

func (r *entryRecord) entry(id entry.ID) entry.Entry {
	t := &r.Target
	return entry.Entry{
		ID: id, Account: r.Account, ClientType: r.ClientType, App: entry.App{ID: r.AppID, Hash: seal.NewText(r.AppHash)},
		BotToken: seal.NewText(r.BotToken), Options: r.Options, CreatedAt: r.CreatedAt, ModifiedAt: r.ModifiedAt,
		Target: entry.Target{Type: t.Type, URL: seal.NewText(t.URL), Secret: seal.NewText(t.Secret), Token: seal.NewText(t.Token),
			Owner: t.Owner, TimeZone: t.TimeZone, Confirm: t.Confirm, Paused: t.Paused, MaxAge: t.MaxAge, Generation: t.Generation,
			Confirmed: t.Confirmed},
	}
}

type sessionRecord struct {
	DC   int
	Keys map[int]keyRecord
}

type keyRecord struct {
	Auth []byte
	Salt int64
}

func newSessionRecord(s authorization.Session) sessionRecord {
	r := sessionRecord{DC: s.DC, Keys: make(map[int]keyRecord, len(s.Keys))}
	for dc, k := range s.Keys {
		r.Keys[dc] = keyRecord{Auth: k.Auth[:], Salt: k.Salt}
	}
	return r
}

func (r *sessionRecord) session() (authorization.Session, error) {
	s := authorization.Session{DC: r.DC, Keys: make(map[int]authorization.Key, len(r.Keys))}
	for dc, k := range r.Keys {
		key := authorization.Key{Salt: k.Salt}
		if copy(key.Auth[:], k.Auth) != len(key.Auth) || len(k.Auth) != len(key.Auth) {
			return s, fmt.Errorf("the key of data centre %d has %d bytes", dc, len(k.Auth))
		}
		s.Keys[dc] = key
	}
	return s, nil
}

type peerRecord struct {
	ID        peer.ID
	Usernames []string `json:",omitempty"`
	Data      []byte
}

type itemRecord struct {
	EventID    uuid.UUID
	Type       string
	OccurredAt time.Time
	Replayed   bool   `json:",omitempty"`
	Lane       string `json:",omitempty"`
	Class      outbox.Class
	ExpiresAt  time.Time
	Body       []byte
	Own        *outbox.Own `json:",omitempty"`
	Query      int64       `json:",omitempty"`
}

func newItemRecord(it *outbox.Item) itemRecord {
	return itemRecord{EventID: it.EventID, Type: it.Type, OccurredAt: it.OccurredAt, Replayed: it.Replayed, Lane: it.Lane,
		Class: it.Class, ExpiresAt: it.ExpiresAt, Body: it.Body, Own: it.Own, Query: it.Query}
}

func (r *itemRecord) item() outbox.Item {
	return outbox.Item{EventID: r.EventID, Type: r.Type, OccurredAt: r.OccurredAt, Replayed: r.Replayed, Lane: r.Lane,
		Class: r.Class, ExpiresAt: r.ExpiresAt, Body: r.Body, Own: r.Own, Query: r.Query}
}

type deadRecord struct {
	Item     itemRecord
	Attempts int
	Reason   string
	At       time.Time
}

type statusRecord struct {
	Connected              bool
	Since                  time.Time
	Health                 []health.Condition
	TargetUnreachableSince time.Time
}

// sealJSON seals a record under a name.
func (s *Store) sealJSON(name string, record any) ([]byte, error) {
	plain, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", name, err)
	}
	return s.ring.Seal(name, plain), nil
}

// openJSON opens a record that was sealed under a name.
func (s *Store) openJSON(name string, sealed []byte, record any) error {
	plain, err := s.ring.Open(name, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, record); err != nil {
		// What encoding/json says may quote the record.
		return fmt.Errorf("record %s does not have the form it should", name)
	}
	return nil
}

func (s *Store) sealEntry(e *entry.Entry) ([]byte, error) {
	return s.sealJSON(key(e.ID, partEntry), newEntryRecord(e))
}

// openEntry opens an entry's record and completes it with what stands beside it.
func (s *Store) openEntry(id entry.ID, sealed []byte, revision, removingSince int64) (entry.Entry, error) {
	var r entryRecord
	if err := s.openJSON(key(id, partEntry), sealed, &r); err != nil {
		return entry.Entry{ID: id, Revision: revision, Removing: removingSince != 0}, unreadable(err)
	}
	e := r.entry(id)
	e.Revision = revision
	if removingSince != 0 {
		e.Removing, e.RemovingSince = true, time.UnixMilli(removingSince).UTC()
	}
	return e, nil
}

func (s *Store) sealSession(id entry.ID, n authorization.Name, session authorization.Session) ([]byte, error) {
	return s.sealJSON(sessionName(id, n), newSessionRecord(session))
}

func (s *Store) openSession(id entry.ID, n authorization.Name, sealed []byte) (authorization.Session, error) {
	var r sessionRecord
	if err := s.openJSON(sessionName(id, n), sealed, &r); err != nil {
		return authorization.Session{}, unreadable(err)
	}
	session, err := r.session()
	if err != nil {
		return authorization.Session{}, unreadable(err)
	}
	return session, nil
}

// sealPeers seals what was learnt: the fields of the peers and of their usernames, as the scripts want them, and the
// sealed records in the order of the fields.
func (s *Store) sealPeers(id entry.ID, records []peer.Record) (peers, names []string, sealed [][]byte, err error) {
	for _, r := range records {
		field := s.peerName(id, r.ID.String())
		blob, err := s.sealJSON(fieldName(id, partPeers, field), peerRecord(r))
		if err != nil {
			return nil, nil, nil, err
		}
		peers, sealed = append(peers, field), append(sealed, blob)
		for _, u := range r.Usernames {
			names = append(names, s.userName(id, u), field)
		}
	}
	return peers, names, sealed, nil
}

// openPeers opens fields and records in turn. One that cannot be opened is left out: its peer is met anew.
func (s *Store) openPeers(id entry.ID, flat reply) []peer.Record {
	var records []peer.Record
	for i := 0; i+1 < len(flat); i += 2 {
		var r peerRecord
		if s.openJSON(fieldName(id, partPeers, flat.text(i)), flat.bytes(i+1), &r) == nil {
			records = append(records, peer.Record(r))
		}
	}
	return records
}
