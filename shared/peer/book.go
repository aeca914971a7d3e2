package peer

import (
	"bytes"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

// An entity is a user or chat as Telegram describes it: tg.UserClass and tg.ChatClass.
type entity interface {
	bin.Object
	TypeName() string
}

// known is what a book knows of one peer.
type known struct {
	entity entity // nil if only the hash survived
	names  []string
	hash   int64 // opens users and channels
	hashed bool
	// kept is the entity as it was last handed out by Changed or taken in by Load, without what changes all the time.
	kept []byte
}

// A Book is what an entry has learnt about its peers. A part of it, loaded for the targets of one call, works like the
// whole. It forgets nothing: an account meets a bounded number of peers, and each takes about 2 kB.
//
// What Telegram calls a "min" description, or an empty one, never replaces a full one that the book has: it is the same
// peer with most of it left out. A book is not safe for concurrent use.
type Book struct {
	self    ID
	peers   map[ID]*known
	names   map[string]ID // as Target.Name has them
	changed map[ID]bool
}

// NewBook returns an empty book of the account with that Telegram id.
func NewBook(self int64) *Book {
	return &Book{self: UserID(self), peers: map[ID]*known{}, names: map[string]ID{}, changed: map[ID]bool{}}
}

// Self returns the account's own id.
func (b *Book) Self() ID { return b.self }

// Learn takes in the users and chats that came with an update or an answer. The book keeps the values: nobody changes
// them afterwards.
func (b *Book) Learn(users []tg.UserClass, chats []tg.ChatClass) {
	for _, u := range users {
		if u != nil {
			b.learn(u)
		}
	}
	for _, c := range chats {
		if c != nil {
			b.learn(c)
		}
	}
}

func (b *Book) learn(e entity) {
	id := idOf(e)
	if id == 0 {
		return
	}
	k := b.peers[id]
	if k == nil {
		k = &known{}
		b.peers[id] = k
	}
	if partial(e) && k.entity != nil && !partial(k.entity) {
		return
	}
	if hash, ok := hashOf(e); ok {
		k.hash, k.hashed = hash, true
	}
	b.setEntity(id, k, e, usernames(e))
	if partial(e) && !k.hashed {
		// Nothing that would be worth a record: no hash, and the container it came with has shown it.
		return
	}
	if lasting := lasting(e); !bytes.Equal(lasting, k.kept) {
		k.kept = lasting
		b.changed[id] = true
	}
}

// setEntity replaces a peer's description and moves its usernames.
func (b *Book) setEntity(id ID, k *known, e entity, names []string) {
	for _, name := range k.names {
		if b.names[name] == id {
			delete(b.names, name)
		}
	}
	k.entity, k.names = e, names
	for _, name := range names {
		b.names[name] = id
	}
}

// Find returns how to address a target and its id. It knows nobody by a username or phone number it has not seen. A small group needs
// no introduction, so one that is named by its marked id is always found.
func (b *Book) Find(t Target) (tg.InputPeerClass, ID, bool) {
	id, ok := b.Lookup(t)
	if !ok {
		return nil, 0, false
	}
	if id == b.self {
		return &tg.InputPeerSelf{}, id, true
	}
	if id.Kind() == Group {
		return &tg.InputPeerChat{ChatID: id.Bare()}, id, true
	}
	input, ok := b.Input(id)
	return input, id, ok
}

// Lookup returns the id of a target. A positive number is the user of that id, else the channel or group that the book
// knows by it, else the user nobody has seen yet.
func (b *Book) Lookup(t Target) (ID, bool) {
	if t.Self {
		return b.self, b.self != 0
	}
	if t.ID == 0 {
		id, ok := b.names[t.Name()]
		return id, ok
	}
	for _, id := range t.IDs() {
		if id == b.self || b.peers[id] != nil {
			return id, true
		}
	}
	return t.ID, true
}

// Input returns the address of a user or channel by its access hash, of a small group if the book has met it. It is
// false for those that the book cannot address. The account itself has an access hash like any user.
func (b *Book) Input(id ID) (tg.InputPeerClass, bool) {
	k := b.peers[id]
	if k == nil {
		return nil, false
	}
	switch {
	case id.Kind() == Group:
		return &tg.InputPeerChat{ChatID: id.Bare()}, true
	case !k.hashed:
		return nil, false
	case id.Kind() == Channel:
		return &tg.InputPeerChannel{ChannelID: id.Bare(), AccessHash: k.hash}, true
	}
	return &tg.InputPeerUser{UserID: id.Bare(), AccessHash: k.hash}, true
}

// User returns the best description of a user that the book has; nil if none.
func (b *Book) User(id ID) tg.UserClass {
	if k := b.peers[id]; k != nil {
		if u, ok := k.entity.(tg.UserClass); ok {
			return u
		}
	}
	return nil
}

// Chat returns the best description of a group or channel that the book has; nil if none.
func (b *Book) Chat(id ID) tg.ChatClass {
	if k := b.peers[id]; k != nil {
		if c, ok := k.entity.(tg.ChatClass); ok {
			return c
		}
	}
	return nil
}

// Changed returns the records to keep: those of the peers learnt or changed since the last call, by id. Presence, which
// changes with every message, is recorded but is no change.
func (b *Book) Changed() []Record {
	ids := make([]ID, 0, len(b.changed))
	for id := range b.changed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	records := make([]Record, len(ids))
	for i, id := range ids {
		records[i] = b.peers[id].record(id)
	}
	clear(b.changed)
	return records
}

// Load takes in kept records. A damaged one is left out: its peer is met anew.
func (b *Book) Load(records []Record) {
	for _, r := range records {
		k, err := decodeRecord(r)
		if err != nil || r.ID == 0 {
			continue
		}
		if old := b.peers[r.ID]; old != nil {
			b.setEntity(r.ID, old, nil, nil)
		}
		b.peers[r.ID] = k
		names := r.Usernames
		if k.entity != nil {
			names, k.kept = usernames(k.entity), lasting(k.entity)
		}
		b.setEntity(r.ID, k, k.entity, names)
		delete(b.changed, r.ID)
	}
}
