package message

import (
	"encoding/json"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// An Edit is a call of edit_message.
type Edit struct {
	EntryID   string      // empty: the oldest entry
	Target    peer.Target // zero: the message is in a private chat or small group, where its id alone names it
	MessageID int
	// Text is nil if the text stays as it is: then there is a keyboard or a file.
	Text *textparse.Text
	// File takes the place of what the message has for a file; nil: it stays.
	File              *File
	ForceDocument     bool
	SupportsStreaming bool
	NoPreview         bool
	Markup            Markup
	// Schedule says that the message is a scheduled one, and when it is to be sent.
	Schedule Schedule
	DryRun   bool
}

// ParseEdit reads a call of edit_message. The call is good only if there are no faults.
func ParseEdit(body json.RawMessage, d Defaults) (Edit, []*fault.Fault) {
	r, ok := newReader(EditMessage, body)
	if !ok {
		return Edit{}, r.faults
	}
	files := r.files("file", d.Files)
	e := Edit{
		Target:            r.oneOf("target_username", "target_id", false),
		MessageID:         r.messageID("message"),
		ForceDocument:     r.flag("force_document", false),
		SupportsStreaming: r.flag("supports_streaming", false),
		NoPreview:         !r.flag("link_preview", true),
		Markup:            r.markup(),
		Schedule:          r.schedule(),
		DryRun:            r.flag("dry_run", false),
	}
	switch len(files) {
	case 0:
	case 1:
		e.File = &files[0]
	default:
		r.fail("file", "A message has one file; these are %d.", len(files))
	}
	e.EntryID, _ = r.text("config_entry_id")
	const field = "text"
	text, given := r.formatted(field)
	switch units := textparse.Units(text.Text); {
	case !given:
		if !r.has(field) && e.Markup.Kind == NoMarkup && len(files) == 0 && !r.blamedWithin("file") {
			r.faults = append(r.faults, fault.At(fault.MissingField, field, "text is required, unless there is a file or an inline_keyboard."))
		}
	case units > MaxText:
		r.faults = append(r.faults, fault.At(fault.MessageTooLong, field,
			"The text has %d characters; a message has at most %d. An edit does not make several of it.", units, MaxText))
	default:
		e.Text = &text
	}
	return e, r.faults
}

// Plan returns the request that edits the message. file is what it has for a file afterwards; nil: what it had. markup is what the message has for a keyboard afterwards: that of the
// call, or what it had before; nil: none.
func (e *Edit) Plan(to tg.InputPeerClass, at time.Time, file tg.InputMediaClass, markup tg.ReplyMarkupClass, find func(peer.Target) (tg.InputUserClass, bool)) *tg.MessagesEditMessageRequest {
	r := &tg.MessagesEditMessageRequest{Peer: to, ID: e.MessageID, NoWebpage: e.NoPreview, Media: file, ReplyMarkup: markup}
	if e.Text != nil {
		r.Entities = Entities(e.Text.Entities, find)
	}
	if !at.IsZero() {
		r.ScheduleDate = int(at.Unix())
	}
	r.SetFlags()
	if e.Text != nil {
		r.SetMessage(e.Text.Text) // the empty text too: it takes a caption away
	}
	return r
}
