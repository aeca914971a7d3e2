package message

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

const (
	// MaxTargets is how many targets one call may have: more do not fit into its deadline.
	MaxTargets = 100
	// MaxParts is how many messages one text may become.
	MaxParts = 20
	// maxKey is how long an idempotency key may be, in characters.
	maxKey = 255
)

// Defaults are what a call says outside its body.
type Defaults struct {
	IdempotencyKey string // of the header; empty: none
}

// A Send is a call of send_messages.
type Send struct {
	EntryID string // empty: the oldest entry
	// Targets are at least one, usernames first, then ids, as they were written.
	Targets []peer.Target
	// Parts are the texts to send to each target, each as Telegram will show it: at most 4096 UTF-16 units, without
	// white space around it.
	Parts          []string
	Silent         bool
	ReplyTo        int // 0: none
	DryRun         bool
	IdempotencyKey string // empty: none
}

// ParseSend reads a call of send_messages. The call is good only if there are no faults.
func ParseSend(body json.RawMessage, d Defaults) (Send, []*fault.Fault) {
	r := newReader(SendMessages, body)
	if len(r.faults) > 0 && r.faults[0].Code == fault.InvalidJSON {
		return Send{}, r.faults
	}
	s := Send{
		Targets: r.targets(),
		Parts:   r.parts(),
		Silent:  r.flag("silent"),
		ReplyTo: r.integer("reply_to"),
		DryRun:  r.flag("dry_run"),
	}
	s.EntryID, _ = r.text("config_entry_id")
	s.IdempotencyKey = r.key(d.IdempotencyKey)
	return s, r.faults
}

func (r *reader) targets() []peer.Target {
	before := len(r.faults)
	var targets []peer.Target
	for _, it := range r.items("target_username", "a username or a list of usernames") {
		t, f := peer.ParseTarget(it.text)
		if f != nil {
			f.Field = it.path
			r.faults = append(r.faults, f)
			continue
		}
		targets = append(targets, t)
	}
	for _, it := range r.items("target_id", "an id or a list of ids") {
		n, ok := number(json.RawMessage(it.text))
		if !ok {
			r.fail(it.path, "This is not an id: ids are whole numbers. Usernames belong into target_username.")
			continue
		}
		t, f := peer.ParseTarget(fmt.Sprint(n))
		if f != nil {
			f.Field = it.path
			r.faults = append(r.faults, f)
			continue
		}
		targets = append(targets, t)
	}
	switch {
	case len(r.faults) > before:
	case len(targets) == 0:
		r.faults = append(r.faults, fault.New(fault.TargetRequired, "Say whom to send to: target_id or target_username is required."))
	case len(targets) > MaxTargets:
		r.fail("target_id", "These are %d targets; one call takes at most %d.", len(targets), MaxTargets)
	}
	return targets
}

func (r *reader) parts() []string {
	text, ok := r.text("message")
	if !ok {
		return nil
	}
	parts := Split(text, MaxText)
	switch {
	case len(parts) == 0:
		r.fail("message", "The message is empty.")
	case len(parts) > MaxParts:
		r.faults = append(r.faults, fault.At(fault.MessageTooLong, "message",
			"The message would become %d messages; at most %d are sent at once.", len(parts), MaxParts))
	}
	return parts
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

// Messages returns how many messages the call sends: so many random ids it needs.
func (s *Send) Messages() int { return len(s.Targets) * len(s.Parts) }

// Hash returns what tells calls with the same idempotency key apart: it is equal for calls that would send the same.
func (s *Send) Hash() [32]byte {
	said, err := json.Marshal(struct {
		Verb    Verb
		Targets []peer.Target
		Parts   []string
		Silent  bool
		ReplyTo int
	}{SendMessages, s.Targets, s.Parts, s.Silent, s.ReplyTo})
	if err != nil {
		// Targets, texts and numbers always have a JSON form.
		panic(fmt.Sprintf("marshal a call: %v", err))
	}
	return sha256.Sum256(said)
}

// Plan returns the requests that send the call's text to one target, in order. randomIDs has one for each part. All
// parts are replies, so that all of them land in the topic that reply_to may name.
func (s *Send) Plan(to tg.InputPeerClass, randomIDs []int64) ([]*tg.MessagesSendMessageRequest, error) {
	if len(randomIDs) != len(s.Parts) {
		return nil, fmt.Errorf("plan %d messages: %d random ids", len(s.Parts), len(randomIDs))
	}
	requests := make([]*tg.MessagesSendMessageRequest, len(s.Parts))
	for i, text := range s.Parts {
		r := &tg.MessagesSendMessageRequest{Peer: to, Message: text, RandomID: randomIDs[i], Silent: s.Silent}
		if s.ReplyTo != 0 {
			r.SetReplyTo(&tg.InputReplyToMessage{ReplyToMsgID: s.ReplyTo})
		}
		r.SetFlags()
		requests[i] = r
	}
	return requests, nil
}
