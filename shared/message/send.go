package message

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// maxKey is how long an idempotency key may be, in characters.
const maxKey = 255

// Defaults are what a call says outside its body.
type Defaults struct {
	IdempotencyKey string // of the header; empty: none
	// Files are the parts of a form that are named file.
	Files []File
}

// A Send is a call of send_messages.
type Send struct {
	EntryID string // empty: the oldest entry
	// Targets are at least one, usernames first, then ids, as they were written.
	Targets []peer.Target
	// Parts are the texts to send to each target, each as Telegram will show it: at most 4096 UTF-16 units, without
	// white space around it. With files there is one at most, their caption, and there may be none.
	Parts []textparse.Text
	// Files go in place of texts, in their order.
	Files             []File `json:",omitempty"`
	ForceDocument     bool   `json:",omitempty"`
	SupportsStreaming bool   `json:",omitempty"`
	NoSoundVideo      bool   `json:",omitempty"`

	NoPreview      bool
	Silent         bool
	ClearDraft     bool
	ReplyTo        int // 0: none
	CommentTo      int // 0: none; takes the place of ReplyTo
	Schedule       Schedule
	Markup         Markup
	DryRun         bool
	NoWait         bool   `json:",omitempty"` // answer at once, and do it then
	IdempotencyKey string // empty: none
}

// ParseSend reads a call of send_messages. The call is good only if there are no faults.
func ParseSend(body json.RawMessage, d Defaults) (Send, []*fault.Fault) {
	r, ok := newReader(SendMessages, body)
	if !ok {
		return Send{}, r.faults
	}
	s := Send{
		Files:             r.files("file", d.Files),
		ForceDocument:     r.flag("force_document", false),
		SupportsStreaming: r.flag("supports_streaming", false),
		NoSoundVideo:      r.flag("nosound_video", false),
		NoWait:            !r.flag("wait", true),

		Targets:    r.someTargets(),
		NoPreview:  !r.flag("link_preview", true),
		Silent:     r.flag("silent", false),
		ClearDraft: r.flag("clear_draft", false),
		ReplyTo:    r.messageID("reply_to"),
		CommentTo:  r.messageID("comment_to"),
		Schedule:   r.schedule(),
		Markup:     r.markup(),
		DryRun:     r.flag("dry_run", false),
	}
	switch {
	case len(s.Files) > 0 || r.blamedWithin("file"):
		s.Parts = r.caption("message")
	case !r.has("message"):
		r.faults = append(r.faults, fault.At(fault.MissingField, "message", "message is required, unless there is a file."))
	default:
		s.Parts = r.parts("message")
	}
	if len(s.Files) > 1 && s.Markup.Kind != NoMarkup {
		r.fail(s.Markup.field(), "Telegram shows no keyboard under several files. Send one file with it, or a message of its own.")
	}
	s.EntryID, _ = r.text("config_entry_id")
	s.IdempotencyKey = r.key(d.IdempotencyKey)
	return s, r.faults
}

// key returns the idempotency key of the field or of the header.
func (r *reader) key(header string) string {
	key, given := r.text("idempotency_key")
	switch {
	case !given:
		key = header
	case key == "":
		r.fail("idempotency_key", "The key is empty. Leave it out, or give each call a new one.")
	case header != "" && header != key:
		r.fail("idempotency_key", "The header Idempotency-Key says something else.")
	}
	if utf8.RuneCountInString(key) > maxKey {
		r.fail("idempotency_key", "The key is longer than %d characters.", maxKey)
	}
	return key
}

// Each returns how many messages the call sends to each target.
func (s *Send) Each() int {
	if s.HasFiles() {
		return len(s.Files)
	}
	return len(s.Parts)
}

// Messages returns how many messages the call sends: so many random ids it needs.
func (s *Send) Messages() int { return len(s.Targets) * s.Each() }

// Hash returns what tells calls with the same idempotency key apart: it is equal for calls that would send the same.
func (s *Send) Hash() [32]byte {
	same := *s
	same.EntryID, same.IdempotencyKey, same.DryRun, same.NoWait, same.Targets = "", "", false, false, nil
	same.Files = identities(s.Files)
	return hash(SendMessages, s.Targets, same)
}

// hash is of targets, which do not show all of themselves, and of what else a call says.
func hash(v Verb, targets []peer.Target, rest any) [32]byte {
	type whole peer.Target
	all := make([]whole, len(targets))
	for i, t := range targets {
		all[i] = whole(t)
	}
	said, err := json.Marshal(struct {
		Verb    Verb
		Targets []whole
		Rest    any
	}{v, all, rest})
	if err != nil {
		// Texts, numbers and times always have a JSON form.
		panic(fmt.Sprintf("marshal a call: %v", err))
	}
	return sha256.Sum256(said)
}

// A Place is where the messages of a call go.
type Place struct {
	Peer    tg.InputPeerClass
	ReplyTo int       // 0: none
	At      time.Time // zero: at once
	// Find returns the users whom texts mention; nil: nobody is found.
	Find func(peer.Target) (tg.InputUserClass, bool)
}

// Plan returns the requests that send the call's text to one place, in order; of a call with files see PlanFiles. randomIDs has one for each part. All parts
// are replies, so that all of them land in the topic that reply_to may name; a keyboard is the last one's.
func (s *Send) Plan(p Place, randomIDs []int64) ([]*tg.MessagesSendMessageRequest, error) {
	if len(randomIDs) != len(s.Parts) {
		return nil, fmt.Errorf("plan %d messages: %d random ids", len(s.Parts), len(randomIDs))
	}
	requests := make([]*tg.MessagesSendMessageRequest, len(s.Parts))
	for i, text := range s.Parts {
		r := &tg.MessagesSendMessageRequest{
			Peer: p.Peer, Message: text.Text, RandomID: randomIDs[i], Entities: Entities(text.Entities, p.Find),
			NoWebpage: s.NoPreview, Silent: s.Silent, ClearDraft: s.ClearDraft,
		}
		if p.ReplyTo != 0 {
			r.ReplyTo = &tg.InputReplyToMessage{ReplyToMsgID: p.ReplyTo}
		}
		if !p.At.IsZero() {
			r.ScheduleDate = int(p.At.Unix())
		}
		if i == len(s.Parts)-1 {
			r.ReplyMarkup = s.Markup.TL()
		}
		r.SetFlags()
		requests[i] = r
	}
	return requests, nil
}
