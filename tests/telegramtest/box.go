package telegramtest

import "github.com/gotd/td/tg"

// box holds messages and the list of what happened to them: those of an account's private chats and small groups, which
// all its authorizations share (A7), or those of a channel, which all its members share.
// https://core.telegram.org/api/updates ("common" box, "channel" box)
type box struct {
	channel *channel // nil if it is an account's
	lastID  int
	copies  map[int]*stored
	pts     int
	events  []change
}

// stored is a message as it stands in one box, with the id it has there.
type stored struct {
	message *message
	owner   *account // nil if it stands in a channel's
	id      int
	peer    place // the other side, as the owner sees it
	deleted bool
	pinned  bool
	later   bool // it waits to be sent, and its id is one among those that do
}

// changeKind says what a change is.
type changeKind int

const (
	newMessage changeKind = iota
	editedMessage
	deletedMessages
	otherChange // read, pinned
)

// change is one thing that happened in a box. pts is the one after it, and count how many it advanced by.
type change struct {
	kind   changeKind
	pts    int
	count  int
	stored *stored // new and edited
	ids    []int   // deleted
	// build makes the update of another change, and about and rooms are who and what occurs in it.
	build func(pts, count int) tg.UpdateClass
	about []*account
	rooms []room
	// channel is the one whose box it is.
	channel *channel
}

func newBox(firstID, pts int) box { return box{lastID: firstID, pts: pts, copies: map[int]*stored{}} }

// put adds a message.
func (b *box) put(m *message, owner *account, peer place) change {
	b.lastID++
	c := &stored{message: m, owner: owner, id: b.lastID, peer: peer}
	b.copies[c.id] = c
	m.copies[owner] = c
	return b.record(change{kind: newMessage, count: 1, stored: c})
}

// remove deletes messages. It reports false if there was none of them.
func (b *box) remove(ids []int) (change, bool) {
	var gone []int
	for _, id := range ids {
		if c := b.copies[id]; c != nil && !c.deleted {
			c.deleted = true
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return change{}, false
	}
	return b.record(change{kind: deletedMessages, count: len(gone), ids: gone}), true
}

func (b *box) record(c change) change {
	b.pts += c.count
	c.pts, c.channel = b.pts, b.channel
	b.events = append(b.events, c)
	return c
}

// get returns a message that is there.
func (b *box) get(id int) *stored {
	if c := b.copies[id]; c != nil && !c.deleted {
		return c
	}
	return nil
}

// since returns what happened after pts.
func (b *box) since(pts int) []change {
	for i, c := range b.events {
		if c.pts > pts {
			return b.events[i:]
		}
	}
	return nil
}
