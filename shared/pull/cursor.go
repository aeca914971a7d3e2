package pull

import (
	"strings"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
)

const (
	head    = "b_"
	tagSize = 12
	// BatchName is how many characters the name of an entry's batch has.
	BatchName = 16
)

// A cursor names a batch over several entries: of each entry the batch that the reader has. An entry of which the reader
// has none is not in it.
type cursor map[string]string

// tagOf is what stands for an entry in a cursor. An entry's id is a hash, so its beginning is enough.
func tagOf(id entry.ID) string { return strings.TrimPrefix(string(id), "tg_")[:tagSize] }

// parseCursor reads what a reader sends; nothing is no cursor.
func parseCursor(s string) (cursor, error) {
	if s == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(s, head)
	if !ok || len(rest)%(tagSize+BatchName) != 0 {
		return nil, UnknownCursor()
	}
	c := cursor{}
	for ; rest != ""; rest = rest[tagSize+BatchName:] {
		c[rest[:tagSize]] = rest[tagSize : tagSize+BatchName]
	}
	return c, nil
}

// UnknownCursor is the fault of a cursor that names neither the last batch nor the one before.
func UnknownCursor() error {
	return fault.At(fault.CursorUnknown, "after", "This cursor is not that of the last batch, nor of the one before. Leave it out to get the batch that is not acknowledged yet.")
}
