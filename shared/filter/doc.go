// Package filter says which events an entry wants: the options of the eight events, whether they make sense
// ([Options.Check], the only validation of options), and which of what happened passes them ([Compile], [Set.Match]).
//
// It promises that one bad option switches off its own event and no other, and that an option which cannot be honoured
// is a [Problem], never ignored. What happened comes in as a [Subject]; package event knows updates and payloads.
package filter

// An Event is a kind of event, as options and event types name it: "telegram_client_" + Event.
type Event string

// The eight events, in the order in which Home Assistant's forms ask for them.
const (
	NewMessage     Event = "new_message"
	MessageEdited  Event = "message_edited"
	MessageRead    Event = "message_read"
	MessageDeleted Event = "message_deleted"
	CallbackQuery  Event = "callback_query"
	InlineQuery    Event = "inline_query"
	ChatAction     Event = "chat_action"
	UserUpdate     Event = "user_update"
)

// Events returns the eight events in their order.
func Events() []Event {
	return []Event{NewMessage, MessageEdited, MessageRead, MessageDeleted, CallbackQuery, InlineQuery, ChatAction, UserUpdate}
}
