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
	// Text is nil if the text stays as it is: then there is a keyboard.
	Text      *textparse.Text
	NoPreview bool
	Markup    Markup
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
	e := Edit{
		Target:    r.oneOf("target_username", "target_id", false),
		MessageID: r.messageID("message"),
		NoPreview: !r.flag("link_preview", true),
		Markup:    r.markup(),
		Schedule:  r.schedule(),
		DryRun:    r.flag("dry_run", false),
	}
	e.EntryID, _ = r.text("config_entry_id")
	r.refuseFiles(d.Files)
	const field = "text"
	text, given := r.formatted(field)
	switch units := textparse.Units(text.Text); {
	case !given:
		if !r.has(field) && e.Markup.Kind == NoMarkup {
			r.missing(field)
		}
	case units > MaxText:
		r.faults = append(r.faults, fault.At(fault.MessageTooLong, field,
			"The text has %d characters; a message has at most %d. An edit does not make several of it.", units, MaxText))
	default:
		e.Text = &text
	}
	return e, r.faults
}

// Plan returns the request that edits the message. markup is what the message has for a keyboard afterwards: that of the
// call, or what it had before; nil: none.
func (e *Edit) Plan(to tg.InputPeerClass, at time.Time, markup tg.ReplyMarkupClass, find func(peer.Target) (tg.InputUserClass, bool)) *tg.MessagesEditMessageRequest {
	r := &tg.MessagesEditMessageRequest{Peer: to, ID: e.MessageID, NoWebpage: e.NoPreview, ReplyMarkup: markup}
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
