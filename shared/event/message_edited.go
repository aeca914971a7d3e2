package event

import (
	"crypto/sha256"
	"strconv"

	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/tljson"
)

// readEdited makes the event message_edited of whatever is edited: also of service messages, and of edits that change
// nothing one sees.
func readEdited(m tg.MessageClass, pts int, c *Context) (Occurrence, bool) {
	edited := 0
	switch of := m.(type) {
	case *tg.Message:
		own := *of
		m, edited = &own, of.EditDate
	case *tg.MessageService:
		own := *of
		m = &own
	case *tg.MessageEmpty:
	default:
		return Occurrence{}, false
	}
	s := c.look(m)
	o := s.occurrence(filter.MessageEdited, nil, c)
	o.Version = int64(pts)
	if edited != 0 {
		o.Version, o.Occurred = int64(edited), unix(edited)
		if o.Occurred.Before(c.After) {
			o.Occurred = c.After // a reaction to a text that was edited long ago
		}
	}
	if s.out || s.post { // who is an admin edits the posts of others
		o.Kind = Edit
	}
	return o, true
}

// appendEditIdentity appends what tells the edits of a message apart: when it was edited, which may be missing or the
// same for two edits, and what it was made into.
func appendEditIdentity(dst []byte, message tdp.Object) []byte {
	edited := 0
	if m, ok := message.(*tg.Message); ok {
		edited = m.EditDate
	}
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(edited), 10)
	dst = append(dst, ' ')
	// As JSON, because what changes between two tellings of one edit is left out there: the references of files.
	content := sha256.Sum256(tljson.Append(nil, message))
	return append(dst, content[:]...)
}
