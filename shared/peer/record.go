package peer

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

// A Record is what a [Book] knows of one peer, to be kept. Data is private to the account: whoever keeps it seals it.
type Record struct {
	ID        ID
	Usernames []string // lower case; and a phone number, see Target.Name
	Data      []byte
}

// A record's Data is a format byte, a byte that says what follows, the access hash, and the entity as TL. The hash
// stands on its own because entities may come without one, and because it must outlive a schema in which the
// entity's bytes cannot be read any more.
const (
	recordFormat  = 1
	recordHash    = 1 << 0
	recordEntity  = 1 << 1
	recordHeader  = 2 + 8
	recordUnknown = ^byte(recordHash | recordEntity)
)

var errRecord = errors.New("record of a peer is damaged")

func (k *known) record(id ID) Record {
	data := make([]byte, recordHeader, recordHeader+512)
	data[0] = recordFormat
	if k.hashed {
		data[1] |= recordHash
		binary.LittleEndian.PutUint64(data[2:], uint64(k.hash))
	}
	if encoded, err := encode(k.entity); err == nil && len(encoded) > 0 {
		data[1] |= recordEntity
		data = append(data, encoded...)
	}
	return Record{ID: id, Usernames: k.names, Data: data}
}

// encode returns an entity as TL; nil for none.
func encode(e entity) ([]byte, error) {
	if e == nil {
		return nil, nil
	}
	var b bin.Buffer
	if err := e.Encode(&b); err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.TypeName(), err)
	}
	return b.Buf, nil
}

// decodeRecord reads a record. An entity of another schema is left out: its hash is what matters, and the next
// update brings the entity anew.
func decodeRecord(r Record) (*known, error) {
	if len(r.Data) < recordHeader || r.Data[0] != recordFormat || r.Data[1]&recordUnknown != 0 {
		return nil, errRecord
	}
	k := &known{}
	if r.Data[1]&recordHash != 0 {
		k.hashed, k.hash = true, int64(binary.LittleEndian.Uint64(r.Data[2:]))
	}
	if r.Data[1]&recordEntity != 0 {
		k.entity = decodeEntity(r.ID, r.Data[recordHeader:])
	}
	return k, nil
}

func decodeEntity(id ID, data []byte) entity {
	b := bin.Buffer{Buf: data}
	if id.Kind() == User {
		if u, err := tg.DecodeUser(&b); err == nil && idOf(u) == id {
			return u
		}
		return nil
	}
	if c, err := tg.DecodeChat(&b); err == nil && idOf(c) == id {
		return c
	}
	return nil
}
