package message

import (
	"encoding/json"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// MaxForwarded is how many messages one call forwards to each target.
const MaxForwarded = 100

// A Forward is a call of forward_messages.
type Forward struct {
	EntryID        string // empty: the oldest entry
	From           peer.Target
	Targets        []peer.Target // at least one
	IDs            []int         // at least one, each once
	Silent         bool
	DropAuthor     bool
	DropCaptions   bool
	Topic          int // of the targets; 0: none
	Schedule       Schedule
	DryRun         bool
	IdempotencyKey string // empty: none
}

// ParseForward reads a call of forward_messages. The call is good only if there are no faults.
func ParseForward(body json.RawMessage, d Defaults) (Forward, []*fault.Fault) {
	r, ok := newReader(ForwardMessages, body)
	if !ok {
		return Forward{}, r.faults
	}
	f := Forward{
		From:         r.oneOf("from_username", "from_id", true),
		Targets:      r.someTargets(),
		IDs:          r.requiredIDs(MaxForwarded),
		Silent:       r.flag("silent", false),
		DropAuthor:   r.flag("drop_author", false),
		DropCaptions: r.flag("drop_captions", false),
		Topic:        r.messageID("topic"),
		Schedule:     r.schedule(),
		DryRun:       r.flag("dry_run", false),
	}
	if f.DropCaptions && !f.DropAuthor {
		r.fail("drop_captions", "Captions can be left out only together with the author: set drop_author too.")
	}
	f.EntryID, _ = r.text("config_entry_id")
	f.IdempotencyKey = r.key(d.IdempotencyKey)
	return f, r.faults
}

// Messages returns how many messages the call makes: so many random ids it needs.
func (f *Forward) Messages() int { return len(f.Targets) * len(f.IDs) }

// Hash returns what tells calls with the same idempotency key apart.
func (f *Forward) Hash() [32]byte {
	same := *f
	same.EntryID, same.IdempotencyKey, same.DryRun, same.Targets, same.From = "", "", false, nil, peer.Target{}
	return hash(ForwardMessages, append([]peer.Target{f.From}, f.Targets...), same)
}

// Plan returns the request that forwards those messages whose random ids are given to one place.
func (f *Forward) Plan(from tg.InputPeerClass, p Place, ids []int, randomIDs []int64) *tg.MessagesForwardMessagesRequest {
	r := &tg.MessagesForwardMessagesRequest{
		FromPeer: from, ToPeer: p.Peer, ID: ids, RandomID: randomIDs,
		Silent: f.Silent, DropAuthor: f.DropAuthor, DropMediaCaptions: f.DropCaptions, TopMsgID: f.Topic,
	}
	if !p.At.IsZero() {
		r.ScheduleDate = int(p.At.Unix())
	}
	r.SetFlags()
	return r
}
