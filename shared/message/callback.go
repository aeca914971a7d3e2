package message

import (
	"encoding/json"
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/textparse"
)

// maxCallbackText is how many characters the answer to a pressed button may have, says Telegram.
const maxCallbackText = 200

// A CallbackAnswer is a call of answer_callback_query.
type CallbackAnswer struct {
	EntryID string // empty: the oldest entry
	QueryID int64
	Text    string // empty: nothing is shown
	Alert   bool
	URL     string // empty: nothing is opened
	DryRun  bool
}

// ParseCallbackAnswer reads a call of answer_callback_query. The call is good only if there are no faults.
func ParseCallbackAnswer(body json.RawMessage) (CallbackAnswer, []*fault.Fault) {
	r, ok := newReader(AnswerCallbackQuery, body)
	if !ok {
		return CallbackAnswer{}, r.faults
	}
	c := CallbackAnswer{Alert: r.flag("alert", false), DryRun: r.flag("dry_run", false)}
	c.EntryID, _ = r.text("config_entry_id")
	if raw, given := r.fields["id"]; given {
		if c.QueryID, ok = number(raw); !ok || c.QueryID == 0 {
			r.fail("id", "This must be the id of a query, a number: the event has it in id.")
		}
	}
	text, _ := r.text("text")
	c.Text = strings.TrimSpace(text)
	if n := textparse.Units(c.Text); n > maxCallbackText {
		r.faults = append(r.faults, fault.At(fault.MessageTooLong, "text", "The text has %d characters; this takes at most %d.", n, maxCallbackText))
	}
	url, _ := r.text("url")
	if c.URL = strings.TrimSpace(url); c.URL != "" && !hasScheme(c.URL) {
		r.fail("url", "This must be an address that begins with https://, http:// or tg://.")
	}
	return c, r.faults
}
