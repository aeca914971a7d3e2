package telegramtest

// box holds an account's messages of private chats and small groups, and the list of what happened to them. All
// authorizations of the account share it (A7). https://core.telegram.org/api/updates ("common" box)
type box struct {
	lastID int
	copies map[int]*stored
	pts    int
	events []change
}

// stored is a message as it stands in one account's box, with the id it has there.
type stored struct {
	message *message
	owner   *account
	id      int
	peer    place // the other side, as the owner sees it
	deleted bool
}

// changeKind says what a change is.
type changeKind int

const (
	newMessage changeKind = iota
	editedMessage
	deletedMessages
)

// change is one thing that happened in a box. pts is the one after it, and count how many it advanced by.
type change struct {
	kind   changeKind
	pts    int
	count  int
	stored *stored // new and edited
	ids    []int   // deleted
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

// edit notes that a message was edited.
func (b *box) edit(c *stored) change {
	return b.record(change{kind: editedMessage, count: 1, stored: c})
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
	c.pts = b.pts
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
